"""The API of a bench over HTTP: streams have no end that a client in process could wait for."""

from __future__ import annotations

import json
import queue
import socket
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from http.client import HTTPConnection, HTTPException, HTTPResponse
from typing import Any
from urllib.parse import urlencode

import httpx2
import pytest
import sqlalchemy as sa

from octobot_node.api.server import ApiServer
from octobot_node.contracts.storage import Storage
from octobot_node.store import events
from octobot_node.store.events import Event
from octobot_plugins.api_events.feed import Feed
from tests.integration.api.conftest import (
    Service,
    bench,
    make_bench,
    make_service,
    office,
    open_office,
    password_hash,
    registry,
    service,
    template,
)

__all__ = [
    "Live",
    "Stream",
    "bench",
    "happen",
    "make_bench",
    "make_service",
    "office",
    "open_office",
    "password_hash",
    "registry",
    "service",
    "template",
]

STREAM = "text/event-stream"


def another_pool(engine: sa.Engine) -> sa.Engine:
    """Return what another node has: connections of its own to the same PostgreSQL database."""
    return sa.create_engine(engine.url, pool=engine.pool.recreate())


def happen(storage: Storage, *kinds: str, owner: str = "ada", automation: str = "one", **data: str) -> None:
    with storage.write() as connection:
        some = [Event(owner, "account", automation, kind, data) for kind in kinds]
        events.append(connection, some, 1_767_225_600_000)


@dataclass
class Stream:
    """One connection; what it was told is taken off it in order."""

    response: HTTPResponse
    #: (name of the event, its data), None at the end of the stream.
    told: queue.Queue[tuple[str, Any] | None] = field(default_factory=queue.Queue)
    last_id: str = ""
    comments: list[str] = field(default_factory=list)
    begun: threading.Event = field(default_factory=threading.Event)

    def next(self) -> tuple[str, Any]:
        found = self.told.get(timeout=30)
        assert found is not None, "the stream has ended"
        return found

    def kinds(self, count: int) -> list[str]:
        return [self.next()[1]["kind"] for _ in range(count)]

    def ended(self) -> bool:
        return self.told.get(timeout=60) is None

    def read(self) -> None:
        name, data = "message", ""
        try:
            for raw in self.response:
                line = raw.decode().rstrip("\n")
                if line.startswith(":"):
                    self.comments.append(line[2:])
                elif line.startswith("event: "):
                    name = line[7:]
                elif line.startswith("data: "):
                    data = line[6:]
                elif line.startswith("id: "):
                    self.last_id = line[4:]
                    self.begun.set()
                elif not line:
                    if data:
                        self.told.put((name, {**json.loads(data), "cursor": self.last_id}))
                    name, data = "message", ""
        except (OSError, HTTPException):
            pass  # it was shut from this side
        self.told.put(None)


@dataclass
class Live:
    """A service that listens."""

    service: Service
    server: ApiServer
    stack: ExitStack

    @property
    def storage(self) -> Storage:
        return self.service.office.bench.core.storage

    @property
    def feed(self) -> Feed:
        assert self.server._server is not None
        app: Any = self.server._server.config.app
        found: Feed = app.state.api.kept["events.feed"]
        return found

    def restart(self) -> None:
        """Listen again, as a node that starts anew."""
        self.server = ApiServer(self.service.office.context(owner=None))
        self.server.start()
        self.stack.callback(self.server.stop)

    def client(self, user: str) -> httpx2.Client:
        client = httpx2.Client(
            base_url=f"http://127.0.0.1:{self.server.port}/api/v1",
            headers={"authorization": f"Bearer {self.service.keys[user]}"},
            timeout=60,
        )
        return self.stack.enter_context(client)

    @contextmanager
    def stream(
        self, user: str = "ada", path: str = "/events", *, after: str | None = None, **query: str
    ) -> Iterator[Stream]:
        connection, response = self.open(user, path, after=after, query=query)
        stream = Stream(response)
        thread = threading.Thread(target=stream.read, daemon=True)
        thread.start()
        try:
            # What it begins with is read: whatever happens from here on is its.
            assert stream.begun.wait(30)
            yield stream
        finally:
            connection.shutdown(socket.SHUT_RDWR)
            thread.join(30)
            connection.close()

    def open(
        self,
        user: str = "ada",
        path: str = "/events",
        *,
        after: str | None = None,
        buffer: int = 0,
        query: Mapping[str, str] | None = None,
    ) -> tuple[socket.socket, HTTPResponse]:
        """Open a stream and read nothing of it yet."""
        connection = HTTPConnection("127.0.0.1", self.server.port, timeout=60)
        connection.sock = socket.socket()
        connection.sock.settimeout(60)
        if buffer:
            connection.sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, buffer)
        connection.sock.connect(("127.0.0.1", self.server.port))
        headers = {"accept": STREAM, "authorization": f"Bearer {self.service.keys[user]}"}
        if after is not None:
            headers["last-event-id"] = after
        asked = f"{'&' if '?' in path else '?'}{urlencode(query)}" if query else ""
        connection.request("GET", f"/api/v1{path}{asked}", headers=headers)
        opened, response = connection.sock, connection.getresponse()
        assert response.status == 200, response.read()
        return opened, response


@pytest.fixture
def make_live(make_service: Callable[..., Service], tmp_path: Any) -> Iterator[Callable[..., Live]]:
    with ExitStack() as stack:

        def make(**settings: Any) -> Live:
            service = make_service(api_port=0, **settings)
            live = Live(service, ApiServer(service.office.context(owner=None)), stack)
            live.restart()
            return live

        yield make


@pytest.fixture
def live(make_live: Callable[..., Live]) -> Live:
    return make_live()
