"""A server that speaks TLS. The PostgreSQL of the tests is built without, so this speaks it for the server."""

from __future__ import annotations

import asyncio
import ssl
import threading
from contextlib import suppress

__all__ = ["TlsServer"]

#: What libpq asks before anything else: eight bytes, the second half of which says what.
_TLS_ASKED, _GSS_ASKED = 80_877_103, 80_877_104


class TlsServer:
    """Takes the clients of a server by TLS, by PostgreSQL's own protocol; a context manager.

    The server itself is asked without, from this machine to this machine.
    """

    def __init__(self, target_port: int, context: ssl.SSLContext) -> None:
        self._target, self._context = target_port, context
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        #: The TLS version of each client that came through.
        self.versions: list[str | None] = []
        self.port = 0

    def __enter__(self) -> TlsServer:
        self._thread.start()
        asyncio.run_coroutine_threadsafe(self._listen(), self._loop).result(10)
        return self

    def __exit__(self, *_error: object) -> None:
        asyncio.run_coroutine_threadsafe(self._end(), self._loop).result(10)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)
        self._loop.close()

    async def _listen(self) -> None:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.port = self._server.sockets[0].getsockname()[1]

    async def _end(self) -> None:
        self._server.close()
        others = asyncio.all_tasks() - {asyncio.current_task()}
        for task in others:
            task.cancel()
        await asyncio.gather(*others, return_exceptions=True)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        plain = writer.transport
        try:
            # A client that does not like the certificate goes without a word.
            with suppress(OSError, EOFError, asyncio.CancelledError):
                if await self._begin_tls(reader, writer):
                    await self._connect(reader, writer)
            await _close(writer)
        finally:
            # Also where TLS was not begun yet, or this is cancelled while it ends.
            plain.abort()

    async def _connect(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        from_server, to_server = await asyncio.open_connection("127.0.0.1", self._target)
        try:
            await asyncio.gather(_pass_on(reader, to_server), _pass_on(from_server, writer))
        finally:
            await _close(to_server)

    async def _begin_tls(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        while (asked := int.from_bytes((await reader.readexactly(8))[4:], "big")) == _GSS_ASKED:
            writer.write(b"N")
        if asked != _TLS_ASKED:
            return False  # without TLS nobody is let in
        writer.write(b"S")
        await writer.start_tls(self._context)
        self.versions.append(writer.get_extra_info("ssl_object").version())
        return True


async def _pass_on(source: asyncio.StreamReader, target: asyncio.StreamWriter) -> None:
    try:
        while data := await source.read(65_536):
            target.write(data)
            await target.drain()
    finally:
        target.close()


async def _close(writer: asyncio.StreamWriter) -> None:
    writer.close()
    try:
        async with asyncio.timeout(1):
            await writer.wait_closed()
    except (OSError, TimeoutError):
        writer.transport.abort()
