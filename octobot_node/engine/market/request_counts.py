"""What was asked of one limit, as its exchange counts it: in windows that follow each other, or falling by itself."""

from __future__ import annotations

from octobot_node.contracts.exchanges import RequestLimit

__all__ = ["Falling", "Windows", "count_of"]


class Windows:
    """What was asked in this window; the next one begins with nothing."""

    def __init__(self, limit: RequestLimit) -> None:
        self.most = float(limit.weight)
        self.began_at = 0
        self.spent = 0.0
        self._size = max(int(limit.seconds * 1_000), 1)

    def turn(self, now: int) -> bool:
        """Be at ``now`` (ms UTC); return whether another window began."""
        began_at = now // self._size * self._size
        if began_at <= self.began_at:
            return False
        self.began_at, self.spent = began_at, 0.0
        return True

    def wait(self, weight: float, ceiling: float, now: int) -> float:
        """Return how long (s) until so much more stays below ``ceiling``; 0 where it does."""
        return self.rest(now) if self.spent + weight > ceiling else 0.0

    def rest(self, now: int) -> float:
        """Return how long (s) until the next window."""
        return max(self.began_at + self._size - now, 1) / 1_000

    def fill(self) -> None:
        """Take note that the exchange found it to be full: of the window that says nothing beyond its end."""


class Falling:
    """A count that each request raises, and that falls by itself."""

    def __init__(self, limit: RequestLimit) -> None:
        self.most = float(limit.burst)
        self.per_second = limit.weight / limit.seconds
        self.began_at = 0
        self.spent = 0.0

    def turn(self, now: int) -> bool:
        """Be at ``now`` (ms UTC)."""
        if now > self.began_at:
            self.spent = max(self.spent - self.per_second * (now - self.began_at) / 1_000, 0.0)
            self.began_at = now
        return False

    def wait(self, weight: float, ceiling: float, _now: int) -> float:
        """Return how long (s) until so much more stays below ``ceiling``; 0 where it does."""
        return max(self.spent + weight - ceiling, 0.0) / self.per_second

    def rest(self, _now: int) -> float:
        """Return how long (s) until it has fallen by one."""
        return 1 / self.per_second

    def fill(self) -> None:
        """Take note that the exchange found it to be full: before a restart, or by another program, more was asked."""
        self.spent = self.most


def count_of(limit: RequestLimit) -> Windows | Falling:
    """Return the count of a limit, with nothing in it."""
    return Falling(limit) if limit.burst else Windows(limit)
