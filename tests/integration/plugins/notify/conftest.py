"""A web server and two proxies on this machine, and benches on which ``notify`` is installed."""

from __future__ import annotations

import json
import select
import socket
import socketserver
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from octobot_node.plugin_system.discovery import DEFAULT_PLUGINS, load_plugins
from octobot_node.plugin_system.registry import Registry
from octobot_node.settings import Settings
from octobot_node.store.migrate import migrate
from octobot_plugins.notify.courier import Courier
from octobot_plugins.notify.settings import NotifySettings
from tests.support.bench import Bench


class WebServer(ThreadingHTTPServer):
    """Remembers what is posted; answers with ``status``, once ``release`` is set."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.status = 200
        self.posted: list[dict[str, Any]] = []
        self.paths: list[str] = []
        self.release = threading.Event()
        self.release.set()

    def url(self, path: str = "hook", scheme: str = "json", host: str = "127.0.0.1") -> str:
        return f"{scheme}://{host}:{self.server_port}/{path}"

    @property
    def messages(self) -> list[str]:
        return [each["message"] for each in self.posted]


class _Handler(BaseHTTPRequestHandler):
    server: WebServer

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self._answer(json.loads(body))

    def do_GET(self) -> None:
        self._answer(None)

    def _answer(self, posted: dict[str, Any] | None) -> None:
        self.server.release.wait(30)
        self.server.paths.append(self.path)
        if posted is not None and self.server.status == 200:
            self.server.posted.append(posted)
        with suppress(OSError):
            self.send_response(self.server.status)
            self.end_headers()

    def log_message(self, *_args: Any) -> None:
        """Be quiet."""


class Proxy(socketserver.ThreadingTCPServer):
    """A proxy that sees every name it is asked for, and takes all of them to one server."""

    daemon_threads = True

    def __init__(self, handler: type[socketserver.BaseRequestHandler], target: int) -> None:
        super().__init__(("127.0.0.1", 0), handler)
        self.target = target
        self.asked: list[str] = []

    @property
    def port(self) -> int:
        return int(self.server_address[1])


class _Socks(socketserver.BaseRequestHandler):
    """SOCKS5 without a password, names only."""

    server: Proxy

    def handle(self) -> None:
        client: socket.socket = self.request
        client.recv(2 + 255)
        client.sendall(b"\x05\x00")
        head = client.recv(4)
        if head[3] != 3:
            self.server.asked.append(f"address type {head[3]}")
            return
        name = client.recv(client.recv(1)[0]).decode()
        port = int.from_bytes(client.recv(2), "big")
        self.server.asked.append(f"{name}:{port}")
        client.sendall(b"\x05\x00\x00\x01\x00\x00\x00\x00\x00\x00")
        with socket.create_connection(("127.0.0.1", self.server.target)) as there:
            _pass_on(client, there)


class _Forward(socketserver.StreamRequestHandler):
    """Forwards plain HTTP requests."""

    server: Proxy

    def handle(self) -> None:
        first = self.rfile.readline().decode()
        self.server.asked.append(first.split()[1])
        with socket.create_connection(("127.0.0.1", self.server.target)) as there:
            there.sendall(first.encode())
            _pass_on(self.connection, there, [self.rfile])


def _pass_on(one: socket.socket, other: socket.socket, buffered: list[Any] | None = None) -> None:
    for reader in buffered or ():
        other.sendall(reader.peek())
        reader.read(len(reader.peek()))
    while True:
        for ready in select.select([one, other], [], [], 10)[0]:
            data = ready.recv(65_536)
            if not data:
                return
            (other if ready is one else one).sendall(data)


@pytest.fixture
def serve() -> Iterator[Callable[[Any], Any]]:
    """Run servers until the test ends."""
    running: list[Any] = []

    def start(server: Any) -> Any:
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        running.append(server)
        return server

    yield start
    for server in running:
        server.shutdown()
        server.server_close()


@pytest.fixture
def web(serve: Callable[[Any], Any]) -> Iterator[WebServer]:
    server: WebServer = serve(WebServer())
    yield server
    server.release.set()


@pytest.fixture
def socks(serve: Callable[[Any], Any], web: WebServer) -> Proxy:
    server: Proxy = serve(Proxy(_Socks, web.server_port))
    return server


@pytest.fixture
def forward(serve: Callable[[Any], Any], web: WebServer) -> Proxy:
    server: Proxy = serve(Proxy(_Forward, web.server_port))
    return server


@pytest.fixture
def courier() -> Iterator[Callable[..., Courier]]:
    """Make couriers from settings; each ends with the test."""
    made: list[Courier] = []

    def make(*, timeout: float = 20.0, **settings: Any) -> Courier:
        made.append(Courier(NotifySettings.model_validate(settings), timeout=timeout))
        return made[-1]

    yield make
    for each in made:
        each.close()


@pytest.fixture(scope="session")
def notify_registry() -> Registry:
    return load_plugins(_extra(), discover=False)


@pytest.fixture(scope="session")
def notify_template(tmp_path_factory: pytest.TempPathFactory, notify_registry: Registry) -> Path:
    folder = tmp_path_factory.mktemp("notify")
    storage = notify_registry.hook.open_storage(settings=Settings(data_dir=folder))
    migrate(storage, notify_registry.tables)
    storage.close()
    return folder / "octobot.db"


@pytest.fixture
def bench(tmp_path: Path, notify_template: Path, notify_registry: Registry) -> Iterator[Bench]:
    made = Bench(tmp_path / "node", notify_template, notify_registry)
    yield made
    made.close()


def _extra() -> list[str]:
    """Return what is to be loaded besides the built-in plugins, of which notify may be one."""
    return [] if "octobot_plugins.notify" in DEFAULT_PLUGINS else ["octobot_plugins.notify"]
