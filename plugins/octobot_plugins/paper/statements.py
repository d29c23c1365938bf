"""Statements on the paper book. Whoever writes locks the account's ``paper_books`` row first."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, fields
from decimal import Decimal
from typing import Any, NamedTuple

import sqlalchemy as sa

from octobot_node.exchanges import ExchangeTrade
from octobot_plugins.paper.orders import ZERO, Execution, PaperOrder, exact
from octobot_plugins.paper.tables import balances, books, orders, trades

__all__ = [
    "Counts",
    "add_book",
    "add_moves",
    "changes",
    "end_order",
    "has_book",
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

_ORDER = tuple(orders.c[field.name] for field in fields(PaperOrder))
# SQLite uses a partial index only where the query has the index's own condition, in the same words.
_OPEN = sa.text("paper_orders.status = 'open'")


class Counts(NamedTuple):
    """A book's counters: changes, orders and trades so far."""

    revision: int
    orders: int
    trades: int


def has_book(connection: sa.Connection, account_id: str) -> bool:
    """Whether the account has a book already."""
    return connection.scalar(sa.select(books.c.revision).where(books.c.account_id == account_id)) is not None


def add_book(connection: sa.Connection, account_id: str) -> None:
    """Begin an account's book."""
    connection.execute(books.insert().values(account_id=account_id, revision=0, orders=0, trades=0))


def revision(connection: sa.Connection, account_id: str) -> int:
    """Return how often the book has changed."""
    return connection.scalar(sa.select(books.c.revision).where(books.c.account_id == account_id)) or 0


def lock_book(connection: sa.Connection, account_id: str) -> Counts:
    """Lock the book for this transaction and return its counters."""
    statement = sa.select(books.c.revision, books.c.orders, books.c.trades).where(books.c.account_id == account_id)
    return Counts(*connection.execute(statement.with_for_update()).one())


def save_book(connection: sa.Connection, account_id: str, counts: Counts) -> None:
    """Write the locked book's counters."""
    connection.execute(books.update().where(books.c.account_id == account_id).values(**counts._asdict()))


def open_orders(connection: sa.Connection, account_id: str) -> list[PaperOrder]:
    """Return open orders, oldest first. Rides ix_paper_orders_open."""
    statement = sa.select(*_ORDER).where(orders.c.account_id == account_id, _OPEN).order_by(orders.c.number)
    return [PaperOrder(*row) for row in connection.execute(statement)]


def order_by_number(connection: sa.Connection, account_id: str, number: int) -> PaperOrder | None:
    """Return the order with this number, open or ended."""
    return _one(connection, orders.c.account_id == account_id, orders.c.number == number)


def order_by_client_id(connection: sa.Connection, account_id: str, client_order_id: str) -> PaperOrder | None:
    """Return the order with this client id, open or ended."""
    return _one(connection, orders.c.account_id == account_id, orders.c.client_order_id == client_order_id)


def _one(connection: sa.Connection, *conditions: sa.ColumnElement[bool]) -> PaperOrder | None:
    row = connection.execute(sa.select(*_ORDER).where(*conditions)).first()
    return None if row is None else PaperOrder(*row)


def insert_order(connection: sa.Connection, account_id: str, order: PaperOrder) -> None:
    """Insert an order, open or already ended."""
    connection.execute(orders.insert(), {"account_id": account_id, **asdict(order)})


def end_order(connection: sa.Connection, account_id: str, ended: PaperOrder) -> bool:
    """Write how an order ended; return False, and change nothing, when it had ended before."""
    statement = (
        orders.update()
        .where(orders.c.account_id == account_id, orders.c.number == ended.number, orders.c.status == "open")
        .values(status=ended.status, reason=ended.reason, filled=ended.filled, ended_at=ended.ended_at)
    )
    return connection.execute(statement).rowcount == 1


def insert_trade(
    connection: sa.Connection, account_id: str, number: int, order: PaperOrder, execution: Execution
) -> None:
    """Insert the one trade of an order."""
    row = {
        "account_id": account_id,
        "number": number,
        "order_number": order.number,
        "client_order_id": order.client_order_id,
        "symbol": order.symbol,
        "side": order.side,
        "amount": execution.amount,
        "price": execution.price,
        "cost": execution.cost,
        "fee": execution.fee,
        "fee_asset": execution.fee_asset,
        "liquidity": execution.liquidity,
        "at": execution.at,
    }
    connection.execute(trades.insert(), row)


def trades_since(connection: sa.Connection, account_id: str, since: int) -> Sequence[ExchangeTrade]:
    """Return trades at or after ``since`` (ms UTC), oldest first. Rides ix_paper_trades_at."""
    statement = (
        sa.select(trades)
        .where(trades.c.account_id == account_id, trades.c.at >= since)
        .order_by(trades.c.at, trades.c.number)
    )
    return [_trade(row) for row in connection.execute(statement)]


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
    statement = sa.select(balances.c.asset, balances.c.change).where(balances.c.account_id == account_id)
    return {row.asset: row.change for row in connection.execute(statement)}


def add_moves(connection: sa.Connection, account_id: str, moves: Iterable[Mapping[str, Decimal]]) -> None:
    """Add what executions move to the running totals."""
    sums: dict[str, Decimal] = {}
    with exact():
        for move in moves:
            for asset, amount in move.items():
                sums[asset] = sums.get(asset, ZERO) + amount
        if not sums:
            return
        known = changes(connection, account_id)
        for asset, amount in sums.items():
            _set_change(connection, account_id, asset, known.get(asset, ZERO) + amount, known=asset in known)


def _set_change(connection: sa.Connection, account_id: str, asset: str, change: Decimal, *, known: bool) -> None:
    if known:
        mine = (balances.c.account_id == account_id) & (balances.c.asset == asset)
        connection.execute(balances.update().where(mine).values(change=change))
    else:
        connection.execute(balances.insert().values(account_id=account_id, asset=asset, change=change))
