"""Websockets: connections that hear of markets, and those that ask and hear of accounts."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Any

from aiohttp import WSMsgType, web

__all__ = ["Connection", "TooFast"]

#: Binance pings every 20 s, and cuts who does not answer within a minute.
_PING_S = 20.0
#: Messages a second, control frames included; one more cuts the connection.
_MESSAGES = 5


class TooFast(Exception):
    """The client sends more than it may."""


class Connection:
    """One websocket: what it is told goes into a queue, so that nobody waits for a slow reader."""

    def __init__(self, clock: Callable[[], float], *, limited: bool) -> None:
        self.socket = web.WebSocketResponse(heartbeat=_PING_S, max_msg_size=1_000_000)
        #: Whether nothing more is said, though the connection stays.
        self.silent = False
        self._clock, self._limited = clock, limited
        self._queue: asyncio.Queue[Any] = asyncio.Queue()
        self._second, self._count = 0, 0

    def tell(self, event: Any) -> None:
        """Send something as soon as may be."""
        if not self.silent:
            self._queue.put_nowait(event)

    async def serve(self, request: web.BaseRequest, heard: Callable[[str], Awaitable[None]]) -> web.WebSocketResponse:
        """Hear and tell until either side has had enough."""
        await self.socket.prepare(request)
        telling = asyncio.create_task(self._tell_all())
        try:
            async for message in self.socket:
                self._refuse_too_many()
                if message.type is WSMsgType.TEXT:
                    await heard(message.data)
        except TooFast:
            await self.socket.close(code=1008, message=b"Too many requests")
        finally:
            telling.cancel()
            await asyncio.gather(telling, return_exceptions=True)
        return self.socket

    async def cut(self) -> None:
        """Close it."""
        with suppress(ConnectionError):
            await self.socket.close(code=1001)

    async def _tell_all(self) -> None:
        with suppress(ConnectionError):
            while True:
                event = await self._queue.get()
                await self.socket.send_str(
                    event if isinstance(event, str) else json.dumps(event, separators=(",", ":"))
                )

    def _refuse_too_many(self) -> None:
        second = int(self._clock())
        self._second, self._count = second, 1 if second != self._second else self._count + 1
        if self._limited and self._count > _MESSAGES:
            raise TooFast
