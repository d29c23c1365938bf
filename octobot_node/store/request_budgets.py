"""Statements on ``request_budgets``: what nodes took of what an exchange lets them ask."""

from __future__ import annotations

import math
from typing import NamedTuple

import sqlalchemy as sa

from octobot_node.store.tables import request_budgets

__all__ = ["Lease", "closed_until", "lease", "raise_count", "shut"]

_c = request_budgets.c
_LOCK = sa.select(_c.window_at, _c.taken, _c.closed_until).where(_c.id == sa.bindparam("budget")).with_for_update()


class Lease(NamedTuple):
    """What came of asking for a part of a budget; ``closed_until`` in ms UTC, 0 where nobody shut it.

    ``wait`` is when there is enough of a count that falls, in seconds.
    """

    granted: bool
    closed_until: int
    wait: float = 0.0


def lease(connection: sa.Connection, budget: str, window_at: int, weight: int, ceiling: int, now: int) -> Lease:
    """Take ``weight`` of a budget for the window that began at ``window_at`` (ms UTC), if all nodes together then took
    no more than ``ceiling`` of it and nobody shut it.

    Raises IntegrityError where another node takes the first of it this moment: ask again.
    """
    row = connection.execute(_LOCK, {"budget": budget}).first()
    if row is None:
        if weight > ceiling:
            return Lease(granted=False, closed_until=0)
        connection.execute(request_budgets.insert().values(id=budget, window_at=window_at, taken=weight))
        return Lease(granted=True, closed_until=0)
    if row.closed_until > now:
        return Lease(granted=False, closed_until=row.closed_until)
    # A node whose clock is a little ahead may be in the next window already: what it took counts there.
    begins = max(window_at, row.window_at)
    taken = row.taken if row.window_at == begins else 0
    if taken + weight > ceiling:
        return Lease(granted=False, closed_until=0)
    connection.execute(request_budgets.update().where(_c.id == budget).values(window_at=begins, taken=taken + weight))
    return Lease(granted=True, closed_until=0)


def raise_count(
    connection: sa.Connection, budget: str, weight: float, ceiling: float, per_second: float, now: int
) -> Lease:
    """Add to a count that falls by ``per_second``, if it rises no higher than ``ceiling`` and nobody shut it.

    It is kept in thousandths, with the moment that it was so in the place of the window's. Raises as ``lease``.
    """
    row = connection.execute(_LOCK, {"budget": budget}).first()
    if row is not None and row.closed_until > now:
        return Lease(granted=False, closed_until=row.closed_until)
    # A node whose clock is a little behind finds it as it was left.
    moment = now if row is None else max(now, row.window_at)
    fallen = 0.0 if row is None else per_second * (moment - row.window_at) / 1_000
    count = 0.0 if row is None else max(row.taken / 1_000 - fallen, 0.0)
    if count + weight > ceiling:
        return Lease(granted=False, closed_until=0, wait=(count + weight - ceiling) / per_second)
    values = {"window_at": moment, "taken": math.ceil((count + weight) * 1_000)}
    if row is None:
        connection.execute(request_budgets.insert().values(id=budget, **values))
    else:
        connection.execute(request_budgets.update().where(_c.id == budget).values(**values))
    return Lease(granted=True, closed_until=0)


def shut(connection: sa.Connection, budget: str, until: int, full: tuple[int, int] | None = None) -> None:
    """Let nobody take of a budget until a moment (ms UTC); one that is shut for longer stays so. As ``lease``.

    ``full`` is (now, count): a count that falls was found to be as high as it may go.
    """
    row = connection.execute(_LOCK, {"budget": budget}).first()
    window_at, taken = (0, 0) if full is None else (full[0], full[1] * 1_000)
    if row is None:
        connection.execute(
            request_budgets.insert().values(id=budget, window_at=window_at, taken=taken, closed_until=until)
        )
        return
    values = {"closed_until": max(row.closed_until, until)}
    if full is not None:
        values |= {"window_at": window_at, "taken": taken}
    connection.execute(request_budgets.update().where(_c.id == budget).values(**values))


def closed_until(connection: sa.Connection, budget: str) -> int:
    """Return until when (ms UTC) a budget is shut, or 0."""
    return connection.scalar(sa.select(_c.closed_until).where(_c.id == budget)) or 0
