"""The server's time, which all nodes on its database agree on, whatever their machines' clocks say."""

from __future__ import annotations

import threading
import time

import psycopg

from octobot_node.clock import STEADY

__all__ = ["ServerClock"]

_PROBES = 5
#: Less is how measurements differ. More than this back is a server whose clock was set, or another server: standing
#: still until it has caught up would stop everything for as long.
_SET_BACK_MS = 2_000


class ServerClock:
    """The server's time, kept up by this machine's own seconds between measurements.

    Those seconds go on while a machine sleeps, where the system has such (CLOCK_BOOTTIME): a lease that ran out
    meanwhile has run out.
    """

    virtual = False

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._offset = time.time() - self.monotonic()
        self._last = 0

    def measure(self, connection: psycopg.Connection[tuple[object, ...]]) -> None:
        """Set the clock by the fastest of a few questions, which errs by half its round trip at most."""
        best = None
        for _ in range(_PROBES):
            before = self.monotonic()
            row = connection.execute("SELECT extract(epoch FROM clock_timestamp())::float8").fetchone()
            after = self.monotonic()
            assert row is not None
            offset = float(str(row[0])) - (before + after) / 2
            if best is None or after - before < best[0]:
                best = (after - before, offset)
        assert best is not None
        with self._lock:
            self._offset = best[1]
            if self._last - self._measured() > _SET_BACK_MS:
                self._last = 0

    def now(self) -> int:
        """Return the server's milliseconds since 1970, UTC; less than before only where its clock was set back."""
        with self._lock:
            self._last = max(self._last, self._measured())
            return self._last

    def _measured(self) -> int:
        return int((self.monotonic() + self._offset) * 1000)

    def monotonic(self) -> float:
        """Return this machine's seconds, those of its sleep included."""
        return time.clock_gettime(STEADY)
