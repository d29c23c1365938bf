"""What a server lacked, and whether it has it again: what succeeds meanwhile says nothing about it.

Reading goes on with a full disk, and on a standby; so does writing into pages that the disk has, and a transaction that
writes nothing.
"""

from __future__ import annotations

import threading
import time
from abc import ABC, abstractmethod

import sqlalchemy as sa

from octobot_plugins.postgres.failures import is_refused_to_spill

__all__ = ["Room", "Writing"]

_ASK_S = 1.0
#: Reads, and yet makes files: more than its memory is sorted, beside the tables of the database.
_SPILL = (
    "SET LOCAL work_mem = '64kB';"
    " SELECT count(*) FROM (SELECT n FROM generate_series(1, 20000) AS n ORDER BY n DESC) AS spilled"
)
_MAY_WRITE = "SELECT NOT pg_is_in_recovery() AND current_setting('transaction_read_only') = 'off'"


class _Lack(ABC):
    """Remembers that something was missing, and asks the server now and then until it is not."""

    def __init__(self, engine: sa.Engine) -> None:
        self._engine = engine
        self._lacking = False
        self._ask_at = 0.0
        self._asking = threading.Lock()

    @property
    def lacking(self) -> bool:
        """Whether it was missing when it was last looked for."""
        return self._lacking

    def missed(self) -> bool:
        """Note that it was missing; return whether that is news."""
        known, self._lacking, self._ask_at = self._lacking, True, time.monotonic() + _ASK_S
        return not known

    def is_back(self) -> bool:
        """Whether it is there, as far as is known; asks once a second at most."""
        if self._lacking and self._asking.acquire(blocking=False):
            try:
                if time.monotonic() >= self._ask_at:
                    self._ask_at = time.monotonic() + _ASK_S
                    self._lacking = not self._is_there()
            finally:
                self._asking.release()
        return not self._lacking

    def _is_there(self) -> bool:
        try:
            with self._engine.begin() as connection:
                return self._ask(connection)
        except sa.exc.DBAPIError as error:
            return self._is_no_sign(error)
        except sa.exc.TimeoutError:
            return False

    @abstractmethod
    def _ask(self, connection: sa.Connection) -> bool: ...

    def _is_no_sign(self, error: sa.exc.DBAPIError) -> bool:
        del error
        return False


class Room(_Lack):
    """Room on the server's disk."""

    def _ask(self, connection: sa.Connection) -> bool:
        connection.exec_driver_sql(_SPILL)
        return True

    def _is_no_sign(self, error: sa.exc.DBAPIError) -> bool:
        return is_refused_to_spill(error)


class Writing(_Lack):
    """A server that takes what is written: no standby, and not set to read only."""

    def _ask(self, connection: sa.Connection) -> bool:
        return bool(connection.exec_driver_sql(_MAY_WRITE).scalar_one())
