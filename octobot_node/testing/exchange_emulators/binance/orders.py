"""Placing, cancelling and finding orders."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, TypeVar
from uuid import uuid4

from octobot_node.testing.exchange_emulators.binance.errors import BinanceError, malformed, not_wanted
from octobot_node.testing.exchange_emulators.binance.limits import Limits
from octobot_node.testing.exchange_emulators.binance.params import Params
from octobot_node.testing.exchange_emulators.binance.shapes import (
    TYPES,
    Shape,
    cancelled,
    order_status,
    placed,
    queried,
    symbol_id,
)
from octobot_node.testing.exchange_emulators.core.book import Book
from octobot_node.testing.exchange_emulators.core.exchange import Exchange
from octobot_node.testing.exchange_emulators.core.listing import RuleBroken, broken_rule
from octobot_node.testing.exchange_emulators.core.orders import STOPS, NewOrder, Order, Refused, RefusedFor, StpMode

__all__ = ["Orders"]

_FILTERS: dict[RuleBroken, str] = {
    "price_tick": "PRICE_FILTER",
    "price_range": "PRICE_FILTER",
    "price_far": "PERCENT_PRICE_BY_SIDE",
    "amount_step": "LOT_SIZE",
    "amount_min": "LOT_SIZE",
    "amount_max": "LOT_SIZE",
    "market_amount_max": "MARKET_LOT_SIZE",
    "notional_min": "NOTIONAL",
    "notional_max": "NOTIONAL",
}

_REFUSALS: dict[RefusedFor, tuple[int, str]] = {
    "funds": (-2010, "Account has insufficient balance for requested action."),
    "would_take": (-2010, "Order would immediately match and take."),
    "would_trigger": (-2010, "Order would trigger immediately."),
    "closed": (-1013, "Market is closed."),
}

_STP: dict[str, StpMode] = {"EXPIRE_TAKER": "taker", "EXPIRE_MAKER": "maker", "EXPIRE_BOTH": "both"}
_STATE: frozenset[str] = frozenset({"GTC", "IOC", "FOK"})

#: What is not offered on any market here -> the words of the refusal.
_NOT_OFFERED = {
    "icebergQty": "Iceberg orders are not supported for this symbol.",
    "trailingDelta": "Trailing stop orders are not supported for this symbol.",
    "pegPriceType": "Pegged orders are not supported for this symbol.",
}

_T = TypeVar("_T")

#: Unfilled orders that ended so long ago are not found any more.
_ARCHIVED_MS = 90 * 86_400_000
_DAY = 86_400_000


@dataclass(slots=True)
class Orders:
    """Orders of an exchange, as Binance has them. ``reuse_after_cancel``: whether a client order id may be used again
    whose order was cancelled; the documentation names only those that were filled.
    """

    exchange: Exchange
    limits: Limits
    reuse_after_cancel: bool = True

    def place(self, account: str, params: Params, *, test: bool = False) -> Callable[[], tuple[Shape, dict[str, str]]]:
        """Read an order and return what places it; that returns the answer and its headers."""
        book = self.book(params.needed("symbol"))
        new, how = self._read(account, book, params)
        if test:
            params.skip("computeCommissionRates")
        params.done()

        def act() -> tuple[Shape, dict[str, str]]:
            self._check(book, new)
            if test:
                return {}, {}
            self.limits.refuse_orders(account)
            try:
                order = self.exchange.place(new)
            except Refused as no:
                raise BinanceError(*_REFUSALS[no.why]) from no
            self.limits.count_order(account, at=order.created_at)
            if order.filled:
                self.limits.count_order(account, -1, at=order.created_at)
            return placed(order, how), self._counts(account)

        return act

    def cancel(self, account: str, params: Params, races: Callable[[], bool]) -> Callable[[], Shape]:
        """Read a cancel and return what carries it out."""
        book = self.book(params.needed("symbol"))
        number, client_id = params.number("orderId"), params.client_id("origClientOrderId")
        cancel_id = params.client_id("newClientOrderId") or _client_id()
        restriction = params.text("cancelRestrictions")
        params.done()
        if restriction not in (None, "ONLY_NEW", "ONLY_PARTIALLY_FILLED"):
            raise BinanceError(-1145, "Invalid cancelRestrictions")
        if number is None and client_id is None:
            raise BinanceError(-1102, "Param 'origClientOrderId' or 'orderId' must be sent, but both were empty/null!")

        def act() -> Shape:
            # The engine knows an order at once, whatever look-ups show.
            found = self._find(account, book, number, client_id, open_only=True)
            if found is not None and races():
                self.exchange.fill(found)
            if found is None or not found.open:
                raise BinanceError(-2011, "Unknown order sent.")
            if restriction not in (None, f"ONLY_{order_status(found)}"):
                raise BinanceError(-2011, "Order was not canceled due to cancel restrictions.")
            found.new.extra["cancel_id"] = cancel_id
            self.exchange.cancel(found)
            return cancelled(found, cancel_id, found.updated_at)

        return act

    def cancel_all(self, account: str, params: Params) -> Callable[[], list[Shape]]:
        """Read a cancel of all of a market and return what carries it out."""
        book = self.book(params.needed("symbol"))
        params.done()

        def act() -> list[Shape]:
            found = self.exchange.open_orders(account, book.listing.symbol)
            if not found:
                raise BinanceError(-2011, "Unknown order sent.")
            cancel_id = _client_id()
            for order in found:
                order.new.extra["cancel_id"] = cancel_id
                self.exchange.cancel(order)
            return [cancelled(order, cancel_id, order.updated_at) for order in found]

        return act

    def query(self, account: str, params: Params) -> Shape:
        """Answer a question about one order."""
        book = self.book(params.needed("symbol"))
        number, client_id = params.number("orderId"), params.client_id("origClientOrderId")
        params.done()
        if number is None and client_id is None:
            raise BinanceError(-1102, "Param 'origClientOrderId' or 'orderId' must be sent, but both were empty/null!")
        order = self._find(account, book, number, client_id)
        now = self.exchange.now()
        if order is None or not self.exchange.shows(order):
            raise BinanceError(-2013, "Order does not exist.")
        if client_id is not None and order.new.client_id != client_id:
            raise BinanceError(-2039, "Client order ID is not correct for this order ID.")
        if not order.open and not order.filled and now - order.updated_at > _ARCHIVED_MS:
            raise BinanceError(
                -2026, "Order was canceled or expired with no executed qty over 90 days ago and has been archived."
            )
        return queried(order)

    def open(self, account: str, params: Params) -> list[Shape]:
        """Answer which orders are open."""
        name = params.text("symbol")
        params.done()
        symbol = None if name is None else self.book(name).listing.symbol
        return [queried(each) for each in self.exchange.open_orders(account, symbol) if self.exchange.shows(each)]

    def all(self, account: str, params: Params) -> list[Shape]:
        """Answer which orders there were, oldest first."""
        book = self.book(params.needed("symbol"))
        number, start, end = params.number("orderId"), params.moment("startTime"), params.moment("endTime")
        limit = page_size(params)
        params.done()
        refuse_long(start, end)
        found = [
            order
            for order in self.exchange.orders_of(account)
            if order.symbol == book.listing.symbol and self.exchange.shows(order)
        ]
        if number is not None:
            return [queried(order) for order in found if order.number >= number][:limit]
        return [queried(order) for order in within(found, lambda order: order.created_at, start, end, limit)]

    def book(self, name: str) -> Book:
        """Return a market by its name, such as BTCUSDT."""
        for symbol, book in self.exchange.books.items():
            if symbol_id(symbol) == name:
                return book
        raise BinanceError(-1121, "Invalid symbol.")

    # -- reading an order

    def _read(self, account: str, book: Book, params: Params) -> tuple[NewOrder, str]:
        side, type_ = params.needed("side"), params.needed("type")
        if side not in ("BUY", "SELL"):
            raise BinanceError(-1117, "Invalid side.")
        if type_ not in TYPES:
            raise BinanceError(-1116, "Invalid orderType.")
        for name, words in _NOT_OFFERED.items():
            if params.has(name):
                raise BinanceError(-1013, words)
        tif = self._tif(params, type_)
        amount, spend = params.amount("quantity"), params.amount("quoteOrderQty")
        price, stop = params.amount("price"), params.amount("stopPrice")
        _check_fields(type_, amount, spend, price, stop)
        stp = params.text("selfTradePreventionMode") or "EXPIRE_MAKER"
        if stp not in _STP:
            raise BinanceError(-1013, "This symbol does not allow the specified self-trade prevention mode.")
        how = params.text("newOrderRespType") or ("FULL" if type_ in ("LIMIT", "MARKET") else "ACK")
        if how not in ("ACK", "RESULT", "FULL"):
            raise malformed("newOrderRespType")
        extra: dict[str, Any] = {"type": type_, "stp": stp}
        for name in ("strategyId", "strategyType"):
            if (value := params.number(name)) is not None:
                extra[name] = value
        new = NewOrder(
            account=account,
            symbol=book.listing.symbol,
            side="buy" if side == "BUY" else "sell",
            kind=TYPES[type_],
            client_id=params.client_id("newClientOrderId") or _client_id(),
            amount=amount,
            spend=spend,
            price=price,
            stop=stop,
            tif="ioc" if tif == "IOC" else "fok" if tif == "FOK" else "gtc",
            post_only=type_ == "LIMIT_MAKER",
            stp=_STP[stp],
            extra=extra,
        )
        return new, how

    def _tif(self, params: Params, type_: str) -> str:
        tif = params.text("timeInForce")
        if type_ in ("LIMIT", "STOP_LOSS_LIMIT", "TAKE_PROFIT_LIMIT"):
            if tif is None:
                raise malformed("timeInForce")
            if tif not in _STATE:
                raise BinanceError(-1115, "Invalid timeInForce.")
        elif tif is not None:
            raise not_wanted("timeInForce")
        return tif or "GTC"

    def _check(self, book: Book, new: NewOrder) -> None:
        """Refuse what the filters refuse, then a client order id that is in use."""
        if book.listing.status in ("halted", "cancel_only"):
            raise BinanceError(*_REFUSALS["closed"])
        broken = broken_rule(book.listing, new.amount, new.price, new.stop, book.last)
        if broken is None and new.spend is not None and new.spend < book.listing.min_notional:
            broken = "notional_min"
        if broken is not None:
            raise BinanceError(-1013, f"Filter failure: {_FILTERS[broken]}")
        mine = self.exchange.open_orders(new.account, new.symbol)
        if len(mine) >= book.listing.max_orders:
            raise BinanceError(-1013, "Filter failure: MAX_NUM_ORDERS")
        if new.kind in STOPS and sum(order.new.kind in STOPS for order in mine) >= book.listing.max_stops:
            raise BinanceError(-1013, "Filter failure: MAX_NUM_ALGO_ORDERS")
        if self._taken(new):
            raise BinanceError(-2010, "Duplicate order sent.")

    def _taken(self, new: NewOrder) -> bool:
        return any(
            order.open or (order.status != "filled" and not self.reuse_after_cancel)
            for order in self.exchange.with_client_id(new.account, new.client_id)
        )

    def _find(
        self, account: str, book: Book, number: int | None, client_id: str | None, *, open_only: bool = False
    ) -> Order | None:
        """Return the order with this id, else the newest with this client id; an open one first."""
        symbol = book.listing.symbol
        if number is not None:
            order = self.exchange.numbered(account, symbol, number)
            mismatch = order is not None and client_id is not None and order.new.client_id != client_id
            return None if mismatch and open_only else order
        same = [order for order in self.exchange.with_client_id(account, client_id or "") if order.symbol == symbol]
        return next((order for order in same if order.open), same[-1] if same else None)

    def _counts(self, account: str) -> dict[str, str]:
        return {
            f"X-MBX-ORDER-COUNT-{limit.letters}": str(self.limits.unfilled(account, limit))
            for limit in self.limits.orders
        }


def page_size(params: Params) -> int:
    """Return the limit of a page."""
    limit = params.number("limit")
    if limit is not None and limit <= 0:
        raise malformed("limit")
    return min(limit or 500, 1_000)


def refuse_long(start: int | None, end: int | None) -> None:
    """Refuse a window of more than a day."""
    if start is not None and end is not None and end - start > _DAY:
        raise BinanceError(-1127, "More than 24 hours between startTime and endTime.")


def within(
    found: Iterable[_T], time_of: Callable[[_T], int], start: int | None, end: int | None, limit: int
) -> list[_T]:
    """Return one page: the oldest of those after a start, otherwise the newest, always oldest first."""
    kept = [
        each for each in found if (start is None or time_of(each) >= start) and (end is None or time_of(each) <= end)
    ]
    return kept[:limit] if start is not None else kept[-limit:]


def _check_fields(
    type_: str, amount: Decimal | None, spend: Decimal | None, price: Decimal | None, stop: Decimal | None
) -> None:
    if type_ == "MARKET":
        if amount is not None and spend is not None:
            raise BinanceError(-1128, "Combination of optional parameters invalid.")
        if amount is None and spend is None:
            raise BinanceError(-1102, "Param 'quantity' or 'quoteOrderQty' must be sent, but both were empty/null!")
    elif spend is not None:
        raise not_wanted("quoteOrderQty")
    elif amount is None:
        raise malformed("quantity")
    if "LIMIT" in type_:
        if price is None:
            raise malformed("price")
    elif price is not None:
        raise not_wanted("price")
    if type_.startswith(("STOP", "TAKE")):
        if stop is None:
            raise malformed("stopPrice")
    elif stop is not None:
        raise not_wanted("stopPrice")


def _client_id() -> str:
    return uuid4().hex[:22]
