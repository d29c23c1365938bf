"""`db copy` to a server that goes away meanwhile: said clearly, nothing half-done, and finished when given again."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from octobot_node.engine.base import open_base
from octobot_node.errors import DatabaseMoved, StorageUnavailable
from octobot_node.plugin_system.registry import Registry
from octobot_node.settings import Settings
from octobot_node.store import tables
from octobot_node.transfer.copying import abandon_copy, copy_database
from tests.integration.transfer.conftest import dump, worked
from tests.support.bench import START, Bench
from tests.support.postgres import Server

pytestmark = pytest.mark.server

EVENTS = 12_000


@pytest.fixture
def server() -> Iterator[Server]:
    # Its own: it goes away. With fsync, as what it has committed must be there afterwards.
    with Server() as server:
        yield server


@pytest.fixture
def source(make_bench: Callable[..., Bench]) -> Bench:
    """A database at rest, with more events than are told of at once."""
    bench = make_bench()
    worked(bench)
    rows = [
        {"owner": "local", "account_id": "a", "automation_id": "b", "kind": "k", "data": "{}", "at": number}
        for number in range(EVENTS)
    ]
    with bench.core.storage.write() as connection:
        connection.execute(tables.events.insert(), rows)
    bench.release_folder()
    return bench


def silent(_done: int, _total: int) -> None:
    pass


def on(bench: Bench, url: str) -> Settings:
    return Settings(data_dir=bench.settings.data_dir / "elsewhere", database_url=url, disk_reserve_mb=0)


@pytest.mark.parametrize("after", [0.0, 0.4, 1.0], ids=["before the first row", "among the events", "at the commit"])
def test_a_server_that_goes_away_leaves_nothing_and_the_command_finishes_later(
    after: float, source: Bench, server: Server, registry: Registry
) -> None:
    url = server.create_database()
    gone: list[int] = []

    def progress(done: int, total: int) -> None:
        if done >= total * after and not gone:
            gone.append(done)
            server.stop("immediate")

    with pytest.raises(StorageUnavailable) as lost:
        copy_database(source.settings, registry, url, progress)
    assert gone
    assert server.password not in f"{lost.value!r} {lost.value.__cause__!r}"
    assert f"postgresql://octobot@127.0.0.1:{server.port}/" in str(lost.value)

    # Without the server it cannot be finished, and on the old database nobody starts.
    with pytest.raises(StorageUnavailable, match="refuses connections: is the server started"):
        copy_database(source.settings, registry, url, silent)
    with pytest.raises(DatabaseMoved, match="`octobot-node db copy --to` that database finishes it"):
        open_base(source.settings, registry, START)

    server.start()
    assert not any(dump(on(source, url), registry).values())
    copied = copy_database(source.settings, registry, url, silent)
    arrived = dump(on(source, url), registry)
    assert not copied.already
    assert {name: len(rows) for name, rows in arrived.items()} == {each.table: each.rows for each in copied.tables}
    assert len(arrived["events"]) > EVENTS


def test_a_move_that_met_a_dead_server_can_be_taken_back(source: Bench, server: Server, registry: Registry) -> None:
    url = server.create_database()
    with pytest.raises(StorageUnavailable):
        copy_database(source.settings, registry, url, lambda done, _total: server.stop("immediate") if done else None)
    server.start()
    abandon_copy(source.settings, registry, url)
    open_base(source.settings, registry, START).close()
