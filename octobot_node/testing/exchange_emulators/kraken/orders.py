"""Placing, cancelling and finding orders."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal, InvalidOperation
from typing import Any, Literal

from octobot_node.testing.exchange_emulators.core.book import Book
from octobot_node.testing.exchange_emulators.core.exchange import Exchange
from octobot_node.testing.exchange_emulators.core.listing import RuleBroken, broken_rule
from octobot_node.testing.exchange_emulators.core.orders import NewOrder, Order, Refused, RefusedFor, StpMode, Trade
from octobot_node.testing.exchange_emulators.kraken.errors import KrakenError, invalid
from octobot_node.testing.exchange_emulators.kraken.limits import Limits
from octobot_node.testing.exchange_emulators.kraken.names import find_book, seconds, trade_txid, txid
from octobot_node.testing.exchange_emulators.kraken.shapes import (
    ORDER_TYPES,
    Shape,
    described,
    order_shape,
    trade_shape,
)

__all__ = ["Orders"]

_RULES: dict[RuleBroken, str] = {
    "price_tick": "EOrder:Tick size check failed",
    "price_range": "EOrder:Invalid price",
    "price_far": "EOrder:Invalid price",
    "amount_step": "EGeneral:Invalid arguments:volume",
    "amount_min": "EOrder:Order minimum not met",
    "amount_max": "EGeneral:Invalid arguments:volume",
    "market_amount_max": "EGeneral:Invalid arguments:volume",
    "notional_min": "EOrder:Cost minimum not met",
    "notional_max": "EGeneral:Invalid arguments:volume",
}
_REFUSALS: dict[RefusedFor, str] = {
    "funds": "EOrder:Insufficient funds",
    "would_take": "EOrder:Post only order",
    "would_trigger": "EOrder:Invalid price",
    "closed": "EService:Market in cancel_only mode",
}
_STP: dict[str, StpMode] = {"cancel-newest": "taker", "cancel-oldest": "maker", "cancel-both": "both"}
_FLAGS = frozenset({"post", "fcib", "fciq", "nompp", "viqc"})
#: A UUID with or without hyphens, or free text of 18 characters.
_CLIENT_ID = re.compile(r"[0-9a-f]{32}|[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}|[\x21-\x7e]{1,18}")
_TXID = re.compile(r"[A-Z0-9]{6}-[A-Z0-9]{5}-[A-Z0-9]{6}")
_PAGE = 50
_LATEST_DEADLINE_MS = 60_000

Arguments = Mapping[str, str]


@dataclass(slots=True)
class Orders:
    """Orders of an exchange, as Kraken has them.

    ``duplicate``: what is answered to a cl_ord_id that an open order has; the documentation does not tell it.
    """

    exchange: Exchange
    limits: Limits
    duplicate: str = "EOrder:Duplicate order"

    def add(self, account: str, arguments: Arguments) -> Callable[[], Shape]:
        """Read an order and return what places it."""
        book = self._book(arguments.get("pair", ""))
        new, deadline = _read(account, book, arguments), _deadline(arguments, self.exchange.now())
        validate = arguments.get("validate", "").lower() in ("true", "1")

        def act() -> Shape:
            now = self.exchange.now()
            if deadline is not None and now > deadline:
                raise KrakenError("EService:Deadline elapsed")
            self._check(book, new)
            if validate:
                return {"descr": {"order": described(_draft(new, now), book)["order"]}}
            self.limits.order(account, new.symbol)
            try:
                order = self.exchange.place(new)
            except Refused as no:
                raise KrakenError(_REFUSALS[no.why]) from no
            answer: Shape = {"descr": {"order": described(order, book)["order"]}, "txid": [txid(order)]}
            return answer | ({"cl_ord_id": new.client_id} if new.client_id else {})

        return act

    def cancel(self, account: str, arguments: Arguments, races: Callable[[], bool]) -> Callable[[], Shape]:
        """Read a cancel and return what carries it out: of one order, or of all with a userref."""
        name, client_id = arguments.get("txid", ""), arguments.get("cl_ord_id", "")
        if not name and not client_id:
            raise invalid("txid")

        def act() -> Shape:
            found = [
                order
                for order in self.exchange.open_orders(account)
                if (name and name in (txid(order), str(order.new.extra.get("userref"))))
                or (client_id and order.new.client_id == client_id)
            ]
            if found and races():
                self.exchange.fill(found[0])
                found = [order for order in found if order.open]
            if not found:
                raise KrakenError("EOrder:Unknown order")
            return self._cancel(found)

        return act

    def cancel_all(self, account: str) -> Shape:
        """Cancel everything."""
        return self._cancel(self.exchange.open_orders(account))

    def open(self, account: str, arguments: Arguments) -> Shape:
        """Answer which orders are open."""
        found = self._narrowed(self.exchange.open_orders(account), arguments)
        return {"open": self._shown(found, arguments)}

    def closed(self, account: str, arguments: Arguments) -> Shape:
        """Answer which orders are closed, the newest first, fifty a page."""
        found = self._narrowed((each for each in self.exchange.orders_of(account) if not each.open), arguments)
        which = arguments.get("closetime", "both")
        if which not in ("open", "close", "both"):
            raise invalid("closetime")
        start, end = self._bounds(arguments)

        def inside(order: Order) -> bool:
            times = {"open": [order.created_at], "close": [order.updated_at]}.get(
                which, [order.created_at, order.updated_at]
            )
            return any(start < seconds(each) <= end for each in times)

        kept = sorted(filter(inside, found), key=lambda order: -order.serial)
        return {"closed": self._shown(_page(kept, arguments), arguments), "count": len(kept)}

    def query(self, account: str, arguments: Arguments) -> Shape:
        """Answer what became of orders that are named."""
        names = [name for name in arguments.get("txid", "").split(",") if name]
        if not names or len(names) > _PAGE:
            raise invalid("txid")
        if not all(_TXID.fullmatch(name) for name in names):
            raise KrakenError("EOrder:Invalid order")
        mine = {txid(order): order for order in self._narrowed(self.exchange.orders_of(account), arguments)}
        if not any(name in mine for name in names):
            raise KrakenError("EOrder:Unknown order")
        return self._shown([mine[name] for name in names if name in mine], arguments)

    def trades(self, account: str, arguments: Arguments) -> Shape:
        """Answer what was executed, the newest first, fifty a page."""
        start, end = self._bounds(arguments)
        found = [trade for trade in self._seen_trades(account) if start < seconds(trade.at) <= end]
        page = _page([*reversed(found)], arguments)
        return {"trades": {trade_txid(trade): trade_shape(trade) for trade in page}, "count": len(found)}

    def query_trades(self, account: str, arguments: Arguments) -> Shape:
        """Answer about trades that are named, at most twenty."""
        names = [name for name in arguments.get("txid", "").split(",") if name]
        if not names or len(names) > 20:
            raise invalid("txid")
        found = {trade_txid(trade): trade for trade in self._seen_trades(account)}
        if not all(name in found for name in names):
            raise KrakenError("EQuery:Invalid trade")
        return {name: trade_shape(found[name]) for name in names}

    # -- what is seen

    def _seen_trades(self, account: str) -> list[Trade]:
        return [trade for trade in self.exchange.trades_of(account) if self.exchange.shows(trade.order)]

    def _narrowed(self, orders: Iterable[Order], arguments: Arguments) -> list[Order]:
        userref, client_id = arguments.get("userref"), arguments.get("cl_ord_id")
        return [
            order
            for order in orders
            if self.exchange.shows(order)
            and (userref is None or str(order.new.extra.get("userref")) == userref)
            and (client_id is None or order.new.client_id == client_id)
        ]

    def _shown(self, orders: Iterable[Order], arguments: Arguments) -> Shape:
        trades = arguments.get("trades", "").lower() in ("true", "1")
        return {txid(order): order_shape(order, self.exchange.books[order.symbol], trades=trades) for order in orders}

    def _bounds(self, arguments: Arguments) -> tuple[float, float]:
        return self._moment(arguments, "start", 0.0), self._moment(arguments, "end", float("inf"))

    def _moment(self, arguments: Arguments, name: str, otherwise: float) -> float:
        """Return a bound in seconds: given as that, or as the id of an order or a trade."""
        text = arguments.get(name)
        if text is None:
            return otherwise
        for order in self.exchange.orders:
            if txid(order) == text:
                return seconds(order.created_at)
        for trade in self.exchange.trades:
            if trade_txid(trade) == text:
                return seconds(trade.at)
        try:
            return float(text)
        except ValueError as error:
            raise invalid(name) from error

    # -- what is done

    def _book(self, name: str) -> Book:
        book = find_book(self.exchange.books.values(), name)
        if book is None:
            raise KrakenError("EQuery:Unknown asset pair")
        return book

    def _check(self, book: Book, new: NewOrder) -> None:
        status = book.listing.status
        if status in ("halted", "cancel_only"):
            raise KrakenError(_REFUSALS["closed"])
        if status == "post_only" and not new.post_only:
            raise KrakenError("EService:Market in post_only mode")
        if status == "limit_only" and new.kind == "market":
            raise KrakenError("EService:Market in limit_only mode")
        broken = broken_rule(book.listing, new.amount, new.price, new.stop, book.last)
        if broken is None and new.spend is not None and new.spend < book.listing.min_notional:
            broken = "notional_min"
        if broken is not None:
            raise KrakenError(_RULES[broken])
        mine = self.exchange.open_orders(new.account)
        if new.client_id and any(order.new.client_id == new.client_id for order in mine):
            raise KrakenError(self.duplicate)
        if sum(order.symbol == new.symbol for order in mine) >= self.limits.open_orders:
            raise KrakenError("EOrder:Orders limit exceeded")

    def _cancel(self, orders: Iterable[Order]) -> Shape:
        count = 0
        for order in orders:
            self.limits.cancel(order.account, order.symbol, self.exchange.now() - order.created_at)
            count += self.exchange.cancel(order)
        return {"count": count}


def _read(account: str, book: Book, arguments: Arguments) -> NewOrder:
    side, type_ = arguments.get("type"), arguments.get("ordertype", "")
    if side not in ("buy", "sell"):
        raise invalid("type")
    if type_ not in ORDER_TYPES:
        raise invalid("ordertype")
    flags = _flags(arguments, type_)
    volume, price, price2 = (_number(arguments, name) for name in ("volume", "price", "price2"))
    if volume is None or volume <= 0:
        raise invalid("volume")
    stop, limit = (price, price2) if type_ not in ("market", "limit") else (None, price)
    if ("limit" in type_) != (limit is not None) or (type_ not in ("market", "limit") and stop is None):
        raise invalid("price")
    tif = arguments.get("timeinforce", "GTC").upper()
    if tif not in ("GTC", "IOC"):
        raise invalid("timeinforce")
    stp = arguments.get("stptype", "cancel-newest")
    if stp not in _STP:
        raise invalid("stptype")
    by_quote = "viqc" in flags
    return NewOrder(
        account=account,
        symbol=book.listing.symbol,
        side="buy" if side == "buy" else "sell",
        kind=ORDER_TYPES[type_],
        client_id=_client_id(arguments),
        amount=None if by_quote else volume,
        spend=volume if by_quote else None,
        price=limit,
        stop=stop,
        tif="ioc" if tif == "IOC" else "gtc",
        post_only="post" in flags,
        stp=_STP[stp],
        fee_in=_fee_in(flags),
        extra={"ordertype": type_, "oflags": ",".join(sorted(flags)), "userref": _userref(arguments)},
    )


def _flags(arguments: Arguments, type_: str) -> set[str]:
    flags = {flag for flag in arguments.get("oflags", "").split(",") if flag}
    wrong = not flags <= _FLAGS or {"fcib", "fciq"} <= flags
    if wrong or ("viqc" in flags and type_ != "market") or ("post" in flags and type_ != "limit"):
        raise invalid("oflags")
    return flags if "fcib" in flags else flags | {"fciq"}


def _fee_in(flags: set[str]) -> Literal["quote", "base"]:
    return "base" if "fcib" in flags else "quote"


def _client_id(arguments: Arguments) -> str:
    client_id = arguments.get("cl_ord_id", "")
    if client_id and not _CLIENT_ID.fullmatch(client_id):
        raise invalid("cl_ord_id")
    if client_id and arguments.get("userref"):
        raise invalid("userref")
    return client_id


def _userref(arguments: Arguments) -> int | None:
    text = arguments.get("userref", "")
    if not text:
        return None
    if not re.fullmatch(r"-?\d{1,10}", text) or not -(2**31) <= int(text) < 2**31:
        raise invalid("userref")
    return int(text)


def _number(arguments: Arguments, name: str) -> Decimal | None:
    text = arguments.get(name, "")
    if not text:
        return None
    try:
        number = Decimal(text)
    except InvalidOperation as error:
        raise invalid(name) from error
    if not number.is_finite():
        raise invalid(name)
    return number


def _deadline(arguments: Arguments, now: int) -> int | None:
    text = arguments.get("deadline", "")
    if not text:
        return None
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as error:
        raise invalid("deadline") from error
    if moment.tzinfo is None:
        raise invalid("deadline")
    deadline = int(moment.timestamp() * 1_000)
    if deadline > now + _LATEST_DEADLINE_MS:
        raise invalid("deadline")
    return deadline


def _draft(new: NewOrder, now: int) -> Order:
    return Order(0, 0, new, now, now, resting=False)


def _page(found: list[Any], arguments: Arguments) -> list[Any]:
    text = arguments.get("ofs", "0")
    if not text.isdigit():
        raise invalid("ofs")
    return found[int(text) : int(text) + _PAGE]
