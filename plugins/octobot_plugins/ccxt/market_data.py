"""Prices of an exchange: tickers in one request, closed candles of which only new ones are asked for, and rules."""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Mapping, Sequence
from typing import Any

import numpy as np

from octobot_node.contracts.exchanges import AskedFor, ConnectorContext, RequestCost
from octobot_node.contracts.streams import StreamState
from octobot_node.errors import DataUnavailable, OctoBotError
from octobot_node.market import Candles, MarketRules, Ticker, timeframe_ms
from octobot_plugins.ccxt.pacing import costs_counted
from octobot_plugins.ccxt.reading import amount_of, rules_of, ticker_of
from octobot_plugins.ccxt.remote import Remote
from octobot_plugins.ccxt.settings import CcxtMarketSettings
from octobot_plugins.ccxt.streams.prices import PriceListener

__all__ = ["CcxtMarketData", "open_market_data"]

#: Questions asked at once where an exchange tells one ticker at a time.
_AT_ONCE = 8
#: Most exchanges tell at most this many candles at once.
_PAGE = 300
_MOST = 10_000
_WEEK = 604_800_000

Row = Sequence[Any]


def open_market_data(settings: CcxtMarketSettings, context: ConnectorContext) -> CcxtMarketData:
    """Open the market data of an exchange; it is not asked for anything yet."""
    return CcxtMarketData(settings, context)


class CcxtMarketData:
    """``MarketData`` of one exchange."""

    #: Every spot market is listed.
    lists_all = True

    def __init__(self, settings: CcxtMarketSettings, context: ConnectorContext) -> None:
        self._clock = context.clock
        self._remote = Remote(settings, context)
        is_live = settings.listens and not context.clock.virtual
        self.prices = PriceListener(self._remote, context.clock) if is_live else None
        #: Closed candles by opening time, of each series.
        self._candles: dict[tuple[str, str], dict[int, Row]] = {}
        #: What the last prices took, a symbol, and the last piece of candles.
        self._price_weight = 1.0
        self._candles_weight = 1.0

    async def tickers(self, symbols: Collection[str]) -> Mapping[str, Ticker]:
        """Return the ticker of each symbol that is listed; raise DataUnavailable when none is, or nobody answers."""
        if not symbols:
            return {}
        exchange = await self._ready()
        listed = [symbol for symbol in symbols if symbol in exchange.markets]
        if not listed:
            raise DataUnavailable("; ".join(self._why_not(symbol) for symbol in sorted(symbols)))
        found = {} if self.prices is None else self.prices.told(listed)
        to_ask = [symbol for symbol in listed if symbol not in found]
        if to_ask:
            asked = await self._asked(exchange, to_ask)
            if self.prices is not None:
                self.prices.asked(asked)
            found |= asked
        return found

    async def _asked(self, exchange: Any, symbols: Sequence[str]) -> dict[str, Ticker]:
        with costs_counted() as taken:
            told = await self._told(exchange, symbols)
        if taken:
            self._price_weight = sum(taken) / (1 if self._tells_all(exchange) else len(taken))
        now = self._clock.now()
        found = {symbol: ticker_of(symbol, told[symbol], now) for symbol in symbols if symbol in told}
        return {symbol: ticker for symbol, ticker in found.items() if ticker is not None}

    @staticmethod
    def _tells_all(exchange: Any) -> bool:
        return bool(exchange.has.get("fetchTickers"))

    async def request_cost(self, what: AskedFor, symbols: int = 1) -> RequestCost | None:
        """Return what prices or candles take of the limit; the last ones show it."""
        exchange = await self._remote.made()
        if what == "candles":
            return self._remote.cost_of(1, self._candles_weight)
        if what != "tickers":
            return None
        if not self._tells_all(exchange):
            return self._remote.cost_of(symbols, symbols * self._price_weight)
        known = self._remote.record.tickers_cost
        return self._remote.cost_of(1, self._price_weight if known is None else known(symbols))

    async def _told(self, exchange: Any, symbols: Sequence[str]) -> Mapping[str, Any]:
        if self._tells_all(exchange):
            told: Mapping[str, Any] = await self._ask(exchange.fetch_tickers, list(symbols))
            return told
        limit = asyncio.Semaphore(_AT_ONCE)

        async def one(symbol: str) -> tuple[str, Any]:
            async with limit:
                return symbol, await self._ask(exchange.fetch_ticker, symbol)

        return dict(await asyncio.gather(*(one(symbol) for symbol in symbols)))

    async def candles(self, symbol: str, timeframe: str, count: int) -> Candles:
        """Return up to ``count`` newest closed candles, at most 10,000; only those not yet known are asked for.

        Raises DataUnavailable where there are none.
        """
        exchange = await self._ready()
        length = self._length(exchange, symbol, timeframe)
        known = self._candles.setdefault((symbol, timeframe), {})
        closed = self._clock.now() // length * length
        count = min(count, _MOST, closed // length)
        begin = closed - count * length
        have = [at for at in known if at >= begin]
        # From the newest that is known on, if it reaches back far enough; it may have been corrected since.
        since = max(have) if have and min(have) <= begin + length else begin
        while since < closed:
            limit = min(_PAGE, (closed - since) // length + 1)
            with costs_counted() as taken:
                rows: Sequence[Row] = await self._ask(exchange.fetch_ohlcv, symbol, timeframe, since, limit)
            self._candles_weight = sum(taken) or self._candles_weight
            fresh = {int(row[0]): row for row in rows if since <= int(row[0]) < closed and int(row[0]) % length == 0}
            known.update(fresh)
            newest = max(fresh, default=0)
            if not fresh or newest + length >= closed or newest <= since:
                break
            since = newest
        kept = {at: known[at] for at in sorted(known)[-max(count, len(have)) :]}
        self._candles[symbol, timeframe] = kept
        times = [at for at in kept if begin <= at < closed]
        if not times:
            raise DataUnavailable(f"there is no {timeframe} candle of {symbol} yet")
        return _columns(symbol, timeframe, times, kept)

    def _length(self, exchange: Any, symbol: str, timeframe: str) -> int:
        if symbol not in exchange.markets:
            raise DataUnavailable(self._why_not(symbol))
        try:
            length = timeframe_ms(timeframe)
        except ValueError as error:
            raise DataUnavailable(str(error)) from None
        offered = exchange.timeframes or {}
        if timeframe not in offered or length >= _WEEK:
            # Weeks begin on Mondays there, and on a Thursday, 1970's first day, here.
            lengths = ", ".join(name for name in offered if name[-1:] in "smhd")
            raise DataUnavailable(f"{self._remote.record.title} has no {timeframe} candles to go by: take {lengths}")
        return length

    async def rules(self, symbols: Collection[str]) -> Mapping[str, MarketRules]:
        """Return the rules of each symbol that is listed."""
        exchange = await self._ready()
        record = self._remote.record
        return {symbol: rules_of(record, exchange.markets[symbol]) for symbol in symbols if symbol in exchange.markets}

    async def symbols(self) -> Collection[str]:
        """Return every spot market that is open."""
        exchange = await self._ready()
        return [symbol for symbol, market in exchange.markets.items() if market.get("active") is not False]

    def streams(self) -> Sequence[StreamState]:
        """Return the stream of prices, if it is in use."""
        return () if self.prices is None else self.prices.states()

    async def close(self) -> None:
        """Let go of connections."""
        if self.prices is not None:
            await self.prices.close()
        await self._remote.close()

    async def _ready(self) -> Any:
        try:
            return await self._remote.ready()
        except OctoBotError as error:
            raise DataUnavailable(str(error)) from error

    async def _ask(self, call: Any, *arguments: Any) -> Any:
        try:
            return await self._remote.read(call, *arguments)
        except OctoBotError as error:
            raise DataUnavailable(str(error)) from error

    def _why_not(self, symbol: str) -> str:
        if ":" in symbol:
            return f"{symbol} is a derivative: only spot markets, such as BTC/USDT, are offered"
        return f"{self._remote.record.title} lists no spot market {symbol}"


def _columns(symbol: str, timeframe: str, times: Sequence[int], rows: Mapping[int, Row]) -> Candles:
    table = np.array([[float(amount_of(value) or 0) for value in rows[at][1:6]] for at in times], dtype=np.float64)
    opened, high, low, close, volume = (np.ascontiguousarray(column) for column in table.T)
    return Candles(
        symbol,
        timeframe,
        time=np.array(times, dtype=np.int64),
        open=opened,
        high=high,
        low=low,
        close=close,
        volume=volume,
    )
