"""An account's book: its orders and trades in the database, its open orders also in memory."""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from dataclasses import replace
from decimal import Decimal

import sqlalchemy as sa

from octobot_node.contracts.exchanges import ExchangeTrade
from octobot_node.contracts.storage import Storage
from octobot_plugins.paper import statements
from octobot_plugins.paper.orders import Execution, PaperOrder
from octobot_plugins.paper.statements import Counts

__all__ = ["Book", "Ended"]

#: An order as it ended, and its execution if it was filled.
Ended = tuple[PaperOrder, Execution | None]


class Book:
    """Reads and writes one account's book; any number of threads and processes may do so at once.

    Each write locks the book's row and moves its revision. Memory is believed only while the revision stands.
    """

    def __init__(self, storage: Storage, account_id: str) -> None:
        self._storage = storage
        self._account_id = account_id
        self._lock = threading.Lock()
        self._revision: int | None = None
        self._open: dict[int, PaperOrder] = {}
        self._begin()

    def _begin(self) -> None:
        with self._storage.read() as connection:
            begun = statements.revision(connection, self._account_id) is not None
        if begun:
            return
        try:
            with self._storage.write() as connection:
                statements.add_book(connection, self._account_id)
        except sa.exc.IntegrityError:
            return  # another process began it in between

    def open_orders(self) -> Mapping[int, PaperOrder]:
        """Return the open orders by number, oldest first."""
        with self._lock, self._storage.read() as connection:
            revision = statements.revision(connection, self._account_id)
            if revision != self._revision:
                self._open = {order.number: order for order in statements.open_orders(connection, self._account_id)}
                self._revision = revision
            return dict(self._open)

    def place(self, order: PaperOrder, execution: Execution | None) -> tuple[PaperOrder, bool]:
        """Write a new order, which may have ended already; return it and True.

        An order with the same client id is returned instead, with False, whatever became of it.
        """
        with self._lock:
            with self._storage.write() as connection:
                counts = statements.lock_book(connection, self._account_id)
                known = statements.order_by_client_id(connection, self._account_id, order.client_order_id)
                if known is not None:
                    return known, False
                placed = replace(order, number=counts.orders + 1)
                statements.insert_order(connection, self._account_id, placed)
                self._write(connection, counts, [(placed, execution)], orders=placed.number)
            self._remember(counts.revision, [placed])
        return placed, True

    def end(self, ended: Sequence[Ended]) -> None:
        """Write how open orders ended, in this order; what ended before stays as it is."""
        with self._lock:
            with self._storage.write() as connection:
                counts = statements.lock_book(connection, self._account_id)
                done = [item for item in ended if statements.end_order(connection, self._account_id, item[0])]
                self._write(connection, counts, done, orders=counts.orders)
            self._remember(counts.revision, [order for order, _ in done])

    def _write(self, connection: sa.Connection, counts: Counts, ended: Sequence[Ended], *, orders: int) -> None:
        executed = [(order, execution) for order, execution in ended if execution is not None]
        for number, (order, execution) in enumerate(executed, counts.trades + 1):
            statements.insert_trade(connection, self._account_id, number, order, execution)
        statements.add_moves(connection, self._account_id, [execution.moves for _, execution in executed])
        after = Counts(counts.revision + 1, orders, counts.trades + len(executed))
        statements.save_book(connection, self._account_id, after)

    def _remember(self, before: int, changed: Sequence[PaperOrder]) -> None:
        # Only after the commit. Had another process written since we last read, memory stays too old to be believed.
        if self._revision != before:
            return
        self._revision = before + 1
        for order in changed:
            if order.status == "open":
                self._open[order.number] = order
            else:
                self._open.pop(order.number, None)

    def by_number(self, number: int) -> PaperOrder | None:
        """Return the order with this number, open or ended."""
        with self._storage.read() as connection:
            return statements.order_by_number(connection, self._account_id, number)

    def by_client_id(self, client_order_id: str) -> PaperOrder | None:
        """Return the order with this client id, open or ended."""
        with self._storage.read() as connection:
            return statements.order_by_client_id(connection, self._account_id, client_order_id)

    def trades(self, since: int) -> Sequence[ExchangeTrade]:
        """Return trades at or after ``since`` (ms UTC), oldest first."""
        with self._storage.read() as connection:
            return statements.trades_since(connection, self._account_id, since)

    def changes(self) -> Mapping[str, Decimal]:
        """Return what all trades added or took, by asset."""
        with self._storage.read() as connection:
            return statements.changes(connection, self._account_id)
