"""The audit as a hash chain: each entry's hash is of the entry and of the hash before it.

Whoever changes, takes out or slips in an entry must write every later hash anew, and then no hash that somebody kept
elsewhere fits: data folders, logs and backups keep them (*anchors*). The chain has no key: it proves nothing against
whoever rewrites all of it and has every anchor, too.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import takewhile
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from octobot_node.store.rows.node import AuditChainRow
from octobot_node.store.tables import audit, audit_chain

__all__ = ["COLUMNS", "Anchor", "Broken", "Walk", "chain", "hash_at", "linked", "locked", "note", "prune", "rows"]

_c, _h = audit.c, audit_chain.c
_ONLY, _DAY_MS = 1, 86_400_000
#: What of an entry is in its hash, in this order; never changed.
COLUMNS = (
    *("id", "at", "owner", "actor", "via", "address", "request_id", "action", "target", "target_id", "outcome"),
    *("data", "begun_id"),
)
_WANTED = sa.select(*(_c[name] for name in COLUMNS), _c.hash).order_by(_c.id)


@dataclass(frozen=True, slots=True)
class Anchor:
    """An entry's id and its hash, as somebody has kept them; 0 and "" before the first entry."""

    id: int = 0
    hash: str = ""


@dataclass(frozen=True, slots=True)
class Broken:
    """The first entry at which the chain does not hold, and why."""

    id: int
    why: str


def linked(before: str, values: Sequence[Any]) -> str:
    """Return the hash of an entry, of the hash before it and the values of ``COLUMNS``."""
    text = json.dumps([before, *values], separators=(",", ":"), ensure_ascii=True)
    return hashlib.sha256(text.encode()).hexdigest()


def chain(connection: sa.Connection) -> AuditChainRow | None:
    """Return how far the chain is; None before the first entry."""
    return connection.execute(sa.select(audit_chain)).first()


def locked(connection: sa.Connection) -> AuditChainRow:
    """Return how far the chain is, for one transaction at a time: it is appended to in one order."""
    wanted = sa.select(audit_chain).with_for_update()
    found: AuditChainRow | None = connection.execute(wanted).first()
    if found is not None:
        return found
    insert = postgresql.insert if connection.dialect.name == "postgresql" else sqlite.insert
    # Two that append the first entries at once: one waits here for the other.
    connection.execute(insert(audit_chain).values(id=_ONLY).on_conflict_do_nothing())
    return connection.execute(wanted).one()


def note(connection: sa.Connection, entry: Anchor, size: int) -> None:
    """Write down that an entry of ``size`` bytes was appended."""
    values = {"last_id": entry.id, "last_hash": entry.hash, "entries": _h.entries + 1, "bytes": _h.bytes + size}
    connection.execute(audit_chain.update().values(values))


def hash_at(connection: sa.Connection, entry: int) -> str | None:
    """Return the hash of an entry as it is written; None where there is no such entry."""
    found: str | None = connection.scalar(sa.select(_c.hash).where(_c.id == entry))
    return found


def rows(connection: sa.Connection, after: int, count: int) -> Sequence[Sequence[Any]]:
    """Return up to ``count`` entries after one, oldest first: ``COLUMNS``, and the hash. Rides the key."""
    return connection.execute(_WANTED.where(_c.id > after).limit(count)).all()


class Walk:
    """Goes along the chain from an anchor on, entry by entry, up to the first that does not hold."""

    def __init__(self, start: Anchor) -> None:
        self.reached = start
        self.entries = 0
        self.broken: Broken | None = None

    def go(self, found: Iterable[Sequence[Any]]) -> None:
        """Look at entries, in order."""
        for _ in self.following(found):
            pass

    def following(self, found: Iterable[Sequence[Any]]) -> Iterator[Sequence[Any]]:
        """Look at entries as they pass, and yield each."""
        for row in found:
            if self.broken is None:
                self._look(row)
            yield row

    def _look(self, row: Sequence[Any]) -> None:
        *values, written = row
        entry = values[0]
        if entry != self.reached.id + 1:
            missing = self.reached.id + 1
            self.broken = Broken(missing, f"it is not there: {entry} follows {self.reached.id}")
        elif linked(self.reached.hash, values) != written:
            self.broken = Broken(entry, "its hash is not that of what it says and of the entry before it")
        else:
            self.reached, self.entries = Anchor(entry, written), self.entries + 1

    def end(self, last: Anchor) -> None:
        """Compare where it ends with where it ought to."""
        if self.broken is not None or self.reached == last:
            return
        if self.reached.id < last.id:
            self.broken = Broken(self.reached.id + 1, f"it is not there, and there were entries up to {last.id}")
        else:
            self.broken = Broken(self.reached.id, "the database itself counts less, or another hash")


def prune(connection: sa.Connection, before: int, limit: int) -> int:
    """Delete up to ``limit`` of the oldest entries that are older than ``before`` (ms UTC); return how many.

    Not before the oldest is a day older than that, so that it is not done every minute. The chain keeps where it goes
    on from: the id and hash of the last one that is gone.
    """
    oldest = sa.select(_c.id, _c.at, _c.hash, sa.func.length(_c.data).label("size")).order_by(_c.id).limit(limit)
    # An entry that is younger than those behind it, made by a clock that was set back, keeps them.
    old = list(takewhile(lambda row: row.at < before, connection.execute(oldest).all()))
    if not old or old[0].at >= before - _DAY_MS:
        return 0
    locked(connection)
    last = old[-1]
    values = {
        "pruned_id": last.id,
        "pruned_hash": last.hash,
        "pruned_at": last.at,
        "entries": _h.entries - len(old),
        "bytes": _h.bytes - sum(row.size for row in old),
    }
    # The triggers let go what is pruned, and nothing else.
    connection.execute(audit_chain.update().values(values))
    connection.execute(audit.delete().where(_c.id <= last.id))
    return len(old)
