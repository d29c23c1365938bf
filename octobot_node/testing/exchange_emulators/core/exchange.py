"""The matching core: what is placed, matched, cancelled and paid."""

from __future__ import annotations

import heapq
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from itertools import count
from typing import Any, Literal

from octobot_node.testing.exchange_emulators.core.accounts import Account
from octobot_node.testing.exchange_emulators.core.book import Book, Offer, reached
from octobot_node.testing.exchange_emulators.core.listing import Listing
from octobot_node.testing.exchange_emulators.core.orders import (
    STOPS,
    Liquidity,
    NewOrder,
    Order,
    Refused,
    RefusedFor,
    Status,
    Trade,
)
from octobot_node.testing.exchange_emulators.core.payment import fee_of, needed, pay
from octobot_node.testing.exchange_emulators.core.prices import PriceLine

__all__ = ["Exchange", "Happening", "Manner"]

Happened = Literal["accepted", "traded", "triggered", "closed"]


@dataclass(frozen=True, slots=True)
class Happening:
    """Something that became of an order; ``trade`` of one that traded."""

    what: Happened
    order: Order
    trade: Trade | None = None


@dataclass(slots=True)
class Manner:
    """How the exchange trades; may be changed at any time.

    ``parts``: how many trades the world fills an order in, ``part_interval_ms`` apart where the order may rest.
    ``visibility_lag_ms``: how long look-ups do not show a new order. ``numbers_by_market``: order ids count each
    market's own orders, so that two markets have the same ids. ``post_only_cancels``: an order that may not take and
    would is taken in and cancelled, instead of being refused.
    """

    parts: int = 1
    part_interval_ms: int = 0
    visibility_lag_ms: int = 0
    numbers_by_market: bool = False
    post_only_cancels: bool = False


class Exchange:
    """Accounts and markets. ``clock`` is the exchange's time in ms UTC, which may go wrong; ``steady`` the true one.

    ``record`` keeps what happens, if given.
    """

    def __init__(
        self,
        clock: Callable[[], int],
        *,
        steady: Callable[[], int] | None = None,
        manner: Manner | None = None,
        record: Callable[[list[Any]], None] | None = None,
    ) -> None:
        self.manner = manner or Manner()
        self.books: dict[str, Book] = {}
        self.accounts: dict[str, Account] = {}
        self.orders: list[Order] = []
        self.trades: list[Trade] = []
        self.refused: list[tuple[NewOrder, RefusedFor]] = []
        self.listeners: list[Callable[[Happening], None]] = []
        self._clock, self._steady = clock, steady or clock
        self._by_client: dict[tuple[str, str], list[Order]] = defaultdict(list)
        self._by_number: dict[tuple[str, int], Order] = {}
        self._record = record or (lambda _event: None)
        self._trade_serials = count(1)
        self._due: list[tuple[int, int]] = []
        self._latest = 0

    # -- the world

    def now(self) -> int:
        """Return the exchange's time, as it stamps and tells it."""
        return self._clock()

    def steady_now(self) -> int:
        """Return the true time, which never runs backwards: by it things happen, whatever the clock says."""
        self._latest = max(self._latest, self._steady())
        return self._latest

    def shows(self, order: Order) -> bool:
        """Whether look-ups show an order yet."""
        return order.visible_at <= self.steady_now()

    def enlist(self, listing: Listing, price: Decimal) -> None:
        """List a market at a price."""
        book = Book(listing, PriceLine(listing.tick, price), price)
        self.books[listing.symbol] = book

    def change(self, symbol: str, **rules: Any) -> Listing:
        """Change a listed market's rules or status; what is open there stays."""
        book = self.books[symbol]
        book.listing = replace(book.listing, **rules)
        return book.listing

    def set_price(self, symbol: str, price: Decimal) -> None:
        """Move a market; what it crosses trades, what it reaches is triggered."""
        self.books[symbol].line.set(price, self.steady_now())
        self._record(["price", symbol, str(price), self.now()])
        self._move(self.books[symbol], price)

    def set_depth(self, symbol: str, depth: Decimal | None) -> None:
        """Let the world trade no more than ``depth`` at one price; None for any amount."""
        book = self.books[symbol]
        book.depth = book.bids_left = book.asks_left = depth

    def deposit(self, account: str, balances: Mapping[str, Decimal]) -> None:
        """Give an account money, or take it with a negative amount."""
        for asset, amount in balances.items():
            self.account(account).free[asset] += amount
            self._record(["deposit", account, asset, str(amount), self.now()])

    def account(self, name: str) -> Account:
        """Return an account, which comes to be when it is first asked for."""
        if name not in self.accounts:
            self.accounts[name] = Account(name)
        return self.accounts[name]

    def advance(self) -> None:
        """Carry out what is due by now: prices that move by themselves, fills that come in parts."""
        now = self.steady_now()
        for book in self.books.values():
            price = book.line.at(now) if book.line.amplitude else book.last
            if price != book.last:
                self._move(book, price)
        while self._due and self._due[0][0] <= now:
            due, serial = heapq.heappop(self._due)
            order = self.orders[serial - 1]
            if order.open and order.part_due == due:
                self._fill_part(self.books[order.symbol], order)

    # -- clients

    def place(self, new: NewOrder) -> Order:
        """Accept an order and match it; raise Refused."""
        try:
            return self._place(new)
        except Refused as no:
            self.refused.append((new, no.why))
            self._record(["refused", new.account, new.client_id, no.why, self.now()])
            raise

    def cancel(self, order: Order, reason: str = "cancelled by its owner") -> bool:
        """Cancel an open order; return False for one that is not."""
        if order.open:
            self._close(order, "cancelled", reason)
            return True
        return False

    def fill(self, order: Order) -> None:
        """Fill an open order whole, at its own price or the market's; as if its turn had come just now."""
        book = self.books[order.symbol]
        if order.open and order.resting:
            self._trade(book, order, order.remaining, order.new.price or book.world_price(order.new.side), "maker")
            self._close_if_filled(order)

    def open_orders(self, account: str, symbol: str | None = None) -> list[Order]:
        """Return the open orders of an account, oldest first, whether or not look-ups show them."""
        books = self.books.values() if symbol is None else [self.books[symbol]]
        found = [order for book in books for order in (*book.resting.values(), *book.stops.values())]
        return sorted((order for order in found if order.account == account), key=lambda order: order.serial)

    def orders_of(self, account: str) -> Iterable[Order]:
        """Return every order of an account, oldest first."""
        return (order for order in self.orders if order.account == account)

    def with_client_id(self, account: str, client_id: str) -> list[Order]:
        """Return the orders of an account that were placed with a client order id, oldest first."""
        return self._by_client.get((account, client_id), [])

    def numbered(self, account: str, symbol: str, number: int) -> Order | None:
        """Return an account's order by its number."""
        order = self._by_number.get((symbol, number))
        return order if order is not None and order.account == account else None

    def trades_of(self, account: str) -> Iterable[Trade]:
        """Return every trade of an account, oldest first."""
        return (trade for trade in self.trades if trade.order.account == account)

    # -- placing

    def _place(self, new: NewOrder) -> Order:
        self.advance()
        book, now = self.books[new.symbol], self.now()
        waits = new.kind in STOPS
        number = next(book.order_numbers) if self.manner.numbers_by_market else len(self.orders) + 1_000_001
        visible_at, working_at = self.steady_now() + self.manner.visibility_lag_ms, 0 if waits else now
        order = Order(len(self.orders) + 1, number, new, now, visible_at, not waits, now, working_at)
        self._refuse(book, order)
        amount = needed(book, order)
        if not self.account(new.account).lock(*amount):
            raise Refused("funds")
        order.locked = amount[1]
        self.orders.append(order)
        self._by_client[new.account, new.client_id].append(order)
        self._by_number[new.symbol, number] = order
        self._record(
            ["order", order.serial, order.number, new.account, new.client_id, new.symbol, new.side, new.kind,
             _text(new.amount), _text(new.spend), _text(new.price), _text(new.stop), now]
        )  # fmt: skip
        book.keep(order)
        self._tell(Happening("accepted", order))
        if self._would_take(book, order):
            self._close(order, "cancelled", "would take")
        elif order.resting:
            self._take(book, order)
        return order

    def _would_take(self, book: Book, order: Order) -> bool:
        return order.new.post_only and order.resting and book.offer(order) is not None

    def _refuse(self, book: Book, order: Order) -> None:
        if book.listing.status in ("halted", "cancel_only"):
            raise Refused("closed")
        if not order.resting and reached(order, book.last):
            raise Refused("would_trigger")
        if self._would_take(book, order) and not self.manner.post_only_cancels:
            raise Refused("would_take")

    # -- matching

    def _take(self, book: Book, order: Order) -> None:
        """Match an order that has just come, or whose stop was just reached."""
        if order.new.tif == "fok" and not book.can_fill(order):
            self._close(order, "expired", "insufficient liquidity")
            return
        while order.open:
            offer = book.offer(order)
            left = _left(book, order, offer)
            if offer is None or not left:
                break
            if offer.maker is not None and self._prevented(order, offer.maker):
                continue
            amount = left if offer.amount is None else min(left, offer.amount)
            if self._take_part(book, order, offer, amount):
                break
        self._after_taking(order)

    def _take_part(self, book: Book, order: Order, offer: Offer, amount: Decimal) -> bool:
        """Trade with an offer; return True if the rest comes later, in parts."""
        if offer.maker is not None:
            self._trade(book, order, amount, offer.price, "taker")
            self._trade(book, offer.maker, amount, offer.price, "maker")
            self._close_if_filled(offer.maker)
            return False
        book.taken(order.new.side, amount)
        parts = _split(book, amount, self.manner.parts)
        later = (
            self.manner.part_interval_ms > 0
            and len(parts) > 1
            and order.new.kind != "market"
            and order.new.tif == "gtc"
        )
        for part in parts[:1] if later else parts:
            self._trade(book, order, part, offer.price, "taker")
        if later:
            self._plan(order, parts[0])
        return later

    def _prevented(self, order: Order, maker: Order) -> bool:
        mode = order.new.stp
        if mode == "none" or maker.account != order.account:
            return False
        if mode in ("taker", "both"):
            order.prevented = order.remaining
            self._close(order, "expired", "self-trade")
        if mode in ("maker", "both"):
            maker.prevented = maker.remaining
            self._close(maker, "expired", "self-trade")
        return True

    def _after_taking(self, order: Order) -> None:
        self._close_if_filled(order)
        if not order.open or order.part_due:
            return
        if order.new.kind in ("market", "stop", "take_profit"):
            # What was spent to less than a step is done; what found nobody any more has expired.
            done = order.new.spend is not None and order.filled > 0
            self._close(order, "filled" if done else "expired", "" if done else "insufficient liquidity")
        elif order.new.tif != "gtc":
            self._close(order, "expired", "insufficient liquidity")

    def _move(self, book: Book, price: Decimal) -> None:
        book.move(price)
        # What rested before a stop was reached trades before it does.
        for order in book.crossed():
            if order.open and not order.part_due:
                self._make(book, order)
        for order in book.reached():
            self._trigger(book, order)

    def _trigger(self, book: Book, order: Order) -> None:
        book.forget(order)
        order.resting, order.working_at = True, self.now()
        account = self.account(order.account)
        asset, amount = needed(book, order)
        account.unlock(asset, order.locked)
        order.locked = Decimal(0)
        self._tell(Happening("triggered", order))
        if not account.lock(asset, amount):
            self._close(order, "expired", "insufficient balance when triggered")
            return
        order.locked = amount
        book.keep(order)
        self._take(book, order)

    def _make(self, book: Book, order: Order) -> None:
        """Let the world trade with a resting order that it has come to."""
        price, side = order.new.price, order.new.side
        assert price is not None
        left = book.asks_left if side == "buy" else book.bids_left
        amount = order.remaining if left is None else min(order.remaining, left)
        if not amount:
            return
        book.taken(side, amount)
        parts = _split(book, amount, self.manner.parts)
        later = self.manner.part_interval_ms > 0 and len(parts) > 1
        for part in parts[:1] if later else parts:
            self._trade(book, order, part, price, "maker")
        if later:
            self._plan(order, parts[0])
        self._close_if_filled(order)

    def _plan(self, order: Order, part: Decimal) -> None:
        order.part, order.part_due = part, self.steady_now() + self.manner.part_interval_ms
        heapq.heappush(self._due, (order.part_due, order.serial))

    def _fill_part(self, book: Book, order: Order) -> None:
        assert order.new.price is not None
        self._trade(book, order, min(order.part, order.remaining), order.new.price, "maker")
        order.part_due = 0
        if order.remaining:
            self._plan(order, order.part)
        self._close_if_filled(order)

    # -- what changes

    def _trade(self, book: Book, order: Order, amount: Decimal, price: Decimal, liquidity: Liquidity) -> None:
        account = self.account(order.account)
        fee, fee_asset = fee_of(self.books, account, order, amount, price, liquidity)
        id_, serial = next(book.trade_numbers), next(self._trade_serials)
        trade = Trade(id_, serial, order, amount, price, fee, fee_asset, liquidity, self.now())
        order.filled += amount
        order.cost += trade.cost
        order.updated_at = trade.at
        pay(book, account, order, trade)
        for kept in (order.trades, book.trades, self.trades):
            kept.append(trade)
        self._record(
            [
                "fill",
                order.serial,
                trade.id,
                trade.serial,
                str(amount),
                str(price),
                str(fee),
                fee_asset,
                liquidity,
                trade.at,
            ]
        )
        if order.new.amount is not None and not order.remaining:
            self._close_if_filled(order, quietly=True)
        self._tell(Happening("traded", order, trade))

    def _close_if_filled(self, order: Order, *, quietly: bool = False) -> None:
        if order.open and order.new.amount is not None and not order.remaining:
            self._close(order, "filled", "", quietly=quietly)

    def _close(self, order: Order, status: Status, reason: str, *, quietly: bool = False) -> None:
        book = self.books[order.symbol]
        order.status, order.reason, order.part_due = status, reason, 0
        order.updated_at = self.now()
        asset, _ = needed(book, order)
        self.account(order.account).unlock(asset, order.locked)
        order.locked = Decimal(0)
        book.forget(order)
        self._record(["close", order.serial, status, reason, order.updated_at])
        if status != "filled" and not quietly:
            self._tell(Happening("closed", order))

    def _tell(self, happening: Happening) -> None:
        for listener in self.listeners:
            listener(happening)


def _left(book: Book, order: Order, offer: Offer | None) -> Decimal:
    """Return what an order may still trade of an offer, in base."""
    if offer is None:
        return Decimal(0)
    if order.new.spend is None:
        return order.remaining
    return book.whole((order.new.spend - order.cost) / offer.price)


def _split(book: Book, amount: Decimal, parts: int) -> list[Decimal]:
    part = book.whole(amount / parts)
    if not part:
        return [amount]
    return [*[part] * (parts - 1), amount - part * (parts - 1)]


def _text(number: Decimal | None) -> str | None:
    return None if number is None else str(number)
