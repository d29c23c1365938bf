"""Where a market's price comes from: what was set, and a wave around it; candles are cut out of the same."""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass, field
from decimal import ROUND_HALF_UP, Decimal

__all__ = ["Candle", "PriceLine"]

#: A candle's prices are looked at in so many places.
_LOOKS = 5


@dataclass(frozen=True, slots=True)
class Candle:
    """One candle; ``opens_at`` in ms UTC."""

    opens_at: int
    open: Decimal
    high: Decimal
    low: Decimal
    close: Decimal
    volume: Decimal


@dataclass(slots=True)
class PriceLine:
    """The price of one market at any time.

    ``amplitude`` is the height of a triangular wave as a ratio of what was set, ``period_ms`` its length. Prices of
    the past are as those that were set first: an exchange had candles before anybody looked.
    """

    tick: Decimal
    base: Decimal
    amplitude: Decimal = Decimal(0)
    period_ms: int = 60_000
    _times: list[int] = field(default_factory=list)
    _prices: list[Decimal] = field(default_factory=list)

    def set(self, price: Decimal, at: int) -> None:
        """Let it be ``price`` from ``at`` on."""
        if not self._times:
            self._times, self._prices = [0], [self.base]
        self._times.append(max(at, self._times[-1]))
        self._prices.append(price)
        self.base = price

    def at(self, moment: int) -> Decimal:
        """Return the price at a moment (ms UTC)."""
        found = bisect_right(self._times, moment) - 1
        price = self._prices[found] if found >= 0 else self.base
        if not self.amplitude:
            return price
        phase = Decimal(moment % self.period_ms) / self.period_ms
        # 0 at the start, up to 1, down to -1, back to 0.
        height = 4 * phase if phase < Decimal("0.25") else 2 - 4 * phase if phase < Decimal("0.75") else 4 * phase - 4
        return self._rounded(price * (1 + self.amplitude * height))

    def candle(self, opens_at: int, length: int, until: int) -> Candle:
        """Return the candle that opens at a time, as far as it has come by ``until``."""
        end = min(opens_at + length - 1, until)
        moments = [opens_at + (end - opens_at) * look // (_LOOKS - 1) for look in range(_LOOKS)]
        inside = self._times[bisect_right(self._times, opens_at) : bisect_right(self._times, end)]
        prices = [self.at(moment) for moment in sorted({*moments, *inside})]
        volume = Decimal(length) / 60_000
        return Candle(opens_at, prices[0], max(prices), min(prices), prices[-1], volume)

    def _rounded(self, price: Decimal) -> Decimal:
        return max((price / self.tick).quantize(Decimal(1), ROUND_HALF_UP) * self.tick, self.tick)
