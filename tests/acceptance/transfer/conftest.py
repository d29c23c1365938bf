"""Every plugin's tables."""

from __future__ import annotations

from tests.integration.engine.conftest import registry

__all__ = ["registry"]
