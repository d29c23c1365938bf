"""Plugins' requests go where the operator lets them, whatever URL, name or redirect says; errors say what is known."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from decimal import Decimal
from typing import Any

import pytest

from octobot_node.egress import DirectEgress, HttpClient, HttpResponse
from octobot_node.errors import EgressRefused, NotSent, Unresolved
from tests.support.listening import listened_out

Answer = Callable[[bytes], bytes | None]
OPEN = DirectEgress(allow_private=True)


def says(body: str, status: str = "200 OK", *headers: str) -> bytes:
    lines = [f"HTTP/1.1 {status}", f"Content-Length: {len(body)}", "Connection: close", *headers, "", body]
    return "\r\n".join(lines).encode()


@asynccontextmanager
async def server(answer: Answer) -> AsyncIterator[tuple[int, list[bytes]]]:
    """Serve on a free port of this machine: a request is answered by what ``answer`` makes of it, None drops it."""
    asked: list[bytes] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            with suppress(asyncio.IncompleteReadError, ConnectionError):
                head = await reader.readuntil(b"\r\n\r\n")
                lengths = [line[15:] for line in head.split(b"\r\n") if line.lower().startswith(b"content-length:")]
                asked.append(head + await reader.readexactly(int(lengths[0]) if lengths else 0))
                writer.write(answer(asked[-1]) or b"")
                await writer.drain()
        finally:
            writer.close()
        with suppress(ConnectionError):
            await writer.wait_closed()

    listening = await asyncio.start_server(serve, "127.0.0.1", 0)
    async with listening:
        yield listening.sockets[0].getsockname()[1], asked
        await listened_out(listening)


async def fetch(url: str, egress: DirectEgress = OPEN, method: str = "GET", **given: Any) -> HttpResponse:
    async with HttpClient(egress) as client:
        return await client.request(method, url, **given)


def run(answer: Answer, use: Callable[[int], Any]) -> tuple[Any, list[bytes]]:
    async def both() -> tuple[Any, list[bytes]]:
        async with server(answer) as (port, asked):
            return await use(port), asked

    return asyncio.run(both())


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "2130706433", "[::ffff:127.0.0.1]", "0x7f.1", "[::1]"])
def test_nothing_reaches_a_private_address_by_whatever_name(host: str) -> None:
    async def use(port: int) -> str:
        with pytest.raises((NotSent, ValueError)) as refused:
            await fetch(f"http://{host}:{port}/", DirectEgress())
        return type(refused.value).__name__

    kind, asked = run(lambda _: says("in"), use)
    assert asked == []
    assert kind == "EgressRefused" or host in ("0x7f.1", "2130706433")


def test_the_operator_may_let_it() -> None:
    found, (request,) = run(lambda _: says('{"price": 0.10}'), lambda port: fetch(f"http://localhost:{port}/a?b=c"))
    assert (found.ok, found.status, found.json(), found.text()) == (
        True,
        200,
        {"price": Decimal("0.10")},
        '{"price": 0.10}',
    )
    assert request.startswith(b"GET /a?b=c HTTP/1.1\r\nHost: localhost:")


def test_json_is_written_exactly_and_headers_are_sent() -> None:
    _, (request,) = run(
        lambda _: says(""),
        lambda port: fetch(
            f"http://127.0.0.1:{port}/", method="POST", json={"amount": Decimal("0.10")}, headers={"X-Key": "k"}
        ),
    )
    head, _, body = request.partition(b"\r\n\r\n")
    assert body == b'{"amount":0.10}'
    assert b"X-Key: k" in head
    assert b"Content-Type: application/json" in head


def test_no_redirect_is_followed_and_no_proxy_of_the_environment_is_used(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:1")
    found, asked = run(
        lambda _: says("", "302 Found", "Location: http://169.254.169.254/"),
        lambda port: fetch(f"http://127.0.0.1:{port}/"),
    )
    assert (found.ok, found.status, found.headers["location"], len(asked)) == (
        False,
        302,
        "http://169.254.169.254/",
        1,
    )


def error_of(answer: Answer, **given: Any) -> Exception:
    async def use(port: int) -> Exception:
        with pytest.raises(Exception) as raised:  # noqa: PT011 - which one is asked of it
            await fetch(f"http://127.0.0.1:{port}/secret-token", method="POST", **given)
        return raised.value

    found, _ = run(answer, use)
    assert "secret" not in str(found)
    return found  # type: ignore[no-any-return]  # as `use` says


def test_what_may_have_arrived_is_unresolved() -> None:
    dropped = error_of(lambda _: None)
    assert (type(dropped), str(dropped)) == (Unresolved, "the connection broke (ServerDisconnectedError)")
    much = error_of(lambda _: says("x" * 2_000), most=1_000)
    assert (type(much), str(much)) == (Unresolved, "its answer has more than 1,000 bytes")
    late = error_of(lambda _: b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n1", within=0.2)
    assert type(late) is Unresolved


def test_what_surely_did_not_arrive_is_not_sent() -> None:
    async def nobody_listens() -> None:
        async with server(lambda _: None) as (port, _):
            pass
        await fetch(f"http://127.0.0.1:{port}/secret")

    with pytest.raises(NotSent, match=r"^it cannot be connected to \(") as refused:
        asyncio.run(nobody_listens())
    assert not isinstance(refused.value, EgressRefused)
    with pytest.raises(NotSent, match=r"^its host's name cannot be looked up$"):
        asyncio.run(fetch("http://nowhere.invalid/secret"))


@pytest.mark.parametrize("url", ["ftp://example.com/", "file:///etc/passwd", "example.com", "http://", "http://a b/"])
def test_what_is_no_http_url_is_refused(url: str) -> None:
    with pytest.raises((ValueError, NotSent)):
        asyncio.run(fetch(url))
