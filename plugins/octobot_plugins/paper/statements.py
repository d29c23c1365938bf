"""Statements on the paper book. Whoever writes locks the account's ``paper_books`` row first."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import fields
from decimal import Decimal
from typing import Any, NamedTuple

import sqlalchemy as sa

from octobot_node.contracts.exchanges import ExchangeTrade
from octobot_plugins.paper.orders import ZERO, Execution, PaperOrder, exact
from octobot_plugins.paper.tables import balances, books, orders, trades

__all__ = [
    "Counts",
    "add_book",
    "add_moves",
    "changes",
    "end_order",
    "insert_order",
    "insert_trade",
    "lock_book",
    "open_orders",
    "order_by_client_id",
    "order_by_number",
    "revision",
    "save_book",
    "trades_since",
]

Account: sa.BindParameter[str] = sa.bindparam("account")
_ORDER = tuple(orders.c[field.name] for field in fields(PaperOrder))
_ORDER_FIELDS = tuple(field.name for field in fields(PaperOrder))
_EXECUTION_FIELDS = ("amount", "price", "cost", "fee", "fee_asset", "liquidity", "at")
_ORDER_IN_TRADE = ("client_order_id", "symbol", "side")


class Counts(NamedTuple):
    """A book's counters: changes, orders and trades so far."""

    revision: int
    orders: int
    trades: int


# Statements are built once: building one takes longer than SQLite takes to run it.
_REVISION = sa.select(books.c.revision).where(books.c.account_id == Account)
_LOCK = (
    sa.select(books.c.revision, books.c.orders, books.c.trades).where(books.c.account_id == Account).with_for_update()
)
_SAVE = books.update().where(books.c.account_id == Account)
# SQLite uses a partial index only where the query has the index's own condition, in the same words.
_IS_OPEN = sa.text("paper_orders.status = 'open'")
_OPEN = sa.select(*_ORDER).where(orders.c.account_id == Account, _IS_OPEN).order_by(orders.c.number)
_BY_NUMBER = sa.select(*_ORDER).where(orders.c.account_id == Account, orders.c.number == sa.bindparam("wanted"))
_BY_CLIENT_ID = sa.select(*_ORDER).where(
    orders.c.account_id == Account, orders.c.client_order_id == sa.bindparam("wanted")
)
_INSERT_ORDER = orders.insert()
_END_ORDER = orders.update().where(
    orders.c.account_id == Account, orders.c.number == sa.bindparam("wanted"), orders.c.status == "open"
)
_INSERT_TRADE = trades.insert()
_TRADES = (
    sa.select(trades)
    .where(trades.c.account_id == Account, trades.c.at >= sa.bindparam("since"))
    .order_by(trades.c.at, trades.c.number)
)
_CHANGES = sa.select(balances.c.asset, balances.c.change).where(balances.c.account_id == Account)
_INSERT_CHANGE = balances.insert()
_UPDATE_CHANGE = balances.update().where(balances.c.account_id == Account, balances.c.asset == sa.bindparam("wanted"))


def add_book(connection: sa.Connection, account_id: str) -> None:
    """Begin an account's book."""
    connection.execute(books.insert(), {"account_id": account_id, "revision": 0, "orders": 0, "trades": 0})


def revision(connection: sa.Connection, account_id: str) -> int | None:
    """Return how often the book has changed, or None if it was never begun."""
    return connection.scalar(_REVISION, {"account": account_id})


def lock_book(connection: sa.Connection, account_id: str) -> Counts:
    """Lock the book for this transaction and return its counters."""
    return Counts(*connection.execute(_LOCK, {"account": account_id}).one())


def save_book(connection: sa.Connection, account_id: str, counts: Counts) -> None:
    """Write the locked book's counters."""
    connection.execute(_SAVE, {"account": account_id, **counts._asdict()})


def open_orders(connection: sa.Connection, account_id: str) -> list[PaperOrder]:
    """Return open orders, oldest first. Rides ix_paper_orders_open."""
    return [PaperOrder(*row) for row in connection.execute(_OPEN, {"account": account_id})]


def order_by_number(connection: sa.Connection, account_id: str, number: int) -> PaperOrder | None:
    """Return the order with this number, open or ended."""
    return _one(connection, _BY_NUMBER, account_id, number)


def order_by_client_id(connection: sa.Connection, account_id: str, client_order_id: str) -> PaperOrder | None:
    """Return the order with this client id, open or ended."""
    return _one(connection, _BY_CLIENT_ID, account_id, client_order_id)


def _one(connection: sa.Connection, statement: sa.Select[Any], account_id: str, wanted: int | str) -> PaperOrder | None:
    row = connection.execute(statement, {"account": account_id, "wanted": wanted}).first()
    return None if row is None else PaperOrder(*row)


def insert_order(connection: sa.Connection, account_id: str, order: PaperOrder) -> None:
    """Insert an order, open or already ended."""
    row = {name: getattr(order, name) for name in _ORDER_FIELDS}
    connection.execute(_INSERT_ORDER, {"account_id": account_id, **row})


def end_order(connection: sa.Connection, account_id: str, ended: PaperOrder) -> bool:
    """Write how an order ended; return False, and change nothing, when it had ended before."""
    values = {"status": ended.status, "reason": ended.reason, "filled": ended.filled, "ended_at": ended.ended_at}
    return connection.execute(_END_ORDER, {"account": account_id, "wanted": ended.number, **values}).rowcount == 1


def insert_trade(
    connection: sa.Connection, account_id: str, number: int, order: PaperOrder, execution: Execution
) -> None:
    """Insert the one trade of an order."""
    row = {"account_id": account_id, "number": number, "order_number": order.number}
    row |= {name: getattr(order, name) for name in _ORDER_IN_TRADE}
    row |= {name: getattr(execution, name) for name in _EXECUTION_FIELDS}
    connection.execute(_INSERT_TRADE, row)


def trades_since(connection: sa.Connection, account_id: str, since: int) -> Sequence[ExchangeTrade]:
    """Return trades at or after ``since`` (ms UTC), oldest first. Rides ix_paper_trades_at."""
    return [_trade(row) for row in connection.execute(_TRADES, {"account": account_id, "since": since})]


def _trade(row: Any) -> ExchangeTrade:
    return ExchangeTrade(
        id=f"p{row.number}",
        order_id=f"o{row.order_number}",
        client_order_id=row.client_order_id,
        symbol=row.symbol,
        side=row.side,
        amount=row.amount,
        price=row.price,
        cost=row.cost,
        fee=row.fee,
        fee_asset=row.fee_asset,
        liquidity=row.liquidity,
        at=row.at,
    )


def changes(connection: sa.Connection, account_id: str) -> dict[str, Decimal]:
    """Return what all trades added or took, by asset."""
    return {row.asset: row.change for row in connection.execute(_CHANGES, {"account": account_id})}


def add_moves(connection: sa.Connection, account_id: str, moves: Sequence[Mapping[str, Decimal]]) -> None:
    """Add what executions move to the running totals."""
    if not moves:
        return
    known = changes(connection, account_id)
    after = dict(known)
    with exact():
        for move in moves:
            for asset, amount in move.items():
                after[asset] = after.get(asset, ZERO) + amount
    for asset, change in after.items():
        if asset not in known:
            connection.execute(_INSERT_CHANGE, {"account_id": account_id, "asset": asset, "change": change})
        elif change != known[asset]:
            connection.execute(_UPDATE_CHANGE, {"account": account_id, "wanted": asset, "change": change})
