"""Announcements between nodes: LISTEN and NOTIFY on one connection, gathered, ten a second at most.

Without them a node works on, by looking by itself, and later than it could: so it is no outage, and must be said. That
they arrive is proved now and then by one to oneself.
"""

from __future__ import annotations

import hashlib
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

from octobot_node.ids import new_id
from octobot_plugins.postgres.clock import ServerClock
from octobot_plugins.postgres.failures import said
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
#: A server that refuses to tell is asked again ever less often: what it refuses for is not over in a moment.
_REFUSED_LAST_S = 30.0
#: PostgreSQL takes less than 8,000 bytes.
_PAYLOAD_MAX = 7_900
_TOPIC_MAX = 200


class _Deaf(Exception):
    """A connection that answers, and on which nothing is heard."""


class Bus:
    """One thread with one connection, begun when somebody announces or listens for the first time.

    ``patience`` is for how many seconds announcements may fail before that is said; ``lost`` says why there is no
    database at all, which is said elsewhere.
    """

    def __init__(
        self,
        connect: Callable[[], psycopg.Connection[Any]],
        schema: str,
        sockets: Sockets,
        clock: ServerClock,
        shown: str,
        *,
        patience: float,
        lost: Callable[[], str],
    ) -> None:
        self._connect = connect
        self._sockets = sockets
        self._clock = clock
        self._shown = shown
        self._patience = patience
        self._database_lost = lost
        #: Nobody else listens to this one: what is told on it comes back to us, or nothing does.
        self._channel = _channel(schema)
        self._own_channel = f"{_CHANNEL}_{new_id().replace('-', '')}"
        #: When announcements were last known to go both ways, and why they did not since.
        self._well_at = time.monotonic()
        self._why = ""
        self._warned = False
        #: Until when the one to ourselves has to arrive.
        self._due_by: float | None = None
        self._refused_until = 0.0
        self._refused_pause = 0.0
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

    def trouble(self) -> str:
        """Return why nothing is announced or heard for longer than one can wait for, or ""."""
        running = self._thread is not None and not self._stopping.is_set()
        silent = time.monotonic() - self._well_at
        if not running or silent <= self._patience:
            return ""
        return f"announcements between nodes fail for {silent:.0f} s: {self._why or 'nothing is heard'}"

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
                self._well_at = time.monotonic()
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
                        connection.execute(f'LISTEN "{self._channel}"; LISTEN {self._own_channel}'.encode())
                    pause = _RETRY_FIRST_S
                    if heard_before:
                        self._hear("")
                    heard_before = True
                    self._serve(connection, woken)
                finally:
                    self._sockets.forget(connection)
                    connection.close()
            except Exception as error:  # noqa: BLE001 - whatever it is, another connection is made
                self._failed(error)
                self._stopping.wait(pause)
                pause = min(pause * 2, _RETRY_LAST_S)

    def _failed(self, error: Exception) -> None:
        """Remember why; say so once, where it lasts and is not what is said of the database anyway."""
        # Any other's own words may hold what was in the URL.
        told = isinstance(error, psycopg.Error | _Deaf)
        self._why = said(error, self._shown) if isinstance(error, psycopg.Error) else str(error) if told else ""
        self._why = self._why or type(error).__name__
        log.debug("bus_lost", database=self._shown, error=type(error).__name__)
        if not self._warned and self.trouble() and not self._database_lost():
            self._warned = True
            log.warning(
                "announcements_fail", why=self._why,
                cure="nodes go on by looking by themselves, later than they could; see that this node may connect once"
                " more, that no pooler changes its session, and the server's own log",
            )  # fmt: skip

    def _works(self) -> None:
        self._well_at = time.monotonic()
        if self._warned:
            self._warned = False
            log.info("announcements_work", database=self._shown)

    def _serve(self, connection: psycopg.Connection[Any], woken: socket.socket) -> None:
        self._due_by = None
        self._prove(connection)
        told_at = 0.0
        asked_at = measured_at = time.monotonic()
        poll = select.poll()
        for readable in (connection.fileno(), woken.fileno()):
            poll.register(readable, select.POLLIN)
        while not self._stopping.is_set():
            # First what came beside the answers of our own statements: no socket tells of it any more.
            for notice in connection.notifies(timeout=0):
                self._take(notice)
            now = time.monotonic()
            self._refuse_deafness(now)
            next_told = max(told_at + _GATHER_S, self._refused_until)
            if self._topics and now >= next_told:
                told_at = now
                self._tell(connection)
            elif now - asked_at >= _PING_S:
                asked_at = now
                measured_at = self._ask(connection, measured_at)
            else:
                until = min(asked_at + _PING_S, next_told) if self._topics else asked_at + _PING_S
                poll.poll(max(until - now, 0) * 1000)
                with suppress(BlockingIOError):
                    woken.recv(4096)

    def _refuse_deafness(self, now: float) -> None:
        if self._due_by is not None and now > self._due_by:
            raise _Deaf("the connection answers, and what is announced does not arrive on it: is a pooler between?")

    def _ask(self, connection: psycopg.Connection[Any], measured_at: float) -> float:
        """Ask for any answer, or now and then for the time; return when it was asked for the time."""
        if time.monotonic() - measured_at < _MEASURE_S:
            with self._bounded(connection):
                connection.execute(b"SELECT 1")
            if self._due_by is None and not self._refused_pause:
                self._works()
            return measured_at
        with self._bounded(connection):
            self._clock.measure(connection)
        self._prove(connection)
        return time.monotonic()

    def _prove(self, connection: psycopg.Connection[Any]) -> None:
        """Announce something to ourselves, which has to arrive."""
        if self._say(connection, self._own_channel, "") and self._due_by is None:
            self._due_by = time.monotonic() + _ANSWER_S

    def _take(self, notice: psycopg.Notify) -> None:
        if notice.channel == self._own_channel:
            self._due_by = None
            if not self._refused_pause:
                self._works()
        else:
            self._hear_all(notice.payload)

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
        told = False
        try:
            told = all(self._say(connection, self._channel, payload) for payload in _payloads(list(topics)))
        finally:
            if not told:
                # Told later, or over the next connection, perhaps for the second time.
                with self._lock:
                    self._topics = {**topics, **self._topics}

    def _say(self, connection: psycopg.Connection[Any], channel: str, payload: str) -> bool:
        """Notify; return whether the server took it. One that refuses, its queue being full, is no lost connection."""
        try:
            with self._bounded(connection):
                connection.execute("SELECT pg_notify(%s, %s)", (channel, payload))
        except psycopg.Error as error:
            if connection.broken or connection.closed:
                raise
            self._refused_pause = min(max(self._refused_pause * 2, _RETRY_LAST_S), _REFUSED_LAST_S)
            self._refused_until = time.monotonic() + self._refused_pause
            self._failed(error)
            return False
        self._refused_pause = self._refused_until = 0.0
        return True

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


def _channel(schema: str) -> str:
    """Return the channel of the installation in a schema: a database has one set of them for all."""
    return _CHANNEL if schema == "public" else f"{_CHANNEL}_in_{hashlib.sha256(schema.encode()).hexdigest()[:16]}"


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
