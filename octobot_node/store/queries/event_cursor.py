"""Read the event log from where one stopped, and miss nothing.

On PostgreSQL ids become visible out of order: one is taken when its row is written, and is seen when its transaction
commits. What is read there is in the order of (transaction, id), and only of transactions older than every one of a
node's that is still under way: nothing can appear before it any more.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from typing import Literal, NamedTuple

import sqlalchemy as sa

from octobot_node.store.queries.event_horizon import horizon
from octobot_node.store.queries.lists import EVENTS, EventFilter
from octobot_node.store.rows.node import FollowedEventRow, ListedEventRow
from octobot_node.store.tables import cursors, events

__all__ = [
    "Gap",
    "Page",
    "Position",
    "dump_cursor",
    "end",
    "find_place",
    "follow",
    "follow_wanted",
    "load_cursor",
    "note_pruned",
    "place_of",
    "tail",
]

#: Why events between two places are missing: deleted for their age; the database was restored from a backup; it was
#: moved to another one; it does not know the place at all.
Gap = Literal["pruned", "restored", "moved", "unknown"]
#: In ``cursors``: the last of the events that were deleted for their age.
_PRUNED = "events.pruned"
_CURSOR = re.compile(r"([0-9]{1,9})-([0-9]{1,18})-([0-9]{1,18})")

_e = events.c
_FOLLOWED = sa.select(_e.id, _e.txid, _e.owner, _e.automation_id, _e.kind, _e.data, _e.at)
_KINDS = _e.kind.in_(sa.bindparam("kinds", expanding=True))
_AFTER_ID = (
    _FOLLOWED.where(_e.id > sa.bindparam("id"), _e.id <= sa.bindparam("last"), _KINDS)
    .order_by(_e.id)
    .limit(sa.bindparam("count"))
)
_AFTER_BOTH = (
    _FOLLOWED.where(
        sa.tuple_(_e.txid, _e.id) > sa.tuple_(sa.bindparam("txid"), sa.bindparam("id")),
        sa.tuple_(_e.txid, _e.id) <= sa.tuple_(sa.bindparam("last_txid"), sa.bindparam("last")),
        _KINDS,
    )
    .order_by(_e.txid, _e.id)
    .limit(sa.bindparam("count"))
)
_NEWEST = (
    sa.select(_e.txid, _e.id).where(_e.txid < sa.bindparam("horizon")).order_by(_e.txid.desc(), _e.id.desc()).limit(1)
)


class Position(NamedTuple):
    """Up to where events were read; greater is later. ``txid`` is 0 where ids alone are in order."""

    txid: int
    id: int


def end(connection: sa.Connection) -> Position:
    """Return the position behind everything that can be read now."""
    if connection.dialect.name != "postgresql":
        return Position(0, connection.scalar(sa.select(sa.func.max(_e.id))) or 0)
    row = connection.execute(_NEWEST, {"horizon": horizon(connection)}).first()
    return Position(0, 0) if row is None else Position(row.txid, row.id)


def follow(
    connection: sa.Connection, after: Position, kinds: Collection[str], limit: int
) -> tuple[Sequence[FollowedEventRow], Position]:
    """Return up to ``limit`` events of these kinds behind ``after``, in order, and up to where was looked.

    Rows are (id, txid, owner, automation_id, kind, data, at).
    """
    last = end(connection)
    if last <= after:
        return [], after
    given = {"id": after.id, "last": last.id, "kinds": list(kinds), "count": limit}
    if connection.dialect.name != "postgresql":
        rows = connection.execute(_AFTER_ID, given).all()
    else:
        rows = connection.execute(_AFTER_BOTH, {**given, "txid": after.txid, "last_txid": last.txid}).all()
    # With a full page there may be more behind it; with less, all was looked at.
    return rows, Position(rows[-1].txid, rows[-1].id) if len(rows) == limit else last


# For readers that come and go ----------------------------------------------------------------------------------------


class Page(NamedTuple):
    """Events, up to where was looked, and why some between them and where the reader was are missing, or None."""

    rows: Sequence[ListedEventRow]
    position: Position
    gap: Gap | None = None


def dump_cursor(generation: int, position: Position) -> str:
    """Return a position as readers keep it."""
    return f"{generation}-{position.txid}-{position.id}"


def load_cursor(cursor: str) -> tuple[int, Position] | None:
    """Return (generation, position), or None for what never was a cursor."""
    found = _CURSOR.fullmatch(cursor)
    return None if found is None else (int(found[1]), Position(int(found[2]), int(found[3])))


def tail(connection: sa.Connection) -> Position:
    """Return the position behind everything that can be read now, and was deleted."""
    return max(end(connection), _pruned(connection))


def place_of(connection: sa.Connection, event_id: int) -> Position:
    """Return the position of an event, by its id."""
    nearest = sa.select(_e.txid).where(_e.id <= event_id).order_by(_e.id.desc()).limit(1)
    return Position(connection.scalar(nearest) or 0, event_id)


def find_place(connection: sa.Connection, generation: int, cursor: tuple[int, Position]) -> tuple[Position, Gap | None]:
    """Return where a reader goes on that comes with a cursor, and why what came between is not known, or None.

    ``generation`` is the database's own.
    """
    given, position = cursor
    if given != generation:
        return tail(connection), "restored"
    if position <= _pruned(connection):
        return position, None
    txid = connection.scalar(sa.select(_e.txid).where(_e.id == position.id))
    if txid is None:
        return tail(connection), "unknown"
    # Moved to another database, events keep their ids, but not the numbers of the transactions that wrote them.
    return Position(txid, position.id), None if txid == position.txid else "moved"


def follow_wanted(connection: sa.Connection, after: Position, wanted: EventFilter, limit: int) -> Page:
    """Return a page of up to ``limit`` wanted events behind ``after``, in order, with their automation's name.

    Rides ix_events_follow, on SQLite the primary key.
    """
    pruned, last = _pruned(connection), end(connection)
    gap: Gap | None = "pruned" if after < pruned else None
    after = max(after, pruned)
    if last <= after:
        return Page([], after, gap)
    statement = wanted.of(EVENTS).where(_between(connection, after, last)).order_by(*_order(connection)).limit(limit)
    rows = connection.execute(statement).all()
    position = Position(rows[-1].txid, rows[-1].id) if len(rows) == limit else last
    return Page(rows, position, gap)


def note_pruned(connection: sa.Connection, position: Position, at: int) -> None:
    """Keep up to where events are deleted, in the transaction that deletes them."""
    row = cursors.c.name == _PRUNED
    values = {"txid": position.txid, "position": position.id, "updated_at": at}
    if connection.execute(sa.select(cursors.c.name).where(row)).first() is None:
        connection.execute(cursors.insert().values(name=_PRUNED, **values))
    elif position > _pruned(connection):
        connection.execute(cursors.update().where(row).values(values))


def _pruned(connection: sa.Connection) -> Position:
    columns = cursors.c
    row = connection.execute(sa.select(columns.txid, columns.position).where(columns.name == _PRUNED)).first()
    return Position(0, 0) if row is None else Position(row.txid, row.position)


def _between(connection: sa.Connection, after: Position, last: Position) -> sa.ColumnElement[bool]:
    if connection.dialect.name != "postgresql":
        return sa.and_(_e.id > after.id, _e.id <= last.id)
    place = sa.tuple_(_e.txid, _e.id)
    return sa.and_(place > sa.tuple_(*after), place <= sa.tuple_(*last))


def _order(connection: sa.Connection) -> tuple[sa.ColumnElement[int], ...]:
    return (_e.txid, _e.id) if connection.dialect.name == "postgresql" else (_e.id,)
