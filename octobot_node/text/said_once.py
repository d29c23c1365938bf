"""Whether something is worth saying in a log: what is tried again and again is said when it begins, and when it
changes.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

__all__ = ["SaidOnce"]


class SaidOnce:
    """Remembers what was said about what, for an hour; may be used from any thread."""

    def __init__(self, every: float = 3_600.0, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._every = every
        self._monotonic = monotonic
        self._said: dict[str, tuple[str, float]] = {}
        self._lock = threading.Lock()

    def is_news(self, about: str, text: str) -> bool:
        """Whether ``text`` is not what was said of it last, or that was long ago; it counts as said from now on."""
        now = self._monotonic()
        with self._lock:
            known = self._said.get(about)
            if known is not None and known[0] == text and now - known[1] < self._every:
                return False
            self._said[about] = text, now
            return True

    def is_over(self, about: str) -> bool:
        """Whether something was said of it that does not hold any more; the next time is news again."""
        with self._lock:
            return self._said.pop(about, None) is not None
