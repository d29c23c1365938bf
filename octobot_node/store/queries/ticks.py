"""Statements of what an automation's ticks did."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

import sqlalchemy as sa

from octobot_node.store.rows.node import EventRow
from octobot_node.store.rows.order import IntentRow
from octobot_node.store.tables import events, inbox, intents

__all__ = ["noted_before", "planned_before", "signals_of_ticks"]

_i, _e, _x = intents.c, events.c, inbox.c


def planned_before(connection: sa.Connection, automation_id: str, tick: int, count: int) -> Sequence[IntentRow]:
    """Return up to ``count`` orders and cancels of ticks before ``tick``, newest first. Rides ix_intents_of."""
    wanted = (_i.automation_id == automation_id, _i.tick < tick, _i.tick >= 0)
    return connection.execute(sa.select(intents).where(*wanted).order_by(_i.id.desc()).limit(count)).all()


def noted_before(connection: sa.Connection, automation_id: str, event_id: int | None, count: int) -> Sequence[EventRow]:
    """Return up to ``count`` events of failed ticks and of what authors noted, newest first. Rides ix_events_of."""
    kinds = sa.or_(_e.kind == "tick.failed", _e.kind.startswith("log."))
    statement = sa.select(events).where(_e.automation_id == automation_id, kinds).order_by(_e.id.desc()).limit(count)
    return connection.execute(statement if event_id is None else statement.where(_e.id < event_id)).all()


def signals_of_ticks(connection: sa.Connection, automation_id: str, ticks: Collection[int]) -> Mapping[int, int]:
    """Return tick -> how many signals it took. Rides ix_inbox_of."""
    statement = (
        sa.select(_x.consumed_tick, sa.func.count())
        .where(_x.automation_id == automation_id, _x.consumed_tick.in_(ticks))
        .group_by(_x.consumed_tick)
    )
    return {row[0]: row[1] for row in connection.execute(statement)}
