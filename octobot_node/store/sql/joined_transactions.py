"""Many transactions as one, for a replay: nothing but this process waits for what a stage writes."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager

import sqlalchemy as sa

from octobot_node.clock import Clock
from octobot_node.contracts.storage import Storage
from octobot_node.errors import StorageUnavailable

__all__ = ["JoinedStorage"]


class JoinedStorage:
    """A storage whose transactions can be joined into one; used by one thread.

    Inside ``joined`` a writing transaction is a savepoint: one that fails is undone alone, as it would be by itself,
    and a reading one sees what those before it wrote. On disk is either all of it or nothing. Outside of ``joined``
    it is the storage it was made of.
    """

    def __init__(self, storage: Storage) -> None:
        self.shown = storage.shown
        self.engine = storage.engine
        self.shared = storage.shared
        #: How many writing transactions were begun: who looked and found nothing need not look again before it moves.
        self.writes = 0
        self._storage = storage
        self._connection: sa.Connection | None = None
        self._writing = False
        self._lost = False

    @contextmanager
    def joined(self) -> Iterator[None]:
        """Join every transaction until this is left, and commit them.

        An exception commits them too: whichever transaction it broke off was undone on its way here.
        """
        failure: BaseException | None = None
        with self._storage.write() as connection:
            self._connection, self._lost = connection, False
            try:
                yield
            except BaseException as error:  # noqa: BLE001 - raised again, after the commit
                failure = error
            finally:
                self._connection = None
            if self._lost:
                raise StorageUnavailable(
                    f"{self.shown} undid what was not committed yet ({failure}): see that its disk has room and can be"
                    " read, and run this again"
                ) from failure
        if failure is not None:
            raise failure

    @contextmanager
    def write(self, *, durable: bool = False) -> Iterator[sa.Connection]:
        """Begin a writing transaction; see ``Storage.write``. A joined one is durable when all are."""
        self.writes += 1
        if self._connection is None:
            with self._storage.write(durable=durable) as connection:
                yield connection
            return
        if self._writing:
            raise RuntimeError("a writing transaction inside another would wait for itself: end the first one before")
        self._writing = True
        try:
            with self._savepoint(self._usable()):
                yield self._connection
        finally:
            self._writing = False

    @contextmanager
    def read(self) -> Iterator[sa.Connection]:
        """Begin a reading transaction; see ``Storage.read``."""
        if self._connection is None:
            with self._storage.read() as connection:
                yield connection
            return
        try:
            yield self._usable()
        except sa.exc.OperationalError:
            # A disk that cannot be read makes the database undo everything by itself, and no savepoint would tell.
            self._lost = True
            raise

    def _usable(self) -> sa.Connection:
        assert self._connection is not None
        if self._lost:
            raise StorageUnavailable(f"{self.shown} undid what was not committed yet: nothing may be added to it")
        return self._connection

    @contextmanager
    def _savepoint(self, connection: sa.Connection) -> Iterator[None]:
        # Straight to the driver: SQLAlchemy's nested transactions take longer than what a stage writes.
        cursor = connection.connection.cursor()
        try:
            cursor.execute("SAVEPOINT stage")
            try:
                yield
            except BaseException:
                try:
                    cursor.execute("ROLLBACK TO SAVEPOINT stage")
                    cursor.execute("RELEASE SAVEPOINT stage")
                except Exception:  # noqa: BLE001 - a full disk, say, made the database undo everything by itself
                    self._lost = True
                raise
            cursor.execute("RELEASE SAVEPOINT stage")
        finally:
            cursor.close()

    def identity(self) -> Mapping[str, str]:
        """Return what tells the database from others."""
        return self._storage.identity()

    def review(self, check: Callable[[], None]) -> None:
        """Have ``check`` called on another server; a replay has a file."""
        self._storage.review(check)

    def open_clock(self) -> Clock:
        """Return the storage's clock; a replay has a virtual one of its own."""
        return self._storage.open_clock()

    def announce(self, topic: str) -> None:
        """Tell nobody: a replay is alone."""

    def listen(self, hear: Callable[[str], None]) -> Callable[[], None]:
        """Hear nothing: a replay is alone."""
        return self._storage.listen(hear)

    def lost(self) -> str:
        """Return why the database cannot be reached just now, or ""."""
        return self._storage.lost()

    def sever(self) -> None:
        """Break every connection."""
        self._storage.sever()

    def hold(self) -> None:
        """Keep the database for this process."""
        self._storage.hold()

    def fold(self) -> None:
        """Bring what is written into the files that a person would copy."""
        self._storage.fold()

    def lock_migrations(self, connection: sa.Connection) -> None:
        """Let no other node migrate until the transaction of ``connection`` ends."""
        self._storage.lock_migrations(connection)

    def migrating(self) -> AbstractContextManager[sa.Connection]:
        """Begin a transaction that changes tables."""
        return self._storage.migrating()

    def migrate_dbos(self) -> None:
        """Create or migrate DBOS's own tables."""
        self._storage.migrate_dbos()

    def claim_queues(self, connection: sa.Connection, installation_id: str) -> None:
        """Write down that DBOS's tables are this installation's."""
        self._storage.claim_queues(connection, installation_id)

    def scrub(self, tables: Sequence[str]) -> str:
        """See ``Storage.scrub``."""
        return self._storage.scrub(tables)

    def size(self) -> int:
        """Return the bytes the database takes on disk."""
        return self._storage.size()

    def close(self) -> None:
        """Let go of every connection."""
        self._storage.close()
