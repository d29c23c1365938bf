"""Read out of the store what automations did and what they are worth."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING

import sqlalchemy as sa

from octobot_node.automation import Needs
from octobot_node.engine.evaluating.decision_checks import load_needs
from octobot_node.engine.ledger.book import exact
from octobot_node.engine.standings.counting import assets_of, count
from octobot_node.errors import CommandRefused, DataUnavailable, UsageError
from octobot_node.market import from_ms
from octobot_node.quote_assets import paid_from
from octobot_node.reports.by_asset import at_prices
from octobot_node.reports.models import AutomationReport
from octobot_node.store.rows.automation import ReportedAutomationRow
from octobot_node.store.rows.ledger import FundsRow, ReportedPositionRow
from octobot_node.store.tables import automations, balances, events, fills, intents, positions, schedule

if TYPE_CHECKING:
    from octobot_node.engine.core import Core

__all__ = ["automation_report", "automation_reports"]


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
    funds = _Funds.of(connection, row.id)
    prices = _prices(core, row, held)
    needed = load_needs(row.needs).symbols
    assets = assets_of(held, needed, {**funds.budget, **funds.there})
    counted = [at_prices(count(each, held, funds.budget, funds.there, funds.fees_beside), prices) for each in assets]
    # The first that there is a budget in: what else is counted was come by.
    main = next((each for each in counted if each.asset in funds.budget), counted[0])
    statuses = _orders_by_status(connection, row.id)
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
        fees=funds.fees,
        invested=main.invested,
        asset=main.asset,
        start_equity=main.start_equity,
        final_equity=main.final_equity,
        realised_pnl=main.realised_pnl,
        unrealised_pnl=main.unrealised_pnl,
        by_asset=counted if len(counted) > 1 or main.rates else [],
        max_drawdown=None,
        max_drawdown_ratio=None,
        balances=funds.there,
        figures=json.loads(row.figures),
        as_of=from_ms(core.clock.now()),
    )


def _held(connection: sa.Connection, automation_id: str) -> Sequence[ReportedPositionRow]:
    statement = sa.select(positions).where(positions.c.automation_id == automation_id).order_by(positions.c.symbol)
    return connection.execute(statement).all()


@dataclass(frozen=True, slots=True)
class _Funds:
    """An automation's money by asset: what is there, what it was given, all fees, and those that no position has."""

    there: dict[str, Decimal]
    budget: dict[str, Decimal]
    fees: dict[str, Decimal]
    fees_beside: dict[str, Decimal]

    @classmethod
    def of(cls, connection: sa.Connection, automation_id: str) -> _Funds:
        statement = sa.select(balances).where(balances.c.automation_id == automation_id).order_by(balances.c.asset)
        rows: Sequence[FundsRow] = connection.execute(statement).all()
        with exact():
            return cls(
                {row.asset: row.free + row.reserved for row in rows},
                {row.asset: row.budget for row in rows if row.budget},
                {row.asset: row.fees for row in rows if row.fees},
                {row.asset: row.fees_beside for row in rows if row.fees_beside},
            )


def _prices(core: Core, row: ReportedAutomationRow, held: Sequence[ReportedPositionRow]) -> Mapping[str, Decimal]:
    """Return the last price of what is held and of what converts it, as far as it is known."""
    symbols = {position.symbol for position in held}
    wanted = {position.symbol for position in held if position.amount}
    wanted |= {payer for symbol in wanted if (payer := paid_from(symbol, symbols)) is not None}
    try:
        tickers = core.hub.snapshot(row.source, Needs(tickers=tuple(sorted(wanted)))).tickers if wanted else {}
    except (DataUnavailable, UsageError):
        # No price, or no connector any more: what is held is shown, its worth is not known.
        return {}
    return {symbol: ticker.last for symbol, ticker in tickers.items()}


def _orders_by_status(connection: sa.Connection, automation_id: str) -> dict[str, int]:
    columns = intents.c
    statement = (
        sa.select(columns.status, sa.func.count())
        .where(columns.automation_id == automation_id, columns.kind == "order")
        .group_by(columns.status)
        .order_by(columns.status)
    )
    return {status: count for status, count in connection.execute(statement)}  # noqa: C416 - rows are not pairs to mypy


def _count(connection: sa.Connection, table: sa.Table, condition: sa.ColumnElement[bool]) -> int:
    return connection.scalar(sa.select(sa.func.count()).select_from(table).where(condition)) or 0
