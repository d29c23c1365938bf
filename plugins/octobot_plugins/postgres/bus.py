"""Announcements between nodes: LISTEN and NOTIFY on one connection, gathered, ten a second at most."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable
from typing import Any

import psycopg
import structlog

from octobot_plugins.postgres.clock import ServerClock

__all__ = ["Bus"]

log = structlog.get_logger(__name__)
_CHANNEL = "octobot"
_GATHER_S = 0.1
#: How long one look for announcements takes: what is announced here goes out after it.
_LOOK_S = 0.05
_RETRY_S = 1.0
_MEASURE_S = 30.0
#: PostgreSQL takes 8,000 bytes.
_PAYLOAD_MAX = 7_000


class Bus:
    """One thread with one connection, begun when somebody announces or listens for the first time."""

    def __init__(self, connect: Callable[[], psycopg.Connection[Any]], clock: ServerClock) -> None:
        self._connect = connect
        self._clock = clock
        self._connection: psycopg.Connection[Any] | None = None
        self._topics: dict[str, None] = {}
        self._hearing: list[Callable[[str], None]] = []
        self._lock = threading.Lock()
        self._stopping = threading.Event()
        self._thread: threading.Thread | None = None

    def announce(self, topic: str) -> None:
        """Have a topic told to every node soon."""
        with self._lock:
            self._topics[topic] = None
        self._begin()

    def listen(self, hear: Callable[[str], None]) -> Callable[[], None]:
        """Call ``hear`` for each announcement until what is returned is called."""
        with self._lock:
            self._hearing.append(hear)
        self._begin()

        def end() -> None:
            with self._lock:
                if hear in self._hearing:
                    self._hearing.remove(hear)

        return end

    def sever(self) -> None:
        """Break the connection."""
        from octobot_plugins.postgres.storage import shut

        connection = self._connection
        if connection is not None:
            shut(connection)

    def close(self) -> None:
        """End the thread."""
        self._stopping.set()
        if self._thread is not None:
            self.sever()
            self._thread.join(5)

    def _begin(self) -> None:
        with self._lock:
            if self._thread is None and not self._stopping.is_set():
                self._thread = threading.Thread(target=self._run, name="octobot-bus", daemon=True)
                self._thread.start()

    def _run(self) -> None:
        first = True
        while not self._stopping.is_set():
            try:
                with self._connect() as connection:
                    self._connection = connection
                    connection.execute(f"LISTEN {_CHANNEL}".encode())
                    if not first:
                        self._hear("")
                    first = False
                    self._serve(connection)
            except Exception as error:  # noqa: BLE001 - whatever it is, another connection is made
                if not self._stopping.is_set():
                    log.debug("bus_lost", error=type(error).__name__)
                    self._stopping.wait(_RETRY_S)
            finally:
                self._connection = None

    def _serve(self, connection: psycopg.Connection[Any]) -> None:
        told_at, measured_at = 0.0, time.monotonic()
        while not self._stopping.is_set():
            now = time.monotonic()
            if self._topics and now - told_at >= _GATHER_S:
                told_at = now
                self._tell(connection)
            if now - measured_at >= _MEASURE_S:
                measured_at = now
                self._clock.measure(connection)
            for notice in connection.notifies(timeout=_LOOK_S if self._topics or now - told_at < 1 else _GATHER_S):
                for topic in json.loads(notice.payload):
                    self._hear(topic)

    def _tell(self, connection: psycopg.Connection[Any]) -> None:
        with self._lock:
            topics, self._topics = list(self._topics), {}
        part: list[str] = []
        for topic in topics:
            if part and len(json.dumps([*part, topic])) > _PAYLOAD_MAX:
                self._notify(connection, part)
                part = []
            part.append(topic)
        self._notify(connection, part)

    def _notify(self, connection: psycopg.Connection[Any], topics: list[str]) -> None:
        connection.execute("SELECT pg_notify(%s, %s)", (_CHANNEL, json.dumps(topics)))

    def _hear(self, topic: str) -> None:
        for hear in list(self._hearing):
            try:
                hear(topic)
            except Exception:
                log.exception("announcement_failed", topic=topic)
