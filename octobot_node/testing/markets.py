"""Hand-made markets: exact prices, candles and rules, for a tick or a whole test."""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from operator import attrgetter
from typing import Any

from octobot_node.market import Candles, Market, MarketRules, Ticker, from_ms, timeframe_ms, to_ms
from octobot_node.testing.candles import Given, Row, money, read_rows, to_candles
from octobot_node.text.symbols import check_symbol

__all__ = ["START", "MarketBuilder", "Price", "make_market"]

#: When a hand-made market is, unless told otherwise.
START = datetime(2026, 1, 1, tzinfo=UTC)
#: Money, exactly: a float is refused.
Price = Decimal | int | str


@dataclass(frozen=True, slots=True)
class _Series:
    rows: tuple[Row, ...]
    stale: bool


class MarketBuilder:
    """Builds a ``Market`` step by step: ``MarketBuilder().price("BTC/USD", 100).build()``.

    Every symbol with a price or candles has rules: base and quote from its name, a price step of 0.01 or as fine as
    its price, a fee of 0.1 % in the received asset. ``now`` is an aware time, 2026-01-01 UTC unless given.
    """

    def __init__(self, now: datetime = START) -> None:
        self.now = from_ms(to_ms(now))
        self._tickers: dict[str, Ticker] = {}
        self._series: dict[tuple[str, str], _Series] = {}
        self._rules: dict[str, MarketRules] = {}
        #: (symbol, timeframe) -> what was last built, by how many rows it has.
        self._built: dict[tuple[str, str], tuple[int, Candles]] = {}

    def at(self, now: datetime) -> MarketBuilder:
        """Move to another time; prices stay as old as they are."""
        self.now = from_ms(to_ms(now))
        return self

    def price(
        self,
        symbol: str,
        last: Price,
        *,
        bid: Price | None = None,
        ask: Price | None = None,
        age: timedelta = timedelta(0),
    ) -> MarketBuilder:
        """Set the prices of a symbol, in quote per base, as of ``age`` ago; bid and ask are ``last`` unless given.

        Raises TypeError for a float, ValueError for a price that is not positive or a bid above the ask.
        """
        exact = {"last": last, "bid": last if bid is None else bid, "ask": last if ask is None else ask}
        prices = {name: money(value, f"the {name} price of {symbol}") for name, value in exact.items()}
        for name, value in prices.items():
            if value <= 0:
                raise ValueError(f"the {name} price of {symbol} is {value}: write one above 0")
        if prices["bid"] > prices["ask"]:
            raise ValueError(f"{symbol} has a bid of {prices['bid']} above its ask of {prices['ask']}: swap them")
        self._tickers[symbol] = Ticker(symbol, **prices, at=self.now - age)
        self._known(symbol)
        return self

    def age(self, span: timedelta) -> MarketBuilder:
        """Make every price older by ``span``, and every series of candles stale."""
        self._tickers = {name: replace(ticker, at=ticker.at - span) for name, ticker in self._tickers.items()}
        self._series = {key: replace(series, stale=True) for key, series in self._series.items()}
        self._built.clear()
        return self

    def no_price(self, symbol: str) -> MarketBuilder:
        """Take the price of a symbol away, as when an exchange does not answer."""
        self._tickers.pop(symbol, None)
        return self

    def candles(
        self, symbol: str, timeframe: str, data: Given = None, *, closes: Given = None, stale: bool = False
    ) -> MarketBuilder:
        """Set closed candles, oldest first: ``closes``, rows of (open, high, low, close, volume), rows with the opening
        time in ms before, a numpy array of either, or the path of a CSV file.

        Those without a time end with one that closed last. Without a price, the last close is the price.
        """
        given = closes if data is None else data
        if given is None:
            raise ValueError(f"give the candles of {symbol}: closes=[…], rows, or the path of a CSV file")
        rows = read_rows(given, timeframe, end=to_ms(self.now))
        self._series[symbol, timeframe] = _Series(tuple(rows), stale)
        self._built.pop((symbol, timeframe), None)
        if symbol not in self._tickers:
            self.price(symbol, rows[-1].close)
        return self

    def add_candle(self, symbol: str, timeframe: str, close: Price | float) -> MarketBuilder:
        """Append a candle that closes now, opening where the last one closed."""
        known = self._series[symbol, timeframe]
        step = timeframe_ms(timeframe)
        last = known.rows[-1].close
        (_, row) = read_rows([last, close], timeframe, start=to_ms(self.now) // step * step - 2 * step)
        self._series[symbol, timeframe] = _Series((*known.rows, row), known.stale)
        return self

    def rules(self, symbol: str, **changes: Any) -> MarketBuilder:
        """Change fields of a symbol's ``MarketRules``: ``amount_step``, ``min_amount``, ``fee_in`` and so on."""
        fields = MarketRules.__dataclass_fields__
        for name, value in changes.items():
            if name not in fields:
                raise TypeError(f"the rules of a market have no {name!r}; there are: {', '.join(fields)}")
            if name not in ("symbol", "base", "quote", "fee_in"):
                changes[name] = money(value, name)
        self._rules[symbol] = replace(self._known(symbol), **changes)
        return self

    def rules_of(self, symbol: str) -> MarketRules:
        """Return the rules in force; raise KeyError for a symbol that the market does not have."""
        return self._rules[symbol]

    def ticker_of(self, symbol: str) -> Ticker | None:
        """Return the prices in force, or None where there are none."""
        return self._tickers.get(symbol)

    def build(self) -> Market:
        """Return the market as of now."""
        candles = {key: self._closed(key, series) for key, series in self._series.items()}
        return Market(self.now, dict(self._tickers), candles, dict(self._rules))

    def _closed(self, key: tuple[str, str], series: _Series) -> Candles:
        symbol, timeframe = key
        last = to_ms(self.now) - timeframe_ms(timeframe)
        count = bisect_right(series.rows, last, key=attrgetter("time"))
        known = self._built.get(key)
        if known is None or known[0] != count:
            known = (count, to_candles(symbol, timeframe, series.rows[:count], stale=series.stale))
            self._built[key] = known
        return known[1]

    def _known(self, symbol: str) -> MarketRules:
        if symbol not in self._rules:
            base, _, quote = check_symbol(symbol).partition("/")
            self._rules[symbol] = MarketRules(symbol, base, quote)
        return self._fine_enough(symbol)

    def _fine_enough(self, symbol: str) -> MarketRules:
        rules, ticker = self._rules[symbol], self._tickers.get(symbol)
        if ticker is not None and ticker.last < rules.price_step:
            step = Decimal(1).scaleb(ticker.last.adjusted() - 3)
            self._rules[symbol] = replace(rules, price_step=step)
        return self._rules[symbol]


def make_market(prices: dict[str, Price] | None = None, /, *, now: datetime = START, **named: Price) -> Market:
    """Return a market with these prices: ``make_market(BTC_USD=100)`` or ``make_market({"BTC/USD": "100.5"})``."""
    builder = MarketBuilder(now)
    for name, price in {**(prices or {}), **{name.replace("_", "/"): price for name, price in named.items()}}.items():
        builder.price(name, price)
    return builder.build()
