"""What goes over the wire: orders, trades, markets, in Kraken's words."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from octobot_node.testing.exchange_emulators.core.book import Book
from octobot_node.testing.exchange_emulators.core.orders import Kind, Order, Trade
from octobot_node.testing.exchange_emulators.kraken.names import (
    asset_id,
    decimals_of,
    pair_of,
    seconds,
    trade_txid,
    txid,
)

__all__ = ["ORDER_TYPES", "Shape", "asset_pair", "described", "order_shape", "ticker_shape", "trade_shape"]

Shape = dict[str, Any]

ORDER_TYPES: dict[str, Kind] = {
    "market": "market",
    "limit": "limit",
    "stop-loss": "stop",
    "stop-loss-limit": "stop_limit",
    "take-profit": "take_profit",
    "take-profit-limit": "take_profit_limit",
}
_STATUS = {"open": "open", "filled": "closed", "cancelled": "canceled", "expired": "canceled"}


def described(order: Order, book: Book) -> Shape:
    """Return an order in words, and its parts."""
    new, pair = order.new, pair_of(order.symbol).altname
    kind = new.extra["ordertype"]
    price, price2 = (new.price, None) if new.stop is None else (new.stop, new.price)
    words = f"{new.side} {_volume(order)} {pair} @ {kind.replace('-limit', '').replace('-', ' ')}"
    if price is not None:
        words += f" {_price(book, price)}"
    if price2 is not None:
        words += f" -> limit {_price(book, price2)}"
    return {
        "pair": pair,
        "type": new.side,
        "ordertype": kind,
        "price": "0" if price is None else _price(book, price),
        "price2": "0" if price2 is None else _price(book, price2),
        "leverage": "none",
        "order": words,
        "close": "",
    }


def order_shape(order: Order, book: Book, *, trades: bool = False) -> Shape:
    """Return an order."""
    new = order.new
    average = order.cost / order.filled if order.filled else Decimal(0)
    shape: Shape = {
        "refid": None,
        "userref": new.extra.get("userref"),
        "status": _STATUS[order.status],
        "opentm": seconds(order.created_at),
        "starttm": 0,
        "expiretm": 0,
        "descr": described(order, book),
        "vol": _volume(order),
        "vol_exec": f"{order.filled:.8f}",
        "cost": f"{order.cost:.5f}",
        "fee": f"{sum((trade.fee for trade in order.trades), Decimal(0)):.5f}",
        "price": _price(book, average),
        "stopprice": _price(book, new.stop or Decimal(0)),
        "limitprice": _price(book, Decimal(0)),
        "misc": "",
        "oflags": new.extra["oflags"],
    }
    if new.client_id:
        shape["cl_ord_id"] = new.client_id
    if not order.open:
        shape |= {
            "closetm": seconds(order.updated_at),
            "reason": None if order.status == "filled" else "User requested",
        }
    if trades:
        shape["trades"] = [trade_txid(trade) for trade in order.trades]
    return shape


def trade_shape(trade: Trade) -> Shape:
    """Return a trade."""
    order = trade.order
    return {
        "ordertxid": txid(order),
        "postxid": "TKH2SE-M7IF5-CFI7LT",
        "pair": pair_of(order.symbol).id,
        "time": seconds(trade.at),
        "type": order.new.side,
        "ordertype": order.new.extra["ordertype"],
        "price": f"{trade.price:.5f}",
        "cost": f"{trade.cost:.8f}",
        "fee": f"{trade.fee:.8f}",
        "vol": f"{trade.amount:.8f}",
        "margin": "0.00000",
        "leverage": "0",
        "misc": "",
        "trade_id": trade.id,
        "maker": trade.liquidity == "maker",
    }


def asset_pair(book: Book) -> Shape:
    """Return the rules of a market."""
    listing, pair = book.listing, pair_of(book.listing.symbol)
    return {
        "altname": pair.altname,
        "wsname": pair.wsname,
        "aclass_base": "currency",
        "base": asset_id(listing.base),
        "aclass_quote": "currency",
        "quote": asset_id(listing.quote),
        "lot": "unit",
        "cost_decimals": 5,
        "pair_decimals": decimals_of(listing.tick),
        "lot_decimals": decimals_of(listing.step),
        "lot_multiplier": 1,
        "leverage_buy": [],
        "leverage_sell": [],
        "fees": [[0, float(listing.taker_fee * 100)]],
        "fees_maker": [[0, float(listing.maker_fee * 100)]],
        "fee_volume_currency": "ZUSD",
        "margin_call": 80,
        "margin_stop": 40,
        "ordermin": f"{listing.min_amount.normalize():f}",
        "costmin": f"{listing.min_notional.normalize():f}",
        "tick_size": f"{listing.tick.normalize():f}",
        "status": {"trading": "online", "halted": "maintenance"}.get(listing.status, listing.status),
    }


def ticker_shape(book: Book, now: int) -> Shape:
    """Return the last day of a market: of each pair of figures the first is today's."""
    day = book.line.candle(now - 86_400_000, 86_400_000, now)

    def price(value: Decimal) -> str:
        return _price(book, value)

    return {
        "a": [price(book.ask), "1", "1.000"],
        "b": [price(book.bid), "1", "1.000"],
        "c": [price(book.last), "0.00100000"],
        "v": [f"{day.volume:.8f}"] * 2,
        "p": [price(book.last)] * 2,
        "t": [1 + len(book.trades)] * 2,
        "l": [price(day.low)] * 2,
        "h": [price(day.high)] * 2,
        "o": price(day.open),
    }


def _volume(order: Order) -> str:
    # Of an order in quote, that is its volume, and it says so in its flags.
    amount = order.new.spend if order.new.amount is None else order.new.amount
    return f"{amount:.8f}"


def _price(book: Book, price: Decimal) -> str:
    return f"{price:.{decimals_of(book.listing.tick)}f}"
