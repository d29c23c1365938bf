"""Look at what was traded and moved, and at what came of it."""

from __future__ import annotations

from collections.abc import Sequence

import sqlalchemy as sa

from octobot_node.errors import CommandRefused, UsageError
from octobot_node.market import from_ms, to_ms
from octobot_node.operations.context import OperationContext
from octobot_node.operations.cursors import id_in, no_cursor
from octobot_node.operations.lookup import account_id, automation_id, order_row
from octobot_node.operations.periods import place_in, place_of, the_period
from octobot_node.operations.serializers import fill_row
from octobot_node.operations.trading.models.money import (
    BalancePage,
    BalanceRow,
    EquityPoint,
    EquitySeries,
    FillPage,
    ListBalances,
    ListFills,
    ListPostings,
    PostingPage,
    PostingRow,
    ShowEquity,
)
from octobot_node.store import automations
from octobot_node.store.queries import history
from octobot_node.store.queries.history import FillFilter
from octobot_node.store.queries.periods import Period
from octobot_node.store.rows import ledger as ledger_rows

__all__ = ["equity", "list_balances", "list_fills", "list_postings"]

#: The first, the last, the lowest and the highest point of a series.
_EDGES = 4


def list_fills(context: OperationContext, request: ListFills) -> FillPage:
    """Return a page of fills, newest first; those of a period in the order of the exchange's times."""
    period = the_period(request.since, request.until)
    which = FillFilter(
        owner=context.owner,
        automation_id=None if request.automation is None else automation_id(context, request.automation),
        account_id=None if request.account is None else account_id(context, request.account),
        symbol=request.symbol,
        order_id=None if request.order is None else order_row(context, request.order).id,
        period=period,
    )
    with context.core.storage.read() as connection:
        if period:
            rows = history.fills_of_period(connection, which, place_in(request.cursor), request.limit + 1)
        else:
            rows = history.fill_page(connection, which, id_in(request.cursor), request.limit + 1)
    return FillPage(
        fills=[fill_row(row) for row in rows[: request.limit]], next_cursor=_cursor(rows, request.limit, period)
    )


def _cursor(
    rows: Sequence[ledger_rows.FillRow] | Sequence[ledger_rows.PostingRow], limit: int, period: Period
) -> str | None:
    """Return where the next page begins, None where there is none; one row more than the limit was read."""
    if len(rows) <= limit:
        return None
    last = rows[limit - 1]
    return place_of(last.at, last.id) if period else last.id


def list_postings(context: OperationContext, request: ListPostings) -> PostingPage:
    """Return a page of an automation's postings, newest first."""
    found, period = automation_id(context, request.automation), the_period(request.since, request.until)
    count = request.limit + 1
    with context.core.storage.read() as connection:
        if period:
            place = place_in(request.cursor)
            rows = history.postings_of_period(connection, found, request.asset, period, place, count)
        else:
            rows = history.posting_page(connection, found, request.asset, id_in(request.cursor), count)
        name = _name(connection, found)
    return PostingPage(
        automation=name,
        automation_id=found,
        postings=[_posting(row) for row in rows[: request.limit]],
        next_cursor=_cursor(rows, request.limit, period),
    )


def _posting(row: ledger_rows.PostingRow) -> PostingRow:
    return PostingRow(
        id=row.id, kind=row.kind, asset=row.asset, amount=row.amount, fill=row.fill_id, at=from_ms(row.at)
    )


def list_balances(context: OperationContext, request: ListBalances) -> BalancePage:
    """Return a page of balances, an automation's together."""
    automation = None if request.automation is None else automation_id(context, request.automation)
    account = None if request.account is None else account_id(context, request.account)
    after = None if request.cursor is None else _pair(request.cursor)
    with context.core.storage.read() as connection:
        found = history.balance_page(connection, context.owner, automation, account, after, request.limit + 1)
    rows = found[: request.limit]
    names = ("automation", "automation_id", "account", "asset", "free", "reserved")
    return BalancePage(
        balances=[BalanceRow(**{name: getattr(row, name) for name in names}) for row in rows],
        next_cursor=f"{rows[-1].automation_id} {rows[-1].asset}" if len(found) > request.limit else None,
    )


def _pair(cursor: str) -> tuple[str, str]:
    automation, _, asset = cursor.partition(" ")
    if not asset:
        raise no_cursor()
    return id_in(automation) or "", asset


def equity(context: OperationContext, request: ShowEquity) -> EquitySeries:
    """Return what an automation was worth between two times, at most ``points`` of it."""
    found = automation_id(context, request.automation)
    since = 0 if request.since is None else to_ms(request.since)
    until = context.core.clock.now() if request.until is None else to_ms(request.until)
    if since > until:
        raise UsageError("since is later than until: exchange them")
    with context.core.storage.read() as connection:
        thinned = history.equity_count(connection, found, since, until, request.points + 1) > request.points
        times = _chosen(connection, found, since, until, request.points) if thinned else None
        rows = history.equity_points(connection, found, since, until, times)
        name = _name(connection, found)
    return EquitySeries(
        automation=name,
        automation_id=found,
        points=[
            EquityPoint(at=from_ms(row.at), asset=row.asset, equity=row.equity, realised=row.realised) for row in rows
        ],
        thinned=thinned,
    )


def _chosen(connection: sa.Connection, found: str, since: int, until: int, points: int) -> list[int]:
    edges = history.equity_edges(connection, found, since, until)
    return sorted({*edges, *history.equity_slices(connection, found, edges[0], edges[1], points - _EDGES)})


def _name(connection: sa.Connection, found: str) -> str:
    row = automations.get(connection, found)
    if row is None:
        raise CommandRefused(f"the automation {found} was deleted meanwhile")
    return str(row.name)
