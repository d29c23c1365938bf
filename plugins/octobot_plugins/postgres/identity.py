"""Which database it is, which course of it, and whether whoever began on it has looked at it."""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextlib import suppress

import psycopg

from octobot_node.errors import StorageUnavailable
from octobot_plugins.postgres.connecting import NodeConnection

__all__ = ["Reviews", "identity_of"]

#: Each by itself: what a service does not let its users ask is left out.
_PARTS = {
    # Of the cluster, from its making on; copies of its files have the same.
    "cluster": "SELECT system_identifier::text FROM pg_control_system()",
    # Begun anew whenever a standby is promoted, or a backup of files is brought to some moment: what was written after
    # that is not in it. Of a standby there is none.
    "course": "SELECT substr(pg_walfile_name(pg_current_wal_lsn()), 1, 8)",
    "database": "SELECT oid::text FROM pg_database WHERE datname = current_database()",
}


def identity_of(connection: NodeConnection, shown: str) -> dict[str, str]:
    """Return what tells a database from others; raise StorageUnavailable for a standby, of which it is not decided."""
    row = connection.execute("SELECT pg_is_in_recovery()").fetchone()
    if row is None or row[0]:
        raise StorageUnavailable(f"{shown} is a standby, which only reads: point the URL at the primary")
    found = {}
    for name, statement in _PARTS.items():
        with suppress(psycopg.DatabaseError):
            row = connection.execute(statement.encode()).fetchone()
            if row is not None and row[0]:
                found[name] = str(row[0])
        if connection.closed:
            raise psycopg.OperationalError("the connection is lost")
    return found


class Reviews:
    """Lets nobody work on a server that was not looked at; the one that looks may.

    Every connection knows its server: a failover may happen between two transactions without any that fails.
    """

    def __init__(self, check: Callable[[], None], server: str) -> None:
        self._check = check
        self._server = server
        self._lock = threading.Lock()
        self._looking = threading.local()

    def are_done(self, connection: NodeConnection) -> bool:
        """Whether this connection's server was looked at."""
        return not self._server or connection.server == self._server or getattr(self._looking, "now", False)

    def begin(self, connect: Callable[[], NodeConnection]) -> None:
        """Look at the server that is connected to now, unless somebody just did."""
        with self._lock, connect() as connection:
            if connection.server == self._server:
                return
            self._looking.now = True
            try:
                self._check()
            finally:
                self._looking.now = False
            self._server = connection.server
