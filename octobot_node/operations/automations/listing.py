"""Look at automations."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa

from octobot_node.engine.evaluating.decision_checks import load_needs
from octobot_node.engine.ledger.book import rounded
from octobot_node.errors import CommandRefused
from octobot_node.operations.automations.finding import find, query_of
from octobot_node.operations.automations.models.automations import (
    AutomationDetail,
    AutomationPage,
    AutomationRow,
    Funds,
    ListAutomations,
    OneAutomation,
    PositionRow,
)
from octobot_node.operations.automations.worths import worths_of
from octobot_node.operations.context import OperationContext
from octobot_node.operations.lookup import automation_id
from octobot_node.operations.serializers import automation_row, event_row, order_row, price_levels
from octobot_node.reports.automation_reports import automation_report
from octobot_node.reports.problems import with_problems
from octobot_node.store.queries import lists
from octobot_node.store.queries.lists import EventFilter
from octobot_node.store.rows.automation import ListedAutomationRow
from octobot_node.store.tables import balances, positions

__all__ = ["list_automations", "rows_of", "show"]

_EVENTS = 10


def list_automations(context: OperationContext, request: ListAutomations) -> AutomationPage:
    """Return a page of automations, in the order that is asked for."""
    found = find(
        context,
        query_of(context, request),
        request.cursor,
        request.limit,
        sort=request.sort,
        descending=request.descending,
        anchors=request.anchors,
    )
    return AutomationPage(
        automations=rows_of(context, found.ids),
        total=found.total,
        next_cursor=found.next_cursor,
        anchors=found.anchors,
    )


def rows_of(context: OperationContext, ids: Sequence[str]) -> list[AutomationRow]:
    """Return these automations as a list shows them, in the order that is given; those that are gone are left out."""
    with context.core.storage.read() as connection:
        live = lists.live_by_automation(connection, ids)
        rows = {row.id: row for row in lists.listed_automations(connection, ids)}
        standings = context.core.standings.of(connection, ids)
    found = [(rows[id_], standings[id_]) for id_ in ids if id_ in rows and id_ in standings]
    # After the transaction: prices may have to be waited for.
    worths = worths_of(context, [(row.source, standing) for row, standing in found])
    return [
        automation_row(context.registry, row, standing, worth, live)
        for (row, standing), worth in zip(found, worths, strict=True)
    ]


def show(context: OperationContext, request: OneAutomation) -> AutomationDetail:
    """Return everything about one automation."""
    found = automation_id(context, request.automation)
    report = with_problems(context.core.storage, [automation_report(context.core, found)])[0]
    summaries = rows_of(context, [found])
    if not summaries:
        raise CommandRefused(f"the automation {found} was deleted meanwhile")
    with context.core.storage.read() as connection:
        (row,) = lists.automations_by_id(connection, [found])
        return AutomationDetail(
            **dict(summaries[0]),
            **_stored(row),
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
