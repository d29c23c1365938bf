"""What a storage plugin opens: transactions on one database, and the facts the core needs of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING, Protocol

import sqlalchemy as sa

if TYPE_CHECKING:
    from octobot_node.clock import Clock

__all__ = ["Storage"]


class Storage(Protocol):
    """One database. Everything in it, DBOS's tables included, commits in the same transactions.

    ``write`` and ``read`` raise StorageUnavailable when the database cannot be reached, or was lost in the middle of
    the transaction; then it is not known whether a commit under way was carried out. StorageBusy, where transactions
    run beside each other, says that this one was undone for another's sake.
    """

    #: The URL without its password, for messages.
    shown: str
    #: The synchronous engine that workflows and DBOS share.
    engine: sa.Engine
    #: Whether other nodes may work on this database at the same time.
    shared: bool

    def write(self, *, durable: bool = False) -> AbstractContextManager[sa.Connection]:
        """Begin a transaction that writes; it commits on leaving, rolls back on an exception.

        ``durable`` commits survive a power cut when this returns; others survive a kill of the process, and
        a power cut undoes at most the latest of them, never one before a durable commit, and never one that a living
        process still relies on.
        """
        ...

    def read(self) -> AbstractContextManager[sa.Connection]:
        """Begin a transaction that only reads, on one snapshot of the whole; it never waits for a writer."""
        ...

    def identity(self) -> Mapping[str, str]:
        """Return what tells this database from every other, and this course of it from others that it could take.

        What cannot be known is left out; nothing at all where a database is a file.
        """
        ...

    def review(self, check: Callable[[], None]) -> None:
        """Have ``check`` called before anything is done on another server than before, or on one that was started anew.

        What it does itself is not held up by that. What it raises, whoever wanted to do something gets.
        """
        ...

    def open_clock(self) -> Clock:
        """Return the clock of all nodes on this database; the machine's own where there is one node."""
        ...

    def announce(self, topic: str) -> None:
        """Tell every node on this database, this one included, that there is something of ``topic``.

        From any thread, after the commit, without waiting. Announcements are gathered, ten a second at most, and may
        be lost: whoever listens looks by itself now and then. Where nodes do not share the database it does nothing.
        """
        ...

    def listen(self, hear: Callable[[str], None]) -> Callable[[], None]:
        """Call ``hear(topic)`` for each announcement, from a thread of the storage's; return what ends that.

        After the connection was lost and found again, ``hear("")`` says that announcements may have been missed.
        """
        ...

    def lost(self) -> str:
        """Return why the database cannot be reached just now, or "" where nothing is known to be wrong."""
        ...

    def sever(self) -> None:
        """Break every connection, so that whoever waits for an answer gets an error instead; others are made anew."""
        ...

    def hold(self) -> None:
        """Keep the database for this process until ``close``, where nodes cannot share it; else do nothing.

        Raises DataFolderInUse where another process has it, also by another name: a link, or a second folder.
        """
        ...

    def fold(self) -> None:
        """Bring what is written into the files that a person would copy, where it is kept beside them at first."""
        ...

    def lock_migrations(self, connection: sa.Connection) -> None:
        """Let no other node migrate until the transaction of ``connection`` ends."""
        ...

    def migrating(self) -> AbstractContextManager[sa.Connection]:
        """Begin a durable transaction that changes tables while no other node does, and holds nobody up for long.

        StorageBusy says who kept what it waited for: the same may be tried again.
        """
        ...

    def migrate_dbos(self) -> None:
        """Create or migrate DBOS's own tables; raise DatabaseNotOurs, before, where they are somebody else's.

        StorageBusy as with ``migrating``.
        """
        ...

    def claim_queues(self, connection: sa.Connection, installation_id: str) -> None:
        """Write down that DBOS's tables are this installation's; raise DatabaseNotOurs where they are another's."""
        ...

    def scrub(self, tables: Sequence[str]) -> str:
        """Have nothing that was written over or deleted be left in the files of these tables, before anybody works on
        the database; return why that cannot be done, or "".
        """
        ...

    def size(self) -> int:
        """Return the bytes the database takes on disk."""
        ...

    def close(self) -> None:
        """Let go of every connection."""
        ...
