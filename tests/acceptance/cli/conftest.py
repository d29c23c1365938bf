"""A person's folder, as the tests of the command line in this process have it."""

from __future__ import annotations

from tests.integration.cli.conftest import folder, refused

__all__ = ["folder", "refused"]
