"""One node among several: its row, its heartbeat, who leads, and whose work is given to others."""

from __future__ import annotations

import hashlib
import json
import socket
import threading
import time
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import cast

import sqlalchemy as sa
import structlog

import octobot_node
from octobot_node.contracts.coordinator import Engine, NodeState, NodeStatus, NodeVitals, Role
from octobot_node.errors import CommandRefused, NodeError, StartInterrupted, StorageUnavailable, UnknownName
from octobot_node.hookspecs import NodeContext
from octobot_plugins.replica import members

__all__ = ["ReplicaCoordinator"]

log = structlog.get_logger(__name__)
#: Heartbeats in the time of a lease.
_BEATS = 6
_LOOK_S = 0.5


class ReplicaCoordinator:
    """Takes part under an epoch; sends nothing new once its lease could have run out, by its own clock.

    Others see by *their* clocks whether its heartbeat moves: what two machines' clocks say is never compared.
    """

    def __init__(self, node: NodeContext) -> None:
        self._settings, self._storage, self._id = node.settings, node.storage, node.node_id
        self.role: Role = node.settings.role
        self.epoch = 0
        self.executor_id = ""
        self._clock = node.storage.open_clock()
        self._ttl = node.settings.lease_ttl
        self._plugins, self._parts = node.plugin_set, node.plugin_parts
        self._asked_to_end = node.asked_to_end
        self._me: members.Me | None = None
        self._leader_epoch = 0
        self._renewed = -1e9
        self._peers: dict[str, tuple[tuple[int, int], float]] = {}
        self._workers: tuple[str, ...] = ()
        self._drift = self._withdrawn = self._still = False
        #: Under another epoch than the engine knows: it may not be there yet when that changes.
        self._renamed = False
        #: Since when a heartbeat waits for the database's answer.
        self._asked: float | None = None
        self._engine: Engine | None = None
        self._stopping = threading.Event()
        self._hurried = threading.Event()
        self._thread = threading.Thread(target=self._run, name="octobot-heartbeat", daemon=True)

    # -- joining and leaving

    def start(self) -> None:
        """Join, and as master take the lead; raise NodeError naming the node that is in the way."""
        works = self.role != "master" or self._settings.work
        self._me = members.Me(
            self._id, self.role, works, octobot_node.__version__, self._plugins, socket.gethostname(),
            _place(self._settings.data_dir), json.dumps(dict(self._parts)),
        )  # fmt: skip
        self._await_own_place(self._me)
        leads = self.role != "consumer"
        waited = False
        while True:
            began = self._clock.monotonic()
            with self._storage.write(durable=True) as connection:
                now = self._clock.now()
                epoch = members.next_epoch(connection)
                if not leads or members.take_lead(connection, self._me, epoch, now, self._ttl):
                    # In the transaction that joins: what an earlier life of this node left is everybody's.
                    members.join(connection, self._me, epoch, now)
                    self._act_under(epoch, began)
                    break
                held = members.lead(connection)
            if not self._settings.standby:
                raise NodeError(_held_by(held, now))
            if not waited:
                log.info("standing_by", why=_held_by(held, now))
                waited = True
            self._go_on_unless_asked_to_end("stood by")
            self._stopping.wait(_LOOK_S / 2)
        self._thread.start()

    def _act_under(self, epoch: int, renewed: float) -> None:
        self.epoch, self.executor_id = epoch, members.executor_id(self._id, epoch)
        self._leader_epoch = epoch if self.role != "consumer" else 0
        self._renewed = renewed

    def _await_own_place(self, me: members.Me) -> None:
        """Make sure that no other process lives under this node's id."""
        until, seen = self._clock.monotonic() + self._ttl + 1, None
        while True:
            with self._storage.read() as connection:
                row = members.get(connection, me.id)
            if row is None or NodeStatus(row.status).gone or row.place == me.place:
                return
            if seen is not None and row.beat != seen:
                raise NodeError(
                    f"the node id {me.id} is in use by a live node on {row.host}: each node needs a data folder of its"
                    " own; in a copied folder delete the file node-id"
                )
            if self._clock.monotonic() > until:
                return
            seen = row.beat if seen is None else seen
            self._go_on_unless_asked_to_end("looked whether its id is in use")
            time.sleep(min(_LOOK_S, self._ttl / 10))

    def _go_on_unless_asked_to_end(self, what: str) -> None:
        if self._asked_to_end() or self._stopping.is_set():
            raise StartInterrupted(f"it was asked to end while it {what}")

    def attach(self, engine: Engine) -> None:
        """Watch over the engine from now on."""
        self._engine = engine
        self._tell_renamed()
        self._hurried.set()

    def withdraw(self) -> None:
        """Take no new work, say so to the others, and give the lead to whoever stands by: finishing takes seconds."""
        self._withdrawn = True
        led, self._leader_epoch = self._leader_epoch, 0
        with suppress(StorageUnavailable), self._storage.write(durable=True) as connection:
            members.say(connection, self._id, self.epoch, NodeStatus.DRAINING)
            members.give_up_lead(connection, led, self._clock.now())

    def stop(self) -> None:
        """Leave: what is unfinished goes back to the queues, and the lead to whoever wants it."""
        self._stopping.set()
        self._hurried.set()
        if self._thread.ident is not None:
            self._thread.join(self._ttl)
        if self.epoch:
            with suppress(StorageUnavailable):
                with self._storage.write(durable=True) as connection:
                    members.leave(connection, self._id, self.epoch, self._clock.now())
                self._storage.announce("nodes")

    # -- what the engine asks

    def _in_force(self) -> bool:
        return self._clock.monotonic() - self._renewed < self._ttl and not self._storage.lost()

    def may_dispatch(self) -> bool:
        """Whether this node leads, as far as it can know by its own clock."""
        return bool(self._leader_epoch) and self._in_force() and not self._withdrawn

    def may_work(self) -> bool:
        """Whether this node may take work: it is heard, has the master's plugins, and is not leaving."""
        me = self._me
        return me is not None and me.works and self._in_force() and not (self._withdrawn or self._drift)

    def watches(self, account_id: str) -> bool:
        """Whether the account falls to this node, of those that work; the others need not move when one comes."""
        if not self.may_work():
            return False
        return self._id == max({*self._workers, self._id}, key=lambda node: _weight(node, account_id))

    def holds(self, connection: sa.Connection) -> bool:
        """Whether nobody has declared this life of the node dead; nobody can until the transaction ends."""
        return members.holds(connection, self._id, self.epoch)

    def leads(self, connection: sa.Connection) -> bool:
        """Whether nobody else has taken the lead."""
        return members.leads(connection, self._leader_epoch)

    def nodes(self) -> Sequence[NodeState]:
        """Return every node, those that lead and live first."""
        now = self._clock.now()
        with self._storage.read() as connection:
            held = members.lead(connection)
            rows = members.every(connection)
        master = next((row.plugins for row in rows if held is not None and row.id == held.holder), None)
        found = [_state(row, held, master, now, self._ttl) for row in rows]
        return sorted(found, key=lambda node: (node.state.gone, not node.leads, node.since))

    def drain(self, node_id: str) -> None:
        """Tell a node to leave; it hears of it at its next heartbeat at the latest."""
        known = {node.id: node for node in self.nodes()}
        matching = [known[node_id]] if node_id in known else [n for n in known.values() if n.id.startswith(node_id)]
        if len(matching) != 1:
            raise UnknownName(f"there is no node {node_id!r}: `octobot-node nodes` lists them")
        if matching[0].state.gone:
            raise CommandRefused(f"the node {matching[0].id} does not run: it is {matching[0].state}")
        with self._storage.write(durable=True) as connection:
            members.tell_to_leave(connection, matching[0].id)
        self._storage.announce("nodes")

    # -- the heartbeat

    def _run(self) -> None:
        end = self._storage.listen(lambda topic: self._hurried.set() if topic in ("nodes", "") else None)
        watchdog = threading.Thread(target=self._watch, name="octobot-watchdog", daemon=True)
        watchdog.start()
        try:
            while not self._stopping.is_set():
                try:
                    self._beat()
                except StorageUnavailable:
                    pass  # said once by the storage; the lease runs out by itself
                except Exception:
                    log.exception("heartbeat_failed")
                self._asked = None
                self._hurried.wait(self._ttl / _BEATS if not self._storage.lost() else _LOOK_S)
                self._hurried.clear()
        finally:
            end()

    def _watch(self) -> None:
        """Break connections that answer no more: without it a cut network is waited for, for minutes.

        Where a heartbeat is late for another reason, such as a machine that has much else to do, nothing is broken.
        """
        severed = self._clock.monotonic()
        while not self._stopping.wait(_LOOK_S):
            now, since = self._clock.monotonic(), self._renewed if self._still else self._asked
            if since is not None and now - max(since, severed) > self._ttl / 2:
                severed = now
                self._storage.sever()

    def _beat(self) -> None:
        engine, me = self._engine, self._me
        assert me is not None
        if engine is not None and self._stands_still(engine):
            return  # it must not look alive
        began = self._asked = self._clock.monotonic()
        load, vitals = (0, NodeVitals()) if engine is None else (engine.load(), engine.vitals())
        with self._storage.write(durable=True) as connection:
            now = self._clock.now()
            mine = members.beat(connection, me.id, self.epoch, load, vitals, now)
            if mine is not None and self._leader_epoch:
                self._keep_lead(connection, now)
            rows = members.every(connection)
            held = members.lead(connection)
        if mine is None:
            self._rejoin(engine, me)
            return
        self._renewed = began
        self._look_at_peers(rows)
        self._look_for_drift(rows, held, me)
        if mine.told_to_leave and engine is not None and not self._withdrawn:
            engine.leave("")
        if not (self._leader_epoch or self._withdrawn) and self.role != "consumer" and engine is not None:
            engine.leave(_held_by(held, now))

    def _stands_still(self, engine: Engine) -> bool:
        still = engine.still_for()
        if still <= self._ttl / 2:
            self._still = False
        elif not self._still:
            self._still = True
            log.error("engine_stands_still", seconds=round(still, 1), cure="a connector or a plugin may be blocking;"
                      " the others take over, and it takes part again when it goes on")  # fmt: skip
        return self._still

    def _keep_lead(self, connection: sa.Connection, now: int) -> None:
        if not members.keep_lead(connection, self._leader_epoch, now, self._ttl):
            self._leader_epoch = 0

    def _rejoin(self, engine: Engine | None, me: members.Me) -> None:
        """Take part under a new epoch: another node declared this one dead and has its work."""
        if self._withdrawn:
            return
        began = self._clock.monotonic()
        with self._storage.write(durable=True) as connection:
            now, epoch = self._clock.now(), members.next_epoch(connection)
            leads = self.role == "consumer" or members.take_lead(connection, me, epoch, now, self._ttl)
            held = members.lead(connection)
            if leads:
                members.join(connection, me, epoch, now)
        if not leads:
            self._leader_epoch = 0
            if engine is not None:
                engine.leave(_held_by(held, now))
            return
        self._act_under(epoch, began)
        log.warning("node_rejoined", epoch=epoch, why="it was silent for longer than its lease")
        self._renamed = True
        self._tell_renamed()

    def _tell_renamed(self) -> None:
        if self._renamed and self._engine is not None:
            self._renamed = False
            self._engine.rejoined()

    def _look_at_peers(self, rows: Sequence[members.Row]) -> None:
        now, workers = self._clock.monotonic(), []
        for row in rows:
            if NodeStatus(row.status).gone:
                self._peers.pop(row.id, None)
                continue
            seen = self._peers.get(row.id)
            if seen is None or seen[0] != (row.epoch, row.beat):
                seen = self._peers[row.id] = ((row.epoch, row.beat), now)
            # Seen standing still for a whole lease by one who was heard all the while himself.
            if row.id != self._id and now - seen[1] > self._ttl:
                self._bury(row)
            elif row.works and row.status == NodeStatus.LIVE:
                workers.append(row.id)
        if tuple(sorted(workers)) != self._workers:
            self._workers = tuple(sorted(workers))
            if self._engine is not None:
                self._engine.hurry()
        self._hand_on()

    def _bury(self, row: members.Row) -> None:
        with self._storage.write(durable=True) as connection:
            given = members.bury(connection, row.id, row.epoch, row.beat)
        if given is not None:
            log.warning("node_dead", node=row.id, host=row.host, silent=f"{self._ttl:g} s", given_on=given)
            self._peers.pop(row.id, None)
            self._announce_work()

    def _hand_on(self) -> None:
        """Give on what a dead node's frozen session still had locked when it was declared dead."""
        with self._storage.read() as connection:
            left = members.stranded(connection)
        if left:
            with self._storage.write(durable=True) as connection:
                members.give_on(connection, left)
            self._announce_work()

    def _announce_work(self) -> None:
        for topic in ("ticks", "orders", "nodes"):
            self._storage.announce(topic)
        if self._engine is not None:
            self._engine.hurry()

    def _look_for_drift(self, rows: Sequence[members.Row], held: members.Lead | None, me: members.Me) -> None:
        master = next((row for row in rows if held is not None and row.id == held.holder), None)
        if master is None:
            return  # between two masters what was known of the last one holds
        drift = master.plugins != me.plugins
        if drift and not self._drift:
            log.error("plugins_differ", master=master.plugins, here=me.plugins, cure="install the same"
                      " tentacle packages here as on the master; until then this node gets no work")  # fmt: skip
        if drift != self._drift:
            self._drift = drift
            if self._engine is not None:
                self._engine.hurry()


def _place(folder: Path) -> str:
    """Return what tells this data folder from every other: who has locked it knows that no one else lives in it."""
    boot = Path("/proc/sys/kernel/random/boot_id")
    machine = boot.read_text().strip() if boot.exists() else socket.gethostname()
    found = (folder / "node.lock").stat()
    return f"{machine}:{found.st_dev}:{found.st_ino}"


def _weight(node: str, account_id: str) -> bytes:
    """Return a node's claim on an account: the highest has it (rendezvous hashing, Thaler and Ravishankar 1996)."""
    return hashlib.sha256(f"{node}/{account_id}".encode()).digest()


def _held_by(held: members.Lead | None, now: int) -> str:
    if held is None:
        return "nobody leads, and the lead could not be taken: try again"
    seconds = max((held.expires_at or 0) - now, 0) / 1000
    return (
        f"the node {held.holder} is the master of this database since {members.moment(held.taken_at)} (its lease runs"
        f" for {seconds:.1f} s more): drain it with `octobot-node nodes drain {held.holder}`, start this one with"
        " --standby, or as a consumer"
    )


def _state(row: members.Row, held: members.Lead | None, master: str | None, now: int, ttl: float) -> NodeState:
    silent = max(now - row.beat_at, 0) / 1000
    state = NodeStatus(row.status)
    if state.alive and silent > ttl * 1.5:
        state = NodeStatus.DEAD
    if state is NodeStatus.LIVE and master is not None and row.plugins != master:
        state = NodeStatus.DRIFT
    leads = held is not None and held.holder == row.id and (held.expires_at or 0) > now
    return NodeState(
        row.id, cast("Role", row.role), state, leads, row.works, row.version, row.plugins, row.host, row.epoch,
        row.load, silent, row.joined_at, NodeVitals(row.cpu, row.memory, row.ticks, row.lag, row.lag_most),
        json.loads(row.parts),
    )  # fmt: skip
