"""Read the event log from where one stopped, and miss nothing.

On PostgreSQL ids become visible out of order: one is taken when its row is written, and is seen when its transaction
commits. What is read there is in the order of (transaction, id), and only of transactions older than every one still
under way: nothing can appear before it any more.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import NamedTuple

import sqlalchemy as sa

from octobot_node.store.tables import events
from octobot_node.store.types import AnyRow

__all__ = ["Position", "end", "follow"]

_e = events.c
_HORIZON = sa.text("SELECT pg_snapshot_xmin(pg_current_snapshot())::text::bigint")
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
    row = connection.execute(_NEWEST, {"horizon": connection.scalar(_HORIZON)}).first()
    return Position(0, 0) if row is None else Position(row.txid, row.id)


def follow(
    connection: sa.Connection, after: Position, kinds: Collection[str], limit: int
) -> tuple[Sequence[AnyRow], Position]:
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
