"""How many requests an account may send of each kind in two seconds."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field

from octobot_node.testing.exchange_emulators.okx.errors import OkxError

__all__ = ["Limits"]

_WINDOW_MS = 2_000


@dataclass(slots=True)
class Limits:
    """``orders``: of one instrument, and as many cancels; ``account_orders``: of all; ``reads``: of one kind."""

    clock: Callable[[], int]
    orders: int = 60
    account_orders: int = 1_000
    reads: int = 60
    _counts: dict[tuple[str, ...], tuple[int, int]] = field(default_factory=lambda: defaultdict(lambda: (0, 0)))

    def place(self, account: str, instrument: str) -> None:
        """Count a new order; raise if there were too many."""
        self._count(("place", account, instrument), self.orders, "50011", "Rate limit reached.")
        words = "You've reached the maximum order rate limit for this account."
        self._count(("place", account), self.account_orders, "50061", words)

    def cancel(self, account: str, instrument: str) -> None:
        """Count a cancel."""
        self._count(("cancel", account, instrument), self.orders, "50011", "Rate limit reached.")

    def read(self, account: str, path: str) -> None:
        """Count a question."""
        self._count(("read", account, path), self.reads, "50011", "Too Many Requests", 429)

    def pardon(self) -> None:
        """Begin every count anew."""
        self._counts.clear()

    def _count(self, key: tuple[str, ...], most: int, code: str, words: str, status: int = 200) -> None:
        window = self.clock() // _WINDOW_MS
        since, count = self._counts[key]
        count = count + 1 if since == window else 1
        if count > most:
            raise OkxError(code, words, status)
        self._counts[key] = (window, count)
