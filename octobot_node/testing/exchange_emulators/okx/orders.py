"""Placing, cancelling and finding orders and fills."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from decimal import Decimal, InvalidOperation
from typing import Any, TypeVar

from octobot_node.testing.exchange_emulators.core.book import Book
from octobot_node.testing.exchange_emulators.core.exchange import Exchange
from octobot_node.testing.exchange_emulators.core.listing import RuleBroken, broken_rule
from octobot_node.testing.exchange_emulators.core.orders import (
    Kind,
    NewOrder,
    Order,
    Refused,
    RefusedFor,
    StpMode,
    Tif,
    Trade,
)
from octobot_node.testing.exchange_emulators.okx.errors import OkxError, OrderError, empty, wrong
from octobot_node.testing.exchange_emulators.okx.limits import Limits
from octobot_node.testing.exchange_emulators.okx.shapes import (
    Shape,
    bill_id,
    fill_shape,
    inst_id,
    ord_id,
    order_shape,
    state_of,
)

__all__ = ["Orders"]

_RULES: dict[RuleBroken, tuple[str, str]] = {
    "price_tick": ("51000", "Parameter px error"),
    "price_range": ("51000", "Parameter px error"),
    "price_far": ("51006", "Order price is not within the price limit"),
    "amount_step": ("51121", "Order quantity must be a multiple of the lot size."),
    "amount_min": ("51020", "Your order should meet or exceed the minimum order amount."),
    "amount_max": ("51005", "Your order amount exceeds the max order amount."),
    "market_amount_max": ("51202", "Market order amount exceeds the maximum amount."),
    "notional_min": ("51020", "Your order should meet or exceed the minimum order amount."),
    "notional_max": ("51201", "The value of a market order can't exceed the limit."),
}
_REFUSALS: dict[RefusedFor, tuple[str, str]] = {
    "funds": ("51008", "Order failed. Insufficient balance in account"),
    "would_take": ("51008", "Order failed."),
    "would_trigger": ("51000", "Parameter px error"),
    "closed": ("51009", "Order placement function is blocked by the platform."),
}
_TYPES: dict[str, tuple[Kind, Tif]] = {
    "market": ("market", "gtc"),
    "limit": ("limit", "gtc"),
    "post_only": ("limit", "gtc"),
    "fok": ("limit", "fok"),
    "ioc": ("limit", "ioc"),
}
_STP: dict[str, StpMode] = {"cancel_maker": "maker", "cancel_taker": "taker", "cancel_both": "both"}
_CLIENT_ID = re.compile(r"[A-Za-z0-9]{1,32}")
_TAG = re.compile(r"[A-Za-z0-9]{0,16}")
_HOUR = 3_600_000
_DAY = 24 * _HOUR

_T = TypeVar("_T")
Arguments = Mapping[str, Any]


@dataclass(slots=True)
class Orders:
    """Orders of an exchange, as OKX has them."""

    exchange: Exchange
    limits: Limits

    def place(self, account: str, asked: Arguments, *, alone: bool = True) -> Shape:
        """Place one order and return its part of the answer, whatever came of it.

        What is wrong with the request itself is raised where the order is ``alone`` in it.
        """
        shown: Shape = {"clOrdId": str(asked.get("clOrdId") or ""), "ordId": "", "tag": str(asked.get("tag") or "")}
        shown["ts"] = str(self.exchange.now())
        try:
            order = self._place(account, asked)
        except (OrderError, OkxError) as no:
            if alone and isinstance(no, OkxError):
                raise
            return shown | {"sCode": no.code, "sMsg": no.msg}
        return shown | {"ordId": ord_id(order), "sCode": "0", "sMsg": ""}

    def cancel(self, account: str, asked: Arguments, races: Callable[[], bool]) -> Shape:
        """Cancel one order and return its part of the answer."""
        if not asked.get("instId"):
            raise empty("instId")
        self.limits.cancel(account, str(asked["instId"]))
        order = self._find(account, asked)
        if order is not None and order.open and races():
            self.exchange.fill(order)
        shown: Shape = {"clOrdId": str(asked.get("clOrdId") or ""), "ordId": str(asked.get("ordId") or "")}
        shown["ts"] = str(self.exchange.now())
        if order is None or not self.exchange.cancel(order):
            words = "Order cancellation failed as the order has been filled, canceled or does not exist."
            return shown | {"sCode": "51400", "sMsg": words}
        return shown | {"clOrdId": order.new.client_id, "ordId": ord_id(order), "sCode": "0", "sMsg": ""}

    def query(self, account: str, asked: Arguments) -> list[Shape]:
        """Answer what became of one order; of several with a client id, the latest."""
        self._book(str(asked.get("instId") or ""))
        order, now = self._find(account, asked), self.exchange.now()
        if order is None or not self.exchange.shows(order) or _forgotten(order, now, 90 * _DAY):
            raise OkxError("51603", "Order does not exist.")
        return [order_shape(order)]

    def pending(self, account: str, asked: Arguments) -> list[Shape]:
        """Answer which orders are open, the newest first, a hundred a page."""
        found = [order for order in self.exchange.open_orders(account) if self._shows(order, asked)]
        return [order_shape(order) for order in _page(found, asked, lambda order: int(ord_id(order)))]

    def history(self, account: str, asked: Arguments, days: int) -> list[Shape]:
        """Answer which orders ended, the newest first, a hundred a page; those never filled are kept for two hours."""
        if asked.get("instType") != "SPOT":
            raise empty("instType") if not asked.get("instType") else wrong("instType")
        now = self.exchange.now()
        found = [
            order
            for order in self.exchange.orders_of(account)
            if not order.open
            and self._shows(order, asked)
            and not _forgotten(order, now, days * _DAY)
            and _between(order.created_at, asked)
        ]
        return [order_shape(order) for order in _page(found, asked, lambda order: int(ord_id(order)))]

    def fills(self, account: str, asked: Arguments, days: int) -> list[Shape]:
        """Answer what was executed in the last days, the newest first, a hundred a page."""
        now = self.exchange.now()
        found = [
            trade
            for trade in self.exchange.trades_of(account)
            if self.exchange.shows(trade.order)
            and now - trade.at <= days * _DAY
            and _between(trade.at, asked)
            and asked.get("instId") in (None, inst_id(trade.order.symbol))
            and asked.get("ordId") in (None, ord_id(trade.order))
        ]
        return [fill_shape(trade, self._rate(trade)) for trade in _page(found, asked, bill_id)]

    # -- what is done

    def _place(self, account: str, asked: Arguments) -> Order:
        book = self._book(str(asked.get("instId") or ""))
        self.limits.place(account, str(asked["instId"]))
        new = _read(account, book, asked)
        status = book.listing.status
        if status in ("halted", "cancel_only") or (status == "post_only" and not new.post_only):
            raise OrderError(*_REFUSALS["closed"])
        if new.client_id and any(order.open for order in self.exchange.with_client_id(account, new.client_id)):
            raise OrderError("51016", "Client order ID already exists.")
        if new.kind == "market" and not _true(asked.get("banAmend")):
            new = self._shrunk(book, new)
        broken = broken_rule(book.listing, new.amount, new.price, None, book.last)
        if broken is None and new.spend is not None and new.spend < book.ask * book.listing.min_amount:
            broken = "amount_min"
        if broken is not None:
            raise OrderError(*_RULES[broken])
        try:
            return self.exchange.place(new)
        except Refused as no:
            raise OrderError(*_REFUSALS[no.why]) from no

    def _shrunk(self, book: Book, new: NewOrder) -> NewOrder:
        """Return a market order of no more than the account has: unless that is banned, its size is amended."""
        account = self.exchange.account(new.account)
        if new.spend is not None and new.side == "buy":
            return replace(new, spend=min(new.spend, account.free[book.listing.quote]))
        if new.amount is None:
            return new
        if new.side == "sell":
            return replace(new, amount=min(new.amount, book.whole(account.free[book.listing.base])))
        return replace(new, amount=min(new.amount, book.whole(account.free[book.listing.quote] / book.ask)))

    def _book(self, name: str) -> Book:
        if not name:
            raise empty("instId")
        for symbol, book in self.exchange.books.items():
            if inst_id(symbol) == name:
                return book
        raise OkxError("51001", "Instrument ID or Spread ID doesn't exist.")

    def _find(self, account: str, asked: Arguments) -> Order | None:
        number, client_id, name = asked.get("ordId"), asked.get("clOrdId"), asked.get("instId")
        if not number and not client_id:
            raise OkxError("51003", "Either client order ID or order ID is required.")
        if number:
            found = [order for order in self.exchange.orders_of(account) if ord_id(order) == str(number)]
        else:
            found = self.exchange.with_client_id(account, str(client_id))
        here = [order for order in found if inst_id(order.symbol) == name]
        return here[-1] if here else None

    def _shows(self, order: Order, asked: Arguments) -> bool:
        return (
            self.exchange.shows(order)
            and asked.get("instType") in (None, "SPOT")
            and asked.get("instId") in (None, inst_id(order.symbol))
            and asked.get("state") in (None, state_of(order))
            and (not asked.get("ordType") or order.new.extra["ordType"] in str(asked["ordType"]).split(","))
        )

    def _rate(self, trade: Trade) -> Decimal:
        listing = self.exchange.books[trade.order.symbol].listing
        return listing.maker_fee if trade.liquidity == "maker" else listing.taker_fee


def _read(account: str, book: Book, asked: Arguments) -> NewOrder:
    for name in ("tdMode", "side", "ordType", "sz"):
        if not asked.get(name):
            raise empty(name)
    side, type_, mode = asked["side"], str(asked["ordType"]), str(asked.get("stpMode") or "cancel_maker")
    if asked["tdMode"] != "cash":
        raise OrderError("51010", "Request unsupported under current account mode")
    for name, known in (("side", side in ("buy", "sell")), ("ordType", type_ in _TYPES), ("stpMode", mode in _STP)):
        if not known:
            raise OrderError("51000", f"Parameter {name} error")
    for name, pattern in (("clOrdId", _CLIENT_ID), ("tag", _TAG)):
        if asked.get(name) and not pattern.fullmatch(str(asked[name])):
            raise OrderError("51000", f"Parameter {name} error")
    kind, tif = _TYPES[type_]
    size, price = _number(asked, "sz"), None if kind == "market" else _number(asked, "px")
    target = str(asked.get("tgtCcy") or ("quote_ccy" if side == "buy" else "base_ccy"))
    if target not in ("base_ccy", "quote_ccy"):
        raise OrderError("51000", "Parameter tgtCcy error")
    by_quote = kind == "market" and target == "quote_ccy"
    return NewOrder(
        account=account,
        symbol=book.listing.symbol,
        side="buy" if side == "buy" else "sell",
        kind=kind,
        client_id=str(asked.get("clOrdId") or ""),
        amount=None if by_quote else size,
        spend=size if by_quote else None,
        price=price,
        tif=tif,
        post_only=type_ == "post_only",
        stp=_STP[mode],
        extra={
            "ordType": type_,
            "sz": str(asked["sz"]),
            "tag": str(asked.get("tag") or ""),
            "tgtCcy": target if kind == "market" else "",
            "stpMode": mode,
        },
    )


def _number(asked: Arguments, name: str) -> Decimal:
    text = asked.get(name)
    if not isinstance(text, str) or not text:
        raise OrderError("51000", f"Parameter {name} error")
    try:
        number = Decimal(text)
    except InvalidOperation as error:
        raise OrderError("51000", f"Parameter {name} error") from error
    if not number.is_finite() or number <= 0:
        raise OrderError("51000", f"Parameter {name} error")
    return number


def _true(value: Any) -> bool:
    return value is True or str(value).lower() == "true"


def _forgotten(order: Order, now: int, kept_ms: int) -> bool:
    if order.open:
        return False
    return now - order.updated_at > (2 * _HOUR if not order.filled else kept_ms)


def _between(moment: int, asked: Arguments) -> bool:
    return int(asked.get("begin") or 0) <= moment <= int(asked.get("end") or 10**15)


def _page(found: Iterable[_T], asked: Arguments, number: Callable[[_T], int]) -> list[_T]:
    """Return the newest of those that are older than ``after`` and newer than ``before``."""
    try:
        after, before = int(asked.get("after") or 10**20), int(asked.get("before") or 0)
        limit = min(int(asked.get("limit") or 100), 100)
    except ValueError as error:
        raise wrong("after") from error
    kept = [each for each in found if before < number(each) < after]
    return sorted(kept, key=number, reverse=True)[:limit]
