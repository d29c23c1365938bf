"""SQLite as the node's storage: one writer connection, a few readers."""

from __future__ import annotations

import fcntl
import os
import sqlite3
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import IO, Any

import sqlalchemy as sa
import structlog
from sqlalchemy.pool import QueuePool

from octobot_node.clock import Clock, SystemClock
from octobot_node.errors import DataFolderInUse, StorageBusy, StorageUnavailable
from octobot_node.settings import Settings
from octobot_node.store.database.database_file import rescued_file
from octobot_node.store.database.refusable import patience
from octobot_node.store.sql.late_connections import close_engine
from octobot_plugins.sqlite.failures import held, is_busy, translated

__all__ = ["SqliteStorage"]

log = structlog.get_logger(__name__)

_NORMAL, _FULL = 1, 2


class _PatientPool(QueuePool):
    """A pool that waits for its connection only as long as whoever asks for it may."""

    @property
    def _timeout(self) -> float:
        bound = patience()
        return self._usual if bound is None else bound

    @_timeout.setter
    def _timeout(self, seconds: float) -> None:
        self._usual = seconds


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
        if url.query:
            raise StorageUnavailable(
                "sqlite takes a path and nothing else: write sqlite:///PATH, and for a ? or a % in it %3F or %25"
            )
        self.path = Path(url.database)
        self._held: IO[bytes] | None = None
        #: Why the last transaction that wrote could not; "" when one could since.
        self._failed = ""
        self._failed_at = 0.0
        #: Whether a transaction waits for another program just now, and when that was last told, or None.
        self._waits = False
        self._told: float | None = None
        self.shown = f"sqlite:///{self.path}"
        self._url = url
        self.engine = sa.create_engine(
            url, poolclass=_PatientPool, pool_size=1, max_overflow=0, pool_timeout=60, connect_args=_CONNECT
        )
        sa.event.listen(self.engine, "connect", _prepare_writer)
        sa.event.listen(self.engine, "begin", self._begin_immediate)
        self._readers = sa.create_engine(
            url, poolclass=QueuePool, pool_size=4, max_overflow=8, pool_timeout=60, connect_args=_CONNECT
        )
        sa.event.listen(self._readers, "connect", _prepare_reader)
        sa.event.listen(self._readers, "begin", _begin_deferred)
        self._writing = threading.local()
        self._check()
        #: What tells the file that is open from another of the same name, and whether it was told that it is gone.
        self._file = _file_at(self.path)
        self._gone_told = False

    def _check(self) -> None:
        try:
            with self.engine.connect() as connection:
                connection.exec_driver_sql("SELECT count(*) FROM sqlite_master")
        except (sa.exc.DBAPIError, sqlite3.Error) as error:
            why = getattr(error, "orig", error)
            if "readonly" in str(why):
                raise StorageUnavailable(_not_ours(self.path, str(why))) from None
            raise StorageUnavailable(
                f"{self.path} cannot be used as a database ({why}): give another data folder, or restore a backup"
            ) from None

    @contextmanager
    def write(self, *, durable: bool = False) -> Iterator[sa.Connection]:
        """Begin a writing transaction; see ``Storage.write``."""
        if getattr(self._writing, "now", False):
            raise RuntimeError("a writing transaction inside another would wait for itself: end the first one before")
        bound = patience()
        if self._is_gone():
            self._tell_gone()
            if bound is not None:
                # Whoever can send it again had better: this one would be forgotten with the process.
                raise StorageUnavailable(self._gone())
        options = {
            "octobot_synchronous": _FULL if durable else _NORMAL,
            # For the connection and for the lock together.
            "octobot_until": None if bound is None else time.monotonic() + bound,
        }
        self._writing.now = True
        try:
            with self._guarded(), self.engine.connect().execution_options(**options) as connection, connection.begin():
                yield connection
            if self._failed and time.monotonic() - self._failed_at >= _STEADY_S:
                self._failed = ""
                log.info("database_can_be_written_again", database=self.shown)
        finally:
            self._writing.now = False

    @contextmanager
    def _guarded(self) -> Iterator[None]:
        """Say StorageUnavailable of a full disk and the like, once in the log, and StorageBusy of a lock."""
        try:
            yield
        except sa.exc.DBAPIError as error:
            found = translated(error, self.shown)
            if found is None:
                raise
            self._note_failure(str(found), held_up=isinstance(found, StorageBusy))
            raise found from None
        except sa.exc.TimeoutError:
            why = (
                held(self.shown) if self._waits else f"{self.shown} is busy: no connection came free in time; try again"
            )
            self._note_failure(why, held_up=True)
            raise StorageBusy(why) from None

    def _note_failure(self, why: str, *, held_up: bool) -> None:
        self._failed_at = time.monotonic()
        if held_up:
            self._failed = self._failed or why
            self._tell_held_up(why)
            return
        was, self._failed = self._failed, why
        if was != why:
            log.error("database_cannot_be_written", reason=why)

    def _is_gone(self) -> bool:
        return _file_at(self.path) != self._file

    def _gone(self) -> str:
        return (
            f"{self.path} was deleted or replaced while this node has it open: end the node, which leaves all that it"
            f" knows in {rescued_file(self.path).name}, and rename that to {self.path.name}"
        )

    def _tell_gone(self) -> None:
        if not self._gone_told:
            self._gone_told = True
            log.error("database_file_is_gone", reason=self._gone())

    def _rescue(self) -> None:
        """Write what this process has of a file that is gone beside it; nothing that is there is written over."""
        self._tell_gone()
        rescued = rescued_file(self.path)
        made = False
        try:
            # Nobody else's to read, from the first byte on.
            os.close(os.open(rescued, os.O_CREAT | os.O_EXCL, 0o600))
            made = True
            with closing(self.engine.raw_connection()) as connection:
                connection.cursor().execute("VACUUM INTO ?", (str(rescued),))
        except (sa.exc.SQLAlchemyError, sqlite3.Error, OSError) as error:
            if made:
                # Half of it would be taken for all that there was.
                with suppress(OSError):
                    rescued.unlink()
            log.critical("database_not_rescued", file=str(rescued), reason=str(error))
        else:
            log.warning("database_rescued", file=str(rescued))

    def _tell_held_up(self, why: str) -> None:
        now = time.monotonic()
        if self._told is None or now - self._told > _TELL_AGAIN_S:
            self._told = now
            log.warning("database_is_held", reason=why)

    def _begin_immediate(self, connection: sa.Connection) -> None:
        # Set before each BEGIN, since it cannot change inside a transaction and the connection is shared. DBOS's own
        # transactions ask for nothing and get NORMAL: what they lose in a power cut, its recovery does again.
        options = connection.get_execution_options()
        connection.exec_driver_sql(f"PRAGMA synchronous = {options.get('octobot_synchronous', _NORMAL)}")
        until = options.get("octobot_until")
        left = _CONNECT["timeout"] if until is None else max(until - time.monotonic(), 0.0)
        # In two parts: whoever waits for long says so before it is over.
        first = min(left, _HELD_S)
        try:
            _bound_wait(connection, first)
            connection.exec_driver_sql("BEGIN IMMEDIATE")
        except sa.exc.OperationalError as error:
            if not is_busy(error) or left <= first:
                raise
            self._tell_held_up(held(self.shown))
            self._waits = True
            try:
                _bound_wait(connection, left - first)
                connection.exec_driver_sql("BEGIN IMMEDIATE")
            finally:
                self._waits = False

    @contextmanager
    def read(self) -> Iterator[sa.Connection]:
        """Begin a reading transaction on a snapshot of its own; see ``Storage.read``."""
        try:
            with self._readers.begin() as connection:
                yield connection
        except sa.exc.DBAPIError as error:
            # Writing where one only reads is a mistake of ours, and no state of the disk.
            found = None if "readonly" in str(error.orig) else translated(error, self.shown)
            if found is None:
                raise
            raise found from None

    def identity(self) -> Mapping[str, str]:
        """Return nothing: a copied file is like the first."""
        return {}

    def review(self, check: Callable[[], None]) -> None:
        """Do nothing: while a node runs its file stays the same."""

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

    def hold(self) -> None:
        """Lock the file itself, by whatever name it was found; raises DataFolderInUse."""
        if self._held is not None:
            return
        # SQLite's own locks are of another kind, and live beside this one. Elsewhere than on Linux they may not: there
        # it is a file beside the database, which finds links, too, but not a second mount.
        real = self.path.resolve()
        try:
            held = (real if sys.platform == "linux" else real.with_name(f"{real.name}.lock")).open("ab")
        except OSError as error:
            raise StorageUnavailable(_not_ours(real, str(error.strerror))) from None
        try:
            fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            held.close()
            raise DataFolderInUse(
                f"the database {self.path} is in use by the node of another data folder: a SQLite database is one"
                " node's own, so stop that node, or give this one a database of its own"
            ) from None
        self._held = held

    def fold(self) -> None:
        """Fold the write-ahead log into the file, and empty it; what somebody reads is left for the next time."""
        if self._is_gone():
            return  # Opening it would begin an empty one.
        with closing(sqlite3.connect(self.path, timeout=_FOLD_S, isolation_level=None)) as connection:
            # What can be folded without waiting for anybody is, before the rest waits for readers for a moment.
            for way in ("PASSIVE", "TRUNCATE"):
                with suppress(sqlite3.OperationalError):
                    connection.execute(f"PRAGMA wal_checkpoint({way})")

    def lock_migrations(self, connection: sa.Connection) -> None:
        """Do nothing: one node has the file."""

    @contextmanager
    def migrating(self) -> Iterator[sa.Connection]:
        """Begin a transaction that writes: nobody else does meanwhile."""
        with self.write(durable=True) as connection:
            yield connection

    def migrate_dbos(self) -> None:
        """Create or migrate DBOS's tables, which SQLite keeps beside ours."""
        from octobot_node.engine.workers.durable import are_current

        with self.read() as connection:
            if are_current(connection):
                return  # Importing DBOS would be a sixth of what a command costs on a folder where no node runs.
        from dbos import DBOS

        # DBOS migrates on an engine of its own: its migrations begin their transaction by hand.
        DBOS.migrate(self._url.render_as_string(hide_password=False), schema="dbos")

    def claim_queues(self, connection: sa.Connection, installation_id: str) -> None:
        """Do nothing: they are in the file of the one node that has it."""

    def scrub(self, tables: Sequence[str]) -> str:
        """Write the whole file anew, and empty its log: SQLite does it for no single table."""
        del tables
        try:
            with closing(sqlite3.connect(self.path, timeout=_FOLD_S, isolation_level=None)) as connection:
                connection.execute("VACUUM")
        except sqlite3.Error as error:
            return f"{self.shown} could not be written anew ({error}): its disk needs as much room again as it takes"
        self.fold()
        log_file = Path(f"{self.path}-wal")
        return f"{log_file} is read by somebody" if log_file.exists() and log_file.stat().st_size else ""

    def size(self) -> int:
        """Return the bytes of the database and its write-ahead log."""
        return sum(p.stat().st_size for p in (self.path, Path(f"{self.path}-wal")) if p.exists())

    def close(self) -> None:
        """Close every connection, and fold the write-ahead log into the file, also where others still read it."""
        if self._held is not None and self._is_gone():
            self._rescue()
        close_engine(self._readers)
        close_engine(self.engine)
        if self._held is not None:
            with suppress(sqlite3.Error):
                self.fold()
            self._held.close()
            self._held = None


#: How long folding waits for who reads: less than anybody notices.
_FOLD_S = 0.2
#: A log that was longer, during a backup, say, is cut to this (bytes) when it is begun anew.
_LOG_MAX = 67_108_864
#: What keeps the database for longer than this, in seconds, is told; and again after so long.
_HELD_S = 1.5
_TELL_AGAIN_S = 60.0
#: On a full disk small transactions still find room now and then: it is over when nothing failed for so long.
_STEADY_S = 10.0
_CONNECT = {"check_same_thread": False, "timeout": 30}


def _prepare_writer(connection: sqlite3.Connection, _record: Any) -> None:
    # Transactions begin where SQLAlchemy says so, not where the driver meets its first INSERT.
    connection.isolation_level = None
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA foreign_keys = ON")
    connection.execute("PRAGMA cache_size = -65536")
    connection.execute(f"PRAGMA journal_size_limit = {_LOG_MAX}")


def _prepare_reader(connection: sqlite3.Connection, _record: Any) -> None:
    connection.isolation_level = None
    connection.execute("PRAGMA query_only = ON")


def _not_ours(path: Path, why: str) -> str:
    return (
        f"{path}, or a file beside it, cannot be written ({why}): give them to the user that the node runs as, such as"
        f" by `chown $USER {path}*`"
    )


def _file_at(path: Path) -> tuple[int, int] | None:
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_dev, found.st_ino


def _bound_wait(connection: sa.Connection, seconds: float) -> None:
    # Nearly always it is what it was.
    wanted = round(seconds * 1000)
    if connection.info.get("octobot_wait") != wanted:
        connection.exec_driver_sql(f"PRAGMA busy_timeout = {wanted}")
        connection.info["octobot_wait"] = wanted


def _begin_deferred(connection: sa.Connection) -> None:
    connection.exec_driver_sql("BEGIN")
