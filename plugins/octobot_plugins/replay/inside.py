"""The way of a price through one candle: which is not known, and of which the careful one is taken.

From the open down to the low, up to the high, and to the close: whoever holds something meets the stop before the
take-profit. Prices have their moments, so that of two levels the nearer one is met first: falling takes a candle's
second quarter, rising its third, and the way to the close ends within the last.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

__all__ = ["Inside"]


@dataclass(frozen=True, slots=True)
class Inside:
    """A candle from ``start`` (ms UTC), ``length`` ms long."""

    start: int
    length: int
    open: Decimal
    high: Decimal
    low: Decimal
    close: Decimal

    def falls_to(self, level: Decimal, since: int) -> tuple[int, Decimal] | None:
        """Return (when, price) of the first moment after ``since`` at which the price is at or below ``level``."""
        if since < self._quarter(2):
            if self.low > level:
                return None
            if self.open <= level:
                return max(self._half_quarter, since + 1), self.open
            return max(self._on_leg(1, self.open, level, self.low), since + 1), level
        if self.close > level or self.high < level:
            return None
        at = self._quarter(3) + (self._on_leg(0, self.high, level, self.close) - self.start) // 2
        return max(at, since + 1), level

    def rises_to(self, level: Decimal, since: int) -> tuple[int, Decimal] | None:
        """Return (when, price) of the first moment after ``since`` at which the price is at or above ``level``."""
        if self.high < level or since >= self._quarter(3):
            return None
        if self.open >= level and since < self._half_quarter:
            return self._half_quarter, self.open
        if self._quarter(1) <= since < self._quarter(2):
            # Bought on the way down, say: the high may have been before that, the close was not.
            return (self.start + 7 * self.length // 8, level) if self.close >= level else None
        if since >= self._quarter(2):
            # Every step on the way up would be a moment of its own for a level that follows the price.
            return self._quarter(3), self.high
        return self._on_leg(2, self.low, max(level, self.low), self.high), level

    def _quarter(self, number: int) -> int:
        return self.start + number * (self.length // 4)

    @property
    def _half_quarter(self) -> int:
        return self.start + self.length // 8

    def _on_leg(self, quarter: int, begin: Decimal, level: Decimal, end: Decimal) -> int:
        part = (begin - level) / (begin - end) if begin != end else Decimal(0)
        return self._quarter(quarter) + int(part * (self.length // 4))
