"""Announcements between nodes: LISTEN and NOTIFY on one connection, gathered, ten a second at most."""

from __future__ import annotations

import json
import select
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any

import psycopg
import structlog

from octobot_plugins.postgres.clock import ServerClock
from octobot_plugins.postgres.sockets import Sockets

__all__ = ["Bus"]

log = structlog.get_logger(__name__)
_CHANNEL = "octobot"
_GATHER_S = 0.1
#: A dead network says nothing: so often a silent connection is asked, and has so long to answer.
_PING_S = 2.0
_ANSWER_S = 2.0
_MEASURE_S = 30.0
_RETRY_FIRST_S, _RETRY_LAST_S = 0.1, 1.0
#: PostgreSQL takes less than 8,000 bytes.
_PAYLOAD_MAX = 7_900
_TOPIC_MAX = 200


class Bus:
    """One thread with one connection, begun when somebody announces or listens for the first time."""

    def __init__(
        self, connect: Callable[[], psycopg.Connection[Any]], sockets: Sockets, clock: ServerClock, shown: str
    ) -> None:
        self._connect = connect
        self._sockets = sockets
        self._clock = clock
        self._shown = shown
        self._topics: dict[str, None] = {}
        self._hearing: list[Callable[[str], None]] = []
        self._lock = threading.Lock()
        self._stopping = threading.Event()
        self._thread: threading.Thread | None = None
        #: A byte written into the first wakes the thread at the second.
        self._waking: tuple[socket.socket, socket.socket] | None = None

    def announce(self, topic: str) -> None:
        """Have a topic told to every node soon; raise ValueError for one that is too long to be told."""
        if len(topic) > _TOPIC_MAX:
            raise ValueError(f"a topic has {_TOPIC_MAX} characters at most, not {len(topic)}")
        with self._lock:
            idle, self._topics[topic] = not self._topics, None
        self._begin()
        if idle:
            self._stir()

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

    def close(self) -> None:
        """End the thread; nothing is announced any more."""
        with self._lock:
            if self._stopping.is_set():
                return
            self._stopping.set()
        self._stir()
        if self._thread is not None:
            # One that is just connecting to nowhere ends by itself, a little later.
            self._thread.join(_ANSWER_S)

    def _begin(self) -> None:
        with self._lock:
            if self._thread is None and not self._stopping.is_set():
                self._waking = socket.socketpair()
                for end in self._waking:
                    end.setblocking(False)
                self._thread = threading.Thread(target=self._run, args=self._waking, name="octobot-bus", daemon=True)
                self._thread.start()

    def _stir(self) -> None:
        if self._waking is not None:
            with suppress(OSError):  # full: it is awake; closed: it has ended
                self._waking[0].send(b".")

    def _run(self, wake: socket.socket, woken: socket.socket) -> None:
        with wake, woken:
            self._keep_connected(woken)

    def _keep_connected(self, woken: socket.socket) -> None:
        heard_before, pause = False, _RETRY_FIRST_S
        while not self._stopping.is_set():
            try:
                connection = self._connect()
                try:
                    with self._bounded(connection):
                        connection.execute(f"LISTEN {_CHANNEL}".encode())
                    pause = _RETRY_FIRST_S
                    if heard_before:
                        self._hear("")
                    heard_before = True
                    self._serve(connection, woken)
                finally:
                    self._sockets.forget(connection)
                    connection.close()
            except Exception as error:  # noqa: BLE001 - whatever it is, another connection is made
                # Its type alone: the driver's own words may hold what was in the URL.
                log.debug("bus_lost", database=self._shown, error=type(error).__name__)
                self._stopping.wait(pause)
                pause = min(pause * 2, _RETRY_LAST_S)

    def _serve(self, connection: psycopg.Connection[Any], woken: socket.socket) -> None:
        told_at = 0.0
        asked_at = measured_at = time.monotonic()
        poll = select.poll()
        for readable in (connection.fileno(), woken.fileno()):
            poll.register(readable, select.POLLIN)
        while not self._stopping.is_set():
            # First what came beside the answers of our own statements: no socket tells of it any more.
            for notice in connection.notifies(timeout=0):
                self._hear_all(notice.payload)
            now = time.monotonic()
            if self._topics and now - told_at >= _GATHER_S:
                told_at = now
                self._tell(connection)
            elif now - asked_at >= _PING_S:
                asked_at = now
                measured_at = self._ask(connection, measured_at)
            else:
                until = min(asked_at + _PING_S, told_at + _GATHER_S) if self._topics else asked_at + _PING_S
                poll.poll(max(until - now, 0) * 1000)
                with suppress(BlockingIOError):
                    woken.recv(4096)

    def _ask(self, connection: psycopg.Connection[Any], measured_at: float) -> float:
        """Ask for any answer, or now and then for the time; return when it was asked for the time."""
        if time.monotonic() - measured_at < _MEASURE_S:
            with self._bounded(connection):
                connection.execute(b"SELECT 1")
            return measured_at
        with self._bounded(connection):
            self._clock.measure(connection)
        return time.monotonic()

    @contextmanager
    def _bounded(self, connection: psycopg.Connection[Any]) -> Iterator[None]:
        """Break the connection when what is asked in here is not answered in time."""
        timer = threading.Timer(_ANSWER_S, self._sockets.shut, [connection])
        timer.daemon = True
        timer.start()
        try:
            yield
        finally:
            timer.cancel()

    def _tell(self, connection: psycopg.Connection[Any]) -> None:
        with self._lock:
            topics, self._topics = self._topics, {}
        try:
            for payload in _payloads(list(topics)):
                with self._bounded(connection):
                    connection.execute("SELECT pg_notify(%s, %s)", (_CHANNEL, payload))
        except BaseException:
            # Told over the next connection, perhaps for the second time.
            with self._lock:
                self._topics = {**topics, **self._topics}
            raise

    def _hear_all(self, payload: str) -> None:
        try:
            topics = json.loads(payload)
        except ValueError:
            topics = None
        if not isinstance(topics, list):
            log.debug("announcement_ignored", why="it is not a node's")
            return
        for topic in topics:
            self._hear(str(topic))

    def _hear(self, topic: str) -> None:
        for hear in list(self._hearing):
            try:
                hear(topic)
            except Exception:
                log.exception("announcement_failed", topic=topic)


def _payloads(topics: list[str]) -> Iterator[str]:
    """Yield JSON lists that PostgreSQL takes, with every topic in one of them."""
    part: list[str] = []
    size = 0
    for topic in topics:
        # As ASCII, so that characters are bytes; and the ", " between two.
        more = len(json.dumps(topic)) + 2
        if part and size + more > _PAYLOAD_MAX:
            yield json.dumps(part)
            part, size = [], 0
        part.append(topic)
        size += more
    yield json.dumps(part)
