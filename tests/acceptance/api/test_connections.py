"""Connections as a server gets them: silent ones, slow ones, too many of one, and none to be had."""

from __future__ import annotations

import asyncio
import errno
import http.client
import json
import resource
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

import pytest
import structlog
import uvicorn

from octobot_node.api.transport.connections import AcceptFailures, Bounds, connection_type
from octobot_node.api.transport.middleware import SECURITY_HEADERS

GET = b"GET / HTTP/1.1\r\nhost: x\r\n\r\n"


async def answering(scope: Any, receive: Any, send: Any) -> None:
    """Answer when the whole body is there."""
    while (await receive()).get("more_body"):
        pass
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"2")]})
    await send({"type": "http.response.body", "body": b"ok"})


@contextmanager
def served(bounds: Bounds) -> Iterator[int]:
    listener = socket.create_server(("127.0.0.1", 0))
    config = uvicorn.Config(answering, http=connection_type(bounds), lifespan="off", log_config=None, ws="none")
    server = uvicorn.Server(config)
    thread = threading.Thread(target=lambda: asyncio.run(server.serve([listener])))
    thread.start()
    try:
        yield listener.getsockname()[1]
    finally:
        server.should_exit = True
        thread.join(10)
        listener.close()


@pytest.fixture
def connect() -> Iterator[Callable[[int], socket.socket]]:
    with ExitStack() as stack:
        yield lambda port: stack.enter_context(socket.create_connection(("127.0.0.1", port), timeout=10))


def answered(client: socket.socket) -> bool:
    """Whether a request is answered."""
    client.sendall(GET)
    found = b""
    while not found.endswith(b"ok"):
        some = client.recv(1_000)
        if not some:
            return False
        found += some
    return True


def ended(client: socket.socket) -> bool:
    """Whether the server ends a connection without a word."""
    try:
        return client.recv(1_000) == b""
    except ConnectionResetError:
        return True


@pytest.mark.parametrize(
    "said",
    [b"", GET[:-2], b"POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 9\r\n\r\nhalf"],
    ids=["none", "head", "body"],
)
def test_who_does_not_say_all_is_let_go(said: bytes, connect: Callable[[int], socket.socket]) -> None:
    with served(Bounds(head_s=0.3, body_s=0.3)) as port:
        client, began = connect(port), time.monotonic()
        client.sendall(said)

        assert ended(client)
        assert 0.2 < time.monotonic() - began < 5


def test_a_large_body_may_take_as_long_as_it_comes_and_one_that_trickles_may_not(
    connect: Callable[[int], socket.socket],
) -> None:
    with served(Bounds(body_s=2, body_piece=10)) as port:
        for piece, goes_on in ((b"0123456789", True), (b"0", False)):
            client = connect(port)
            client.sendall(b"POST / HTTP/1.1\r\nhost: x\r\ncontent-length: %d\r\n\r\n" % (6 * len(piece)))
            found = b""
            try:
                for _ in range(6):
                    time.sleep(0.5)
                    client.sendall(piece)
                found = client.recv(1_000)
            except OSError:
                pass
            assert found.startswith(b"HTTP/1.1 200") is goes_on


def test_a_connection_that_is_kept_may_be_silent_between_requests_and_not_within_one(
    connect: Callable[[int], socket.socket],
) -> None:
    with served(Bounds(head_s=0.3, body_s=0.3)) as port:
        client = connect(port)
        for _ in range(2):
            assert answered(client)
            time.sleep(0.6)
        client.sendall(GET[:5])

        assert ended(client)


def test_one_address_has_so_many_connections_and_a_proxy_as_many_as_there_are(
    connect: Callable[[int], socket.socket],
) -> None:
    for proxies, left in (((), [True, True, False]), (("127.0.0.0/8",), [True] * 3)):
        with served(Bounds(proxies, of_one_address=2)) as port:
            clients, found = [], []
            for _ in range(3):
                clients.append(connect(port))
                try:
                    found.append(answered(clients[-1]))
                except OSError:
                    found.append(False)
            assert found == left
            # Whoever goes makes room for another.
            clients[0].close()
            time.sleep(0.2)
            assert answered(connect(port))


def read_answer(client: socket.socket) -> tuple[int, dict[str, str], dict[str, Any]]:
    """Return status, headers and problem of an answer that ends with its connection, or with its length."""
    answer = http.client.HTTPResponse(client)
    answer.begin()
    return answer.status, {name.lower(): value for name, value in answer.getheaders()}, json.loads(answer.read())


@pytest.mark.parametrize(
    "said",
    [
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + b"x" * 40 + b"\r\n\r\n",
        b"GET / HTTP/9.9 x\r\n\r\n",
        b"GET / HTTP/1.1\r\nhost: x\r\nhost: y\r\n\r\n",
        b"POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 3\r\ncontent-length: 4\r\n\r\nabc",
        b"GET / HTTP/1.1\r\nhost: x\r\nx: " + b"y" * 100_000,
    ],
    ids=["TLS", "version", "two hosts", "two lengths", "endless"],
)
def test_what_is_no_request_is_answered_as_everything_else_is(
    said: bytes, connect: Callable[[int], socket.socket]
) -> None:
    with served(Bounds()) as port:
        client = connect(port)
        client.sendall(said)
        status, headers, problem = read_answer(client)

    assert (status, problem["type"]) == (400, "urn:octobot-node:problem:bad-request")
    assert headers["content-type"] == "application/problem+json"
    assert problem["request_id"] == headers["x-request-id"]
    assert set(SECURITY_HEADERS) <= set(headers)
    assert headers["connection"] == "close"


def test_one_request_too_many_is_told_when_to_come_back_and_idle_connections_are_none(
    connect: Callable[[int], socket.socket],
) -> None:
    with served(Bounds(under_way=2)) as port:
        idle, slow = [connect(port) for _ in range(5)], [connect(port) for _ in range(2)]
        assert all(answered(client) for client in idle)
        for client in slow:
            client.sendall(b"POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 2\r\n\r\n")
        client = connect(port)
        deadline = time.monotonic() + 10
        # The two come in by other connections, in no order.
        while True:
            client.sendall(GET)
            status = client.recv(4_000, socket.MSG_PEEK)[9:12]
            if status == b"503" or time.monotonic() > deadline:
                break
            assert client.recv(4_000)
        status_, headers, problem = read_answer(client)
        for each in slow:
            each.sendall(b"ab")
        assert [each.recv(4_000)[9:12] for each in slow] == [b"200"] * 2
        assert answered(idle[0])

    assert (status_, problem["type"]) == (503, "urn:octobot-node:problem:unavailable")
    assert headers["content-type"] == "application/problem+json"
    assert headers["retry-after"] == "1"
    assert set(SECURITY_HEADERS) <= set(headers)


def test_that_none_can_be_taken_is_said_once_and_not_at_each_try() -> None:
    failures, others = AcceptFailures(), list[Any]()
    loop = asyncio.new_event_loop()
    loop.default_exception_handler = others.append  # type: ignore[method-assign, assignment]  # it is asked what it is given
    refused = {
        "message": "socket.accept() out of system resource",
        "exception": OSError(errno.EMFILE, "Too many open files"),
    }

    with structlog.testing.capture_logs() as lines:
        for _ in range(1_000):
            failures(loop, refused)
        failures(loop, {"message": "something else"})
    loop.close()

    assert [(line["event"], line["reason"]) for line in lines] == [
        ("connections_refused", "[Errno 24] Too many open files")
    ]
    assert others == [{"message": "something else"}]


def test_as_many_files_may_be_open_as_the_system_allows() -> None:
    code = (
        "import resource; from octobot_node.live.open_files import raise_open_files;"
        "hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1];"
        "resource.setrlimit(resource.RLIMIT_NOFILE, (64, hard)); print(raise_open_files(), hard)"
    )
    shown = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]

    assert shown == [str(65_536 if hard == resource.RLIM_INFINITY else min(hard, 65_536)), str(hard)]
