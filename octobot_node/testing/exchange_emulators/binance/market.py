"""Public questions: rules and prices."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal

from octobot_node.testing.exchange_emulators.binance.errors import BinanceError, malformed
from octobot_node.testing.exchange_emulators.binance.limits import Limits
from octobot_node.testing.exchange_emulators.binance.orders import Orders
from octobot_node.testing.exchange_emulators.binance.params import Params
from octobot_node.testing.exchange_emulators.binance.shapes import Shape, fixed, market_info, symbol_id, ticker
from octobot_node.testing.exchange_emulators.core.book import Book
from octobot_node.testing.exchange_emulators.core.exchange import Exchange
from octobot_node.testing.exchange_emulators.core.prices import Candle
from octobot_node.testing.exchange_emulators.web.faults import Maintenance

__all__ = ["INTERVALS", "MarketQuestions", "kline"]

_UNITS = {"s": 1_000, "m": 60_000, "h": 3_600_000, "d": 86_400_000, "w": 604_800_000}

_LENGTHS = ("1s", "1m", "3m", "5m", "15m", "30m", "1h", "2h", "4h", "6h", "8h", "12h", "1d", "3d", "1w")

#: Interval -> its length in ms. Months, which have no one length, are not here.
INTERVALS: dict[str, int] = {text: int(text[:-1]) * _UNITS[text[-1]] for text in _LENGTHS}

#: Monday, 5 January 1970: where weeks begin.
_FIRST_MONDAY = 4 * 86_400_000


@dataclass(slots=True)
class MarketQuestions:
    """Answers about markets, to anybody."""

    exchange: Exchange
    orders: Orders
    limits: Limits
    maintenance: Callable[[], Maintenance]

    def ping(self, params: Params) -> Shape:
        """Answer that somebody is there."""
        params.done()
        return {}

    def time(self, params: Params) -> Shape:
        """Answer the exchange's time, which its clock tells wrongly if told so."""
        params.done()
        return {"serverTime": self.exchange.now()}

    def system_status(self, params: Params) -> Shape:
        """Answer whether the exchange is under maintenance."""
        params.done()
        down = self.maintenance() != "none"
        return {"status": int(down), "msg": "system maintenance" if down else "normal"}

    def exchange_info(self, params: Params) -> Shape:
        """Answer the rules of markets."""
        one, some = params.text("symbol"), params.symbols("symbols")
        status = params.text("symbolStatus")
        params.skip("permissions", "showPermissionSets")
        params.done()
        if one is not None and some is not None:
            raise BinanceError(-1128, "Combination of optional parameters invalid.")
        names = [one] if one is not None else some
        books = [*self.exchange.books.values()] if names is None else [self.orders.book(name) for name in names]
        markets = [market_info(book.listing) for book in books]
        return {
            "timezone": "UTC",
            "serverTime": self.exchange.now(),
            "rateLimits": [
                _limit("REQUEST_WEIGHT", "MINUTE", 1, self.limits.weight),
                *(_limit("ORDERS", each.interval, each.number, each.limit) for each in self.limits.orders),
                _limit("RAW_REQUESTS", "MINUTE", 5, 61_000),
            ],
            "exchangeFilters": [],
            "symbols": [each for each in markets if status in (None, each["status"])],
        }

    def tickers(self, params: Params) -> Shape | list[Shape]:
        """Answer the last 24 hours of one market, some or all."""
        mini = params.text("type") == "MINI"
        now = self.exchange.now()

        def shape(book: Book) -> Shape:
            found = ticker(book, now)
            return {name: found[name] for name in _MINI} if mini else found

        return self._each(params, shape)

    def prices(self, params: Params) -> Shape | list[Shape]:
        """Answer last prices."""
        return self._each(params, lambda book: {"symbol": symbol_id(book.listing.symbol), "price": fixed(book.last)})

    def book_tickers(self, params: Params) -> Shape | list[Shape]:
        """Answer the best bids and asks."""
        now = self.exchange.now()
        return self._each(params, lambda book: {name: ticker(book, now)[name] for name in _BOOK_TICKER})

    def average_price(self, params: Params) -> Shape:
        """Answer the price that filters go by."""
        book = self.orders.book(params.needed("symbol"))
        params.done()
        return {"mins": 5, "price": fixed(book.last), "closeTime": self.exchange.now()}

    def depth(self, params: Params) -> Shape:
        """Answer the order book."""
        book = self.orders.book(params.needed("symbol"))
        limit = params.number("limit") or 100
        params.skip("symbolStatus")
        params.done()
        return {"lastUpdateId": 1 + len(self.exchange.trades), **levels(book, min(limit, 5_000))}

    def klines(self, params: Params) -> list[list[object]]:
        """Answer candles, the one that is still open among them."""
        book = self.orders.book(params.needed("symbol"))
        interval = params.needed("interval")
        start, end, limit = params.moment("startTime"), params.moment("endTime"), params.number("limit") or 500
        params.skip("timeZone")
        params.done()
        if interval not in INTERVALS:
            raise BinanceError(-1120, "Invalid interval.")
        if limit <= 0:
            raise malformed("limit")
        length, now, limit = INTERVALS[interval], self.exchange.now(), min(limit, 1_000)
        offset = _FIRST_MONDAY if interval == "1w" else 0
        last = min(now, now if end is None else end)
        newest = (last - offset) // length * length + offset
        oldest = newest - (limit - 1) * length
        if start is not None:
            oldest = -(-(start - offset) // length) * length + offset
            newest = min(newest, oldest + (limit - 1) * length)
        return [
            kline(book.line.candle(opens_at, length, now), length, len(book.trades))
            for opens_at in range(oldest, newest + 1, length)
        ]

    def _each(self, params: Params, shape: Callable[[Book], Shape]) -> Shape | list[Shape]:
        one, some = params.text("symbol"), params.symbols("symbols")
        params.skip("symbolStatus")
        params.done()
        if one is not None and some is not None:
            raise BinanceError(-1128, "Combination of optional parameters invalid.")
        if one is not None:
            return shape(self.orders.book(one))
        books = [self.orders.book(name) for name in some] if some is not None else [*self.exchange.books.values()]
        return [shape(book) for book in books]


_MINI = (
    "symbol", "openPrice", "highPrice", "lowPrice", "lastPrice", "volume", "quoteVolume", "openTime", "closeTime",
    "firstId", "lastId", "count",
)  # fmt: skip
_BOOK_TICKER = ["symbol", "bidPrice", "bidQty", "askPrice", "askQty"]


def levels(book: Book, count: int) -> dict[str, list[list[str]]]:
    """Return bids and asks: the world's, and those that rest here."""
    bids: dict[Decimal, Decimal] = {}
    asks: dict[Decimal, Decimal] = {}
    for step in range(min(count, 20)):
        bids[book.bid - step * book.listing.tick] = Decimal(100)
        asks[book.ask + step * book.listing.tick] = Decimal(100)
    for order in book.resting.values():
        side, price = bids if order.new.side == "buy" else asks, order.new.price or Decimal(0)
        side[price] = side.get(price, Decimal(0)) + order.remaining
    return {
        "bids": [[fixed(price), fixed(bids[price])] for price in sorted(bids, reverse=True)[:count]],
        "asks": [[fixed(price), fixed(asks[price])] for price in sorted(asks)[:count]],
    }


def kline(candle: Candle, length: int, trades: int) -> list[object]:
    """Return a candle as a row."""
    half = candle.volume / 2
    return [
        candle.opens_at,
        fixed(candle.open),
        fixed(candle.high),
        fixed(candle.low),
        fixed(candle.close),
        fixed(candle.volume),
        candle.opens_at + length - 1,
        fixed(candle.volume * candle.close),
        trades,
        fixed(half),
        fixed(half * candle.close),
        "0",
    ]


def _limit(kind: str, interval: str, number: int, limit: int) -> Shape:
    return {"rateLimitType": kind, "interval": interval, "intervalNum": number, "limit": limit}
