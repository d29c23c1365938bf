"""Prices that an exchange tells by itself, of the symbols that are in use, all over one connection."""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from octobot_node.clock import Clock
from octobot_node.contracts.streams import StreamState
from octobot_node.market import Ticker
from octobot_plugins.ccxt.reading import ticker_of
from octobot_plugins.ccxt.remote import Remote
from octobot_plugins.ccxt.streams.listener import Listener, NotStreamed, Renewed, Unused, WentSilent
from octobot_plugins.ccxt.streams.patience import Patience

__all__ = ["PriceListener"]

#: Symbols of one connection: ccxt's own limit for several exchanges.
_MOST = 200
#: Whoever asks so often uses it.
_TIMES = 3


@dataclass(slots=True)
class _Wanted:
    """A symbol that was asked for: how often, first and last (seconds of the loop's clock)."""

    first: float
    last: float
    times: int = 1


@dataclass(slots=True)
class _Told:
    """What ccxt.pro has of a symbol, and when it was told or found to hold still."""

    raw: Any
    at: float


class PriceListener:
    """Begins to listen once prices are asked for again and again, and ends when they are not."""

    def __init__(self, remote: Remote, clock: Clock) -> None:
        self._listener = Listener(remote, clock, "prices", Patience())
        self._record = remote.record
        self._clock = clock
        self._wanted: dict[str, _Wanted] = {}
        self._listened: Sequence[str] = ()
        self._told: dict[str, _Told] = {}
        #: Symbols whose price is another by what was asked, and since when.
        self._doubted: dict[str, float] = {}
        self._task: asyncio.Task[None] | None = None
        self._is_over = False

    @property
    def patience(self) -> Patience:
        """How long is waited for what."""
        return self._listener.patience

    @patience.setter
    def patience(self, patience: Patience) -> None:
        self._listener.patience = patience

    def states(self) -> Sequence[StreamState]:
        """Return how it is heard."""
        return self._listener.states

    def told(self, symbols: Collection[str]) -> dict[str, Ticker]:
        """Return those tickers that were told just now; the others are to be asked for."""
        now = asyncio.get_running_loop().time()
        self._want(symbols, now)
        if self._listener.heard_since is None:
            return {}
        fresh = [s for s in symbols if s in self._told and now - self._told[s].at <= self.patience.fresh]
        at = self._clock.now()
        read = {symbol: ticker_of(symbol, self._told[symbol].raw, at) for symbol in fresh}
        return {symbol: ticker for symbol, ticker in read.items() if ticker is not None}

    def asked(self, tickers: Mapping[str, Ticker]) -> None:
        """Compare what was asked for with what was told: a price that stands still is not told again, one that moved
        should have been.
        """
        now = asyncio.get_running_loop().time()
        for symbol, ticker in tickers.items():
            told = self._told.get(symbol)
            if told is None or self._listener.heard_since is None:
                continue
            known = ticker_of(symbol, told.raw, self._clock.now())
            if known is not None and known.last == ticker.last:
                told.at = now
            else:
                self._doubted.setdefault(symbol, now)

    async def close(self) -> None:
        """Listen no more."""
        self._is_over = True
        task, self._task = self._task, None
        if task is not None:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)

    def _want(self, symbols: Collection[str], now: float) -> None:
        for symbol in symbols:
            found = self._wanted.get(symbol)
            if found is None or now - found.last > self.patience.unused:
                self._wanted[symbol] = _Wanted(now, now)
            else:
                found.times, found.last = found.times + 1, now
        if self._task is None and not self._is_over and self._in_use():
            self._task = asyncio.get_running_loop().create_task(self._listen())

    def _in_use(self) -> Sequence[str]:
        now = asyncio.get_running_loop().time()
        self._wanted = {s: each for s, each in self._wanted.items() if now - each.last <= self.patience.unused}
        used = [
            s
            for s, each in self._wanted.items()
            if each.times >= _TIMES and each.last - each.first >= self.patience.wanted
        ]
        return sorted(used)[:_MOST]

    async def _listen(self) -> None:
        try:
            await self._listener.keep_up(self._watch, self._look)
            self._is_over = True
        except Unused:
            self._task = None
        finally:
            self._told, self._doubted, self._listened = {}, {}, ()

    async def _watch(self, exchange: Any) -> None:
        if not exchange.has.get("watchTickers"):
            raise NotStreamed(f"ccxt has no stream of prices at {self._record.title}")
        if not self._listened:
            self._told, self._doubted, self._listened = {}, {}, self._in_use()
        await exchange.watch_tickers(list(self._listened), dict(self._record.stream_prices))
        now = asyncio.get_running_loop().time()
        for symbol in self._listened:
            raw, before = exchange.tickers.get(symbol), self._told.get(symbol)
            if raw is None or (before is not None and before.raw is raw):
                continue
            if not raw.get("bid") or not raw.get("ask"):
                raise NotStreamed(f"{self._record.title} streams no prices of both sides")
            self._told[symbol] = _Told(raw, now)
            self._doubted.pop(symbol, None)

    def _look(self) -> None:
        now = asyncio.get_running_loop().time()
        late = [s for s, since in self._doubted.items() if now - since > self.patience.grace]
        if late:
            self._listened = ()
            raise WentSilent(f"the price of {late[0]} moved, and it said nothing of it for {self.patience.grace:g} s")
        used = self._in_use()
        if not used:
            raise Unused
        heard = self._listener.heard_since
        if heard is not None and now - heard > self.patience.fresh and not set(used) <= set(self._listened):
            self._listened = ()
            raise Renewed
