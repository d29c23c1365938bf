"""What tests of every folder share: a real PostgreSQL, one a worker, started by the first test that wants it."""

from __future__ import annotations

import gc
import os
import sys
from collections.abc import Iterator
from decimal import ROUND_HALF_EVEN, Underflow, getcontext
from pathlib import Path
from typing import Any

import pytest
import structlog
from xdist.scheduler import LoadFileScheduling

from tests.support.candles import unpack
from tests.support.databases import Databases
from tests.support.postgres import Server

# Nodes of tests that run side by side do not want one port.
os.environ["OCTOBOT_API_PORT"] = "0"
# What pytest makes of each file of tests is kept, also where Python is told to keep nothing: each worker would make it
# anew, half of what collecting takes. Once that is done it is as Python was told.
_KEEPS_NOTHING, sys.dont_write_bytecode = sys.dont_write_bytecode, False
# Looking for garbage among what stays for as long as the tests run took a fifth of what they cost.
gc.set_threshold(50_000, 20, 50)


#: Tests that start several nodes, or kill one again and again: two of them at once would measure each other.
_CROWDS = ("tests/acceptance/crash/", "tests/acceptance/plugins/replica/", "tests/acceptance/plugins/postgres/",
           "tests/acceptance/transfer/", "tests/acceptance/engine/test_poison",
           "tests/acceptance/engine/test_backlog")  # fmt: skip
#: The longest of the others.
_LONGEST = ("tests/acceptance/cli/test_kill_switch", "tests/integration/api/test_any_request", "tests/acceptance/")
#: Fixtures, and parameters of fixtures, that start a server.
_SERVER = "postgres"


class _OneCrowdAtATime(LoadFileScheduling):
    """A worker takes file after file; what is a crowd, one worker takes it all."""

    def _split_scope(self, nodeid: str) -> str:
        return "crowds" if nodeid.startswith(_CROWDS) else str(super()._split_scope(nodeid))


def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> LoadFileScheduling:
    """Distribute the tests."""
    return _OneCrowdAtATime(config, log)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark what needs a server, and begin with what takes longest: begun last, it would keep one worker busy alone."""
    for item in items:
        if _SERVER in getattr(item, "fixturenames", ()) or _SERVER in _parameters(item):
            item.add_marker("server")
    items.sort(key=lambda item: [not item.nodeid.startswith(prefix) for prefix in (_CROWDS, *_LONGEST)])


def pytest_collection_finish() -> None:
    """Keep nothing from here on, where Python is told so."""
    sys.dont_write_bytecode = _KEEPS_NOTHING


def _parameters(item: pytest.Item) -> list[Any]:
    called = getattr(item, "callspec", None)
    return [] if called is None else [value for value in called.params.values() if isinstance(value, str)]


@pytest.fixture(autouse=True)
def plain_log() -> None:
    """Print tracebacks as the node does: structlog's own way, with every frame's variables, takes seconds for some."""
    *first, _ = structlog.get_config()["processors"]
    printed = structlog.dev.ConsoleRenderer(colors=False, exception_formatter=structlog.dev.plain_traceback)
    structlog.configure(processors=[*first, printed])


@pytest.fixture(autouse=True)
def money_is_rounded_as_ever() -> Iterator[None]:
    """Hold each test to leave the thread's decimals as they are: a library that sets them sets everybody's money."""
    yield
    here = getcontext()
    assert (here.rounding, here.prec, here.traps[Underflow]) == (ROUND_HALF_EVEN, 28, False)


@pytest.fixture(scope="session")
def real_candles(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of the real candles: tests/data/README.md."""
    return unpack(tmp_path_factory.mktemp("real"))


@pytest.fixture(scope="session")
def postgres() -> Iterator[Server]:
    # Without fsync: nothing here loses power, and a killed server loses nothing that it gave to the system.
    with Server(fsync=False) as server:
        yield server


@pytest.fixture(scope="session")
def databases(postgres: Server, tmp_path_factory: pytest.TempPathFactory) -> Databases:
    """Migrated databases, to take and to give back."""
    return Databases(postgres, tmp_path_factory.mktemp("databases"))
