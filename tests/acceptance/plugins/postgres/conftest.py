"""Storages on a real server."""

from __future__ import annotations

from tests.integration.plugins.postgres.conftest import open_storage

__all__ = ["open_storage"]
