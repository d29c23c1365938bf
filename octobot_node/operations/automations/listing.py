"""Look at automations."""

from __future__ import annotations

import json
from typing import Any

import sqlalchemy as sa

from octobot_node.engine.evaluating.decision_checks import load_needs
from octobot_node.engine.ledger.book import rounded
from octobot_node.operations.automations.models.automations import (
    AutomationDetail,
    AutomationPage,
    AutomationRow,
    Funds,
    ListAutomations,
    OneAutomation,
    PositionRow,
)
from octobot_node.operations.context import OperationContext
from octobot_node.operations.lookup import account_id, automation_id, type_names
from octobot_node.operations.serializers import automation_row, event_row, order_row, price_levels
from octobot_node.reports.automation_reports import automation_report
from octobot_node.reports.problems import with_problems
from octobot_node.store.queries import lists
from octobot_node.store.queries.lists import AutomationFilter, EventFilter
from octobot_node.store.rows.automation import ListedAutomationRow
from octobot_node.store.tables import balances, positions

__all__ = ["list_automations", "rows_of", "show"]

_EVENTS = 10


def list_automations(context: OperationContext, request: ListAutomations) -> AutomationPage:
    """Return a page of automations, oldest first."""
    account = None if request.account is None else account_id(context, request.account)
    which = AutomationFilter(context.owner, request.status, type_names(context, request.type), account)
    with context.core.storage.read() as connection:
        found = lists.automation_page(connection, which, request.cursor, request.limit + 1)
        rows = found[: request.limit]
        live = lists.live_by_automation(connection, [row.id for row in rows])
    return AutomationPage(
        automations=[automation_row(row, live) for row in rows],
        next_cursor=rows[-1].id if len(found) > request.limit else None,
    )


def rows_of(context: OperationContext, ids: list[str]) -> list[AutomationRow]:
    """Return these automations as a list shows them, in order of creation."""
    with context.core.storage.read() as connection:
        live = lists.live_by_automation(connection, ids)
        return [automation_row(row, live) for row in lists.automations_by_id(connection, ids)]


def show(context: OperationContext, request: OneAutomation) -> AutomationDetail:
    """Return everything about one automation."""
    found = automation_id(context, request.automation)
    report = with_problems(context.core.storage, [automation_report(context.core, found)])[0]
    with context.core.storage.read() as connection:
        (row,) = lists.automations_by_id(connection, [found])
        summary = automation_row(row, lists.live_by_automation(connection, [found]))
        return AutomationDetail(
            **dict(summary),
            **_stored(row),
            budget=lists.budget(connection, [found])[found],
            waiting_signals=lists.waiting_signals(connection, found),
            balances=_balances(connection, found),
            positions=_positions(connection, found),
            orders=[order_row(order) for order in lists.live_orders(connection, found)],
            events=[
                event_row(event) for event in lists.newest_events(connection, EventFilter(automation_id=found), _EVENTS)
            ],
            report=report,
        )


def _stored(row: ListedAutomationRow) -> dict[str, Any]:
    """Return what an automation's row keeps as JSON."""
    needs = load_needs(row.needs) if row.needs != "null" else None
    return {
        "config": json.loads(row.config),
        "limits": row.limits,
        "state": None if row.state is None else json.loads(row.state),
        "state_version": row.state_version,
        "needs": {}
        if needs is None
        else {
            "tickers": list(needs.tickers),
            "candles": [
                {"symbol": symbol, "timeframe": timeframe, "count": count}
                for (symbol, timeframe), count in needs.candles.items()
            ],
            "automations": list(needs.automations),
        },
        "wake": json.loads(row.wake),
        "levels": price_levels(row.levels),
        "figures": json.loads(row.figures),
    }


def _balances(connection: sa.Connection, found: str) -> dict[str, Funds]:
    statement = sa.select(balances).where(balances.c.automation_id == found).order_by(balances.c.asset)
    return {row.asset: Funds(free=row.free, reserved=row.reserved) for row in connection.execute(statement)}


def _positions(connection: sa.Connection, found: str) -> list[PositionRow]:
    statement = sa.select(positions).where(positions.c.automation_id == found).order_by(positions.c.symbol)
    return [
        PositionRow(
            symbol=row.symbol,
            amount=row.amount,
            cost=row.cost,
            average=rounded().divide(row.cost, row.amount).normalize(rounded()) if row.amount else None,
            realised=row.realised,
        )
        for row in connection.execute(statement)
    ]
