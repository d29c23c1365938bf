"""Which automations and accounts changed so that lists and sums show it; read on from where one stopped.

On PostgreSQL a row may become visible after others with greater ids: what is read again is everything since the oldest
transaction that was under way at the last look.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Collection, Iterable

import sqlalchemy as sa

from octobot_node.shadow_ids import is_shadow
from octobot_node.store.sql.bulk_statements import insert_many
from octobot_node.store.tables import standing_changes

__all__ = ["EVERYTHING", "KEPT_MS", "Kept", "newest", "note_changed", "now_at", "prune_changes", "since"]

_c = standing_changes.c
#: In the place of a subject: more changed than is worth naming.
EVERYTHING = "*"
#: So long changes are kept, at least; the newest is looked at so often.
KEPT_MS, _LOOKED_AT_MS = 1_800_000, 60_000
_HORIZON = sa.text("SELECT pg_snapshot_xmin(pg_current_snapshot())::text::bigint")
_AFTER_ID = sa.select(_c.subject).where(_c.id > sa.bindparam("place")).distinct()
_AFTER_TRANSACTION = sa.select(_c.subject).where(_c.txid >= sa.bindparam("place")).distinct()
_NEWEST = sa.select(sa.func.max(_c.id))


def note_changed(connection: sa.Connection, subjects: Iterable[str]) -> None:
    """Note that these automations or accounts changed, in the transaction that changes them."""
    named = [{"subject": subject} for subject in sorted(set(subjects)) if not is_shadow(subject)]
    if named:
        insert_many(connection, standing_changes, named)


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


class Kept:
    """Knows up to which change everybody has read who reads at all: which was the newest so long ago."""

    def __init__(self) -> None:
        self._newest: deque[tuple[int, int]] = deque()

    def prune(self, connection: sa.Connection, now: int, limit: int) -> int:
        """Delete up to ``limit`` changes that were there half an hour before ``now`` (ms UTC); return how many."""
        if not self._newest or now - self._newest[-1][0] >= _LOOKED_AT_MS:
            self._newest.append((now, newest(connection)))
        while len(self._newest) > 1 and now - self._newest[1][0] >= KEPT_MS:
            self._newest.popleft()
        at, place = self._newest[0]
        return prune_changes(connection, place, limit) if now - at >= KEPT_MS else 0


def prune_changes(connection: sa.Connection, before: int, limit: int) -> int:
    """Delete up to ``limit`` changes up to an id; return how many."""
    ids = connection.scalars(sa.select(_c.id).where(_c.id <= before).order_by(_c.id).limit(limit)).all()
    if ids:
        connection.execute(standing_changes.delete().where(_c.id.in_(ids)))
    return len(ids)
