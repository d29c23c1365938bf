"""A migrated database for each test."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from octobot_node.plugins import Registry, load_plugins
from octobot_node.settings import Settings
from octobot_node.store.migrate import migrate
from octobot_node.store.storage import Storage


@pytest.fixture(scope="session")
def registry() -> Registry:
    return load_plugins(discover=False)


@pytest.fixture
def storage(tmp_path: Path, registry: Registry) -> Iterator[Storage]:
    opened: Storage = registry.hook.open_storage(settings=Settings(data_dir=tmp_path))
    migrate(opened, registry.tables)
    yield opened
    opened.close()
