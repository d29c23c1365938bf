"""What this process did since it started: for tables, benchmarks and metrics, never for decisions."""

from __future__ import annotations

import copy
import threading
from bisect import bisect_left
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

__all__ = ["BATCH_S", "LATE_S", "REQUEST_S", "Counted", "Counters", "Spread"]

#: Upper bounds in seconds: from due to committed, of a batch's work, of a request to an exchange.
LATE_S = (0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 300.0)
BATCH_S = (0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)
REQUEST_S = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)


class Spread:
    """How many values fell into each bucket (the last is beyond all bounds), and their sum."""

    def __init__(self, bounds: tuple[float, ...]) -> None:
        self.bounds = bounds
        self.counts = [0] * (len(bounds) + 1)
        self.total = 0.0

    def add(self, value: float) -> None:
        """Count a value."""
        self.counts[bisect_left(self.bounds, value)] += 1
        self.total += value


@dataclass(slots=True)
class Counted:
    """Everything that was counted."""

    #: By what became of them: done, failed, waiting, slow, held.
    ticks: Counter[str] = field(default_factory=Counter)
    #: Seconds from when a tick was due until what it decided was committed.
    late: Spread = field(default_factory=lambda: Spread(LATE_S))
    #: Seconds of a batch: load, snapshot, evaluate, commit.
    batches: Spread = field(default_factory=lambda: Spread(BATCH_S))
    #: By status: orders that were sent, and what their exchange made of them.
    orders: Counter[str] = field(default_factory=Counter)
    #: Orders and cancels whose request was tried, and executions that were settled.
    sent: int = 0
    settled: int = 0
    #: (connector, call) -> seconds.
    requests: dict[tuple[str, str], Spread] = field(default_factory=dict)
    #: (connector, kind).
    errors: Counter[tuple[str, str]] = field(default_factory=Counter)
    #: (source, what, hit or miss).
    cache: Counter[tuple[str, str, str]] = field(default_factory=Counter)


class Counters:
    """Counts; safe from any thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._so_far = Counted()

    @property
    def ticks(self) -> int:
        """How many ticks were committed, the failed ones, too."""
        with self._lock:
            return self._so_far.ticks["done"] + self._so_far.ticks["failed"]

    @property
    def sent(self) -> int:
        """How many requests of orders and cancels were tried."""
        return self._so_far.sent

    @property
    def settled(self) -> int:
        """How many executions were settled."""
        return self._so_far.settled

    def read(self) -> Counted:
        """Return a copy of everything, as of one moment."""
        with self._lock:
            return copy.deepcopy(self._so_far)

    def ticked(self, outcomes: Mapping[str, int], late: Iterable[float]) -> None:
        """Count what became of a batch's automations, and how late, in seconds, those that ticked were."""
        with self._lock:
            self._so_far.ticks.update(outcomes)
            for seconds in late:
                self._so_far.late.add(seconds)

    def batch(self, seconds: float) -> None:
        """Count a batch and how long it took."""
        with self._lock:
            self._so_far.batches.add(seconds)

    def tried(self, requests: int, orders: Mapping[str, int]) -> None:
        """Count requests of orders and cancels, and what became of the orders."""
        with self._lock:
            self._so_far.sent += requests
            self._so_far.orders.update(orders)

    def settle(self, executions: int, orders: Mapping[str, int]) -> None:
        """Count executions that were settled, and what became of orders."""
        with self._lock:
            self._so_far.settled += executions
            self._so_far.orders.update(orders)

    def asked(self, connector: str, call: str, seconds: float, error: str = "") -> None:
        """Count a request to an exchange; ``error`` is the kind of its failure."""
        with self._lock:
            spread = self._so_far.requests.get((connector, call))
            if spread is None:
                spread = self._so_far.requests[connector, call] = Spread(REQUEST_S)
            spread.add(seconds)
            if error:
                self._so_far.errors[connector, error] += 1

    def looked_up(self, source: str, what: str, hits: int, misses: int) -> None:
        """Count what the hub had, and what it had to ask for."""
        with self._lock:
            self._so_far.cache[source, what, "hit"] += hits
            self._so_far.cache[source, what, "miss"] += misses
