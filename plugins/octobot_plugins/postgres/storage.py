"""PostgreSQL as the node's storage: a pool of connections, and one more for announcements."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, cast

import psycopg
import sqlalchemy as sa
import structlog
from psycopg import sql

from octobot_node.clock import Clock
from octobot_node.engine.workers.durable import QUEUES, migrate_queues
from octobot_node.errors import StorageBusy, StorageUnavailable
from octobot_node.settings import Settings
from octobot_node.store.database.refusable import patience
from octobot_node.store.sql.late_connections import close_engine
from octobot_plugins.postgres.address import address
from octobot_plugins.postgres.bus import Bus
from octobot_plugins.postgres.clock import ServerClock
from octobot_plugins.postgres.connecting import Connector, NodeConnection
from octobot_plugins.postgres.failures import is_busy, is_full, is_lost, is_read_only, said
from octobot_plugins.postgres.holders import Holders
from octobot_plugins.postgres.identity import Reviews, identity_of
from octobot_plugins.postgres.lacks import Room, Writing
from octobot_plugins.postgres.opening import open_server
from octobot_plugins.postgres.queues import claim_schema, is_marked, make_mark, refuse_others_queues
from octobot_plugins.postgres.sockets import Sockets

__all__ = ["PostgresStorage"]

log = structlog.get_logger(__name__)
#: Which lock keeps two nodes from migrating at once; any number that nobody else uses.
_MIGRATING = 0x0C70B07
#: What changes a table waits for whoever reads it, and everybody else then waits behind it: for no longer than this.
_CHANGES_WAIT = "SET LOCAL lock_timeout = '1s'"
#: In the pool's own notes of a connection.
_USED = "octobot_used"


class PostgresStorage:
    """One database on a server; every commit is on its disk before it returns.

    ``synchronous_commit`` stays on for all: the server may crash while the node lives on, and what the node remembers
    to have done (executions settled, levels watched) must not be undone behind its back.
    """

    shared = True

    def __init__(self, settings: Settings) -> None:
        where = address(settings)
        self.shown = where.shown
        self._sockets = Sockets()
        self._connector = Connector(where, self._sockets, settings.lease_ttl)
        self._clock = ServerClock()
        try:
            with self._connect() as connection:
                opened = open_server(connection, self._connector, settings.database_queues, self.shown)
                self._connector.use_schema(opened.schema)
                self._clock.measure(connection)
        except psycopg.Error as error:
            raise StorageUnavailable(said(error, self.shown)) from None
        self.engine = sa.create_engine(
            sa.URL.create("postgresql+psycopg", database=where.keywords.get("dbname")),
            creator=self._connector.connect, pool_size=10, max_overflow=10, pool_timeout=30, pool_use_lifo=True,
            execution_options={QUEUES: opened.queues},
        )  # fmt: skip
        sa.event.listen(self.engine, "checkin", _note_use)
        sa.event.listen(self.engine, "checkout", self._refuse_stale)
        sa.event.listen(self.engine, "close", self._forget)
        sa.event.listen(self.engine, "handle_error", self._note_refusal)
        # On the same pool: psycopg's BEGIN says what a transaction may, which costs no round trip of its own.
        self._readers = self.engine.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)
        self._queues = opened.queues
        self._writing = threading.local()
        self._reviews = Reviews(lambda: None, "")
        self._lost = ""
        self._room, self._writes = Room(self.engine), Writing(self.engine)
        self._lock = threading.Lock()
        self._bus = Bus(
            self._connect,
            opened.schema,
            self._sockets,
            self._clock,
            self.shown,
            patience=settings.lease_ttl,
            lost=self.lost,
        )

    def _refuse_stale(self, connection: psycopg.Connection[Any], record: Any, _proxy: Any) -> None:
        # A server that was restarted, or a severed connection, is nobody's failure once it is reachable again.
        if record.info.get(_USED) and self._sockets.is_stale(connection):
            raise sa.exc.DisconnectionError("it ended while nobody used it")

    def _forget(self, connection: psycopg.Connection[Any], _record: Any) -> None:
        self._sockets.forget(connection)

    def _note_refusal(self, context: sa.ExceptionContext) -> None:
        """Have everybody connect anew, who may find another server in its place; DBOS's own threads wait for that."""
        error, running = context.original_exception, context.execution_context
        # In a reading transaction of ours it is our own mistake.
        ours = running is not None and cast("NodeConnection", running.cursor.connection).read_only
        if isinstance(error, psycopg.Error) and is_read_only(error) and not ours:
            context.is_disconnect = True
            self._note_loss(said(error, self.shown), news=self._writes.missed())

    def _connect(self) -> NodeConnection:
        """Return a connection of its own, in autocommit, outside of the pool."""
        return self._connector.connect(autocommit=True)

    @contextmanager
    def write(self, *, durable: bool = False) -> Iterator[sa.Connection]:
        """Begin a writing transaction; see ``Storage.write``. All of them are durable."""
        del durable
        if getattr(self._writing, "now", False):
            raise RuntimeError("a writing transaction inside another would wait for itself: end the first one before")
        self._writing.now = True
        try:
            with self._guarded(), self._begin(self.engine) as connection:
                bound = patience()
                if bound is not None:
                    connection.exec_driver_sql(f"SET LOCAL lock_timeout = {max(round(bound * 1000), 1)}")
                yield connection
        finally:
            self._writing.now = False

    @contextmanager
    def read(self) -> Iterator[sa.Connection]:
        """Begin a reading transaction on one snapshot; see ``Storage.read``."""
        with self._guarded(), self._begin(self._readers) as connection:
            yield connection

    @contextmanager
    def _begin(self, engine: sa.Engine) -> Iterator[sa.Connection]:
        """Begin a transaction on a server that was looked at."""
        while True:
            with engine.connect() as connection:
                if self._reviews.are_done(_driver(connection)):
                    with connection.begin():
                        yield connection
                    return
                # Of another server than the one that was looked at last, which may be the newer one.
                connection.invalidate()
            # Nothing has begun yet: whoever looks may begin something.
            writes, self._writing.now = getattr(self._writing, "now", False), False
            try:
                self._reviews.begin(self._connect)
            finally:
                self._writing.now = writes

    def identity(self) -> Mapping[str, str]:
        """Return what tells this database from others; see ``Storage.identity``."""
        with self._guarded(), self._connect() as connection:
            try:
                return identity_of(connection, self.shown)
            except StorageUnavailable as error:
                # A standby, of which nothing else may be asked before it was looked at.
                self._note_loss(str(error), news=self._writes.missed())
                raise

    def review(self, check: Callable[[], None]) -> None:
        """Have ``check`` called on another server; see ``Storage.review``."""
        with self._guarded(), self._connect() as connection:
            self._reviews = Reviews(check, connection.server)

    @contextmanager
    def _guarded(self) -> Iterator[None]:
        """Say StorageUnavailable of a database that went away, and remember since when, or StorageBusy."""
        try:
            yield
        except (sa.exc.DBAPIError, psycopg.Error) as error:
            if is_busy(error):
                why = f"{self.shown} is busy: others held for too long what this needed, and it was undone: try again"
                raise StorageBusy(why) from None
            if not is_lost(error):
                raise
            news = is_full(error) and self._room.missed()
            raise StorageUnavailable(self._note_loss(said(error, self.shown), news=news)) from None
        except sa.exc.TimeoutError:
            why = f"{self.shown}: no connection of the pool came free in time"
            raise StorageUnavailable(self._note_loss(why)) from None
        if self._lost and self._room.is_back() and self._writes.is_back():
            with self._lock:
                was, self._lost = self._lost, ""
            if was:
                log.info("database_found", database=self.shown)

    def _note_loss(self, why: str, *, news: bool = False) -> str:
        """Remember why, and say so where that is not known yet, or is another reason than it was."""
        with self._lock:
            was, self._lost = self._lost, why
        if news or not was:
            log.error("database_lost", why=why, cure="what was begun goes on by itself once it answers")
        return why

    def open_clock(self) -> Clock:
        """Return the server's clock."""
        return self._clock

    def announce(self, topic: str) -> None:
        """Tell every node; see ``Storage.announce``."""
        self._bus.announce(topic)

    def listen(self, hear: Callable[[str], None]) -> Callable[[], None]:
        """Hear announcements; see ``Storage.listen``."""
        return self._bus.listen(hear)

    def lost(self) -> str:
        """Return why the server cannot be worked with just now, or ""."""
        return self._lost

    @property
    def full(self) -> bool:
        """Whether that is its disk, which has no room."""
        return self._room.lacking

    @property
    def read_only(self) -> bool:
        """Whether that is that it takes nothing that is written."""
        return self._writes.lacking

    def deaf(self) -> str:
        """Return why nothing is announced or heard though the server can be worked with, or ""."""
        return self._bus.trouble()

    def sever(self) -> None:
        """Shut every socket, so that whoever waits on a dead network wakes up."""
        self._sockets.shut_all()

    def hold(self) -> None:
        """Do nothing: nodes share it."""

    def fold(self) -> None:
        """Do nothing: nobody copies its files."""

    def lock_migrations(self, connection: sa.Connection) -> None:
        """Take the lock that every node takes before it migrates."""
        connection.execute(sa.text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _MIGRATING})

    @contextmanager
    def migrating(self) -> Iterator[sa.Connection]:
        """Begin a transaction that changes tables; see ``Storage.migrating``."""
        with self._naming_holders() as holders, self.write(durable=True) as connection:
            holders.watch(_driver(connection).process)
            # For that one as long as for anything: nobody waits behind it but who migrates, too.
            self.lock_migrations(connection)
            connection.exec_driver_sql(_CHANGES_WAIT)
            yield connection

    @contextmanager
    def _naming_holders(self) -> Iterator[Holders]:
        with Holders(self._connect) as holders:
            try:
                yield holders
            except StorageBusy:
                if not holders.who:
                    raise
                why = f"{self.shown} cannot be brought up to date while others keep its tables: {holders.who}"
                raise StorageBusy(why) from None

    def migrate_dbos(self) -> None:
        """Create or migrate DBOS's tables in their schema, which is nobody else's."""
        with self.read() as connection:
            refuse_others_queues(connection, self._queues, self.shown)
            marked = is_marked(connection, self._queues)
        # It takes a lock of its own. Not inside a transaction of ours: it makes indexes concurrently, which waits for
        # every open one.
        with self._naming_holders() as holders, self._guarded(), self._changing(holders) as engine:
            migrate_queues(engine, self._queues)
        if not marked:
            with self.write(durable=True) as connection:
                self.lock_migrations(connection)
                make_mark(connection, self._queues)

    @contextmanager
    def _changing(self, holders: Holders) -> Iterator[sa.Engine]:
        """Lend an engine whose transactions wait for locks as briefly as ours; an index that is made beside others'
        work, outside of a transaction, waits for as long as anything."""

        def connect() -> NodeConnection:
            made = self._connector.connect()
            holders.watch(made.process)
            usual = made.own
            made.own = lambda: (*usual(), _CHANGES_WAIT.encode())
            return made

        engine = sa.create_engine(self.engine.url, creator=connect)
        try:
            yield engine
        finally:
            close_engine(engine)

    def claim_queues(self, connection: sa.Connection, installation_id: str) -> None:
        """Write down whose they are."""
        claim_schema(connection, self._queues, installation_id, self.shown)

    def scrub(self, tables: Sequence[str]) -> str:
        """Write these tables anew; what archives and standbys have of the log is theirs."""
        try:
            with self._connect() as connection:
                for table in tables:
                    connection.execute(sql.SQL("VACUUM (FULL) {}").format(sql.Identifier(table)))
        except psycopg.Error as error:
            return said(error, self.shown)
        return ""

    def size(self) -> int:
        """Return the bytes of the database."""
        with self.read() as connection:
            found: int = connection.exec_driver_sql("SELECT pg_database_size(current_database())").scalar_one()
        return found

    def close(self) -> None:
        """Close every connection."""
        self._bus.close()
        close_engine(self.engine)


def _driver(connection: sa.Connection) -> NodeConnection:
    return cast("NodeConnection", connection.connection.driver_connection)


def _note_use(_connection: Any, record: Any) -> None:
    # A new connection is not looked at: what comes with its making may still lie in its socket.
    record.info[_USED] = True
