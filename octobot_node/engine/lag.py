"""How late this node's ticks were in the last hour, minute by minute, in a few numbers a minute."""

from __future__ import annotations

import math
import threading
from collections import Counter, deque
from collections.abc import Iterable
from typing import NamedTuple

__all__ = ["Lag", "LagHistory"]

_MINUTE_MS = 60_000
_MINUTES = 60
#: Seconds are kept as powers of this: a quantile is right within 5 %, or half a millisecond.
_STEP = math.log(1.1)
_LEAST_S = 0.001


class Lag(NamedTuple):
    """How late ticks were: of how many, the median and what 95 % were not later than, in seconds."""

    at: int
    ticks: int
    median: float
    most: float


class LagHistory:
    """Counts of seconds by minute."""

    def __init__(self) -> None:
        self._minutes: deque[tuple[int, Counter[int]]] = deque(maxlen=_MINUTES + 1)
        self._lock = threading.Lock()

    def add(self, now: int, late: Iterable[float]) -> None:
        """Count ticks that were so many seconds late at a moment (ms UTC)."""
        minute = now // _MINUTE_MS * _MINUTE_MS
        with self._lock:
            if not self._minutes or self._minutes[-1][0] < minute:
                self._minutes.append((minute, Counter()))
            self._minutes[-1][1].update(map(_place, late))

    def told(self, now: int) -> tuple[Lag, list[Lag]]:
        """Return the last hour as one, and its minutes with ticks, oldest first."""
        with self._lock:
            minutes = [(at, Counter(seen)) for at, seen in self._minutes if at > now - _MINUTES * _MINUTE_MS]
        whole: Counter[int] = Counter()
        for _, seen in minutes:
            whole.update(seen)
        return _lag(now, whole), [_lag(at, seen) for at, seen in minutes if seen]


def _place(seconds: float) -> int:
    return 0 if seconds <= _LEAST_S else math.ceil(math.log(seconds / _LEAST_S) / _STEP)


def _lag(at: int, seen: Counter[int]) -> Lag:
    return Lag(at, seen.total(), _quantile(seen, 0.5), _quantile(seen, 0.95))


def _quantile(seen: Counter[int], share: float) -> float:
    left = seen.total() * share
    for place in sorted(seen):
        left -= seen[place]
        if left <= 0:
            return round(_LEAST_S * math.exp(place * _STEP), 4) if place else 0.0
    return 0.0
