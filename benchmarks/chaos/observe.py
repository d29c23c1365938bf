"""What an onlooker sees of the nodes, by the database's own clock, past every proxy."""

from __future__ import annotations

import itertools
import statistics
import time
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import psycopg
import sqlalchemy as sa

from benchmarks.crash.verify import Exchange, number_of
from octobot_node.store.tables import intents

__all__ = ["Delays", "Observer", "sent_after_the_fence", "tick_delays"]

_LEFT = "SELECT workflow_uuid FROM octobot_dbos.workflow_status WHERE status = 'PENDING' AND executor_id LIKE %s"
_STILL = (
    "SELECT count(*) FROM octobot_dbos.workflow_status WHERE workflow_uuid = ANY(%s)"
    " AND (status = 'ENQUEUED' OR status = 'PENDING' AND executor_id LIKE %s)"
)


@dataclass
class _Left:
    """What a killed node had claimed, and when it was killed."""

    node: str
    workflows: list[str]
    since: float


@dataclass
class Observer:
    """Keeps when each epoch ended, and how long a dead node's work waited until it ran elsewhere."""

    url: str
    #: Epoch -> (node, when it was first seen not to be in force any more, in ms; None: it still is).
    epochs: dict[int, tuple[str, int | None]] = field(default_factory=dict)
    #: Seconds from a kill until all that the node had claimed ran elsewhere, or was done.
    taken_over: list[float] = field(default_factory=list)
    _waiting: list[_Left] = field(default_factory=list)
    _connection: psycopg.Connection[Any] | None = None

    def look(self) -> None:
        """Look once; a database that is down is looked at the next time."""
        try:
            self._epochs()
            self._take_overs()
        except psycopg.Error:
            self.close()

    def await_work(self, node: str, seconds: float) -> None:
        """Wait for a moment at which a node is at work: most of the time it has just finished."""
        until = time.monotonic() + seconds
        while not self._left(node) and time.monotonic() < until:
            time.sleep(0.005)

    def killed(self, node: str) -> None:
        """Note what a node that was killed just now has left."""
        since = time.monotonic()
        rows = self._left(node)
        if rows:
            self._waiting.append(_Left(node, [row[0] for row in rows], since))

    def _left(self, node: str) -> list[tuple[Any, ...]]:
        try:
            return self._query(_LEFT, f"{node}.%")
        except psycopg.Error:
            self.close()
            return []

    def now(self) -> int:
        """Return the database's time in ms; this machine's, where it runs, while it is down."""
        try:
            return int(self._query("SELECT (extract(epoch FROM clock_timestamp()) * 1000)::bigint")[0][0])
        except psycopg.Error:
            self.close()
            return time.time_ns() // 1_000_000

    def close(self) -> None:
        """Let the connection go."""
        if self._connection is not None:
            self._connection.close()
        self._connection = None

    def _query(self, statement: str, *values: Any) -> list[tuple[Any, ...]]:
        if self._connection is None:
            self._connection = psycopg.connect(self.url, autocommit=True, connect_timeout=2)
        return self._connection.execute(statement.encode(), values).fetchall()

    def _epochs(self) -> None:
        # The time is read after the rows: what is seen ended had ended by then.
        rows = self._query("SELECT id, epoch, status FROM replica_nodes")
        now = self.now()
        current = {epoch for _, epoch, status in rows if status in ("live", "draining")}
        for node, epoch, _ in rows:
            self.epochs.setdefault(epoch, (node, None))
        for epoch, (node, ended) in self.epochs.items():
            if ended is None and epoch not in current:
                self.epochs[epoch] = (node, now)

    def _take_overs(self) -> None:
        for left in list(self._waiting):
            # A life of the same node that was started again counts: it took the work back under its new epoch.
            alive = [epoch for epoch, (node, ended) in self.epochs.items() if node == left.node and ended is None]
            dead = f"{left.node}.%" if not alive else f"{left.node}.{min(alive)}"
            waiting = self._query(_STILL, left.workflows, dead)[0][0]
            if not waiting:
                self.taken_over.append(time.monotonic() - left.since)
                self._waiting.remove(left)


def sent_after_the_fence(
    connection: sa.Connection, exchange: Exchange, epochs: Mapping[int, tuple[str, int | None]]
) -> list[str]:
    """Return the orders of nodes that had no right any more: decided to be sent under an epoch that had ended, or
    taken by the exchange after that and after the request had expired.
    """
    i = intents.c
    rows = {
        row.id: row
        for row in connection.execute(sa.select(i.id, i.epoch, i.sent_at, i.send_by).where(i.sent_at.is_not(None)))
    }
    found = []
    for row in rows.values():
        node, ended = epochs.get(row.epoch, ("", None))
        if ended is not None and row.sent_at > ended:
            found.append(f"{row.id} passed the fence {row.sent_at - ended} ms after epoch {row.epoch} of {node} ended")
    for order in exchange.orders():
        sent = rows.get(order.intent_id)
        if sent is None:
            continue  # verification says so
        _, ended = epochs.get(sent.epoch, ("", None))
        arrived = order.order.created_at
        if ended is not None and arrived > max(ended, sent.send_by):
            found.append(f"{sent.id} arrived {arrived - sent.send_by} ms after it had expired, from an ended epoch")
    return found


@dataclass(frozen=True)
class Delays:
    """How late planned ticks were committed, in seconds."""

    ticks: int = 0
    median: float = 0.0
    p99: float = 0.0
    worst: float = 0.0
    #: Of each event, the latest tick of those due between it and the next one: kind -> seconds.
    after: Mapping[str, list[float]] = field(default_factory=dict)


def tick_delays(connection: sa.Connection, since: int, until: int, events: Iterable[tuple[str, int]] = ()) -> Delays:
    """Return how late the ticks were that were due between two moments (ms); ``events`` are (kind, ms), in order."""
    rows = connection.execute(
        sa.select(intents.c.tag, sa.func.min(intents.c.created_at).label("at"))
        .where(intents.c.kind == "order", intents.c.tag.like("%@%"))
        .group_by(intents.c.automation_id, intents.c.tag)
    )
    late = []
    for row in rows:
        due = number_of(row.tag)[1]
        if due is not None and since <= due <= until:
            late.append((due, max(row.at - due, 0) / 1_000))
    if not late:
        return Delays()
    late.sort()
    after: dict[str, list[float]] = defaultdict(list)
    moments = [*events, ("", until)]
    place = 0
    for (kind, begins), (_, ends) in itertools.pairwise(moments):
        while place < len(late) and late[place][0] < begins:
            place += 1
        worst = 0.0
        while place < len(late) and late[place][0] < ends:
            worst = max(worst, late[place][1])
            place += 1
        after[kind].append(worst)
    seconds = sorted(each for _, each in late)
    return Delays(len(seconds), statistics.median(seconds), seconds[len(seconds) * 99 // 100], seconds[-1], dict(after))
