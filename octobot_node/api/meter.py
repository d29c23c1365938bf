"""How many requests there were and how long they took, by route; what metrics are made of."""

from __future__ import annotations

import threading
from bisect import bisect_left
from collections.abc import Mapping
from dataclasses import dataclass, field

__all__ = ["BUCKETS_S", "Meter", "Series"]

#: Upper bounds in seconds.
BUCKETS_S = (0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
#: A program may make up methods: routes are few, what is asked of them need not be.
_SERIES_MAX = 2_000


@dataclass(slots=True)
class Series:
    """One route's requests of one status: how many in each bucket (the last is beyond all bounds), and their sum."""

    counts: list[int] = field(default_factory=lambda: [0] * (len(BUCKETS_S) + 1))
    seconds: float = 0.0


class Meter:
    """Counts requests; safe from any thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._series: dict[tuple[str, str, int], Series] = {}

    def count(self, method: str, route: str, status: int, seconds: float) -> None:
        """Count a request that took so many seconds."""
        key = (method, route, status)
        with self._lock:
            series = self._series.get(key)
            if series is None:
                if len(self._series) >= _SERIES_MAX:
                    return
                series = self._series[key] = Series()
            series.counts[bisect_left(BUCKETS_S, seconds)] += 1
            series.seconds += seconds

    def all(self) -> Mapping[tuple[str, str, int], Series]:
        """Return (method, route, status) -> what was counted."""
        with self._lock:
            return {key: Series(list(series.counts), series.seconds) for key, series in self._series.items()}
