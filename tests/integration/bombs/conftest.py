"""What the API's tests have, for those that attack it."""

from __future__ import annotations

from tests.integration.api.conftest import (
    bench,
    make_bench,
    make_service,
    office,
    open_office,
    password_hash,
    registry,
    service,
    template,
)

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
