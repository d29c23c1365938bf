"""Statements of what a shadow and its original ordered since it began, the newest: no report grows with history."""

from __future__ import annotations

from collections.abc import Collection, Sequence

import sqlalchemy as sa

from octobot_node.store.queries.periods import Period, within
from octobot_node.store.rows.ledger import FillRow
from octobot_node.store.rows.order import IntentRow
from octobot_node.store.tables import fills, intents

__all__ = ["executions_of", "ordered_since", "orders_of"]

_i, _f = intents.c, fills.c
#: Ids in one statement at most; databases limit the number of parameters.
_AT_ONCE = 1_000


def ordered_since(connection: sa.Connection, automation_id: str, since: int, count: int) -> Sequence[IntentRow]:
    """Return up to ``count`` orders that an automation decided since a moment (ms UTC), newest first.

    Rides ix_intents_of.
    """
    made = within(connection, _i.id, _i.created_at, Period(since))
    wanted = sa.select(intents).where(_i.automation_id == automation_id, _i.kind == "order", *made)
    return connection.execute(wanted.order_by(_i.id.desc()).limit(count)).all()


def orders_of(connection: sa.Connection, automation_id: str, ids: Collection[str]) -> Sequence[IntentRow]:
    """Return those of these orders that are an automation's. Rides the primary key."""
    wanted = sorted(set(ids))
    found: list[IntentRow] = []
    for start in range(0, len(wanted), _AT_ONCE):
        some = wanted[start : start + _AT_ONCE]
        statement = sa.select(intents).where(_i.id.in_(some), _i.automation_id == automation_id, _i.kind == "order")
        found += connection.execute(statement).all()
    return found


def executions_of(connection: sa.Connection, ids: Collection[str], since: int) -> dict[str, list[FillRow]]:
    """Return order -> its executions that were settled since a moment (ms UTC), oldest first. Rides ix_fills_order."""
    wanted = sorted(set(ids))
    found: dict[str, list[FillRow]] = {}
    for start in range(0, len(wanted), _AT_ONCE):
        some = wanted[start : start + _AT_ONCE]
        statement = sa.select(fills).where(_f.intent_id.in_(some), _f.settled_at >= since)
        for row in connection.execute(statement.order_by(_f.at, _f.id)):
            found.setdefault(row.intent_id, []).append(row)
    return found
