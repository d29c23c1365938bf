"""Benches, and a migrated database that each of them starts from."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from octobot_node.plugins import Registry, load_plugins
from octobot_node.settings import Settings
from octobot_node.store.migrate import migrate
from tests.engine.bench import Bench


@pytest.fixture(scope="session")
def registry() -> Registry:
    return load_plugins(discover=False)


@pytest.fixture(scope="session")
def template(tmp_path_factory: pytest.TempPathFactory, registry: Registry) -> Path:
    """A migrated database without a row, in one file."""
    folder = tmp_path_factory.mktemp("template")
    storage = registry.hook.open_storage(settings=Settings(data_dir=folder))
    migrate(storage, registry.tables)
    storage.close()
    return folder / "octobot.db"


@pytest.fixture
def make_bench(tmp_path: Path, template: Path, registry: Registry) -> Iterator[Callable[..., Bench]]:
    """Make benches with settings of the test's own."""
    made: list[Bench] = []

    def make(**settings: Any) -> Bench:
        made.append(Bench(tmp_path / f"node{len(made)}", template, registry, **settings))
        return made[-1]

    yield make
    for bench in made:
        bench.close()


@pytest.fixture
def bench(make_bench: Callable[..., Bench]) -> Bench:
    return make_bench()
