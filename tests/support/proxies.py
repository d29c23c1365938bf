"""Proxies that a test starts, SOCKS5 and HTTP, which note what they are asked, look names up themselves, and fail."""

from __future__ import annotations

import asyncio
import base64
import socket
import threading
from collections.abc import Coroutine
from contextlib import suppress
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from tests.support.witness import PROXY_THREAD

__all__ = ["Asked", "HttpProxyServer", "ProxyServer", "SocksServer"]

#: RFC 1928: how a host is given.
_BY_NAME = {1: False, 3: True, 4: False}


class Asked(NamedTuple):
    """One thing that a proxy was asked: by whom, for which host, as it was written."""

    user: str
    host: str
    port: int
    by_name: bool


class ProxyServer:
    """A proxy on a loop in a thread of its own; a context manager. Every name that it is asked for is this machine."""

    def __init__(
        self, *, user: str = "", password: str = "", host: str = "127.0.0.1", leaves_from: str | None = None
    ) -> None:
        self.host = host
        #: The address that its own connections come from, by which whoever is connected to knows them.
        self._leaves_from = None if leaves_from is None else (leaves_from, 0)
        self.asked: list[Asked] = []
        #: Connections that it took.
        self.taken = 0
        #: What it answers instead of doing as it is asked: a SOCKS reply or an HTTP status; bytes are sent as they are.
        self.answer: int | bytes | None = None
        #: Whether it says nothing at all.
        self.silent = False
        self._who = (user, password)
        self._tasks: set[asyncio.Task[None]] = set()
        self._sockets: list[socket.socket] = []
        self._listening: socket.socket | None = None
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name=PROXY_THREAD, daemon=True)
        self.port = 0

    def __enter__(self) -> Any:
        self._thread.start()
        self.start()
        return self

    def __exit__(self, *_error: object) -> None:
        self.stop()
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)
        self._loop.close()

    def start(self) -> None:
        """Listen; on the port of before, if there was one."""
        self._run(self._listen())

    def stop(self) -> None:
        """Die: nothing listens any more, and every connection breaks."""
        self._run(self._die())

    def _run(self, coroutine: Coroutine[Any, Any, None]) -> None:
        asyncio.run_coroutine_threadsafe(coroutine, self._loop).result(30)

    async def _listen(self) -> None:
        self._listening = socket.create_server((self.host, self.port))
        self._listening.setblocking(False)
        self.port = self._listening.getsockname()[1]
        self._loop.add_reader(self._listening, self._accept, self._listening)

    def _accept(self, listening: socket.socket) -> None:
        # Not asyncio's own ways to accept: one that is given up at that moment forgets the connection.
        with suppress(BlockingIOError):
            connection, _ = listening.accept()
            connection.setblocking(False)
            self.taken += 1
            self._sockets.append(connection)
            self._tasks.add(self._loop.create_task(self._take(connection)))

    async def _die(self) -> None:
        if self._listening is None:
            return
        self._loop.remove_reader(self._listening)
        tasks, self._tasks = self._tasks, set()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        # What they closed is closed in the loop's next rounds.
        for _ in range(5):
            await asyncio.sleep(0)
        for each in (self._listening, *self._sockets):
            each.close()
        self._sockets.clear()
        self._listening = None

    async def _take(self, connection: socket.socket) -> None:
        reader, writer = await asyncio.open_connection(sock=connection)
        with suppress(OSError, asyncio.IncompleteReadError):
            await self._held(writer, self._serve(reader, writer))

    async def _held(self, writer: asyncio.StreamWriter, doing: Coroutine[Any, Any, None]) -> None:
        try:
            await doing
        finally:
            writer.close()
            with suppress(OSError):
                await writer.wait_closed()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        raise NotImplementedError

    async def _wait(self) -> None:
        await asyncio.sleep(3_600)

    async def _joined(
        self, asked: Asked, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, first: bytes = b""
    ) -> None:
        """Connect to what was asked for, and pass on both ways."""
        host = "127.0.0.1" if asked.by_name else asked.host
        there, back = await asyncio.open_connection(host, asked.port, local_addr=self._leaves_from)

        async def both() -> None:
            if first:
                back.write(first)
            await asyncio.gather(_pass_on(reader, back), _pass_on(there, writer))

        await self._held(back, both())


class SocksServer(ProxyServer):
    """SOCKS5, with a user and a password or without; it takes those of anybody where it wants none itself."""

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self.silent:
            await self._wait()
        _, count = await reader.readexactly(2)
        methods = await reader.readexactly(count)
        if isinstance(self.answer, bytes):
            writer.write(self.answer)
            return
        user = await self._user(methods, reader, writer)
        if user is None:
            return
        _, command, _, kind = await reader.readexactly(4)
        if kind == 3:
            (length,) = await reader.readexactly(1)
            host = (await reader.readexactly(length)).decode()
        else:
            raw = await reader.readexactly(4 if kind == 1 else 16)
            host = ".".join(map(str, raw)) if kind == 1 else "::1"
        port = int.from_bytes(await reader.readexactly(2), "big")
        asked = Asked(user, host, port, _BY_NAME[kind])
        self.asked.append(asked)
        reply = self.answer if isinstance(self.answer, int) else 0 if command == 1 else 7
        try:
            if reply:
                writer.write(bytes((5, reply, 0, 1, 0, 0, 0, 0, 0, 0)))
                return
            writer.write(bytes((5, 0, 0, 1, 0, 0, 0, 0, 0, 0)))
            await self._joined(asked, reader, writer)
        finally:
            with suppress(OSError):
                await writer.drain()

    async def _user(self, methods: bytes, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> str | None:
        wanted, password = self._who
        if 2 not in methods:
            writer.write(b"\x05\xff" if wanted else b"\x05\x00")
            return None if wanted else ""
        writer.write(b"\x05\x02")
        _, length = await reader.readexactly(2)
        user = (await reader.readexactly(length)).decode()
        (length,) = await reader.readexactly(1)
        given = (await reader.readexactly(length)).decode()
        right = not wanted or (user, given) == (wanted, password)
        writer.write(b"\x01\x00" if right else b"\x01\x01")
        return user if right else None


class HttpProxyServer(ProxyServer):
    """An HTTP proxy: CONNECT, and requests that are whole URLs."""

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self.silent:
            await self._wait()
        head = await reader.readuntil(b"\r\n\r\n")
        if isinstance(self.answer, bytes):
            writer.write(self.answer)
            return
        first, *lines = head.decode().split("\r\n")
        method, target, version = first.split(" ")
        headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines) if name}
        parts = urlsplit(f"//{target}" if method == "CONNECT" else target)
        host = str(parts.hostname)
        who = base64.b64decode(headers.get("proxy-authorization", "Basic ").partition(" ")[2]).decode()
        asked = Asked(who.partition(":")[0], host, parts.port or 80, not host.replace(".", "").isdecimal())
        self.asked.append(asked)
        wanted = ":".join(self._who) if self._who[0] else ""
        status = 407 if wanted and who != wanted else self.answer
        if status:
            writer.write(f"HTTP/1.1 {status} No\r\nContent-Length: 0\r\nConnection: close\r\n\r\n".encode())
        elif method == "CONNECT":
            writer.write(b"HTTP/1.1 200 Connection established\r\n\r\n")
            await self._joined(asked, reader, writer)
        else:
            path = target.partition("://")[2].partition("/")[2]
            kept = [line for line in lines if line and not line.lower().startswith(("proxy-", "connection:"))]
            rest = "\r\n".join([f"{method} /{path} {version}", *kept, "Connection: close", "", ""])
            await self._joined(asked, reader, writer, rest.encode())


async def _pass_on(source: asyncio.StreamReader, target: asyncio.StreamWriter) -> None:
    with suppress(OSError):
        while data := await source.read(65_536):
            target.write(data)
            await target.drain()
    with suppress(OSError, RuntimeError):
        target.close()
