"""Benches, and a migrated database that each of them starts from."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from octobot_node.plugin_system.discovery import load_plugins
from octobot_node.plugin_system.registry import Registry
from octobot_node.settings import Settings
from octobot_node.store.migrate import migrate
from tests.support.bench import Bench
from tests.support.databases import Databases
from tests.support.transitions import refuse_other_transitions


@pytest.fixture(scope="session")
def registry() -> Registry:
    return load_plugins(discover=False)


@pytest.fixture(scope="session")
def template(tmp_path_factory: pytest.TempPathFactory, registry: Registry) -> Path:
    """A migrated database without a row, in one file; no status in it changes but as the state machines say."""
    folder = tmp_path_factory.mktemp("template")
    storage = registry.hook.open_storage(settings=Settings(data_dir=folder))
    migrate(storage, registry.tables)
    refuse_other_transitions(storage)
    storage.close()
    return folder / "octobot.db"


@contextmanager
def opened_benches(
    request: pytest.FixtureRequest, folder: Path, template: Path, registry: Registry
) -> Iterator[Callable[..., Bench]]:
    """Make benches on the database that the request's parameter names, for whatever scope that is."""
    made: list[Bench] = []
    urls: list[str] = []

    def make(**settings: Any) -> Bench:
        place = folder / f"node{len(made)}"
        if request.param == "sqlite":
            made.append(Bench(place, template, registry, **settings))
        else:
            databases: Databases = request.getfixturevalue("databases")
            urls.append(databases.take())
            made.append(Bench(place, None, registry, database_url=urls[-1], **settings))
        return made[-1]

    yield make
    for bench in made:
        bench.close()
    for url in urls:
        request.getfixturevalue("databases").give_back(url)


@pytest.fixture(params=["sqlite", "postgres"])
def make_bench(
    request: pytest.FixtureRequest, tmp_path: Path, template: Path, registry: Registry
) -> Iterator[Callable[..., Bench]]:
    """Make benches with settings of the test's own, on either database."""
    with opened_benches(request, tmp_path, template, registry) as make:
        yield make


@pytest.fixture
def bench(make_bench: Callable[..., Bench]) -> Bench:
    return make_bench()
