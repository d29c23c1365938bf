"""SQLite as the node's storage: one writer connection, a few readers."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy.pool import QueuePool

from octobot_node.clock import Clock, SystemClock
from octobot_node.errors import StorageUnavailable
from octobot_node.settings import Settings

__all__ = ["SqliteStorage"]

_NORMAL, _FULL = 1, 2


class SqliteStorage:
    """A WAL database whose only writer connection is shared by the engine and by DBOS.

    One connection, taken in turn, is fairer and faster than several that meet at SQLite's own lock: that one is
    polled with sleeps of up to 100 ms.
    """

    shared = False

    def __init__(self, settings: Settings) -> None:
        url = sa.make_url(settings.url())
        if not url.database or url.database == ":memory:":
            raise StorageUnavailable("sqlite needs a file: write sqlite:///PATH, since state must outlive the process")
        self.path = Path(url.database)
        self.shown = f"sqlite:///{self.path}"
        self._url = url
        self.engine = sa.create_engine(
            url, poolclass=QueuePool, pool_size=1, max_overflow=0, pool_timeout=60, connect_args=_CONNECT
        )
        sa.event.listen(self.engine, "connect", _prepare_writer)
        sa.event.listen(self.engine, "begin", _begin_immediate)
        self._readers = sa.create_engine(
            url, poolclass=QueuePool, pool_size=4, max_overflow=8, pool_timeout=60, connect_args=_CONNECT
        )
        sa.event.listen(self._readers, "connect", _prepare_reader)
        sa.event.listen(self._readers, "begin", _begin_deferred)
        self._writing = threading.local()
        self._check()

    def _check(self) -> None:
        try:
            with self.engine.connect() as connection:
                connection.exec_driver_sql("SELECT count(*) FROM sqlite_master")
        except (sa.exc.DBAPIError, sqlite3.Error) as error:
            why = getattr(error, "orig", error)
            raise StorageUnavailable(
                f"{self.path} cannot be used as a database ({why}): give another data folder, or restore a backup"
            ) from None

    @contextmanager
    def write(self, *, durable: bool = False) -> Iterator[sa.Connection]:
        """Begin a writing transaction; see ``Storage.write``."""
        if getattr(self._writing, "now", False):
            raise RuntimeError("a writing transaction inside another would wait for itself: end the first one before")
        options = {"octobot_synchronous": _FULL if durable else _NORMAL}
        self._writing.now = True
        try:
            with self.engine.connect().execution_options(**options) as connection, connection.begin():
                yield connection
        finally:
            self._writing.now = False

    @contextmanager
    def read(self) -> Iterator[sa.Connection]:
        """Begin a reading transaction on a snapshot of its own; see ``Storage.read``."""
        with self._readers.begin() as connection:
            yield connection

    def open_clock(self) -> Clock:
        """Return the machine's clock."""
        return SystemClock()

    def announce(self, topic: str) -> None:
        """Tell nobody: one node has the file."""

    def listen(self, hear: Callable[[str], None]) -> Callable[[], None]:
        """Hear nothing: one node has the file."""
        del hear
        return lambda: None

    def lost(self) -> str:
        """Return "": a file does not go away."""
        return ""

    def sever(self) -> None:
        """Do nothing: nobody waits for a file for long."""

    def lock_migrations(self, connection: sa.Connection) -> None:
        """Do nothing: one node has the file."""

    def migrate_dbos(self) -> None:
        """Create or migrate DBOS's tables, which SQLite keeps beside ours."""
        from dbos import DBOS

        # DBOS migrates on an engine of its own: its migrations begin their transaction by hand.
        DBOS.migrate(self._url.render_as_string(hide_password=False), schema="dbos")

    def claim_queues(self, connection: sa.Connection, installation_id: str) -> None:
        """Do nothing: they are in the file of the one node that has it."""

    def size(self) -> int:
        """Return the bytes of the database and its write-ahead log."""
        return sum(p.stat().st_size for p in (self.path, Path(f"{self.path}-wal")) if p.exists())

    def close(self) -> None:
        """Close every connection; the last one folds the write-ahead log into the file."""
        self._readers.dispose()
        self.engine.dispose()


_CONNECT = {"check_same_thread": False, "timeout": 30}


def _prepare_writer(connection: sqlite3.Connection, _record: Any) -> None:
    # Transactions begin where SQLAlchemy says so, not where the driver meets its first INSERT.
    connection.isolation_level = None
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA foreign_keys = ON")
    connection.execute("PRAGMA cache_size = -65536")


def _prepare_reader(connection: sqlite3.Connection, _record: Any) -> None:
    connection.isolation_level = None
    connection.execute("PRAGMA query_only = ON")


def _begin_immediate(connection: sa.Connection) -> None:
    # Set before each BEGIN, since it cannot change inside a transaction and the connection is shared. DBOS's own
    # transactions ask for nothing and get NORMAL: what they lose in a power cut, its recovery does again.
    wanted = connection.get_execution_options().get("octobot_synchronous", _NORMAL)
    connection.exec_driver_sql(f"PRAGMA synchronous = {wanted}")
    connection.exec_driver_sql("BEGIN IMMEDIATE")


def _begin_deferred(connection: sa.Connection) -> None:
    connection.exec_driver_sql("BEGIN")
