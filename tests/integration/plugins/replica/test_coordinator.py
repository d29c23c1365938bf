"""Coordinators on one database, without the rest of a node: who may lead, who is dead, and what is wrong with a row."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from octobot_node.contracts.coordinator import Engine, NodeVitals
from octobot_node.contracts.storage import Storage
from octobot_node.engine.data_folder import FolderLock
from octobot_node.errors import CommandRefused, NodeError, StartInterrupted, UnknownName
from octobot_node.installing.locks import Lock, Package
from octobot_node.plugin_system.discovery import load_plugins
from octobot_node.plugin_system.plugin_set import plugin_parts, plugin_set
from octobot_node.plugin_system.registry import Registry
from octobot_node.settings import Settings
from octobot_node.store.migrate import migrate
from octobot_plugins.postgres.storage import PostgresStorage
from octobot_plugins.replica.coordinator import ReplicaCoordinator
from tests.support.postgres import Server

LEASE_S = 1.5


@dataclass
class Context:
    settings: Settings
    storage: Storage
    node_id: str
    plugin_set: str
    plugin_parts: Mapping[str, str]
    asked_to_end: Callable[[], bool]


class Cluster:
    def __init__(self, folder: Path, url: str) -> None:
        self.folder, self.url = folder, url
        self.registry = load_plugins(discover=False)
        self.opened: list[tuple[ReplicaCoordinator, PostgresStorage, FolderLock]] = []
        storage = PostgresStorage(Settings(data_dir=folder, database_url=url))
        migrate(storage, self.registry.tables)
        with storage.write() as connection:
            connection.exec_driver_sql('ALTER TABLE replica_nodes ADD COLUMN IF NOT EXISTS "test" int')
        storage.close()

    def node(
        self,
        name: str,
        role: str,
        *,
        node_id: str = "",
        registry: Registry | None = None,
        standby: bool = False,
        asked_to_end: Callable[[], bool] = lambda: False,
    ) -> ReplicaCoordinator:
        settings = Settings(
            data_dir=self.folder / name, database_url=self.url, role=role, lease_ttl=LEASE_S, disk_reserve_mb=0,
            standby=standby,
        )  # fmt: skip
        lock, storage = FolderLock(settings.data_dir), PostgresStorage(settings)
        its = registry or self.registry
        made = ReplicaCoordinator(
            Context(settings, storage, node_id or name, plugin_set(its), plugin_parts(its), asked_to_end)
        )
        self.opened.append((made, storage, lock))
        return made

    def query(self, statement: str) -> list[Any]:
        with self.opened[0][1].write() as connection:
            found = connection.exec_driver_sql(statement)
            return list(found) if found.returns_rows else []

    def close(self) -> None:
        for coordinator, storage, lock in self.opened:
            coordinator.stop()
            storage.close()
            lock.release()


@pytest.fixture
def cluster(tmp_path: Path, postgres: Server) -> Iterator[Cluster]:
    made = Cluster(tmp_path, postgres.create_database())
    yield made
    made.close()


def until(condition: Callable[[], Any], seconds: float = 15) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def test_of_two_masters_that_start_at_once_one_wins_always(cluster: Cluster) -> None:
    for number in range(10):
        rivals = [cluster.node(f"{side}{number}", "master") for side in ("left", "right")]
        refused: list[str] = []
        leading: list[ReplicaCoordinator] = []
        gate = threading.Barrier(2)

        def start(
            rival: ReplicaCoordinator,
            refused: list[str] = refused,
            leading: list[ReplicaCoordinator] = leading,
            gate: threading.Barrier = gate,
        ) -> None:
            gate.wait()
            try:
                rival.start()
            except NodeError as error:
                refused.append(str(error))
            else:
                leading.append(rival)

        threads = [threading.Thread(target=start, args=(rival,)) for rival in rivals]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert len(leading) == len(refused) == 1
        # At once, but where the machine had no time for its heartbeat.
        until(leading[0].may_dispatch)
        assert "is the master of this database since" in refused[0]
        leading[0].stop()


def test_one_that_stands_by_ends_as_soon_as_it_is_asked_to(cluster: Cluster) -> None:
    cluster.node("master", "master").start()
    asked: list[bool] = []

    def asked_to_end() -> bool:
        # Not at its first look: it waits, and hears of it then.
        asked.append(len(asked) > 1)
        return asked[-1]

    with pytest.raises(StartInterrupted, match="asked to end while it stood by"):
        cluster.node("second", "master", standby=True, asked_to_end=asked_to_end).start()
    assert asked == [False, False, True]


def test_a_consumer_with_other_plugins_drifts_until_the_master_has_them_too(cluster: Cluster) -> None:
    cluster.node("master", "master").start()
    fewer = replace(cluster.registry, automations=dict(list(cluster.registry.automations.items())[1:]))
    consumer = cluster.node("odd", "consumer", registry=fewer)
    consumer.start()
    until(lambda: not consumer.may_work())
    states = {node.id: node for node in consumer.nodes()}
    assert {name: node.state for name, node in states.items()} == {"master": "live", "odd": "drift"}
    (missing,) = set(states["master"].parts) - set(states["odd"].parts)
    assert missing == f"type {next(iter(cluster.registry.automations))}"
    cluster.query("UPDATE replica_nodes SET plugins = (SELECT plugins FROM replica_nodes WHERE id = 'odd')")
    until(consumer.may_work)


def test_a_consumer_whose_packages_differ_by_a_byte_drifts(cluster: Cluster) -> None:
    def having(sha256: str) -> Registry:
        # Not a plugin: what a tentacle stands on decides what it does, too.
        return replace(cluster.registry, installed=Lock(("mine",), (Package("helper", "1.0", sha256),)))

    cluster.node("master", "master", registry=having("a" * 64)).start()
    same = cluster.node("same", "consumer", registry=having("a" * 64))
    other = cluster.node("other", "consumer", registry=having("b" * 64))
    same.start()
    other.start()
    until(lambda: not other.may_work())
    states = {node.id: node for node in same.nodes()}
    assert {name: node.state for name, node in states.items()} == {"master": "live", "same": "live", "other": "drift"}
    parts = {name: node.parts["installed tentacles"] for name, node in states.items()}
    assert parts["master"] == parts["same"] != parts["other"]


def test_an_id_that_lives_elsewhere_is_refused_and_one_that_died_is_taken(cluster: Cluster) -> None:
    first = cluster.node("first", "consumer", node_id="same")
    first.start()
    with pytest.raises(NodeError, match=r"in use by a live node .* delete the file node-id"):
        cluster.node("copy", "consumer", node_id="same").start()
    first.stop()
    later = cluster.node("moved", "consumer", node_id="same")
    later.start()
    assert later.epoch > first.epoch


def test_a_silent_node_is_dead_after_its_lease_and_sends_nothing_more(cluster: Cluster) -> None:
    master, silent = cluster.node("master", "master"), cluster.node("silent", "consumer")
    master.start()
    silent.start()
    # Its heartbeat fails, as without a network; it is told nothing.
    silent._beat = lambda: None  # type: ignore[method-assign]  # the failure under test
    until(lambda: not silent.may_work())
    until(lambda: {node.id: node.state for node in master.nodes()}["silent"] == "dead")
    until(lambda: "dead" in [row.status for row in cluster.query("SELECT status FROM replica_nodes")])
    with cluster.opened[0][1].write() as connection:
        assert not silent.holds(connection)
    assert master.may_work()


def test_a_tampered_lease_holds_nobody_up(cluster: Cluster) -> None:
    master = cluster.node("master", "master")
    master.start()
    master.stop()
    for change in (
        "holder = 'nobody', expires_at = 99999999999999",
        "expires_at = 99999999999999",
        "epoch = -5, expires_at = NULL",
    ):
        cluster.query(f"UPDATE leases SET {change} WHERE name = 'master'")
        heir = cluster.node(f"heir{len(cluster.opened)}", "master")
        heir.start()
        assert heir.may_dispatch()
        heir.stop()
    cluster.query("DELETE FROM leases")
    last = cluster.node("last", "master")
    last.start()
    epochs = [row.epoch for row in cluster.query("SELECT epoch FROM replica_nodes")]
    assert last.epoch == max(epochs)


def test_a_master_that_leaves_gives_up_the_lead_before_it_has_finished(cluster: Cluster) -> None:
    master, heir = cluster.node("master", "master"), cluster.node("heir", "master")
    master.start()
    master.withdraw()
    heir.start()
    assert (master.may_dispatch(), heir.may_dispatch()) == (False, True)
    # The one that finishes is still heard, and takes back neither the lead nor its work.
    beats = "SELECT beat FROM replica_nodes WHERE id = 'master'"
    before = cluster.query(beats)[0].beat
    until(lambda: cluster.query(beats)[0].beat > before + 1)
    assert {node.id: (node.state, node.leads) for node in master.nodes()} == {
        "master": ("draining", False),
        "heir": ("live", True),
    }
    with cluster.opened[0][1].write() as connection:
        assert (master.leads(connection), heir.leads(connection)) == (False, True)


def test_draining_names_what_is_wrong(cluster: Cluster) -> None:
    master, gone = cluster.node("master", "master"), cluster.node("gone", "consumer")
    master.start()
    gone.start()
    gone.stop()
    with pytest.raises(UnknownName, match="no node 'nobody'"):
        master.drain("nobody")
    with pytest.raises(CommandRefused, match="does not run: it is left"):
        master.drain("gone")


def test_a_node_that_is_declared_dead_while_it_starts_works_under_its_new_epoch(cluster: Cluster) -> None:
    node = cluster.node("late", "consumer")
    node.start()
    first = node.executor_id
    # As by another node, which has not heard of it for a lease: its engine is not there yet.
    cluster.query("UPDATE replica_nodes SET status = 'dead' WHERE id = 'late'")
    until(lambda: node.executor_id != first)
    told: list[str] = []
    node.attach(Engine(lambda: 0.0, lambda: 0, lambda: told.append(node.executor_id), lambda: None, lambda _why: None))
    until(lambda: told)
    assert told == [node.executor_id]


def test_a_heartbeat_that_is_late_and_waits_for_no_answer_breaks_no_connection(cluster: Cluster) -> None:
    node, storage = cluster.node("busy", "consumer"), cluster.opened[-1][1]
    severed: list[float] = []
    storage.sever = lambda: severed.append(time.monotonic())  # type: ignore[method-assign]  # what is looked for
    node.start()
    beat, held = node._beat, threading.Event()
    # The machine has much else to do, and does not come to it.
    node._beat = lambda: held.wait(60)  # type: ignore[method-assign, assignment]
    until(lambda: not node.may_work())
    assert severed == []
    # And where it is the answer that does not come, the connection is broken.
    node._asked = node._clock.monotonic() - LEASE_S
    until(lambda: severed)
    held.set()
    node._beat = beat  # type: ignore[method-assign]
    until(node.may_work)


def test_a_heartbeat_tells_how_the_process_is(cluster: Cluster) -> None:
    node = cluster.node("busy", "master")
    node.start()
    vitals = NodeVitals(cpu=0.25, memory=90_000_000, ticks=12.5, lag=0.1, lag_most=0.4)
    nothing = lambda *_: None  # noqa: E731 - a field wants a function
    node.attach(Engine(lambda: 0.0, lambda: 3, nothing, nothing, nothing, vitals=lambda: vitals))
    until(lambda: [each.vitals for each in node.nodes()] == [vitals])
    assert [(each.load, each.parts) for each in node.nodes()] == [(3, plugin_parts(cluster.registry))]
