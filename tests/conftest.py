"""What tests of every folder share: a real PostgreSQL, one a worker, started by the first test that wants it."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest
import structlog

from octobot_node.plugins.finding import load_plugins
from octobot_node.settings import Settings
from octobot_node.store.migrate import migrate
from octobot_node.testing.postgres import Server

# Nodes of tests that run side by side do not want one port.
os.environ["OCTOBOT_API_PORT"] = "0"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with the files whose tests may take longest: one that is begun last keeps one worker busy alone."""
    longest: dict[object, float] = {}
    for item in items:
        marked = item.get_closest_marker("timeout")
        longest[item.path] = max(longest.get(item.path, 0), marked.args[0] if marked else 0)
    items.sort(key=lambda item: -longest[item.path])


@pytest.fixture(autouse=True)
def plain_log() -> None:
    """Print tracebacks as the node does: structlog's own way, with every frame's variables, takes seconds for some."""
    *first, _ = structlog.get_config()["processors"]
    printed = structlog.dev.ConsoleRenderer(exception_formatter=structlog.dev.plain_traceback)
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
