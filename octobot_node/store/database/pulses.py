"""Statements on ``pulses``: each node counts on, and remembers in its data folder how far all of them were.

A database that says less than a node remembers is not the one that the node left: it went back in time.
"""

from __future__ import annotations

from collections.abc import Mapping

import sqlalchemy as sa

from octobot_node.store.tables import pulses

__all__ = ["add", "every", "newest"]

_p = pulses.c


def add(connection: sa.Connection, node_id: str, now: int) -> None:
    """Count one further."""
    counted = pulses.update().where(_p.node_id == node_id).values(number=_p.number + 1, at=now)
    if connection.execute(counted).rowcount == 0:
        connection.execute(pulses.insert().values(node_id=node_id, number=1, at=now))


def every(connection: sa.Connection) -> Mapping[str, int]:
    """Return how far each node has counted."""
    return {row.node_id: row.number for row in connection.execute(sa.select(_p.node_id, _p.number))}


def newest(connection: sa.Connection) -> int | None:
    """Return when (ms UTC) the last one was, as far as the database knows."""
    found: int | None = connection.scalar(sa.select(sa.func.max(_p.at)))
    return found
