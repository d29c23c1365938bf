"""Statements on ``config_revisions``: what an automation's config was, and who made it so.

The first row is written with the first edit: a config that was never edited is in ``automations`` alone.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import sqlalchemy as sa

from octobot_node.store.rows.automation import ConfigRevisionRow
from octobot_node.store.tables import config_revisions

__all__ = ["add", "at", "newest"]

#: Older ones are forgotten.
_KEPT = 100
_c = config_revisions.c
_NEWEST = sa.select(config_revisions).order_by(_c.number.desc())


def newest(
    connection: sa.Connection, automation_id: str, count: int, before: int | None = None
) -> Sequence[ConfigRevisionRow]:
    """Return up to ``count`` revisions, newest first; those below a number. Rides the primary key."""
    statement = _NEWEST.where(_c.automation_id == automation_id).limit(count)
    return connection.execute(statement if before is None else statement.where(_c.number < before)).all()


def at(connection: sa.Connection, automation_id: str, number: int) -> ConfigRevisionRow | None:
    """Return one revision, or None."""
    return connection.execute(_NEWEST.where(_c.automation_id == automation_id, _c.number == number)).first()


def add(connection: sa.Connection, first: Mapping[str, Any], config: str, made_at: int, made_by: str) -> None:
    """Add what a config becomes; ``first`` is the row of what it was at first, written where there is none yet.

    Whoever asks has the automation's lock.
    """
    automation_id = first["automation_id"]
    last = newest(connection, automation_id, 1)
    rows = [] if last else [{**first, "number": 1}]
    number = (last[0].number if last else 1) + 1
    rows.append({**first, "number": number, "config": config, "made_at": made_at, "made_by": made_by})
    connection.execute(config_revisions.insert(), rows)
    connection.execute(config_revisions.delete().where(_c.automation_id == automation_id, _c.number <= number - _KEPT))
