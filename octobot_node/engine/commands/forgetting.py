"""Remove an automation with all that it left; and let shadows go, whose orders on paper end first."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from octobot_node.automation import AutomationStatus
from octobot_node.engine.acting.own_orders import OwnOrders
from octobot_node.plugin_system.registry import Registry
from octobot_node.shadow_ids import is_shadow
from octobot_node.store import automations, intents, kill_switches, schedules
from octobot_node.store.rows.automation import AutomationRow
from octobot_node.store.standings.standing_changes import note_changed
from octobot_node.store.tables import automations as automations_table
from octobot_node.store.tables import (
    balances,
    config_revisions,
    equity,
    fills,
    inbox,
    marks,
    notices,
    positions,
    postings,
    requests,
    results,
    schedule,
    watchings,
)
from octobot_node.store.tables import intents as intents_table

if TYPE_CHECKING:
    from octobot_node.engine.core import Core

__all__ = ["forget", "forget_shadow", "is_leaving", "let_shadows_go"]

#: What goes with an automation that is deleted; its events stay.
_HISTORY = (
    *(schedule, intents_table, fills, postings, balances, positions),
    *(inbox, notices, equity, results, marks, watchings, requests, config_revisions),
)


def forget(connection: sa.Connection, registry: Registry, ids: Collection[str]) -> None:
    """Delete locked automations that have ended, with their history."""
    # What a kill switch's checklist answers for stays.
    noted = intents_table.c.id.in_(kill_switches.noted_of(ids))
    for table in _HISTORY:
        theirs = table.c.automation_id.in_(ids)
        connection.execute(table.delete().where(theirs & ~noted if table is intents_table else theirs))
    for table in (table for each in registry.tables for table in each.of_automations):
        connection.execute(table.delete().where(table.c.automation_id.in_(ids)))
    connection.execute(automations_table.delete().where(automations_table.c.id.in_(ids)))
    note_changed(connection, ids)


def is_leaving(row: AutomationRow) -> bool:
    """Whether this is a shadow that was switched off: no longer its original's, and deleted once it is over."""
    return is_shadow(row.id) and row.name != row.id


def let_shadows_go(core: Core, connection: sa.Connection, shadows: Sequence[AutomationRow], now: int) -> None:
    """Have locked shadows be their originals' no more: deleted now, or once what rests of them is cancelled."""
    over = [row.id for row in shadows if AutomationStatus(row.status).ended]
    live = intents.with_live(connection, over)
    for row in shadows:
        if row.id in over and row.id not in live:
            forget_shadow(connection, core.registry, row)
            continue
        change: dict[str, Any] = {
            "id": row.id,
            "name": f"{row.id}!",
            "close_on_stop": False,
            "reason": "",
            "updated_at": now,
            "status": AutomationStatus.STOPPING.after(row.status),
            "status_since": now,
        }
        automations.update(connection, [change])
        schedules.set_all_runnable(connection, [row.id], runnable=False, next_run_at=None, planned=False)
        OwnOrders(core).cancel_all(connection, row, now)


def forget_shadow(connection: sa.Connection, registry: Registry, row: AutomationRow) -> None:
    """Delete a locked shadow that is over; with the last one of an account, the paper account beside it."""
    forget(connection, registry, [row.id])
    if automations.lock_account(connection, row.account_id) and not automations.count_on_account(
        connection, row.account_id
    ):
        automations.delete_account(connection, row.account_id)
