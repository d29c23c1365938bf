"""Statements on the nodes' rows and on who leads. Each is one step of a transaction of the caller's."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Protocol

import sqlalchemy as sa

from octobot_node.contracts.coordinator import NodeStatus, NodeVitals
from octobot_node.engine.workers.durable import give_back, left_by
from octobot_node.market import from_ms
from octobot_node.store.tables import leases
from octobot_plugins.replica.tables import nodes

__all__ = [
    "Lead", "Me", "Row", "beat", "bury", "every", "executor_id", "get", "give_on", "give_up_lead", "holds", "join",
    "keep_lead", "lead", "leads", "leave", "moment", "next_epoch", "say", "stranded", "take_lead", "tell_to_leave",
]  # fmt: skip


class Row(Protocol):
    """A row of ``replica_nodes``."""

    id: str
    epoch: int
    role: str
    status: str
    works: bool
    version: str
    plugins: str
    host: str
    place: str
    load: int
    beat: int
    beat_at: int
    joined_at: int
    told_to_leave: bool
    parts: str
    cpu: float | None
    memory: int | None
    ticks: float | None
    lag: float | None
    lag_most: float | None


class Lead(Protocol):
    """A row of ``leases``."""

    name: str
    holder: str
    epoch: int
    taken_at: int
    expires_at: int | None


_MASTER, _EPOCHS = "master", "epochs"
_n, _l = nodes.c, leases.c
_ALIVE = _n.status.in_([status for status in NodeStatus if status.alive])


@dataclass(frozen=True, slots=True)
class Me:
    """What a node says of itself."""

    id: str
    role: str
    works: bool
    version: str
    plugins: str
    host: str
    place: str
    #: As JSON.
    parts: str


def executor_id(node_id: str, epoch: int) -> str:
    """Return DBOS's name of one life of a node."""
    return f"{node_id}.{epoch}"


def moment(at: int) -> str:
    """Return a moment (ms UTC) for people."""
    return from_ms(at).strftime("%Y-%m-%d %H:%M:%S UTC")


def next_epoch(connection: sa.Connection) -> int:
    """Return an epoch above every one there was, also where somebody turned the counter back."""
    _make_sure(connection, _EPOCHS)
    kept = connection.scalar(sa.select(_l.epoch).where(_l.name == _EPOCHS).with_for_update()) or 0
    given = connection.scalar(sa.select(sa.func.max(_n.epoch))) or 0
    led = connection.scalar(sa.select(sa.func.max(_l.epoch))) or 0
    epoch: int = max(kept, given, led) + 1
    connection.execute(leases.update().where(_l.name == _EPOCHS).values(epoch=epoch))
    return epoch


def _make_sure(connection: sa.Connection, name: str) -> None:
    connection.execute(
        sa.text(
            "INSERT INTO leases (name, holder, epoch, taken_at, expires_at) VALUES (:name, '', 0, 0, 0)"
            " ON CONFLICT (name) DO NOTHING"
        ),
        {"name": name},
    )


def take_lead(connection: sa.Connection, me: Me, epoch: int, now: int, ttl: float) -> bool:
    """Take the lead if nobody has it: the lease ran out, or its holder is this node, dead, gone or unknown."""
    _make_sure(connection, _MASTER)
    row = connection.execute(sa.select(leases).where(_l.name == _MASTER).with_for_update()).one()
    holder = get(connection, row.holder)
    # A lease no node would write, far in the future or of a node that there is not, holds nobody up.
    sane = holder is not None and NodeStatus(holder.status).alive and (row.expires_at or 0) <= now + 2_000 * ttl
    if sane and row.holder != me.id and (row.expires_at or 0) > now:
        return False
    values = {"holder": me.id, "epoch": epoch, "taken_at": now, "expires_at": now + int(ttl * 1000)}
    connection.execute(leases.update().where(_l.name == _MASTER).values(**values))
    return True


def keep_lead(connection: sa.Connection, epoch: int, now: int, ttl: float) -> bool:
    """Go on leading; return False where another has taken the lead, or it was given up."""
    mine = leases.update().where(_l.name == _MASTER, _l.epoch == epoch, _l.holder != "")
    return connection.execute(mine.values(expires_at=now + int(ttl * 1000))).rowcount > 0


def lead(connection: sa.Connection) -> Lead | None:
    """Return who leads, or did last."""
    return connection.execute(sa.select(leases).where(_l.name == _MASTER, _l.holder != "")).first()


_LEADS = sa.select(_l.epoch).where(_l.name == _MASTER).with_for_update(read=True, key_share=True)


def leads(connection: sa.Connection, epoch: int) -> bool:
    """Whether the lead is still held under ``epoch``; it is not taken before the transaction ends.

    A key share lock: it waits for nobody who only prolongs the lease, and whoever takes it locks the row for update.
    """
    return bool(epoch) and connection.scalar(_LEADS) == epoch


_HOLDS = sa.select(_n.epoch).where(_n.id == sa.bindparam("node"), _ALIVE).with_for_update(read=True, key_share=True)


def holds(connection: sa.Connection, node_id: str, epoch: int) -> bool:
    """Whether this life of a node is in force; it is not declared dead before the transaction ends."""
    return connection.scalar(_HOLDS, {"node": node_id}) == epoch


def get(connection: sa.Connection, node_id: str) -> Row | None:
    """Return a node, or None."""
    return connection.execute(sa.select(nodes).where(_n.id == node_id)).first()


def every(connection: sa.Connection) -> Sequence[Row]:
    """Return every node."""
    return connection.execute(sa.select(nodes).order_by(_n.id)).all()


def join(connection: sa.Connection, me: Me, epoch: int, now: int) -> None:
    """Begin a life under ``epoch``; what its earlier ones left unfinished goes back to the queues."""
    before = connection.execute(sa.select(nodes).where(_n.id == me.id).with_for_update()).first()
    values = {
        **asdict(me), "epoch": epoch, "status": NodeStatus.LIVE, "load": 0, "beat": 0, "beat_at": now, "joined_at": now,
        "told_to_leave": False,
    }  # fmt: skip
    if before is None:
        connection.execute(nodes.insert().values(**values))
        return
    connection.execute(nodes.update().where(_n.id == me.id).values(**values))
    give_back(connection, executor_id(me.id, before.epoch))


def beat(connection: sa.Connection, node_id: str, epoch: int, load: int, vitals: NodeVitals, now: int) -> Row | None:
    """Say that a node lives; return its row, None where it was declared dead or lives another life."""
    statement = nodes.update().where(_n.id == node_id, _n.epoch == epoch, _ALIVE).returning(nodes)
    return connection.execute(statement.values(beat=_n.beat + 1, beat_at=now, load=load, **asdict(vitals))).first()


def say(connection: sa.Connection, node_id: str, epoch: int, status: NodeStatus) -> None:
    """Change what a live node says of itself."""
    connection.execute(nodes.update().where(_n.id == node_id, _n.epoch == epoch, _ALIVE).values(status=status))


def leave(connection: sa.Connection, node_id: str, epoch: int, now: int) -> None:
    """End a life: its work goes back to the queues, the lead is free."""
    row = connection.execute(sa.select(_n.id).where(_n.id == node_id, _n.epoch == epoch).with_for_update()).first()
    if row is None:
        return
    connection.execute(nodes.update().where(_n.id == node_id).values(status=NodeStatus.LEFT, beat_at=now, load=0))
    give_back(connection, executor_id(node_id, epoch))
    give_up_lead(connection, epoch, now)


def give_up_lead(connection: sa.Connection, epoch: int, now: int) -> None:
    """Let the lead go, if it is held under ``epoch``: nobody has it then, nor keeps it by a heartbeat under way."""
    mine = leases.update().where(_l.name == _MASTER, _l.epoch == epoch)
    connection.execute(mine.values(holder="", expires_at=now))


def bury(connection: sa.Connection, node_id: str, epoch: int, beat: int) -> int | None:
    """Declare a node dead that still stands where it was seen; return how much work was given on, None if it moved."""
    locked = sa.select(nodes).where(_n.id == node_id).with_for_update(skip_locked=True)
    row = connection.execute(locked).first()
    if row is None or (row.epoch, row.beat) != (epoch, beat) or not NodeStatus(row.status).alive:
        return None
    connection.execute(nodes.update().where(_n.id == node_id).values(status=NodeStatus.DEAD, load=0))
    return give_back(connection, executor_id(node_id, epoch))


def stranded(connection: sa.Connection) -> list[str]:
    """Return the executors that still have work though their life is over."""
    alive = {executor_id(row.id, row.epoch) for row in connection.execute(sa.select(_n.id, _n.epoch).where(_ALIVE))}
    return sorted(left_by(connection) - alive)


def give_on(connection: sa.Connection, executors: Collection[str]) -> None:
    """Give the work of ended lives back to the queues."""
    for each in executors:
        give_back(connection, each)


def tell_to_leave(connection: sa.Connection, node_id: str) -> None:
    """Ask a node to leave."""
    values: dict[str, Any] = {"told_to_leave": True}
    connection.execute(nodes.update().where(_n.id == node_id).values(**values))
