"""Read out of the store what automations did and what they are worth."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import TYPE_CHECKING

import sqlalchemy as sa

from octobot_node.automation import Needs
from octobot_node.engine.evaluating.decision_checks import load_needs
from octobot_node.engine.ledger.book import ZERO, exact
from octobot_node.errors import CommandRefused, DataUnavailable, UsageError
from octobot_node.market import from_ms
from octobot_node.reports.models import AutomationReport
from octobot_node.store.queries import lists
from octobot_node.store.rows.automation import ReportedAutomationRow
from octobot_node.store.rows.ledger import ReportedPositionRow
from octobot_node.store.tables import automations, balances, events, fills, intents, positions, postings, schedule

if TYPE_CHECKING:
    from octobot_node.engine.core import Core

__all__ = ["automation_report", "automation_reports", "equity_curve"]


def automation_reports(core: Core) -> list[AutomationReport]:
    """Return a report of every automation, in order of creation; the drawdown is left out."""
    with core.storage.read() as connection:
        rows = connection.execute(_everything()).all()
        return [_report(core, connection, row) for row in rows]


def automation_report(core: Core, automation_id: str) -> AutomationReport:
    """Return the report of one automation; raise CommandRefused when there is none of this id."""
    with core.storage.read() as connection:
        row = connection.execute(_everything().where(automations.c.id == automation_id)).first()
        if row is None:
            raise CommandRefused(f"there is no automation {automation_id}")
        return _report(core, connection, row)


def _everything() -> sa.Select[tuple[object, ...]]:
    columns = (automations, schedule.c.tick, schedule.c.source, schedule.c.next_run_at)
    joined = sa.select(*columns).join_from(automations, schedule, automations.c.id == schedule.c.automation_id)
    return joined.order_by(automations.c.id)


def _report(core: Core, connection: sa.Connection, row: ReportedAutomationRow) -> AutomationReport:
    held = _held(connection, row.id)
    funds = _funds(connection, row.id)
    asset = _quote_asset(row, held, funds)
    worth = _worth(core, row, held)
    statuses = _orders_by_status(connection, row.id)
    with exact():
        unrealised = None if worth is None else sum((v - p.cost for v, p in zip(worth, held, strict=True)), ZERO)
        final = None if worth is None else sum(worth, funds.get(asset, ZERO))
        start = lists.budget(connection, [row.id])[row.id].get(asset, ZERO) + sum(
            (position.opening_cost for position in held), ZERO
        )
        realised = sum((position.realised for position in held), ZERO)
        invested = sum((position.invested for position in held), ZERO)
    return AutomationReport(
        name=row.name,
        id=row.id,
        type=row.type,
        status=row.status,
        reason=row.reason,
        next_run=None if row.next_run_at is None else from_ms(row.next_run_at),
        ticks=row.tick,
        failed_ticks=_count(connection, events, (events.c.automation_id == row.id) & (events.c.kind == "tick.failed")),
        orders=sum(statuses.values()),
        orders_by_status=statuses,
        fills=_count(connection, fills, fills.c.automation_id == row.id),
        fees=_fees(connection, row.id),
        invested=invested,
        asset=asset,
        start_equity=start,
        final_equity=final,
        realised_pnl=realised,
        unrealised_pnl=unrealised,
        max_drawdown=None,
        max_drawdown_ratio=None,
        balances=funds,
        figures=json.loads(row.figures),
        as_of=from_ms(core.clock.now()),
    )


def _held(connection: sa.Connection, automation_id: str) -> Sequence[ReportedPositionRow]:
    statement = sa.select(positions).where(positions.c.automation_id == automation_id).order_by(positions.c.symbol)
    return connection.execute(statement).all()


def _funds(connection: sa.Connection, automation_id: str) -> dict[str, Decimal]:
    statement = sa.select(balances).where(balances.c.automation_id == automation_id).order_by(balances.c.asset)
    with exact():
        return {row.asset: row.free + row.reserved for row in connection.execute(statement)}


def _quote_asset(row: ReportedAutomationRow, held: Sequence[ReportedPositionRow], funds: Mapping[str, Decimal]) -> str:
    symbols = [position.symbol for position in held] or sorted(load_needs(row.needs).symbols)
    return symbols[0].partition("/")[2] if symbols else next(iter(funds), "")


def _worth(core: Core, row: ReportedAutomationRow, held: Sequence[ReportedPositionRow]) -> list[Decimal] | None:
    """Return what each position is worth at the last price, or None when a price of what is held is missing."""
    wanted = tuple(position.symbol for position in held if position.amount)
    try:
        tickers = core.hub.snapshot(row.source, Needs(tickers=wanted)).tickers if wanted else {}
    except (DataUnavailable, UsageError):
        # No price, or no connector any more: what is held is shown, its worth is not known.
        return None
    if any(symbol not in tickers for symbol in wanted):
        return None
    with exact():
        return [position.amount * tickers[position.symbol].last if position.amount else ZERO for position in held]


def _orders_by_status(connection: sa.Connection, automation_id: str) -> dict[str, int]:
    columns = intents.c
    statement = (
        sa.select(columns.status, sa.func.count())
        .where(columns.automation_id == automation_id, columns.kind == "order")
        .group_by(columns.status)
        .order_by(columns.status)
    )
    return {status: count for status, count in connection.execute(statement)}  # noqa: C416 - rows are not pairs to mypy


def _fees(connection: sa.Connection, automation_id: str) -> dict[str, Decimal]:
    statement = sa.select(fills.c.fee_asset, fills.c.fee).where(fills.c.automation_id == automation_id)
    found: dict[str, Decimal] = {}
    with exact():
        for asset, fee in connection.execute(statement):
            found[asset] = found.get(asset, ZERO) + fee
    return found


def _count(connection: sa.Connection, table: sa.Table, condition: sa.ColumnElement[bool]) -> int:
    return connection.scalar(sa.select(sa.func.count()).select_from(table).where(condition)) or 0


def equity_curve(
    connection: sa.Connection, automation_id: str, asset: str, closes: Mapping[str, Mapping[int, Decimal]]
) -> list[Decimal]:
    """Return an automation's equity at every candle close, in ``asset``.

    ``closes`` maps symbol to {close time in ms UTC: price}. Equity is the quote balance plus every base balance at
    its symbol's latest close, after all that happened up to and including that time.
    """
    columns = postings.c
    moves = connection.execute(
        sa.select(columns.asset, columns.amount, columns.at)
        .where(columns.automation_id == automation_id)
        .order_by(columns.at, columns.id)
    ).all()
    times = sorted({time for series in closes.values() for time in series})
    held: dict[str, Decimal] = {}
    prices: dict[str, Decimal] = {}
    curve, index = [], 0
    with exact():
        for time in times:
            while index < len(moves) and moves[index].at <= time:
                held[moves[index].asset] = held.get(moves[index].asset, ZERO) + moves[index].amount
                index += 1
            prices.update((symbol.partition("/")[0], s[time]) for symbol, s in closes.items() if time in s)
            curve.append(sum((held.get(base, ZERO) * price for base, price in prices.items()), held.get(asset, ZERO)))
    return curve
