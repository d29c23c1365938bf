"""Statements on the table of candle sets."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import sqlalchemy as sa

from octobot_node.store.types import AnyRow
from octobot_plugins.replay.jobs.status import ReplayStatus
from octobot_plugins.replay.tables import candle_sets, jobs

__all__ = ["add", "by_content", "by_ids", "delete", "has_file", "matching", "page", "size_of_owner", "used_by"]

_c = candle_sets.c


def matching(connection: sa.Connection, name_or_id: str, owner: str | None) -> Sequence[AnyRow]:
    """Return the set of this id, or those of this name, of an owner's (None: anybody's), two at most."""
    statement = sa.select(candle_sets).where(sa.or_(_c.id == name_or_id, _c.name == name_or_id)).limit(2)
    return connection.execute(statement if owner is None else statement.where(_c.owner == owner)).all()


def by_ids(connection: sa.Connection, ids: Sequence[str]) -> dict[str, AnyRow]:
    """Return sets by id."""
    return {row.id: row for row in connection.execute(sa.select(candle_sets).where(_c.id.in_(ids)))}


def by_content(connection: sa.Connection, values: Mapping[str, Any]) -> AnyRow | None:
    """Return an owner's set of the same content, read in the same way. Rides uq_replay_candle_sets_content."""
    names = ("owner", "node_id", "digest", "symbol", "time_unit", "zone", "off_grid")
    return connection.execute(sa.select(candle_sets).where(*(_c[name] == values[name] for name in names))).first()


def page(
    connection: sa.Connection, owner: str | None, symbol: str | None, before: str | None, count: int
) -> Sequence[AnyRow]:
    """Return up to ``count`` sets, newest first. Rides ix_replay_candle_sets_owner, of everybody's the key."""
    statement = sa.select(candle_sets).order_by(_c.id.desc()).limit(count)
    for column, value in ((_c.owner, owner), (_c.symbol, symbol)):
        if value is not None:
            statement = statement.where(column == value)
    return connection.execute(statement if before is None else statement.where(_c.id < before)).all()


def size_of_owner(connection: sa.Connection, owner: str) -> int:
    """Return the bytes of an owner's sets."""
    return int(connection.scalar(sa.select(sa.func.sum(_c.size)).where(_c.owner == owner)) or 0)


def has_file(connection: sa.Connection, node_id: str, digest: str) -> bool:
    """Whether any set is of a file of a node's. Rides ix_replay_candle_sets_digest."""
    statement = sa.select(_c.id).where(_c.digest == digest, _c.node_id == node_id).limit(1)
    return connection.scalar(statement) is not None


def used_by(connection: sa.Connection, ids: Sequence[str]) -> dict[str, int]:
    """Return how many replays on each set wait or run."""
    counts = dict.fromkeys(ids, 0)
    waiting = [status.value for status in ReplayStatus if not status.over]
    for used in connection.scalars(sa.select(jobs.c.candles).where(jobs.c.status.in_(waiting))):
        for each in set(used.values()):
            if each in counts:
                counts[each] += 1
    return counts


def add(connection: sa.Connection, values: Mapping[str, Any]) -> None:
    """Add a set."""
    connection.execute(candle_sets.insert().values(**values))


def delete(connection: sa.Connection, candle_set_id: str) -> None:
    """Delete a set."""
    connection.execute(candle_sets.delete().where(_c.id == candle_set_id))
