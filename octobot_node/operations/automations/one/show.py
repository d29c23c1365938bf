"""Show one automation; what is large, or takes long to count, only where it is asked for."""

from __future__ import annotations

import json
from typing import Any

import sqlalchemy as sa

from octobot_node.engine.evaluating.decision_checks import load_needs
from octobot_node.errors import CommandRefused
from octobot_node.operations.automations.listing import rows_of
from octobot_node.operations.automations.models.automations import (
    AutomationDetail,
    Funds,
    NextStep,
    PositionRow,
    ShowAutomation,
)
from octobot_node.operations.automations.one.figures import figure_rows
from octobot_node.operations.context import OperationContext
from octobot_node.operations.lookup import automation_id
from octobot_node.operations.serializers import average_price, event_row, moment, order_row, price_levels
from octobot_node.operations.trading.courses import course
from octobot_node.operations.trading.models.equity import ShowCourse
from octobot_node.reports.automation_reports import automation_report
from octobot_node.reports.problems import with_problems
from octobot_node.store import automations
from octobot_node.store.queries import lists
from octobot_node.store.queries.lists import EventFilter
from octobot_node.store.rows.automation import ListedAutomationRow
from octobot_node.store.tables import balances, positions
from octobot_node.text import next_steps

__all__ = ["next_step_of", "show"]

_EVENTS = 10


def show(context: OperationContext, request: ShowAutomation) -> AutomationDetail:
    """Return an automation as it stands, with what is asked for besides."""
    found, wanted = automation_id(context, request.automation), set(request.include)
    report = None
    if "report" in wanted:
        report = with_problems(context.core.storage, [automation_report(context.core, found)])[0]
        falls = course(context, ShowCourse(automation=found))
        fallen = {"max_drawdown": falls.max_drawdown, "max_drawdown_ratio": falls.max_drawdown_ratio}
        report = report.model_copy(update=fallen)
    summaries = rows_of(context, [found])
    if not summaries:
        raise CommandRefused(f"the automation {found} was deleted meanwhile")
    with context.core.storage.read() as connection:
        (row,) = lists.automations_by_id(connection, [found])
        config = json.loads(row.config)
        return AutomationDetail(
            **dict(summaries[0]),
            **_stored(row),
            config=config,
            figures=figure_rows(context.registry, row.type, config, row.figures),
            next_step=next_step_of(row, context.core.clock.now()),
            waiting_signals=lists.waiting_signals(connection, found),
            balances=_balances(connection, found),
            positions=_positions(connection, found),
            shadow=bool(automations.shadows_of(connection, [found])),
            included=[each for each in ("state", "orders", "events", "report") if each in wanted],
            state=json.loads(row.state) if "state" in wanted and row.state is not None else None,
            orders=[order_row(each) for each in lists.live_orders(connection, found)] if "orders" in wanted else None,
            events=_events(connection, found) if "events" in wanted else None,
            report=report,
        )


def next_step_of(row: ListedAutomationRow, now: int) -> NextStep:
    """Return what an automation does next, as of ``now`` (ms UTC)."""
    due = row.next_run_at if row.runnable else None
    due_in = None if due is None else (due - now) / 1000
    known = next_steps.NextStep(row.status, row.reason, row.next_step, due_in, price_levels(row.levels) or {})
    template = next_steps.next_step(known)
    return NextStep(
        text=template.replace(next_steps.WHEN, next_steps.in_words(due_in)), template=template, at=moment(due)
    )


def _events(connection: sa.Connection, found: str) -> list[Any]:
    newest = lists.newest_events(connection, EventFilter(automation_ids=(found,)), _EVENTS)
    return [event_row(event) for event in newest]


def _stored(row: ListedAutomationRow) -> dict[str, Any]:
    """Return what an automation's row keeps as JSON, and is small."""
    needs = load_needs(row.needs) if row.needs != "null" else None
    return {
        "limits": row.limits,
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
            average=average_price(row.cost, row.amount),
            realised=row.realised,
        )
        for row in connection.execute(statement)
    ]
