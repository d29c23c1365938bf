"""The market hub: one snapshot per batch, one fetch per market whoever asks, and price levels that wake."""

from __future__ import annotations

import asyncio
import bisect
import json
import threading
from collections.abc import AsyncIterator, Collection, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import TYPE_CHECKING, Any, NamedTuple

import structlog

from octobot_node.automation import Needs
from octobot_node.clock import steady_ms
from octobot_node.contracts.exchanges import MarketData, SymbolList
from octobot_node.engine.counters import Counters
from octobot_node.engine.market.opened_accounts import Accounts
from octobot_node.engine.workers.event_loop import EventLoop
from octobot_node.errors import DataUnavailable
from octobot_node.market import Candles, Market, MarketRules, Ticker, from_ms, timeframe_ms
from octobot_node.text.said_once import SaidOnce

if TYPE_CHECKING:
    from octobot_node.clock import Clock

__all__ = ["Level", "Levels", "MarketHub", "requests_for"]

log = structlog.get_logger(__name__)
#: A ticker younger than this is shared instead of fetched again.
_TICKER_MS = 200
#: How long a tick on a boundary waits for the candle that just closed.
_GRACE_S = 1.0
#: Listings change now and then.
_SYMBOLS_MS = 600_000


def requests_for(needs: Needs) -> int:
    """Return how many requests market data takes that nobody else asked for just now: one for all tickers, one for each
    series of candles.
    """
    return int(bool(needs.symbols)) + len(needs.candles)


@dataclass(slots=True)
class _Source:
    name: str
    market: MarketData
    #: With when each was fetched (steady ms); candles with the closing time (ms UTC) of the last.
    tickers: dict[str, tuple[int, Ticker]] = field(default_factory=dict)
    candles: dict[tuple[str, str], tuple[int, Candles]] = field(default_factory=dict)
    rules: dict[str, MarketRules] = field(default_factory=dict)
    symbols: tuple[int, list[str]] | None = None
    #: Fetches take turns: whoever waited finds what the one before fetched.
    turn: asyncio.Lock = field(default_factory=asyncio.Lock)
    #: Apart: what people look at holds up no tick.
    listing_turn: asyncio.Lock = field(default_factory=asyncio.Lock)
    turns: dict[tuple[str, str], asyncio.Lock] = field(default_factory=dict)

    def candles_turn(self, symbol: str, timeframe: str) -> asyncio.Lock:
        """Return the lock of one series."""
        return self.turns.setdefault((symbol, timeframe), asyncio.Lock())


class MarketHub:
    """Shared market data with short-lived caches."""

    def __init__(
        self, accounts: Accounts, clock: Clock, event_loop: EventLoop, deadline: float, counters: Counters
    ) -> None:
        self._accounts = accounts
        self._clock = clock
        self._event_loop = event_loop
        self._deadline = deadline
        self._counters = counters
        self._sources: dict[str, _Source] = {}
        self.levels = Levels()
        self._said = SaidOnce()

    def snapshot(self, source: str, needs: Needs) -> Market:
        """Return one view of everything needed; what is missing is left out of it.

        Raises DataUnavailable when the source does not answer within the deadline.
        """
        return self._event_loop.call(self._snapshot(source, needs))

    def symbols(self, source: str) -> tuple[list[str], bool]:
        """Return (the symbols that a source lists, in order; whether those are all it has).

        Raises DataUnavailable when it does not answer, or lists none.
        """
        return self._event_loop.call(self._symbols(source))

    def rules(self, source: str, symbols: Collection[str]) -> dict[str, MarketRules]:
        """Return the rules of those symbols that are listed; raises DataUnavailable when the source is silent."""
        return self._event_loop.call(self._rules_in_time(source, symbols))

    async def _symbols(self, name: str) -> tuple[list[str], bool]:
        source, now = self._source(name), steady_ms(self._clock)
        market = source.market
        if not isinstance(market, SymbolList):
            raise DataUnavailable(f"{name} does not list its symbols: name one, as its exchange does")
        async with self._answering(name), source.listing_turn:
            if source.symbols is None or now - source.symbols[0] > _SYMBOLS_MS:
                source.symbols = now, sorted(await market.symbols())
            return source.symbols[1], market.lists_all

    async def _rules_in_time(self, name: str, symbols: Collection[str]) -> dict[str, MarketRules]:
        source = self._source(name)
        async with self._answering(name), source.turn:
            return await self._rules(source, symbols)

    @asynccontextmanager
    async def _answering(self, name: str) -> AsyncIterator[None]:
        """Turn whatever a source does but answer in time into DataUnavailable."""
        try:
            async with asyncio.timeout(self._deadline):
                yield
        except DataUnavailable:
            raise
        except TimeoutError:
            raise DataUnavailable(f"{name} did not answer within {self._deadline:g} s") from None
        except Exception as error:
            log.warning("market_data_failed", source=name, error=str(error))
            raise DataUnavailable(f"{name} failed: {error}") from error

    async def _snapshot(self, name: str, needs: Needs) -> Market:
        source = self._source(name)
        async with self._answering(name), source.turn:
            tickers = await self.tickers(name, needs.symbols)
            rules = await self._rules(source, needs.symbols)
        keys = list(needs.candles)
        found = await asyncio.gather(*(self._candles_in_time(source, *key, needs.candles[key]) for key in keys))
        candles = {key: each for key, each in zip(keys, found, strict=True) if each is not None}
        return Market(from_ms(self._clock.now()), tickers, candles, rules)

    async def _candles_in_time(self, source: _Source, symbol: str, timeframe: str, count: int) -> Candles | None:
        """Return candles, or None where there are none in time: one slow symbol must not keep the others waiting."""
        try:
            async with asyncio.timeout(self._deadline), source.candles_turn(symbol, timeframe):
                return await self._candles(source, symbol, timeframe, count)
        except Exception as error:  # noqa: BLE001 - whoever needs them waits, and says what for
            log.warning("no_candles", symbol=symbol, timeframe=timeframe, error=str(error) or type(error).__name__)
            return None

    async def tickers(self, name: str, symbols: Collection[str]) -> dict[str, Ticker]:
        """Return the tickers there are, fetching those that are not fresh."""
        source, now = self._source(name), steady_ms(self._clock)
        age = 0 if self._clock.virtual else _TICKER_MS
        stale = [s for s in symbols if s not in source.tickers or now - source.tickers[s][0] > age]
        self._counters.looked_up(_shown(name), "tickers", len(symbols) - len(stale), len(stale))
        if stale:
            for symbol, ticker in (await source.market.tickers(stale)).items():
                source.tickers[symbol] = (now, ticker)
        return {
            s: source.tickers[s][1] for s in symbols if s in source.tickers and now - source.tickers[s][0] <= 60_000
        }

    async def _rules(self, source: _Source, symbols: Collection[str]) -> dict[str, MarketRules]:
        unknown = [symbol for symbol in symbols if symbol not in source.rules]
        if unknown:
            source.rules.update(await source.market.rules(unknown))
        return {symbol: source.rules[symbol] for symbol in symbols if symbol in source.rules}

    async def _candles(self, source: _Source, symbol: str, timeframe: str, count: int) -> Candles:
        now, step = self._clock.now(), timeframe_ms(timeframe)
        closed = now // step * step
        cached = source.candles.get((symbol, timeframe))
        # Another candle closed last where the clock went on, and where it was set back.
        fresh = cached is not None and cached[0] == closed and len(cached[1]) >= count
        self._counters.looked_up(source.name, "candles", int(fresh), int(not fresh))
        if cached is None or not fresh:
            fetched = await self._fetch_candles(source.market, symbol, timeframe, count, closed - step)
            cached = source.candles[symbol, timeframe] = (closed, fetched)
        return _newest(cached[1], count)

    async def _fetch_candles(self, market: MarketData, symbol: str, timeframe: str, count: int, newest: int) -> Candles:
        waited = 0.0
        while True:
            candles = await market.candles(symbol, timeframe, count)
            fresh = len(candles) > 0 and int(candles.time[-1]) >= newest
            if fresh or self._clock.virtual:
                return replace(candles, stale=not fresh)
            if waited >= _GRACE_S:
                return replace(candles, stale=True)
            await asyncio.sleep(0.25)
            waited += 0.25

    def _source(self, name: str) -> _Source:
        if name not in self._sources:
            self._sources[name] = _Source(_shown(name), self._accounts.source(name))
        return self._sources[name]

    def answered(self) -> dict[str, int]:
        """Return source -> when it last gave a price (ms UTC); of those with the same connector the latest."""
        found: dict[str, int] = {}
        since = self._clock.now() - steady_ms(self._clock)
        for source in list(self._sources.values()):
            for at, _ in list(source.tickers.values()):
                found[source.name] = max(found.get(source.name, 0), since + at)
        return found

    def set_levels(self, automation_id: str, source: str, levels: str | None) -> None:
        """Watch the prices of ``levels`` (JSON as stored) for an automation, instead of those before."""
        self.levels.replace(automation_id, source, levels)

    def crossed(self, but: Collection[tuple[str, str]] = ()) -> list[str]:
        """Fetch the prices that somebody waits for and return who is woken by them; each level wakes once.

        (Source, symbol) pairs in ``but`` are left alone.
        """
        return self._event_loop.call(self._crossed(but))

    async def _crossed(self, but: Collection[tuple[str, str]]) -> list[str]:
        woken: list[str] = []
        for source, watched in self.levels.watched().items():
            symbols = {symbol for symbol in watched if (source, symbol) not in but}
            try:
                async with asyncio.timeout(self._deadline):
                    tickers = await self.tickers(source, symbols)
            except Exception as error:  # noqa: BLE001 - one silent source must not stop the others
                why = str(error) or type(error).__name__
                if self._said.is_news(source, why):
                    log.warning("levels_unwatched", source=source, error=why)
                continue
            if self._said.is_over(source):
                log.info("levels_watched", source=source)
            for symbol, ticker in tickers.items():
                woken += self.levels.take(source, symbol, ticker.last)
        return woken


def _shown(source: str) -> str:
    """Return a source's connector: sources of other settings are as many as people like."""
    return source.partition(":")[0]


def _newest(candles: Candles, count: int) -> Candles:
    if len(candles) <= count:
        return candles
    columns = ("time", "open", "high", "low", "close", "volume")
    return replace(candles, **{name: getattr(candles, name)[-count:] for name in columns})


class Level(NamedTuple):
    """A price that wakes an automation: from below if it is ``above``."""

    automation_id: str
    source: str
    symbol: str
    price: Decimal
    above: bool
    at_closes: bool


class Levels:
    """Prices that wake automations, sorted by market, so that a quiet one costs nothing however many wait."""

    def __init__(self) -> None:
        self._above: dict[tuple[str, str], list[tuple[Decimal, str]]] = {}
        self._below: dict[tuple[str, str], list[tuple[Decimal, str]]] = {}
        self._of: dict[str, list[tuple[bool, tuple[str, str], Decimal]]] = {}
        #: Who waits for a replay's closes alone.
        self._at_closes: set[str] = set()
        # Until they are first used, levels are only gathered: a start adds them all, and sorting them once takes a
        # fraction of finding each its place.
        self._sorted = False
        self._lock = threading.Lock()

    def __bool__(self) -> bool:
        return bool(self._of)

    def count(self) -> int:
        """Return how many levels are watched."""
        with self._lock:
            return sum(len(own) for own in self._of.values())

    def replace(self, automation_id: str, source: str, levels: str | None) -> None:
        """Replace an automation's levels."""
        if levels is None and automation_id not in self._of:
            return
        with self._lock:
            if automation_id in self._of:
                self._forget(automation_id)
            if levels is not None:
                self._add(automation_id, source, json.loads(levels))

    def _add(self, automation_id: str, source: str, levels: Mapping[str, Any]) -> None:
        own = self._of.setdefault(automation_id, [])
        if levels.get("at_closes"):
            self._at_closes.add(automation_id)
        for above, table in ((True, self._above), (False, self._below)):
            for symbol, text in levels["above" if above else "below"].items():
                price = Decimal(text)
                rows = table.setdefault((source, symbol), [])
                if self._sorted:
                    bisect.insort(rows, (price, automation_id))
                else:
                    rows.append((price, automation_id))
                own.append((above, (source, symbol), price))

    def _sort(self) -> None:
        if not self._sorted:
            for rows in (*self._above.values(), *self._below.values()):
                rows.sort()
            self._sorted = True

    def _forget(self, automation_id: str) -> None:
        self._sort()
        self._at_closes.discard(automation_id)
        for above, key, price in self._of.pop(automation_id, ()):
            table = self._above if above else self._below
            rows = table[key]
            index = bisect.bisect_left(rows, (price, automation_id))
            if index < len(rows) and rows[index] == (price, automation_id):
                del rows[index]
            if not rows:
                del table[key]

    def watched(self) -> dict[str, set[str]]:
        """Return source -> symbols with a level on them."""
        with self._lock:
            found: dict[str, set[str]] = {}
            for source, symbol in (*self._above, *self._below):
                found.setdefault(source, set()).add(symbol)
            return found

    def take(self, source: str, symbol: str, price: Decimal) -> list[str]:
        """Return who is woken by ``price``, and forget all their levels."""
        key = (source, symbol)
        with self._lock:
            self._sort()
            above = self._above.get(key, [])
            below = self._below.get(key, [])
            reached = above[: bisect.bisect_right(above, (price, "\uffff"))]
            reached += below[bisect.bisect_left(below, (price, "")) :]
            woken = sorted({automation_id for _, automation_id in reached})
            for automation_id in woken:
                self._forget(automation_id)
            return woken

    def each(self) -> list[Level]:
        """Return every level."""
        with self._lock:
            return [
                Level(automation_id, source, symbol, price, above, automation_id in self._at_closes)
                for automation_id, own in self._of.items()
                for above, (source, symbol), price in own
            ]
