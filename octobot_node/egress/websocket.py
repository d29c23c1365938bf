"""The websocket client of plugins: the same ways out, the same rules."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any

from octobot_node.egress.meanings import meaning_of
from octobot_node.egress.sessions import SessionHolder
from octobot_node.errors import NotSent, Unresolved

__all__ = ["WebSocket", "WebSocketClient"]

_PLAIN = ("ws", "wss")


class WebSocket:
    """One open websocket."""

    def __init__(self, inner: Any) -> None:
        self._inner = inner

    async def send(self, message: str | bytes) -> None:
        """Send a message; raise Unresolved where the connection is gone."""
        from aiohttp import ClientError

        try:
            await (self._inner.send_str(message) if isinstance(message, str) else self._inner.send_bytes(message))
        except (ClientError, OSError) as error:
            raise Unresolved(f"the websocket broke ({type(error).__name__})") from None

    async def receive(self, within: float | None = None) -> str | bytes:
        """Return the next message.

        Raises Unresolved once the websocket is closed or broken, or where nothing comes ``within`` so many seconds.
        """
        from aiohttp import WSMsgType

        try:
            found = await self._inner.receive(within)
        except TimeoutError:
            raise Unresolved(f"nothing came within {within:g} s") from None
        if found.type in (WSMsgType.TEXT, WSMsgType.BINARY):
            message: str | bytes = found.data
            return message
        raise Unresolved(f"the websocket is closed ({self._inner.close_code or 'broken'})")


class WebSocketClient(SessionHolder):
    """Opens websockets, on the loop on which it is entered; close it there, or use it with ``async with``."""

    @asynccontextmanager
    async def connect(
        self,
        url: str,
        *,
        headers: Mapping[str, str] | None = None,
        protocols: Sequence[str] = (),
        within: float = 10.0,
        heartbeat: float | None = 20.0,
        most: int = 4_000_000,
    ) -> AsyncIterator[WebSocket]:
        """Open a websocket, and close it at the end.

        ``within`` is in seconds for the opening. A ping goes every ``heartbeat`` seconds, and one that is not answered
        closes it; a message may have ``most`` bytes. Raises as ``HttpClient.request`` does, Unresolved also for an
        answer that opens none.
        """
        from aiohttp import ClientError

        if url.partition("://")[0].lower() not in _PLAIN:
            raise ValueError("it is not a ws:// or wss:// URL")
        opening = self._opened().ws_connect(
            url, headers=dict(headers or {}), protocols=protocols, heartbeat=heartbeat, max_msg_size=most
        )
        try:
            async with asyncio.timeout(within):
                inner = await opening
        except (NotSent, Unresolved):
            raise
        except TimeoutError:
            raise Unresolved(f"it did not open within {within:g} s") from None
        except (ClientError, OSError, ssl.SSLError) as error:
            raise meaning_of(error) from None
        try:
            yield WebSocket(inner)
        finally:
            await inner.close()
