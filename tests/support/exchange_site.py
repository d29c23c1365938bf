"""An exchange's site as a test scripts it: what was asked of it, and answers that come, break off or never come."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace
from typing import Any, Literal
from urllib.parse import parse_qsl, urlsplit

from octobot_node.clock import Clock, SystemClock
from octobot_node.contracts.exchanges import ConnectorContext, RequestLimit
from octobot_node.egress import DirectEgress, HttpClient, open_session
from octobot_node.testing.fakes import OpenGate
from tests.support.listening import listened_out

__all__ = ["Answer", "Asked", "Site", "lent", "site"]


@dataclass(frozen=True)
class Asked:
    """One request, as it arrived."""

    method: str
    target: str
    headers: Mapping[str, str]
    body: str

    @property
    def path(self) -> str:
        """Return the path alone."""
        return urlsplit(self.target).path

    @property
    def params(self) -> dict[str, str]:
        """Return what query and form say, or a JSON body's fields."""
        query = dict(parse_qsl(urlsplit(self.target).query, keep_blank_values=True))
        if self.body[:1] in ("{", "["):
            found = json.loads(self.body)
            return {**query, **found} if isinstance(found, dict) else {**query, "body": found}
        return {**query, **dict(parse_qsl(self.body, keep_blank_values=True))}


@dataclass(frozen=True)
class Answer:
    """What comes back: ``drop`` hangs up instead, ``cut`` in the middle of the body, ``hang`` says nothing."""

    body: Any = ""
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    way: Literal["whole", "drop", "cut", "hang"] = "whole"

    def as_bytes(self) -> bytes:
        """Return it as HTTP."""
        text = self.body if isinstance(self.body, str) else json.dumps(self.body)
        content = "application/json" if not isinstance(self.body, str) else "text/html"
        head = {"Content-Type": content, "Content-Length": str(len(text.encode())), **self.headers}
        lines = [f"HTTP/1.1 {self.status} x", *(f"{name}: {value}" for name, value in head.items()), "", text]
        return "\r\n".join(lines).encode()


Script = Callable[[Asked], Answer]


@dataclass
class Site:
    """A site at ``url``; ``script`` may be changed while it runs."""

    script: Script
    url: str = ""
    asked: list[Asked] = field(default_factory=list)

    def paths(self, method: str = "") -> list[str]:
        """Return what was asked for, in order."""
        return [each.path for each in self.asked if method in ("", each.method)]

    def of(self, path: str, method: str = "") -> list[Asked]:
        """Return the requests for a path."""
        return [each for each in self.asked if each.path == path and method in ("", each.method)]

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Answer one connection's requests until it is hung up."""
        try:
            with suppress(asyncio.IncompleteReadError, ConnectionError):
                while await self._answer(reader, writer):
                    pass
        finally:
            writer.close()
        with suppress(ConnectionError):
            await writer.wait_closed()

    async def _answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
        first, *lines = head.split("\r\n")
        headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines) if name}
        body = (await reader.readexactly(int(headers.get("content-length", 0)))).decode()
        method, target, _ = first.split(" ")
        asked = Asked(method, target, headers, body)
        self.asked.append(asked)
        answer = self.script(asked)
        if answer.way == "drop":
            return False
        if answer.way == "hang":
            await reader.read()  # until the other side has had enough
            return False
        whole = answer.as_bytes()
        writer.write(whole if answer.way == "whole" else whole[:-5])
        await writer.drain()
        return answer.way == "whole"


@asynccontextmanager
async def site(script: Script) -> AsyncIterator[Site]:
    """Serve on a free port of this machine."""
    found = Site(script)
    serving: set[asyncio.Task[Any]] = set()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        serving.add(task)
        try:
            await found.serve(reader, writer)
        finally:
            serving.discard(task)

    listening = await asyncio.start_server(serve, "127.0.0.1", 0)
    found.url = f"http://127.0.0.1:{listening.sockets[0].getsockname()[1]}"
    try:
        yield found
    finally:
        await listened_out(listening)
        for task in list(serving):
            task.cancel()
        await asyncio.gather(*serving, return_exceptions=True)


class _Storage:
    """Nothing but somebody's."""


def lent(folder: Path, clock: Clock | None = None, *, timeout: float = 5.0) -> ConnectorContext:
    """Return what a connector is lent, without a node: this machine's own addresses may be asked."""
    gates: dict[tuple[RequestLimit, str], OpenGate] = {}
    context: Any = SimpleNamespace(
        clock=clock or SystemClock(),
        storage=_Storage(),
        settings=SimpleNamespace(request_timeout=timeout, data_dir=folder),
        request_gate=lambda limit, key="": gates.setdefault((limit, key), OpenGate(limit, context.clock)),
        http=lambda: HttpClient(DirectEgress(allow_private=True)),
        session=lambda **options: open_session(DirectEgress(allow_private=True), **options),
    )
    found: ConnectorContext = context
    return found
