"""A web server of this machine, and routes as a node has them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager
from typing import Any, TypeVar

import pytest
from aiohttp import web

from octobot_node.plugin_system.discovery import load_plugins
from octobot_node.plugin_system.egress_routes import OpenedRoutes
from octobot_node.settings import Settings
from octobot_plugins.proxies.settings import ProxySettings
from tests.support.listening import ROUNDS

__all__ = ["Site", "at_site", "open_routes", "site"]

T = TypeVar("T")
OpenRoutes = Callable[..., OpenedRoutes]


@pytest.fixture
def open_routes() -> Iterator[OpenRoutes]:
    """Return what opens routes with these settings of the plugin and of the node."""
    registry = load_plugins(discover=False)
    made: list[OpenedRoutes] = []

    def opened(proxies: ProxySettings | None = None, **settings: Any) -> OpenedRoutes:
        given = {"egress_allow_private": True, **settings}
        made.append(OpenedRoutes(registry.proxies, Settings(**given), lambda _model: proxies or ProxySettings()))
        return made[-1]

    yield opened
    for routes in made:
        routes.close()


class Site:
    """A web server: what was asked of it, from which port."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.port = 0

    async def _ip(self, request: web.Request) -> web.Response:
        self.asked.append(f"{request.host} {request.path}")
        return web.json_response({"ip": "198.51.100.9"})

    async def _elsewhere(self, request: web.Request) -> web.Response:
        self.asked.append(f"{request.host} {request.path}")
        raise web.HTTPFound("http://elsewhere.example/secret")

    async def _echo(self, request: web.Request) -> web.WebSocketResponse:
        self.asked.append(f"{request.host} {request.path}")
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        async for message in socket:
            await socket.send_str(f"you said {message.data}")
        return socket

    async def _drop(self, request: web.Request) -> web.Response:
        self.asked.append(f"{request.method} {request.path}")
        if len(self.asked) > 1:
            assert request.transport is not None
            request.transport.abort()
        return web.Response()


@asynccontextmanager
async def site(tls: Any = None) -> AsyncIterator[Site]:
    """Serve on a free port of this machine."""
    made, application = Site(), web.Application()
    application.add_routes(
        [
            web.get("/ip", made._ip),
            web.get("/elsewhere", made._elsewhere),
            web.get("/echo", made._echo),
            web.route("*", "/drop", made._drop),
        ]
    )
    runner = web.AppRunner(application, shutdown_timeout=1)
    await runner.setup()
    listening = web.TCPSite(runner, "127.0.0.1", 0, ssl_context=tls)
    await listening.start()
    made.port = runner.addresses[0][1]
    try:
        yield made
    finally:
        # First what is taken just now: after the clean-up nobody would close it.
        await listening.stop()
        for _ in range(ROUNDS):
            await asyncio.sleep(0)
        await runner.cleanup()
        # With TLS a connection that is closed waits for the other side's word, longer than this loop lives; and asyncio
        # tells nobody which connections it has.
        for transport in list(getattr(asyncio.get_running_loop(), "_transports", {}).values()):
            transport.abort()
        for _ in range(ROUNDS):
            await asyncio.sleep(0)


def at_site(use: Callable[[Site], Awaitable[T]], tls: Any = None) -> T:
    """Return what comes of something that is done while the server serves."""

    async def both() -> T:
        async with site(tls) as made:
            return await use(made)

    return asyncio.run(both())
