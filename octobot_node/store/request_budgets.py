"""Statements on ``request_budgets``: what nodes took of what an exchange lets them ask."""

from __future__ import annotations

from typing import NamedTuple

import sqlalchemy as sa

from octobot_node.store.tables import request_budgets

__all__ = ["Lease", "closed_until", "lease", "shut"]

_c = request_budgets.c
_LOCK = sa.select(_c.window_at, _c.taken, _c.closed_until).where(_c.id == sa.bindparam("budget")).with_for_update()


class Lease(NamedTuple):
    """What came of asking for a part of a budget; ``closed_until`` in ms UTC, 0 where nobody shut it."""

    granted: bool
    closed_until: int


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


def shut(connection: sa.Connection, budget: str, until: int) -> None:
    """Let nobody take of a budget until a moment (ms UTC); one that is shut for longer stays so. As ``lease``."""
    row = connection.execute(_LOCK, {"budget": budget}).first()
    if row is None:
        connection.execute(request_budgets.insert().values(id=budget, window_at=0, taken=0, closed_until=until))
    elif row.closed_until < until:
        connection.execute(request_budgets.update().where(_c.id == budget).values(closed_until=until))


def closed_until(connection: sa.Connection, budget: str) -> int:
    """Return until when (ms UTC) a budget is shut, or 0."""
    return connection.scalar(sa.select(_c.closed_until).where(_c.id == budget)) or 0
