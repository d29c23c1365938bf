"""The server in front of an exchange: it counts who connects, and does to requests what the faults say."""

from __future__ import annotations

import asyncio
from asyncio import Transport
from collections import Counter
from collections.abc import Awaitable, Callable
from typing import Any

from aiohttp import web
from aiohttp.web_protocol import RequestHandler

from octobot_node.testing.exchange_emulators.web.call import Call, Reply

__all__ = ["Door", "Handle", "Hung", "Socket"]

Handle = Callable[[Call], Awaitable[Reply | None]]
#: Serves a websocket, or returns None where there is none at this path.
Socket = Callable[[web.BaseRequest], Awaitable[web.StreamResponse | None]]


class Hung(Exception):
    """The connection is cut instead of an answer; of ``reply`` half arrives, if it is given."""

    def __init__(self, reply: Reply | None = None) -> None:
        super().__init__()
        self.reply = reply


class _Counting(web.Server):
    """Knows each connection from when it is made, asked anything or not, to its end."""

    def __init__(
        self, handler: Any, counted: Callable[[tuple[str, int]], None], ended: Callable[[RequestHandler], None]
    ) -> None:
        super().__init__(handler, access_log=None)
        self._counted = counted
        self._ended = ended

    def connection_made(self, handler: RequestHandler, transport: Transport) -> None:
        super().connection_made(handler, transport)
        peer = transport.get_extra_info("peername")
        if peer is not None:
            self._counted((str(peer[0]), int(peer[1])))

    def connection_lost(self, handler: RequestHandler, exc: BaseException | None = None) -> None:
        super().connection_lost(handler, exc)
        self._ended(handler)


class Door:
    """A listening server on 127.0.0.1; ``connections`` has each peer that ever connected, (address, port), in order."""

    def __init__(self, handle: Handle, socket: Socket | None = None) -> None:
        self.connections: list[tuple[str, int]] = []
        self.requests: Counter[str] = Counter()
        self.port = 0
        self._handle = handle
        self._socket = socket
        self._runner: web.ServerRunner | None = None
        self._waiting: dict[RequestHandler, asyncio.Event] = {}

    @property
    def silent(self) -> int:
        """How many requests are being kept without an answer."""
        return len(self._waiting)

    async def open(self, port: int = 0) -> None:
        """Listen."""
        # No grace at the end: requests that sit in a delay are lost with the exchange, as those of a real one would be.
        self._runner = web.ServerRunner(
            _Counting(self._serve, self.connections.append, self._gone), shutdown_timeout=0.0
        )
        await self._runner.setup()
        try:
            await web.TCPSite(self._runner, "127.0.0.1", port, backlog=1_024).start()
        except BaseException:
            await self._runner.cleanup()
            raise
        self.port = int(self._runner.addresses[0][1])

    async def close(self) -> None:
        """Listen no more, and end what is under way."""
        runner, self._runner = self._runner, None
        if runner is None:
            return
        for site in list(runner.sites):
            await site.stop()
        # A connection that was taken just now is handed to whoever serves it; one that is not belongs to nobody.
        for _ in range(5):
            await asyncio.sleep(0)
        await runner.cleanup()

    async def _serve(self, request: web.BaseRequest) -> web.StreamResponse:
        # Read first: a client that hangs up during a delay must not take its own request back.
        body = await request.read()
        self.requests[request.path] += 1
        if self._socket is not None and request.headers.get("Upgrade", "").lower() == "websocket":
            served = await self._socket(request)
            return served if served is not None else web.Response(status=404)
        query = request.raw_path.partition("?")[2]
        call = Call(request.method, request.path, query, request.headers, body, request.remote or "")
        try:
            answer = await self._handle(call)
        except Hung as hung:
            return await self._hang_up(request, hung.reply)
        if answer is None:
            await self._keep_silent(request)
            return web.Response()  # goes nowhere
        return web.Response(
            status=answer.status, body=answer.body, headers=answer.headers, content_type=answer.content_type
        )

    def _gone(self, handler: RequestHandler) -> None:
        waiting = self._waiting.pop(handler, None)
        if waiting is not None:
            waiting.set()

    async def _keep_silent(self, request: web.BaseRequest) -> None:
        """Wait until the client has had enough; the end of this server cancels it."""
        gone = self._waiting.setdefault(request.protocol, asyncio.Event())
        await gone.wait()

    async def _hang_up(self, request: web.BaseRequest, part: Reply | None) -> web.StreamResponse:
        if part is not None:
            headers = {**part.headers, "Content-Length": str(len(part.body)), "Content-Type": part.content_type}
            half = web.StreamResponse(status=part.status, headers=headers)
            await half.prepare(request)
            await half.write(part.body[: len(part.body) // 2])
            # What was written has to leave before the connection is cut.
            await asyncio.sleep(0)
            if request.transport is not None:
                request.transport.close()
            return half
        if request.transport is not None:
            request.transport.abort()
        return web.Response()  # goes nowhere
