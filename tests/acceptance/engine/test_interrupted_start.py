"""A node that loses its database in the middle of its start goes back to its start, as a running one goes on."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from octobot_node.cli.actions.start import _start
from octobot_node.engine.workers.durable import Durable
from octobot_node.errors import StartInterrupted, StorageUnavailable
from octobot_node.live.node import Node
from octobot_node.settings import Settings
from tests.support.databases import Databases

pytestmark = pytest.mark.timeout(300)


@pytest.fixture
def node(databases: Databases, tmp_path: Path) -> Iterator[Node]:
    url = databases.take()
    made = Node(Settings(data_dir=tmp_path, database_url=url, role="master", disk_reserve_mb=0))
    yield made
    made.stop()
    databases.give_back(url)


def severed(times: int, start: Callable[[Durable], None]) -> Callable[[Durable], None]:
    """Return a way to start DBOS whose connections break in the middle, so many times."""
    left = [times]

    def start_(durable: Durable) -> None:
        if not left[0]:
            return start(durable)
        left[0] -= 1
        with durable._storage.engine.connect() as connection:
            connection.exec_driver_sql("SELECT 1")
            # What a heartbeat does whose answer does not come.
            durable._storage.sever()
            connection.exec_driver_sql("SELECT 1")
        raise AssertionError("it was severed")

    return start_


def test_a_start_whose_connections_break_begins_again_until_it_is_through(
    node: Node, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Durable, "start", severed(2, Durable.start))
    with capture_logs() as logs:
        assert _start(node, lambda: False, again=False)
    assert [log["event"] for log in logs if log["event"] == "start_interrupted"] == ["start_interrupted"] * 2
    assert node.core.coordinator.may_dispatch()
    node._durable.kick("ticks")
    assert [log for log in logs if log["event"] == "kick_failed"] == []


def test_it_is_an_outage_to_whoever_starts_a_node_and_one_that_never_had_its_database_fails_at_once(
    node: Node, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Durable, "start", severed(1, Durable.start))
    with pytest.raises(StartInterrupted, match="was lost while the node started: "):
        node.start()
    nowhere = Settings(data_dir=node.settings.data_dir, database_url="postgresql://nobody@127.0.0.1:1/nothing")
    with pytest.raises(StorageUnavailable, match="refuses connections") as refused:
        _start(Node(nowhere), lambda: False, again=False)
    assert not isinstance(refused.value, StartInterrupted)
