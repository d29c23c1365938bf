"""What a storage plugin opens: transactions on one database, and the facts the core needs of it."""

from __future__ import annotations

from contextlib import AbstractContextManager
from typing import Protocol

import sqlalchemy as sa

__all__ = ["Storage"]


class Storage(Protocol):
    """One database. Everything in it, DBOS's tables included, commits in the same transactions."""

    #: The URL without its password, for messages.
    shown: str
    #: The synchronous engine that workflows and DBOS share.
    engine: sa.Engine

    def write(self, *, durable: bool = False) -> AbstractContextManager[sa.Connection]:
        """Begin a transaction that writes; it commits on leaving, rolls back on an exception.

        ``durable`` commits survive a power cut when this returns; others survive a kill of the process, and
        a power cut undoes at most the latest of them, never one before a durable commit.
        """
        ...

    def read(self) -> AbstractContextManager[sa.Connection]:
        """Begin a transaction that only reads; it never waits for a writer."""
        ...

    def migrate_dbos(self) -> None:
        """Create or migrate DBOS's own tables."""
        ...

    def size(self) -> int:
        """Return the bytes the database takes on disk."""
        ...

    def close(self) -> None:
        """Let go of every connection."""
        ...
