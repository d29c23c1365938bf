"""What SQLite's errors mean for a person: which are a state of the world, that passes, and what to do about it."""

from __future__ import annotations

import sqlite3

import sqlalchemy as sa

from octobot_node.errors import StorageBusy, StorageUnavailable

__all__ = ["held", "is_busy", "translated"]

#: Primary result codes -> what to do.
_CURES = {
    sqlite3.SQLITE_FULL: "make room on its disk",
    sqlite3.SQLITE_IOERR: "see that its disk works and has room",
    sqlite3.SQLITE_READONLY: "see that its folder and files may be written by this user, and the disk, too",
    sqlite3.SQLITE_CANTOPEN: "see that its folder is there, and may be written by this user",
    sqlite3.SQLITE_PERM: "see that its files may be read and written by this user",
    sqlite3.SQLITE_NOMEM: "see that there is memory enough",
    sqlite3.SQLITE_CORRUPT: "stop the node and restore a backup",
    sqlite3.SQLITE_NOTADB: "stop the node and restore a backup",
}
_BUSY = frozenset({sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED})


def is_busy(error: sa.exc.DBAPIError) -> bool:
    """Whether another connection has what this one waited for."""
    return _code(error) in _BUSY


def held(shown: str) -> str:
    """Return what to say of a database that another program keeps."""
    return f"{shown} is busy: another program keeps it (database is locked); end that, or try again"


def _code(error: sa.exc.DBAPIError) -> int:
    # Extended codes have the primary one in their lowest byte.
    return int(getattr(error.orig, "sqlite_errorcode", sqlite3.SQLITE_ERROR)) & 0xFF


def translated(error: sa.exc.DBAPIError, shown: str) -> StorageUnavailable | None:
    """Return what to raise instead, with cause and cure; None for a mistake of ours in a statement."""
    if is_busy(error):
        return StorageBusy(held(shown))
    cure = _CURES.get(_code(error))
    if cure is None:
        return None
    return StorageUnavailable(
        f"the database failed ({error.orig}, {shown}): {cure}, then give the same command again: it goes on where"
        " it was"
    )
