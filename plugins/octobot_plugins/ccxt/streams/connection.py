"""A connection that streams: an exchange of ccxt.pro's made for it alone, and closed with it, whole."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from typing import Any
from urllib.parse import urlsplit

from octobot_node.errors import NotSent
from octobot_plugins.ccxt.remote import Remote

__all__ = ["Connection", "streaming"]

#: Some exchanges' classes ping every three minutes only.
_PING_MS = 15_000
#: The other side may be gone.
_CLOSING_S = 2.0


class Connection:
    """One exchange of ccxt.pro's; ``frame_at`` is when (seconds of the loop's clock) anything came last."""

    def __init__(self, exchange: Any, session: Any, heard: Callable[[], None]) -> None:
        self.exchange = exchange
        self._session = session
        self._heard = heard
        self._loop = asyncio.get_running_loop()
        self._begun_at = self._loop.time()
        self._tasks: set[asyncio.Future[Any]] = set()
        self._timers: list[asyncio.TimerHandle] = []
        self._frames: dict[str, Any] = {}
        self._frame_at = self._begun_at
        self._hold(exchange)

    def _hold(self, exchange: Any) -> None:
        exchange.session = self._session
        exchange.open = self._nothing
        exchange.asyncio_loop = self._loop
        exchange.throttler.loop = self._loop
        keeping = int(exchange.streaming.get("keepAlive") or _PING_MS)
        exchange.streaming = {**exchange.streaming, "keepAlive": min(keeping, _PING_MS)}
        exchange.spawn, exchange.delay = self._spawn, self._delay
        listened = exchange.handle_message

        def handle_message(client: Any, message: Any) -> None:
            self._heard()
            listened(client, message)

        exchange.handle_message = handle_message

    @staticmethod
    def _nothing(*_arguments: Any, **_named: Any) -> None:
        """Open nothing: the session is there, and there is no other."""

    def _spawn(self, method: Callable[..., Awaitable[Any]], *arguments: Any) -> asyncio.Future[Any]:
        """Do what ccxt's own does, and have it end with the connection."""
        task: asyncio.Future[Any] = asyncio.ensure_future(method(*arguments))
        self._tasks.add(task)
        task.add_done_callback(self._over)
        return task

    def _over(self, task: asyncio.Future[Any]) -> None:
        self._tasks.discard(task)
        if not task.cancelled():
            # What went wrong shows on the connection.
            task.exception()

    def _delay(self, milliseconds: float, method: Callable[..., Awaitable[Any]], *arguments: Any) -> None:
        self._timers.append(self._loop.call_later(milliseconds / 1_000, self._spawn, method, *arguments))

    def silent_for(self) -> float:
        """Return for how long, in seconds, nothing came: no message, no ping, no pong."""
        now = self._loop.time()
        frames = {url: client.last_message_at for url, client in dict(self.exchange.clients or {}).items()}
        if frames != self._frames:
            self._frames, self._frame_at = frames, now
        return now - self._frame_at

    async def close(self) -> None:
        """Let go of everything, whoever is at the other end."""
        for timer in self._timers:
            timer.cancel()
        tasks = list(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        try:
            with suppress(Exception):
                async with asyncio.timeout(_CLOSING_S):
                    await self.exchange.close_ws_clients()
        finally:
            self.exchange.session = None
            await self._session.close()
            # What ccxt left under way sees that the connection is gone.
            await asyncio.sleep(0)


@asynccontextmanager
async def streaming(remote: Remote, heard: Callable[[], None]) -> AsyncIterator[Connection]:
    """Make a connection; ``heard`` is called with each message of it."""
    exchange = await remote.streaming()
    refused = remote.settings.base_url and urlsplit(remote.settings.base_url).netloc
    client = exchange.client

    def client_of(url: str) -> Any:
        if refused and urlsplit(url).netloc != refused:
            raise NotSent(f"ccxt wanted to listen at another host than {refused}")
        return client(url)

    exchange.client = client_of
    made = Connection(exchange, remote.session(), heard)
    try:
        yield made
    finally:
        await made.close()
