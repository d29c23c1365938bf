"""Statements on the tables of replays; a status is written as what follows the one read in the same transaction."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import sqlalchemy as sa

from octobot_node.store.types import AnyRow
from octobot_plugins.replay.jobs.status import ReplayStatus
from octobot_plugins.replay.tables import jobs, results

__all__ = [
    "add",
    "before",
    "change",
    "count",
    "delete",
    "edit",
    "job",
    "keep_result",
    "matching",
    "next_queued",
    "old",
    "page",
    "progress",
    "result",
    "standing",
    "summaries",
]

_j, _r = jobs.c, results.c
_OVER = [status.value for status in ReplayStatus if status.over]
_WAITING = [status.value for status in ReplayStatus if not status.over]


def job(connection: sa.Connection, job_id: str) -> AnyRow | None:
    """Return a replay by its id."""
    return connection.execute(sa.select(jobs).where(_j.id == job_id)).first()


def matching(connection: sa.Connection, name_or_id: str, owner: str | None) -> Sequence[AnyRow]:
    """Return the replay of this id, or those of this name, of an owner's (None: anybody's), two at most."""
    statement = sa.select(jobs).where(sa.or_(_j.id == name_or_id, _j.name == name_or_id)).limit(2)
    return connection.execute(statement if owner is None else statement.where(_j.owner == owner)).all()


def page(
    connection: sa.Connection, owner: str | None, status: str | None, before_id: str | None, limit: int
) -> Sequence[AnyRow]:
    """Return up to ``limit`` replays, newest first. Rides ix_replay_jobs_owner, of everybody's the key."""
    statement = sa.select(jobs).order_by(_j.id.desc()).limit(limit)
    for column, value in ((_j.owner, owner), (_j.status, status)):
        if value is not None:
            statement = statement.where(column == value)
    return connection.execute(statement if before_id is None else statement.where(_j.id < before_id)).all()


def summaries(connection: sa.Connection, ids: Sequence[str]) -> dict[str, str]:
    """Return what finished replays came to in short, as JSON by id."""
    found = connection.execute(sa.select(_r.job_id, _r.summary).where(_r.job_id.in_(ids)))
    return {row.job_id: row.summary for row in found}


def result(connection: sa.Connection, job_id: str) -> AnyRow | None:
    """Return what a replay came to."""
    return connection.execute(sa.select(results).where(_r.job_id == job_id)).first()


def count(connection: sa.Connection, owner: str, *, over: bool) -> int:
    """Return how many replays of an owner's are over, or are not."""
    statuses = _OVER if over else _WAITING
    statement = sa.select(sa.func.count()).where(_j.owner == owner, _j.status.in_(statuses))
    return int(connection.scalar(statement) or 0)


def before(connection: sa.Connection, row: AnyRow) -> int:
    """Return how many wait in its node's queue before a replay. Rides ix_replay_jobs_status."""
    queued = (_j.node_id == row.node_id, _j.status == ReplayStatus.QUEUED.value, _j.id < row.id)
    return int(connection.scalar(sa.select(sa.func.count()).where(*queued)) or 0)


def next_queued(connection: sa.Connection, node_id: str) -> AnyRow | None:
    """Return the oldest replay that waits for a node. Rides ix_replay_jobs_status."""
    statement = sa.select(jobs).where(_j.node_id == node_id, _j.status == ReplayStatus.QUEUED.value)
    return connection.execute(statement.order_by(_j.id).limit(1)).first()


def standing(connection: sa.Connection, node_id: str, status: ReplayStatus) -> Sequence[AnyRow]:
    """Return the replays of a node that stand so. Rides ix_replay_jobs_status."""
    return connection.execute(
        sa.select(jobs).where(_j.node_id == node_id, _j.status == status.value).order_by(_j.id)
    ).all()


def old(connection: sa.Connection, node_id: str, ended_before: int, limit: int) -> Sequence[AnyRow]:
    """Return replays of a node that ended before a time (ms UTC)."""
    statement = sa.select(jobs).where(_j.node_id == node_id, _j.status.in_(_OVER), _j.ended_at < ended_before)
    return connection.execute(statement.limit(limit)).all()


def add(connection: sa.Connection, values: Mapping[str, Any]) -> None:
    """Add a replay, which waits."""
    connection.execute(jobs.insert().values(**values, status=ReplayStatus.QUEUED.value))


def change(connection: sa.Connection, row: AnyRow, to: ReplayStatus, **values: Any) -> None:
    """Let a replay stand otherwise; raise ValueError where that may not follow."""
    known = connection.execute(sa.select(_j.status).where(_j.id == row.id).with_for_update()).first()
    if known is not None:
        status = to.after(known.status).value
        connection.execute(jobs.update().where(_j.id == row.id).values(status=status, **values))


def edit(connection: sa.Connection, job_id: str, **values: Any) -> None:
    """Change what does not say where a replay stands."""
    connection.execute(jobs.update().where(_j.id == job_id).values(**values))


def progress(connection: sa.Connection, job_id: str, done: int, total: int, virtual_now: int) -> None:
    """Write down how far a replay is."""
    edit(connection, job_id, done=done, total=total, virtual_now=virtual_now)


def keep_result(connection: sa.Connection, job_id: str, **values: Any) -> None:
    """Keep what a replay came to, in the place of what it may have come to before."""
    connection.execute(results.delete().where(_r.job_id == job_id))
    connection.execute(results.insert().values(job_id=job_id, **values))


def delete(connection: sa.Connection, job_id: str) -> None:
    """Delete a replay with what it came to."""
    connection.execute(results.delete().where(_r.job_id == job_id))
    connection.execute(jobs.delete().where(_j.id == job_id))
