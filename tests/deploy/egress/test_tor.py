"""Through a real Tor network: accounts on circuits of their own, websockets, Tor that dies and comes back."""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import Iterator
from typing import Any

import pytest
from aiohttp import web

from octobot_node.configuration import Configuration
from octobot_node.egress import HttpClient, WebSocketClient
from octobot_node.errors import EgressDown
from octobot_node.plugin_system.discovery import load_plugins
from octobot_node.plugin_system.egress_routes import OpenedRoute, routes_of
from tests.deploy.egress.conftest import until
from tests.deploy.egress.tor_network import BASE, TorClient, TorNetwork
from tests.support.witness import watching

SOCKS, CONTROL = f"127.0.0.1:{BASE + 60}", f"127.0.0.1:{BASE + 61}"


@pytest.fixture(scope="module")
def tor(tor_network: TorNetwork) -> Iterator[TorClient]:
    with tor_network.client("user", SOCKS, CONTROL) as running:
        yield running


@pytest.fixture
def route(tor: TorClient, monkeypatch: pytest.MonkeyPatch) -> OpenedRoute:
    for name, value in (("SOCKS", SOCKS), ("CONTROL", CONTROL), ("CONTROL_COOKIE", str(tor.cookie))):
        monkeypatch.setenv(f"OCTOBOT_PROXIES_TOR_{name}", value)
    return routes_of(Configuration.load(), load_plugins(discover=False)).find("tor")


async def serve() -> tuple[web.AppRunner, int]:
    async def hello(_request: web.Request) -> web.Response:
        return web.json_response({"price": "0.10"})

    async def echo(request: web.Request) -> web.WebSocketResponse:
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        async for message in socket:
            await socket.send_str(f"you said {message.data}")
        return socket

    application = web.Application()
    application.add_routes([web.get("/", hello), web.get("/echo", echo)])
    runner = web.AppRunner(application, shutdown_timeout=1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    return runner, runner.addresses[0][1]


async def patiently(client: HttpClient, url: str) -> Any:
    """Ask until an exit is known: that takes a moment after a start."""
    ends = time.monotonic() + 90
    while True:
        try:
            return (await client.request("GET", url, within=30)).json()
        except Exception:
            if time.monotonic() > ends:
                raise
            await asyncio.sleep(0.5)


async def circuits(cookie: bytes) -> dict[str, set[str]]:
    """Return SOCKS user -> the circuits that were built for it."""
    reader, writer = await asyncio.open_connection(*CONTROL.split(":"))
    found: dict[str, set[str]] = {}
    # Tor takes the bare cookie as well, which a test may give.
    writer.write(f"AUTHENTICATE {cookie.hex()}\r\nGETINFO circuit-status\r\n".encode())
    assert await reader.readuntil(b"\r\n") == b"250 OK\r\n"
    while (line := (await reader.readuntil(b"\r\n")).decode().strip()) != "250 OK":
        user = re.search(r'SOCKS_USERNAME="([^"]*)"', line)
        if user is not None:
            found.setdefault(user[1], set()).add(line.split()[0])
    writer.close()
    await writer.wait_closed()
    return found


def test_accounts_go_through_tor_on_circuits_of_their_own_websockets_too(tor: TorClient, route: OpenedRoute) -> None:
    cookie = tor.cookie.read_bytes()

    async def use() -> dict[str, set[str]]:
        runner, port = await serve()
        try:
            for who in ("octobot-one", "octobot-two"):
                way = route.egress(who, private=True)
                async with HttpClient(way) as client:
                    assert await patiently(client, f"http://127.0.0.1:{port}/") == {"price": "0.10"}
                echo = f"ws://127.0.0.1:{port}/echo"
                async with WebSocketClient(way) as sockets, sockets.connect(echo, within=60) as opened:
                    await opened.send("hello")
                    assert await opened.receive(60) == "you said hello"
            return await circuits(cookie)
        finally:
            await runner.cleanup()

    with watching() as seen:
        found = asyncio.run(use())
    one, two = found["octobot-one"], found["octobot-two"]
    assert (bool(one), bool(two), one & two) == (True, True, set())
    # The control port is the test's own.
    assert seen.ports == {BASE + 60, BASE + 61}


def test_tor_says_that_it_is_ready_and_which_it_is(route: OpenedRoute) -> None:
    found = until(lambda: (told := route.look()).status == "up" and told)
    assert re.fullmatch(rf"tor://127\.0\.0\.1:{BASE + 60} \(Tor [\d.]+\) has circuits", found.detail)


def test_tor_that_dies_is_down_and_is_back_when_it_has_started_anew(tor: TorClient, route: OpenedRoute) -> None:
    async def ask() -> Any:
        runner, port = await serve()
        try:
            async with HttpClient(route.egress("octobot-one", private=True)) as client:
                return await patiently(client, f"http://127.0.0.1:{port}/")
        finally:
            await runner.cleanup()

    async def fail() -> None:
        async with HttpClient(route.egress("octobot-one", private=True)) as client:
            with pytest.raises(EgressDown, match="and nothing goes another way"):
                await client.request("GET", "http://127.0.0.1:9/")

    tor.stop()
    with watching() as seen:
        asyncio.run(fail())
        assert route.look().status == "down"
    assert (seen.ports, seen.looked_up) == ({BASE + 60}, ["127.0.0.1"] * len(seen.looked_up))
    tor.start()
    tor.wait()
    until(lambda: route.look().status == "up")
    assert (asyncio.run(ask()), route.problem()) == ({"price": "0.10"}, "")
