"""Whether a server whose disk was full has room again: what succeeds meanwhile says nothing about it."""

from __future__ import annotations

import threading
import time

import sqlalchemy as sa

from octobot_plugins.postgres.failures import is_refused_to_spill

__all__ = ["Room"]

_ASK_S = 1.0
#: Reads, and yet makes files: more than its memory is sorted, beside the tables of the database.
_SPILL = (
    "SET LOCAL work_mem = '64kB';"
    " SELECT count(*) FROM (SELECT n FROM generate_series(1, 20000) AS n ORDER BY n DESC) AS spilled"
)


class Room:
    """Remembers that the disk was full, and asks the server now and then until it is not.

    Reading goes on, and so does what is written into pages that the disk has: neither is a sign of room.
    """

    def __init__(self, engine: sa.Engine) -> None:
        self._engine = engine
        self._lacking = False
        self._ask_at = 0.0
        self._asking = threading.Lock()

    @property
    def lacking(self) -> bool:
        """Whether there was none when it was last seen."""
        return self._lacking

    def ran_out(self) -> bool:
        """Note that the server had none; return whether that is news."""
        known, self._lacking, self._ask_at = self._lacking, True, time.monotonic() + _ASK_S
        return not known

    def is_back(self) -> bool:
        """Whether there is room, as far as is known; asks once a second at most."""
        if self._lacking and self._asking.acquire(blocking=False):
            try:
                if time.monotonic() >= self._ask_at:
                    self._ask_at = time.monotonic() + _ASK_S
                    self._lacking = not self._can_spill()
            finally:
                self._asking.release()
        return not self._lacking

    def _can_spill(self) -> bool:
        try:
            with self._engine.begin() as connection:
                connection.exec_driver_sql(_SPILL)
        except sa.exc.DBAPIError as error:
            return is_refused_to_spill(error)
        except sa.exc.TimeoutError:
            return False
        return True
