"""How orders and looks lie inside a candle of a replay, computed without a line of octobot_node: for the other oracles.

The rules, and nothing else:

- What arrives in the first five seconds of a candle, at most the first quarter of it, meets it as if it came at its
  start: its open, at the time of arrival, and its low and high.
- A limit order that arrives later is compared with the newest price known. Not marketable by that, it rests: the
  candle's close may fill it at its own price if that is strictly through it, every later candle as usual.
- Who waits for a price sees a candle go from its open to its low in its second quarter, to its high in its third, each
  level at its share of the way, and to its close in the first half of its last; at the open, an eighth in, if that is
  past the level already. Whoever asks for a higher price after the half sees the high, at three quarters; whoever
  asks during the second quarter does not see the high, which may be over, but its level if the close is at or past it,
  at seven eighths. The price is
  the level on ``step``: rounded down for who waits for a fall, up for a rise.
- A moment on a whole second is put off by 1 ms.
- At that moment and the whole seconds after it, for ten of them and while the candle is open, that is the price for who
  waited: its market orders fill at it, its limit orders that it satisfies too.
"""

from __future__ import annotations

from fractions import Fraction
from math import ceil, floor
from typing import Protocol

__all__ = ["SHOWN", "Bar", "falls_to", "is_at_start", "rises_to"]

SHOWN = 10_000


class Bar(Protocol):
    """A candle of any oracle."""

    @property
    def start(self) -> int: ...
    @property
    def end(self) -> int: ...


def is_at_start(candle: Bar, moment: int) -> bool:
    """Whether what arrives at ``moment`` meets the whole candle."""
    return 0 <= moment - candle.start <= min(5000, (candle.end - candle.start) // 4)


def falls_to(candle: Bar, level: Fraction, since: int, step: Fraction) -> tuple[int, Fraction] | None:
    """Return (time, price) at which somebody who has waited from ``since`` on sees the price at or below ``level``."""
    return _put_off(_falls_to(candle, level, since, step))


def rises_to(candle: Bar, level: Fraction, since: int, step: Fraction) -> tuple[int, Fraction] | None:
    """Return (time, price) at which somebody who has waited from ``since`` on sees the price at or above ``level``."""
    return _put_off(_rises_to(candle, level, since, step))


def _put_off(found: tuple[int, Fraction] | None) -> tuple[int, Fraction] | None:
    return None if found is None else (found[0] + (found[0] % 1000 == 0), found[1])


def _falls_to(candle: Bar, level: Fraction, since: int, step: Fraction) -> tuple[int, Fraction] | None:
    opened, high, low, close = _prices(candle)
    quarter = (candle.end - candle.start) // 4
    if since < candle.start + 2 * quarter:
        if low > level:
            return None
        if opened <= level:
            time, price = candle.start + (candle.end - candle.start) // 8, opened
        else:
            time, price = candle.start + quarter + floor((opened - level) / (opened - low) * quarter), level
        return max(time, since + 1), max(floor(price / step) * step, low)
    if not close <= level <= high:
        return None
    way = Fraction(0) if high == close else (high - level) / (high - close)
    time = candle.start + 3 * quarter + floor(way * quarter) // 2
    return max(time, since + 1), max(floor(level / step) * step, low)


def _rises_to(candle: Bar, level: Fraction, since: int, step: Fraction) -> tuple[int, Fraction] | None:
    opened, high, low, close = _prices(candle)
    length = candle.end - candle.start
    quarter = length // 4
    if high < level or since >= candle.start + 3 * quarter:
        return None
    if opened >= level and since < candle.start + length // 8:
        return candle.start + length // 8, opened
    if candle.start + quarter <= since < candle.start + 2 * quarter:
        return (candle.start + 7 * length // 8, ceil(level / step) * step) if close >= level else None
    if since >= candle.start + 2 * quarter:
        return candle.start + 3 * quarter, high
    way = Fraction(0) if high == low else (max(level, low) - low) / (high - low)
    return candle.start + 2 * quarter + floor(way * quarter), min(ceil(level / step) * step, high)


def _prices(candle: object) -> tuple[Fraction, Fraction, Fraction, Fraction]:
    opened, high, low, close = (Fraction(getattr(candle, name)) for name in ("open", "high", "low", "close"))
    return opened, high, low, close
