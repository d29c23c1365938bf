"""What shadows' orders on paper are filled at: their original's market data, charging what their original pays."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from typing import TYPE_CHECKING

from octobot_node.clock import steady_ms

if TYPE_CHECKING:
    from octobot_node.clock import Clock
    from octobot_node.contracts.exchanges import Fees, MarketData
    from octobot_node.market import Candles, MarketRules, Ticker

__all__ = ["ShadowMarket"]

#: A ticker younger than this is taken again.
_ASKED_MS = 1_000


class ShadowMarket:
    """Market data whose rules have an account's fees in them, and that is asked for prices once a second at most.

    An exchange allows an address so many questions: what is on paper is not to take them from what trades.
    """

    def __init__(self, market: MarketData, fees: Callable[[Collection[str]], Mapping[str, Fees]], clock: Clock) -> None:
        self._market = market
        self._fees = fees
        self._clock = clock
        self._asked: tuple[int, frozenset[str], Mapping[str, Ticker]] | None = None

    async def tickers(self, symbols: Collection[str]) -> Mapping[str, Ticker]:
        """Return the market's own, at most a second old."""
        now, wanted = steady_ms(self._clock), frozenset(symbols)
        known = self._asked
        if known is None or now - known[0] >= _ASKED_MS or not wanted <= known[1]:
            known = self._asked = now, wanted, await self._market.tickers(wanted)
        return {symbol: ticker for symbol, ticker in known[2].items() if symbol in wanted}

    async def candles(self, symbol: str, timeframe: str, count: int) -> Candles:
        """Return the market's own."""
        return await self._market.candles(symbol, timeframe, count)

    async def rules(self, symbols: Collection[str]) -> Mapping[str, MarketRules]:
        """Return the market's own, with what the account pays."""
        known, fees = await self._market.rules(symbols), self._fees(symbols)
        return {symbol: fees[symbol].of(rules) if symbol in fees else rules for symbol, rules in known.items()}

    async def close(self) -> None:
        """Do nothing: it is whose it was lent from."""
