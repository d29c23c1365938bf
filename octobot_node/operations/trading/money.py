"""Look at what was traded and moved, and at what came of it."""

from __future__ import annotations

import sqlalchemy as sa

from octobot_node.errors import CommandRefused, UsageError
from octobot_node.market import from_ms, to_ms
from octobot_node.operations.context import Desk
from octobot_node.operations.lookup import account_id, automation_id, order_row
from octobot_node.operations.models import (
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
from octobot_node.operations.serializers import fill_row
from octobot_node.store import automations
from octobot_node.store.queries import history
from octobot_node.store.queries.history import FillFilter
from octobot_node.store.rows import ledger as ledger_rows

__all__ = ["equity", "list_balances", "list_fills", "list_postings"]

#: The first, the last, the lowest and the highest point of a series.
_EDGES = 4


def list_fills(desk: Desk, wanted: ListFills) -> FillPage:
    """Return a page of fills, newest first."""
    which = FillFilter(
        owner=desk.owner,
        automation_id=None if wanted.automation is None else automation_id(desk, wanted.automation),
        account_id=None if wanted.account is None else account_id(desk, wanted.account),
        symbol=wanted.symbol,
        order_id=None if wanted.order is None else order_row(desk, wanted.order).id,
    )
    with desk.core.storage.read() as connection:
        rows = history.fill_page(connection, which, wanted.cursor, wanted.limit + 1)
    return FillPage(
        fills=[fill_row(row) for row in rows[: wanted.limit]],
        next_cursor=rows[wanted.limit - 1].id if len(rows) > wanted.limit else None,
    )


def list_postings(desk: Desk, wanted: ListPostings) -> PostingPage:
    """Return a page of an automation's postings, newest first."""
    found = automation_id(desk, wanted.automation)
    with desk.core.storage.read() as connection:
        rows = history.posting_page(connection, found, wanted.asset, wanted.cursor, wanted.limit + 1)
        name = _name(connection, found)
    return PostingPage(
        automation=name,
        automation_id=found,
        postings=[_posting(row) for row in rows[: wanted.limit]],
        next_cursor=rows[wanted.limit - 1].id if len(rows) > wanted.limit else None,
    )


def _posting(row: ledger_rows.PostingRow) -> PostingRow:
    return PostingRow(
        id=row.id, kind=row.kind, asset=row.asset, amount=row.amount, fill=row.fill_id, at=from_ms(row.at)
    )


def list_balances(desk: Desk, wanted: ListBalances) -> BalancePage:
    """Return a page of balances, an automation's together."""
    automation = None if wanted.automation is None else automation_id(desk, wanted.automation)
    account = None if wanted.account is None else account_id(desk, wanted.account)
    after = None if wanted.cursor is None else _pair(wanted.cursor)
    with desk.core.storage.read() as connection:
        found = history.balance_page(connection, desk.owner, automation, account, after, wanted.limit + 1)
    rows = found[: wanted.limit]
    names = ("automation", "automation_id", "account", "asset", "free", "reserved")
    return BalancePage(
        balances=[BalanceRow(**{name: getattr(row, name) for name in names}) for row in rows],
        next_cursor=f"{rows[-1].automation_id} {rows[-1].asset}" if len(found) > wanted.limit else None,
    )


def _pair(cursor: str) -> tuple[str, str]:
    automation, _, asset = cursor.partition(" ")
    return automation, asset


def equity(desk: Desk, wanted: ShowEquity) -> EquitySeries:
    """Return what an automation was worth between two times, at most ``points`` of it."""
    found = automation_id(desk, wanted.automation)
    since = 0 if wanted.since is None else to_ms(wanted.since)
    until = desk.core.clock.now() if wanted.until is None else to_ms(wanted.until)
    if since > until:
        raise UsageError("since is later than until: exchange them")
    with desk.core.storage.read() as connection:
        thinned = history.equity_count(connection, found, since, until, wanted.points + 1) > wanted.points
        times = _chosen(connection, found, since, until, wanted.points) if thinned else None
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
