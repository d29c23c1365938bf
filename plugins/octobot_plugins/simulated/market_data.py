"""The simulated market as market data: tickers and candles of the price path, on the clock's time."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal

import numpy as np

from octobot_node.clock import Clock
from octobot_node.contracts.exchanges import ConnectorContext
from octobot_node.errors import DataUnavailable
from octobot_node.market import Candles, MarketRules, Ticker, from_ms, timeframe_ms
from octobot_node.text.symbols import check_symbol
from octobot_plugins.simulated.noise import Floats, Ints, key_of, uniform
from octobot_plugins.simulated.path import PricePath
from octobot_plugins.simulated.settings import SimulatedSettings, step_problem

__all__ = ["SimulatedMarket", "open_market"]

#: Prices looked at inside a candle for its high and low.
_SAMPLES = 16
_MOST_CANDLES = 10_000
_BPS = Decimal(10_000)
_CENT = Decimal("0.01")
_DOLLARS = ("USD", "USDT", "USDC", "DAI", "FDUSD")
#: What assets were once worth in dollars, as a place to start from.
_WORTH = {
    **dict.fromkeys(_DOLLARS, Decimal(1)),
    "EUR": Decimal("1.1"),
    "BTC": Decimal(40_000),
    "ETH": Decimal(2_500),
    "BNB": Decimal(350),
    "SOL": Decimal(100),
    "XRP": Decimal("0.6"),
    "ADA": Decimal("0.5"),
    "DOGE": Decimal("0.1"),
}


@dataclass(frozen=True, slots=True)
class _Listing:
    path: PricePath
    rules: MarketRules

    def steps(self, at: Ints) -> Floats:
        """Return the price at each time as a whole number of price steps."""
        return np.maximum(np.rint(self.path.prices(at) / float(self.rules.price_step)), 1.0)

    def price(self, at: int) -> Decimal:
        return int(self.steps(np.array([at], dtype=np.int64))[0]) * self.rules.price_step

    def as_floats(self, steps: Floats) -> Floats:
        # One correctly rounded division: equal to float() of the exact price, where steps * 0.01 would not always be.
        over, under = self.rules.price_step.as_integer_ratio()
        return steps * over / under


def open_market(settings: SimulatedSettings, context: ConnectorContext) -> SimulatedMarket:
    """Open the market."""
    return SimulatedMarket(settings, context.clock)


class SimulatedMarket:
    """``MarketData`` of every symbol BASE/QUOTE; nothing in it is random but by the seed."""

    def __init__(self, settings: SimulatedSettings, clock: Clock) -> None:
        self._settings = settings
        self._clock = clock
        self._listings: dict[str, _Listing] = {}

    async def tickers(self, symbols: Collection[str]) -> Mapping[str, Ticker]:
        """Return the price now of each symbol, with bid < last < ask; raise DataUnavailable when none is BASE/QUOTE."""
        now = self._clock.now()
        found = {
            symbol: self._ticker(self._listing(symbol), now) for symbol in symbols if self._why_not(symbol) is None
        }
        if symbols and not found:
            raise DataUnavailable("; ".join(str(self._why_not(symbol)) for symbol in sorted(symbols)))
        return found

    def _ticker(self, listing: _Listing, now: int) -> Ticker:
        step, last = listing.rules.price_step, listing.price(now)
        half = last * self._settings.spread_bps / _BPS / 2
        bid = min(((last - half) / step).to_integral_value(ROUND_FLOOR) * step, last - step)
        ask = max(((last + half) / step).to_integral_value(ROUND_CEILING) * step, last + step)
        return Ticker(listing.rules.symbol, last=last, bid=bid, ask=ask, at=from_ms(now))

    async def candles(self, symbol: str, timeframe: str, count: int) -> Candles:
        """Return the ``count`` newest closed candles (at most 10,000), which start on multiples since 1970 UTC.

        Open and close are the price at their times, so that each candle opens where the last one closed.
        Raises DataUnavailable for what is not a valid symbol or timeframe.
        """
        why_not = self._why_not(symbol)
        if why_not is not None:
            raise DataUnavailable(why_not)
        try:
            length = timeframe_ms(timeframe)
        except ValueError as error:
            raise DataUnavailable(str(error)) from None
        end = self._clock.now() // length * length
        count = min(count, _MOST_CANDLES, end // length)
        if count < 1:
            raise DataUnavailable(f"no {timeframe} candle of {symbol} was asked for, or none is closed yet")
        return _candles(self._listing(symbol), timeframe, length, end, count)

    async def rules(self, symbols: Collection[str]) -> Mapping[str, MarketRules]:
        """Return the rules of each symbol."""
        return {symbol: self._listing(symbol).rules for symbol in symbols if self._why_not(symbol) is None}

    #: It has every pair; these are the ones that people look for.
    lists_all = False

    async def symbols(self) -> Collection[str]:
        """Return pairs of well-known assets, and those that have a price of their own in the settings."""
        return {*(f"{base}/USD" for base in _WORTH if base not in _DOLLARS), *self._settings.prices}

    async def close(self) -> None:
        """Do nothing: there is no connection."""

    def _why_not(self, symbol: str) -> str | None:
        """Return why there is no such market, or None."""
        try:
            check_symbol(symbol)
        except ValueError as error:
            return str(error)
        return step_problem(self._settings.price_step, symbol, _start(symbol, self._settings))

    def _listing(self, symbol: str) -> _Listing:
        if symbol not in self._listings:
            self._listings[symbol] = _list(symbol, self._settings)
        return self._listings[symbol]


def _candles(listing: _Listing, timeframe: str, length: int, end: int, count: int) -> Candles:
    time = end - length * np.arange(count, 0, -1, dtype=np.int64)
    inside = np.arange(_SAMPLES, dtype=np.int64) * length // _SAMPLES
    sampled = listing.steps(np.append((time[:, None] + inside).ravel(), end))
    table = sampled[:-1].reshape(count, _SAMPLES)
    close = np.append(table[1:, 0], sampled[-1])
    return Candles(
        listing.rules.symbol,
        timeframe,
        time=time,
        open=listing.as_floats(table[:, 0]),
        high=listing.as_floats(np.maximum(table.max(axis=1), close)),
        low=listing.as_floats(np.minimum(table.min(axis=1), close)),
        close=listing.as_floats(close),
        volume=listing.path.volumes(time, length),
    )


def _list(symbol: str, settings: SimulatedSettings) -> _Listing:
    base, _, quote = symbol.partition("/")
    start = _start(symbol, settings)
    path = PricePath(settings.seed, symbol, float(start), float(settings.volatility), float(settings.trend))
    rules = MarketRules(
        symbol,
        base,
        quote,
        # A cent, and finer where the price has less than seven digits with cents.
        price_step=settings.price_step or min(_CENT, Decimal(1).scaleb(start.adjusted() - 6)),
        amount_step=settings.amount_step,
        min_amount=settings.min_amount,
        min_notional=settings.min_notional,
        taker_fee=settings.taker_fee,
        maker_fee=settings.maker_fee,
        fee_in=settings.fee_in,
    )
    return _Listing(path, rules)


def _start(symbol: str, settings: SimulatedSettings) -> Decimal:
    base, _, quote = symbol.partition("/")
    return settings.prices.get(symbol) or _worth(base) / _worth(quote)


def _worth(asset: str) -> Decimal:
    if asset in _WORTH:
        return _WORTH[asset]
    exponent = 4 * float(uniform(key_of("worth", asset), np.zeros(1, dtype=np.int64))[0]) - 2
    return round(Decimal(10**exponent), 4)
