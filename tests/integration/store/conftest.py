"""A migrated database for each test, on SQLite and on PostgreSQL."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from octobot_node.contracts.storage import Storage
from octobot_node.plugin_system.discovery import load_plugins
from octobot_node.plugin_system.registry import Registry
from octobot_node.settings import Settings
from octobot_node.store.migrate import migrate
from tests.integration.plugin_releases import telex

__all__ = ["telex"]


@pytest.fixture(scope="session")
def registry() -> Registry:
    return load_plugins(discover=False)


@pytest.fixture
def storage(tmp_path: Path, registry: Registry) -> Iterator[Storage]:
    """A database of SQLite; what is about both asks for ``any_storage``."""
    opened: Storage = registry.hook.open_storage(settings=Settings(data_dir=tmp_path))
    migrate(opened, registry.tables)
    yield opened
    opened.close()


@pytest.fixture(params=["sqlite", "postgres"])
def any_storage(request: pytest.FixtureRequest, tmp_path: Path, registry: Registry) -> Iterator[Storage]:
    url = "" if request.param == "sqlite" else request.getfixturevalue("databases").take()
    opened: Storage = registry.hook.open_storage(settings=Settings(data_dir=tmp_path, database_url=url))
    migrate(opened, registry.tables)
    yield opened
    opened.close()
    if url:
        request.getfixturevalue("databases").give_back(url)
