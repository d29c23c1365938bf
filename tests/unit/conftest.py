"""Tests of this layer start no process, open no socket and no database: they are run at every save."""

from __future__ import annotations

from collections.abc import Iterator

# It asks a process what Python this is, as it is imported.
import croniter  # noqa: F401
import pytest

from tests.support.guard import DATABASES, PROCESSES, SOCKETS, forbidden


@pytest.fixture(autouse=True)
def nothing_but_this_process() -> Iterator[None]:
    with forbidden("tests/unit", PROCESSES | SOCKETS | DATABASES):
        yield
