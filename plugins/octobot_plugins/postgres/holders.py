"""Who keeps what a migration waits for: the server tells it only while somebody waits."""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextlib import suppress
from typing import Any, Self

import psycopg

from octobot_plugins.postgres.connecting import NodeConnection

__all__ = ["Holders"]

#: What waits for less is through before anybody is asked.
_LOOK_S = 0.25
_WHO = """
SELECT DISTINCT blocker.pid, coalesce(nullif(application_name, ''), 'a program without a name'), usename,
  coalesce(host(client_addr), ''), coalesce(state, ''), extract(epoch FROM clock_timestamp() - xact_start)::float8
FROM unnest(%s::int[]) AS waiting (pid), unnest(pg_blocking_pids(waiting.pid)) AS blocker (pid)
LEFT JOIN pg_stat_activity ON pg_stat_activity.pid = blocker.pid
WHERE blocker.pid <> ALL (%s::int[])
"""


class Holders:
    """Asks now and then, on a connection of its own, for whom some of the server's processes wait.

    A context manager; ``who`` is kept from when it was seen last.
    """

    def __init__(self, connect: Callable[[], NodeConnection]) -> None:
        self._connect = connect
        self._waiting: set[int] = set()
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._run, name="octobot-holders", daemon=True)
        self.who = ""

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_error: object) -> None:
        self._over.set()
        self._thread.join(1.0)

    def watch(self, process: int) -> None:
        """Ask for whom this one waits."""
        self._waiting = {*self._waiting, process}

    def _run(self) -> None:
        # Without an answer the migration is no worse off.
        with suppress(psycopg.Error):
            if self._over.wait(_LOOK_S):
                return
            with self._connect() as connection:
                while not self._over.is_set():
                    self._look(connection)
                    self._over.wait(_LOOK_S)

    def _look(self, connection: NodeConnection) -> None:
        waiting = list(self._waiting)
        found = connection.execute(_WHO, [waiting, waiting]).fetchall()
        if found:
            self.who = " and ".join(_said(*row) for row in found)


def _said(process: int, program: str, user: Any, host: str, state: str, seconds: float | None) -> str:
    if not process:
        return "a prepared transaction (see pg_prepared_xacts)"
    place = f" at {host}" if host else ""
    since = "" if seconds is None else f", its transaction open for {seconds:.0f} s"
    return f"the server's process {process} ({program}, user {user}{place}{since}{f', {state}' if state else ''})"
