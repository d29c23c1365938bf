"""The two counters of an account: one for all calls of a key, one for orders of each market."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from octobot_node.testing.exchange_emulators.kraken.errors import KrakenError

__all__ = ["Counter", "Limits"]

#: What cancelling an order costs that is younger than so many seconds.
_CANCELS = ((5, 8), (10, 6), (15, 5), (45, 4), (90, 2), (300, 1))


@dataclass(slots=True)
class Counter:
    """A count that falls by itself."""

    clock: Callable[[], int]
    value: float = 0.0
    at: int = 0

    def add(self, points: float, decay: float, most: float) -> bool:
        """Add points unless that is too much; ``decay`` a second. Return whether it was done."""
        now = self.clock()
        self.value = max(self.value - decay * (now - self.at) / 1_000, 0.0)
        self.at = now
        if self.value + points > most:
            return False
        self.value += points
        return True


@dataclass(slots=True)
class Limits:
    """Of an intermediate account, where nothing else is set: ``counter`` and ``pair`` are how high each may go."""

    clock: Callable[[], int]
    counter: float = 20
    counter_decay: float = 0.5
    pair: float = 125
    pair_decay: float = 2.34
    open_orders: int = 80
    _calls: dict[str, Counter] = field(default_factory=dict)
    _pairs: dict[tuple[str, str], Counter] = field(default_factory=dict)

    def call(self, key: str, points: int) -> None:
        """Count a call of a key; raise if there were too many."""
        counter = self._calls.setdefault(key, Counter(self.clock))
        if points and not counter.add(points, self.counter_decay, self.counter):
            raise KrakenError("EAPI:Rate limit exceeded")

    def order(self, account: str, symbol: str) -> None:
        """Count a new order of a market; raise if there were too many."""
        if not self._of(account, symbol).add(1, self.pair_decay, self.pair):
            raise KrakenError("EOrder:Rate limit exceeded")

    def cancel(self, account: str, symbol: str, age_ms: int) -> None:
        """Count a cancel, which is dear of a young order. It is carried out in any case: what is over waits."""
        points = next((points for below, points in _CANCELS if age_ms < below * 1_000), 0)
        counter = self._of(account, symbol)
        counter.add(0, self.pair_decay, float("inf"))
        counter.value = min(counter.value + points, self.pair)

    def pardon(self) -> None:
        """Begin every count anew."""
        self._calls.clear()
        self._pairs.clear()

    def _of(self, account: str, symbol: str) -> Counter:
        return self._pairs.setdefault((account, symbol), Counter(self.clock))
