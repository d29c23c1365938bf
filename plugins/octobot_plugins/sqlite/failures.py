"""What SQLite's errors mean for a person: which are a state of the world, that passes, and what to do about it."""

from __future__ import annotations

import sqlite3

import sqlalchemy as sa

from octobot_node.errors import StorageBusy, StorageUnavailable

__all__ = ["translated"]

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


def translated(error: sa.exc.DBAPIError, shown: str) -> StorageUnavailable | None:
    """Return what to raise instead, with cause and cure; None for a mistake of ours in a statement."""
    # Extended codes have the primary one in their lowest byte.
    code = getattr(error.orig, "sqlite_errorcode", sqlite3.SQLITE_ERROR) & 0xFF
    if code in _BUSY:
        return StorageBusy(f"{shown} is busy: another program keeps it ({error.orig}); end that, or try again")
    cure = _CURES.get(code)
    if cure is None:
        return None
    return StorageUnavailable(
        f"the database failed ({error.orig}, {shown}): {cure}, then give the same command again: it goes on where"
        " it was"
    )
