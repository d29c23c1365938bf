"""The sockets of connections, for a thread that has to break what another one waits for."""

from __future__ import annotations

import os
import socket
import threading
import weakref
from contextlib import suppress
from typing import Any

import psycopg

__all__ = ["Sockets"]


class Sockets:
    """A twin of each connection's socket.

    libpq closes its own whenever it likes, and the number may be another file's a moment later: shutting it by number
    could hit a request to an exchange. A twin is ours until we close it.
    """

    def __init__(self) -> None:
        self._twins: weakref.WeakKeyDictionary[psycopg.Connection[Any], socket.socket] = weakref.WeakKeyDictionary()
        self._lock = threading.Lock()

    def add(self, connection: psycopg.Connection[Any]) -> None:
        """Know a connection that was just made."""
        twin = socket.socket(fileno=os.dup(connection.pgconn.socket))
        # While a twin is open the server does not see the connection's end: it ends with a forgotten connection too.
        weakref.finalize(connection, twin.close)
        with self._lock:
            self._twins[connection] = twin

    def forget(self, connection: psycopg.Connection[Any]) -> None:
        """Let go of a connection that is about to be closed."""
        with self._lock:
            twin = self._twins.pop(connection, None)
            if twin is not None:
                twin.close()

    def shut(self, connection: psycopg.Connection[Any]) -> None:
        """Break a connection: whoever waits for its answer gets an error at once."""
        with self._lock:
            self._shut(self._twins.get(connection))

    def shut_all(self) -> None:
        """Break every connection."""
        with self._lock:
            for twin in list(self._twins.values()):
                self._shut(twin)

    def is_stale(self, connection: psycopg.Connection[Any]) -> bool:
        """Whether the server, or ``shut``, ended a connection while nobody used it; this asks no server.

        Between transactions nothing is to be read: what is there is the connection's end, or why it came.
        """
        with self._lock:
            twin = self._twins.get(connection)
            if twin is None:
                return True
            try:
                twin.recv(1, socket.MSG_PEEK | socket.MSG_DONTWAIT)
            except BlockingIOError:
                return False
            except OSError:
                return True
        return True

    @staticmethod
    def _shut(twin: socket.socket | None) -> None:
        if twin is not None:
            with suppress(OSError):  # the other side was first
                twin.shutdown(socket.SHUT_RDWR)
