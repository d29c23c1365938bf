"""What tests of every folder share: a real PostgreSQL, one a worker, started by the first test that wants it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from octobot_node.testing.postgres import Server


@pytest.fixture(scope="session")
def postgres() -> Iterator[Server]:
    # Without fsync: nothing here loses power, and a killed server loses nothing that it gave to the system.
    with Server(fsync=False) as server:
        yield server
