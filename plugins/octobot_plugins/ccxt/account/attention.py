"""Which markets an account is asked about, and when: requests are few, so they go where something may have happened."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from octobot_node.clock import Clock, steady_ms
from octobot_node.contracts.exchanges import ExchangeOrder
from octobot_plugins.ccxt.exchanges.record import ExchangeRecord

__all__ = ["Attention"]

#: A market without an order for so long is asked about no more.
_WARM_MS = 600_000
_ALL_MS = 60_000
_STIRRED_MS = 10_000
_QUIET_MS = 30_000


@dataclass(slots=True)
class _Seen:
    """A market: from when (ms UTC) its executions are to be asked for, and until when it is asked about."""

    since: int
    until: int = 0


class Attention:
    """What is known of when orders of an account were made, seen, and filled."""

    def __init__(self, clock: Clock, record: ExchangeRecord, lag_ms: int) -> None:
        self._clock, self._record, self._lag_ms = clock, record, lag_ms
        #: Markets that orders were seen on, for exchanges that tell of one market at a time.
        self._seen: dict[str, _Seen] = {}
        #: When the open orders of all markets were asked for last (steady ms).
        self._all_at: int | None = None
        #: Until when (steady ms) executions may come of what happened since; the last question about them, as
        #: (since, when).
        self._stirred_until = 0
        self._asked = (0, -_QUIET_MS)

    def warm(self, symbol: str, created_at: int) -> None:
        """Ask about a market from now on, since an order was made there then."""
        now = self._clock.now()
        seen = self._seen.get(symbol)
        if seen is None or seen.until <= now:
            seen = self._seen[symbol] = _Seen(since=max(created_at - 1_000, 0))
        seen.until = now + _WARM_MS

    def learn(self, order: ExchangeOrder) -> ExchangeOrder:
        """Ask about the market of an order that was found, and return the order."""
        # An order of before this connector was opened: its executions are asked for from its beginning, once.
        self.warm(order.symbol, order.created_at)
        return order

    def stir(self) -> None:
        """Something happened to an order: executions are asked for at each look for some time."""
        # Executions may be shown later than what they did to their order.
        self._stirred_until = steady_ms(self._clock) + self._lag_ms + _STIRRED_MS

    def for_open_orders(self) -> Sequence[str | None]:
        """Return the markets whose open orders to ask for; None is all of them at once."""
        now, steady = self._clock.now(), steady_ms(self._clock)
        warm = [symbol for symbol, seen in self._seen.items() if seen.until > now]
        if self._record.open_by_market:
            return warm
        if self._all_at is None or steady - self._all_at >= _ALL_MS or not 0 < len(warm) < self._record.open_costs:
            self._all_at = steady
            return [None]
        return warm

    def for_trades(self, since: int) -> Sequence[tuple[str | None, int]] | None:
        """Return the markets whose executions to ask for and from when on; None while nothing happens to any order."""
        now, steady = self._clock.now(), steady_ms(self._clock)
        asked_since, asked_at = self._asked
        if steady > self._stirred_until and since >= asked_since and steady - asked_at < _QUIET_MS:
            return None
        if not self._record.trades_by_market:
            return [(None, since)]
        # Of the future there is nothing, and of what was learnt just now all of it.
        return [
            (symbol, min(since, seen.since) if since <= now else since)
            for symbol, seen in self._seen.items()
            if seen.until > now
        ]

    def trades_told(self, symbol: str | None, now: int) -> None:
        """What was executed on a market until now was told: from there on the engine's own cursor is enough."""
        if symbol is not None:
            self._seen[symbol].since = now

    def trades_asked(self, since: int, steady: int) -> None:
        """All executions since then were told when it was so late (steady ms)."""
        self._asked = since, steady
