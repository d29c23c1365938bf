"""Tables of what was traded and moved, for spreadsheets and tax tools.

``tax`` has the columns of the "universal" form that several tax tools take, Koinly's for one: what was given away, what
was got, and the fee apart from both, each with its asset; so no tool has to know what a symbol, a side or a quote is.
Amounts are gross, as the exchange tells them, since such tools subtract the fee themselves. The exchange's id of the
trade tells rows apart that are imported twice.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterable, Sequence
from decimal import Decimal
from typing import Any, NamedTuple

import sqlalchemy as sa

from octobot_node.market import from_ms
from octobot_node.operations.context import OperationContext
from octobot_node.operations.cursors import id_in
from octobot_node.operations.lookup import account_id, automation_id
from octobot_node.operations.periods import place_in, place_of, the_period
from octobot_node.operations.serializers import average_price
from octobot_node.operations.trading.models.exports import ExportPage, ExportTable
from octobot_node.store.queries import courses
from octobot_node.store.queries import exports as statements
from octobot_node.store.queries.exports import Exported
from octobot_node.store.rows.ledger import ListedFillRow, ListedPostingRow
from octobot_node.store.rows.order import ListedIntentRow
from octobot_node.text.printable import printable

__all__ = ["as_csv", "export"]

_FILLS = (
    "time", "automation", "account", "symbol", "side", "amount", "base", "price", "cost", "quote", "fee", "fee asset",
    "realised", "liquidity", "tag", "order", "exchange order", "exchange trade", "id",
)  # fmt: skip
_LEDGER = ("time", "automation", "account", "kind", "asset", "amount", "fill", "id")
_ORDERS = (
    "made", "changed", "automation", "account", "symbol", "side", "type", "status", "amount", "spend", "price", "stop",
    "filled", "average", "fee", "fee asset", "tag", "reason", "client order", "exchange order", "id",
)  # fmt: skip
_TAX = (
    "Date", "Sent Amount", "Sent Currency", "Received Amount", "Received Currency", "Fee Amount", "Fee Currency",
    "Net Worth Amount", "Net Worth Currency", "Label", "Description", "TxHash",
)  # fmt: skip
#: A spreadsheet takes a cell that begins with one of these for a formula.
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


class _Table(NamedTuple):
    columns: Sequence[str]
    read: Callable[[sa.Connection, Exported, str | None, int], Sequence[Any]]
    row: Callable[[Any], list[str]]
    place: Callable[[Any], str]


def export(context: OperationContext, request: ExportTable) -> ExportPage:
    """Return a page of a table, oldest first."""
    table = _TABLES[request.what]
    wanted = Exported(
        owner=context.owner,
        automation_id=None if request.automation is None else automation_id(context, request.automation),
        accounts=_accounts(context, request),
        period=the_period(request.since, request.until),
    )
    with context.core.storage.read() as connection:
        cursor = id_in(request.cursor) if table.place is _by_id else request.cursor
        found = table.read(connection, wanted, cursor, request.limit + 1)
    rows = found[: request.limit]
    return ExportPage(
        columns=list(table.columns),
        rows=[table.row(row) for row in rows],
        next_cursor=table.place(rows[-1]) if len(found) > request.limit else None,
    )


def _accounts(context: OperationContext, request: ExportTable) -> list[str] | None:
    paper = False if request.paper is None and request.what == "tax" else request.paper
    account = None if request.account is None else account_id(context, request.account)
    if paper is None:
        return None if account is None else [account]
    trading = [name for name, factory in context.registry.trading.items() if factory.simulated is paper]
    with context.core.storage.read() as connection:
        found = courses.accounts_trading(connection, trading, context.owner)
    return found if account is None else [each for each in found if each == account]


def as_csv(rows: Iterable[Sequence[str]]) -> str:
    """Return rows as RFC 4180 writes them."""
    text = io.StringIO()
    csv.writer(text, lineterminator="\r\n").writerows(rows)
    return text.getvalue()


def _time(milliseconds: int) -> str:
    return f"{from_ms(milliseconds):%Y-%m-%d %H:%M:%S}.{milliseconds % 1_000:03} UTC"


def _amount(value: Decimal | None) -> str:
    return "" if value is None else format(value, "f")


def _text(value: str | None) -> str:
    # What an exchange calls things is not ours: nothing of it acts on a terminal.
    found = printable(value or "", lines=False)
    return f"'{found}" if found.startswith(_FORMULA) else found


def _fill(row: ListedFillRow) -> list[str]:
    base, _, quote = row.symbol.partition("/")
    return [
        *(_time(row.at), _text(row.automation), _text(row.account), row.symbol, row.side, _amount(row.amount), base),
        *(_amount(row.price), _amount(row.cost), quote, _amount(row.fee), row.fee_asset, _amount(row.realised)),
        *(row.liquidity, _text(row.tag), row.intent_id, _text(row.exchange_order_id), _text(row.exchange_trade_id)),
        row.id,
    ]


def _tax(row: ListedFillRow) -> list[str]:
    base, _, quote = row.symbol.partition("/")
    paid, got = (
        ((row.cost, quote), (row.amount, base)) if row.side == "buy" else ((row.amount, base), (row.cost, quote))
    )
    fee = (_amount(row.fee), row.fee_asset) if row.fee else ("", "")
    told = _text(f"{row.automation or row.automation_id} on {row.account or row.account_id}: {row.side} {row.symbol}")
    # Tools read whole seconds.
    at = f"{from_ms(row.at):%Y-%m-%d %H:%M:%S} UTC"
    return [
        *(at, _amount(paid[0]), paid[1], _amount(got[0]), got[1], *fee, "", "", "", told),
        _text(row.exchange_trade_id),
    ]


def _posting(row: ListedPostingRow) -> list[str]:
    names = (_text(row.automation), _text(row.account))
    return [_time(row.at), *names, row.kind, row.asset, _amount(row.amount), row.fill_id or "", row.id]


def _order(row: ListedIntentRow) -> list[str]:
    average = average_price(row.cost, row.filled)
    figures = (row.amount, row.spend, row.price, row.stop, row.filled, average, row.fee)
    return [
        *(_time(row.created_at), _time(row.updated_at), _text(row.automation), _text(row.account), row.symbol),
        *(row.side, row.type, row.status, *(_amount(each) for each in figures), row.fee_asset or ""),
        *(_text(row.tag), _text(row.reason), row.client_order_id, _text(row.exchange_order_id), row.id),
    ]


def _read_fills(connection: sa.Connection, wanted: Exported, cursor: str | None, count: int) -> Sequence[ListedFillRow]:
    return statements.fills_after(connection, wanted, place_in(cursor), count)


def _by_id(row: ListedPostingRow | ListedIntentRow) -> str:
    return row.id


def _by_time(row: ListedFillRow) -> str:
    return place_of(row.at, row.id)


_TABLES = {
    "fills": _Table(_FILLS, _read_fills, _fill, _by_time),
    "tax": _Table(_TAX, _read_fills, _tax, _by_time),
    "ledger": _Table(_LEDGER, statements.postings_after, _posting, _by_id),
    "orders": _Table(_ORDERS, statements.orders_after, _order, _by_id),
}
