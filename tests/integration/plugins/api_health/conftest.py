"""The API over an engine on a bench."""

from __future__ import annotations

from tests.integration.api.conftest import make_service, password_hash, service
from tests.integration.operations.conftest import bench, make_bench, office, open_office, registry, template

__all__ = [
    "bench",
    "make_bench",
    "make_service",
    "office",
    "open_office",
    "password_hash",
    "registry",
    "service",
    "template",
]
