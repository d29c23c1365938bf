"""What Binance pushes: events of markets, and of an account's orders and money."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from octobot_node.testing.exchange_emulators.binance.market import INTERVALS, levels
from octobot_node.testing.exchange_emulators.binance.shapes import Shape, fixed, order_status, symbol_id, ticker
from octobot_node.testing.exchange_emulators.core.book import Book
from octobot_node.testing.exchange_emulators.core.exchange import Exchange, Happening
from octobot_node.testing.exchange_emulators.core.orders import Order, Trade

__all__ = ["account_events", "book_ticker_event", "kline_event", "mini_ticker_event", "ticker_event", "trade_event"]


def account_events(exchange: Exchange, happening: Happening) -> list[Shape]:
    """Return what is told of an order and of the money that it moved."""
    order, now = happening.order, exchange.now()
    report = _report(order, happening.trade, _execution(happening), now)
    account = exchange.account(order.account)
    listing = exchange.books[order.symbol].listing
    assets = {listing.base, listing.quote, *([happening.trade.fee_asset] if happening.trade else [])}
    position = {
        "e": "outboundAccountPosition",
        "E": now,
        "u": now,
        "B": [{"a": each, "f": fixed(account.free[each]), "l": fixed(account.locked[each])} for each in sorted(assets)],
    }
    return [report, position]


def _execution(happening: Happening) -> str:
    match happening.what:
        case "accepted" | "triggered":
            return "NEW"
        case "traded":
            return "TRADE"
        case "closed":
            order = happening.order
            if order.status == "cancelled":
                return "CANCELED"
            return "TRADE_PREVENTION" if order.reason == "self-trade" else "EXPIRED"


def _report(order: Order, trade: Trade | None, execution: str, now: int) -> Shape:
    new = order.new
    cancelled = execution == "CANCELED" and "cancel_id" in new.extra
    report: dict[str, Any] = {
        "e": "executionReport",
        "E": now,
        "s": symbol_id(order.symbol),
        # A cancel has an id of its own, and the order's is then the original one.
        "c": new.extra["cancel_id"] if cancelled else new.client_id,
        "S": new.side.upper(),
        "o": new.extra["type"],
        "f": new.tif.upper(),
        "q": fixed(order.filled if new.amount is None else new.amount),
        "p": fixed(new.price),
        "P": fixed(new.stop),
        "F": fixed(None),
        "g": -1,
        "C": new.client_id if cancelled else "",
        "x": execution,
        "X": order_status(order),
        "r": "NONE",
        "i": order.number,
        "l": fixed(trade.amount if trade else None),
        "z": fixed(order.filled),
        "L": fixed(trade.price if trade else None),
        "n": fixed(trade.fee) if trade else "0",
        "N": trade.fee_asset if trade else None,
        "T": trade.at if trade else order.updated_at,
        "t": trade.id if trade else -1,
        "I": order.serial * 1_000 + len(order.trades),
        "w": order.open and order.resting,
        "m": trade is not None and trade.liquidity == "maker",
        "M": False,
        "O": order.created_at,
        "Z": fixed(order.cost),
        "Y": fixed(trade.cost if trade else None),
        "Q": fixed(new.spend),
        "V": new.extra["stp"],
    }
    if order.working_at:
        report["W"] = order.working_at
    if order.prevented:
        report |= {"v": order.serial, "A": fixed(order.prevented)}
    return report


def ticker_event(book: Book, now: int) -> Shape:
    """Return ``<symbol>@ticker``."""
    day = ticker(book, now)
    names = {
        "p": "priceChange", "P": "priceChangePercent", "w": "weightedAvgPrice", "x": "prevClosePrice", "c": "lastPrice",
        "Q": "lastQty", "b": "bidPrice", "B": "bidQty", "a": "askPrice", "A": "askQty", "o": "openPrice",
        "h": "highPrice", "l": "lowPrice", "v": "volume", "q": "quoteVolume", "O": "openTime", "C": "closeTime",
        "F": "firstId", "L": "lastId", "n": "count",
    }  # fmt: skip
    return {"e": "24hrTicker", "E": now, "s": day["symbol"], **{short: day[long] for short, long in names.items()}}


def mini_ticker_event(book: Book, now: int) -> Shape:
    """Return ``<symbol>@miniTicker``."""
    whole = ticker_event(book, now)
    return {**{name: whole[name] for name in "Escohlvq"}, "e": "24hrMiniTicker"}


def book_ticker_event(book: Book, update: int) -> Shape:
    """Return ``<symbol>@bookTicker``."""
    found = levels(book, 1)
    (bid, bids), (ask, asks) = found["bids"][0], found["asks"][0]
    return {"u": update, "s": symbol_id(book.listing.symbol), "b": bid, "B": bids, "a": ask, "A": asks}


def kline_event(book: Book, interval: str, now: int) -> Shape:
    """Return ``<symbol>@kline_<interval>``."""
    length = INTERVALS[interval]
    candle, name = book.line.candle(now // length * length, length, now), symbol_id(book.listing.symbol)
    shape = {
        "t": candle.opens_at, "T": candle.opens_at + length - 1, "s": name, "i": interval, "f": 1,
        "L": 1 + len(book.trades), "o": fixed(candle.open), "c": fixed(candle.close), "h": fixed(candle.high),
        "l": fixed(candle.low), "v": fixed(candle.volume), "n": len(book.trades), "x": False,
        "q": fixed(candle.volume * candle.close), "V": fixed(candle.volume / 2), "Q": fixed(Decimal(0)), "B": "0",
    }  # fmt: skip
    return {"e": "kline", "E": now, "s": name, "k": shape}


def trade_event(trade: Trade, now: int) -> Shape:
    """Return ``<symbol>@trade``."""
    buyer_makes = (trade.liquidity == "maker") == (trade.order.new.side == "buy")
    return {
        "e": "trade", "E": now, "s": symbol_id(trade.order.symbol), "t": trade.id, "p": fixed(trade.price),
        "q": fixed(trade.amount), "T": trade.at, "m": buyer_makes, "M": True,
    }  # fmt: skip
