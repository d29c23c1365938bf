"""How often secrets were opened where they are used: counted in memory, written down now and then."""

from __future__ import annotations

import threading
from collections.abc import Callable

from octobot_node.clock import Clock
from octobot_node.contracts.storage import Storage
from octobot_node.sealing import named

__all__ = ["Uses"]

_MINUTE_MS = 60_000


class Uses:
    """Counts; safe from any thread. What was not written down when a process is killed was not counted."""

    def __init__(self, storage: Storage, clock: Clock) -> None:
        self._storage = storage
        self._clock = clock
        self._used: dict[tuple[str, str], tuple[int, int]] = {}
        self._lock = threading.Lock()
        #: Called with the kind of each secret that was used: the node's own metric.
        self.counted: Callable[[str], None] = _nobody

    def note(self, owner: str, place: str) -> None:
        """Count one more."""
        with self._lock:
            before, _ = self._used.get((owner, place), (0, 0))
            self._used[owner, place] = before + 1, self._clock.now() // _MINUTE_MS * _MINUTE_MS
        self.counted(place.partition("/")[0])

    def write(self) -> None:
        """Write down what was counted since; not inside a transaction."""
        with self._lock:
            used, self._used = self._used, {}
        if not used:
            return
        try:
            with self._storage.write() as connection:
                named.add_uses(connection, used)
        except BaseException:
            with self._lock:
                for key, (count, at) in used.items():
                    more, later = self._used.get(key, (0, 0))
                    self._used[key] = count + more, max(at, later)
            raise


def _nobody(_kind: str) -> None:
    """Tell nobody."""
