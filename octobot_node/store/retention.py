"""Forget what is old, a little at a time: events, notices, requests and signals that are over, fine equity points."""

from __future__ import annotations

import sqlalchemy as sa

from octobot_node.contracts.storage import Storage
from octobot_node.store.audit import audit_chain, audit_log
from octobot_node.store.audit.audit_log import Actor, Entry
from octobot_node.store.queries.event_cursor import Position, note_pruned
from octobot_node.store.statuses import NoticeStatus, RequestStatus, SignalStatus
from octobot_node.store.tables import api_requests, cursors, equity, events, inbox, notices, requests

__all__ = ["ANSWERS_KEPT_MS", "EQUITY_ROLLED_UP", "prune", "prune_answers", "prune_audit", "roll_up_equity"]

#: The cursor that says up to when (ms UTC) equity is hourly.
EQUITY_ROLLED_UP = "equity.hourly"
_HOUR_MS = 3_600_000

#: Answers to requests with an Idempotency-Key are kept for a day.
ANSWERS_KEPT_MS = 86_400_000
#: What is over in each table; orders, fills and postings are kept for ever.
_OVER = (
    (notices, [status for status in NoticeStatus if status.over]),
    (requests, [status for status in RequestStatus if status.over]),
    (inbox, [status for status in SignalStatus if status.over]),
)


def prune(connection: sa.Connection, before: int, limit: int) -> int:
    """Delete up to ``limit`` rows a table that are older than ``before`` (ms UTC); return how many."""
    deleted = _prune_events(connection, before, limit)
    for table, statuses in _OVER:
        columns = table.c
        # Ids begin with the time at which they were made, so the key itself finds what is old.
        old = columns.id < _first_id_at(before)
        chosen = sa.select(columns.id).where(old, columns.status.in_(statuses)).order_by(columns.id).limit(limit)
        deleted += _delete(connection, table, list(connection.scalars(chosen)))
    # A signal that nobody took in time is over, too.
    late = sa.select(inbox.c.id).where(inbox.c.id < _first_id_at(before), inbox.c.expires_at < before).limit(limit)
    return deleted + _delete(connection, inbox, list(connection.scalars(late)))


def prune_answers(connection: sa.Connection, before: int, limit: int) -> int:
    """Delete up to ``limit`` answers of the API that are older than ``before``. Rides ix_api_requests_created."""
    old = sa.select(api_requests.c.id).where(api_requests.c.created_at < before)
    chosen = old.order_by(api_requests.c.created_at).limit(limit)
    return _delete(connection, api_requests, list(connection.scalars(chosen)))


def prune_audit(storage: Storage, before: int, now: int, limit: int = 500) -> int:
    """Delete up to ``limit`` of the audit's oldest entries that are older than ``before``, and write that down in it.

    Return how many were deleted.
    """
    with storage.write() as connection:
        deleted = audit_chain.prune(connection, before, limit)
        if deleted:
            chain = audit_chain.locked(connection)
            data = {"entries": deleted, "anchor": f"{chain.pruned_id}:{chain.pruned_hash}"}
            audit_log.append(connection, Actor("node", "retention"), Entry("audit.prune", data=data), now)
    return deleted


def roll_up_equity(connection: sa.Connection, before: int, limit: int, now: int) -> int:
    """Leave of the points before ``before`` (ms UTC) the last of every hour, and of those before a deposit in it.

    Returns how many were looked at: about ``limit`` at once, in order of time from where the last call ended, so that
    none is looked at twice. Rides ix_equity_at.
    """
    point = equity.c
    done = connection.scalar(sa.select(cursors.c.position).where(cursors.c.name == EQUITY_ROLLED_UP))
    # Whole hours only: the last point of one that is cut would stay beside that of the rest.
    end = before // _HOUR_MS * _HOUR_MS
    ahead = sa.select(point.at).where(point.at >= (done or 0), point.at < end).order_by(point.at).limit(limit)
    times = connection.scalars(ahead).all()
    if not times:
        return 0
    reached = times[-1] + 1
    later = equity.alias("later")
    next_hour = (point.at // _HOUR_MS + 1) * _HOUR_MS
    # The last before a deposit stays, too: without it the deposit would look like a gain.
    another = sa.exists().where(
        later.c.automation_id == point.automation_id,
        later.c.at > point.at,
        later.c.at < next_hour,
        later.c.start == point.start,
    )
    connection.execute(equity.delete().where(point.at >= times[0], point.at < reached, another))
    _move_cursor(connection, reached, now, known=done is not None)
    return len(times)


def _move_cursor(connection: sa.Connection, position: int, now: int, *, known: bool) -> None:
    values = {"position": position, "updated_at": now}
    if known:
        connection.execute(cursors.update().where(cursors.c.name == EQUITY_ROLLED_UP).values(**values))
    else:
        connection.execute(cursors.insert().values(name=EQUITY_ROLLED_UP, **values))


def _prune_events(connection: sa.Connection, before: int, limit: int) -> int:
    # The oldest first, and only as many as may go: to look for old ones would read the whole table when there are none.
    columns = events.c
    oldest = connection.execute(sa.select(columns.id, columns.txid, columns.at).order_by(columns.id).limit(limit)).all()
    old = [row for row in oldest if row.at < before]
    if old:
        # Whoever reads on from before these is told that there were more.
        note_pruned(connection, max(Position(row.txid, row.id) for row in old), before)
    return _delete(connection, events, [row.id for row in old])


def _delete(connection: sa.Connection, table: sa.Table, ids: list[str] | list[int]) -> int:
    if ids:
        connection.execute(table.delete().where(table.c.id.in_(ids)))
    return len(ids)


def _first_id_at(moment: int) -> str:
    """Return the lowest UUIDv7 of a millisecond."""
    digits = f"{moment:012x}"
    return f"{digits[:8]}-{digits[8:]}"
