"""Which automations and accounts changed so that lists and sums show it; read on from where one stopped.

On PostgreSQL a row may become visible after others with greater ids: what is read again is everything since the oldest
transaction that was under way at the last look.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable

import sqlalchemy as sa

from octobot_node.store.sql.bulk_statements import insert_many
from octobot_node.store.tables import standing_changes

__all__ = ["EVERYTHING", "newest", "note_changed", "now_at", "prune_changes", "since"]

_c = standing_changes.c
#: In the place of a subject: more changed than is worth naming.
EVERYTHING = "*"
_HORIZON = sa.text("SELECT pg_snapshot_xmin(pg_current_snapshot())::text::bigint")
_AFTER_ID = sa.select(_c.subject).where(_c.id > sa.bindparam("place")).distinct()
_AFTER_TRANSACTION = sa.select(_c.subject).where(_c.txid >= sa.bindparam("place")).distinct()
_NEWEST = sa.select(sa.func.max(_c.id))


def note_changed(connection: sa.Connection, subjects: Iterable[str]) -> None:
    """Note that these automations or accounts changed, in the transaction that changes them."""
    insert_many(connection, standing_changes, [{"subject": subject} for subject in sorted(set(subjects))])


def now_at(connection: sa.Connection) -> int:
    """Return the place to read on from after reading everything in this snapshot."""
    if connection.dialect.name == "postgresql":
        return connection.scalar(_HORIZON) or 0
    return connection.scalar(_NEWEST) or 0


def since(connection: sa.Connection, place: int) -> Collection[str]:
    """Return what changed since a place; some of it may have been told before."""
    statement = _AFTER_TRANSACTION if connection.dialect.name == "postgresql" else _AFTER_ID
    return connection.scalars(statement, {"place": place}).all()


def newest(connection: sa.Connection) -> int:
    """Return the id of the newest change, 0 where there is none."""
    return connection.scalar(_NEWEST) or 0


def prune_changes(connection: sa.Connection, before: int, limit: int) -> int:
    """Delete up to ``limit`` changes up to an id; return how many."""
    ids = connection.scalars(sa.select(_c.id).where(_c.id <= before).order_by(_c.id).limit(limit)).all()
    if ids:
        connection.execute(standing_changes.delete().where(_c.id.in_(ids)))
    return len(ids)
