"""What tests of every folder share: a real PostgreSQL, one a worker, started by the first test that wants it."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import Any

import pytest
import structlog
from xdist.scheduler import LoadFileScheduling

from octobot_node.plugin_system.discovery import load_plugins
from octobot_node.settings import Settings
from octobot_node.store.migrate import migrate
from tests.support.postgres import Server

# Nodes of tests that run side by side do not want one port.
os.environ["OCTOBOT_API_PORT"] = "0"


#: Tests that start several nodes, or kill one again and again: two of them at once would measure each other.
_CROWDS = ("tests/crash/", "tests/plugins/replica/test_nodes", "tests/plugins/replica/test_releases",
           "tests/plugins/replica/test_standing_still", "tests/plugins/postgres/test_full_disk",
           "tests/transfer/test_backup_of_a_running_node", "tests/cli/test_kill_switch")  # fmt: skip
#: The longest of the others.
_LONG = ("tests/api/test_any_request",)


class _OneCrowdAtATime(LoadFileScheduling):
    """A worker takes file after file; what is a crowd, one worker takes it all."""

    def _split_scope(self, nodeid: str) -> str:
        return "crowds" if nodeid.startswith(_CROWDS) else str(super()._split_scope(nodeid))


def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> LoadFileScheduling:
    """Distribute the tests."""
    return _OneCrowdAtATime(config, log)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with what takes longest: begun last, it would keep one worker busy alone."""
    items.sort(key=lambda item: (not item.nodeid.startswith(_CROWDS), not item.nodeid.startswith(_LONG)))


@pytest.fixture(autouse=True)
def plain_log() -> None:
    """Print tracebacks as the node does: structlog's own way, with every frame's variables, takes seconds for some."""
    *first, _ = structlog.get_config()["processors"]
    printed = structlog.dev.ConsoleRenderer(colors=False, exception_formatter=structlog.dev.plain_traceback)
    structlog.configure(processors=[*first, printed])


@pytest.fixture(scope="session")
def postgres() -> Iterator[Server]:
    # Without fsync: nothing here loses power, and a killed server loses nothing that it gave to the system.
    with Server(fsync=False) as server:
        yield server


@pytest.fixture(scope="session")
def postgres_template(postgres: Server, tmp_path_factory: pytest.TempPathFactory) -> str:
    """The name of a migrated database without a row."""
    registry, url = load_plugins(discover=False), postgres.create_database()
    settings = Settings(data_dir=tmp_path_factory.mktemp("template"), database_url=url)
    storage = registry.hook.open_storage(settings=settings)
    migrate(storage, registry.tables)
    storage.close()
    return url.rpartition("/")[2]
