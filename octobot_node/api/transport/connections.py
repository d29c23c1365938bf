"""Connections of clients: how many there may be, and how long one may take to say what it wants."""

from __future__ import annotations

import asyncio
import ipaddress
import secrets
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar

import h11
import structlog
from starlette.responses import Response
from uvicorn.protocols.http.h11_impl import H11Protocol

from octobot_node.api.problems import problem_response
from octobot_node.api.transport.addresses import plain
from octobot_node.api.transport.middleware import SECURITY_HEADERS

__all__ = ["AcceptFailures", "Bounds", "connection_type"]

log = structlog.get_logger(__name__)
#: Of one address that is no trusted proxy.
_OF_ONE_ADDRESS = 256
#: A request's head has to be there within this, from when it began or the connection was made; then its body, of which
#: every so many bytes are given as long again.
_HEAD_S = 15.0
_BODY_S = 60.0
_BODY_PIECE = 1_000_000
_SAID_AGAIN_S = 60.0
#: Requests under way together, streams among them.
_UNDER_WAY = 1_000
_UNREADABLE = "what was sent is no HTTP request: look at what sends it, and whether it speaks TLS to a plain port"
_BUSY = "as many requests are under way as the node takes at once: try again"


@dataclass(frozen=True, slots=True)
class Bounds:
    """What one server's clients share; times are in seconds."""

    #: Through these come many clients: addresses, networks, or ``*`` for whoever connects.
    proxies: Sequence[str] = ()
    of_one_address: int = _OF_ONE_ADDRESS
    head_s: float = _HEAD_S
    body_s: float = _BODY_S
    under_way: int = _UNDER_WAY
    body_piece: int = _BODY_PIECE
    counts: Counter[str] = field(default_factory=Counter)

    def let_in(self, address: str) -> bool:
        """Count one more of an address; return whether it may be."""
        self.counts[address] += 1
        return self.counts[address] <= self.of_one_address or self._is_proxy(address)

    def let_go(self, address: str) -> None:
        """Count one less."""
        self.counts[address] -= 1
        if self.counts[address] <= 0:
            del self.counts[address]

    def _is_proxy(self, address: str) -> bool:
        try:
            found = ipaddress.ip_address(address)
        except ValueError:
            return "*" in self.proxies
        return any(each == "*" or found in ipaddress.ip_network(each, strict=False) for each in self.proxies)


def connection_type(bounds: Bounds) -> type[H11Protocol]:
    """Return uvicorn's protocol, within bounds."""
    return type("Connection", (_Connection,), {"bounds": bounds})


class _Connection(H11Protocol):
    bounds: ClassVar[Bounds]
    _address = ""
    _doing = ""
    _timer: asyncio.TimerHandle | None = None
    _piece = 0
    _app: Any = None

    @property
    def app(self) -> Any:
        """What answers the next request: of one too many, nobody but the door."""
        return _own("unavailable", _BUSY) if len(self.tasks) >= self.bounds.under_way else self._app

    @app.setter
    def app(self, application: Any) -> None:
        self._app = application

    def send_400_response(self, msg: str) -> None:
        """Answer what cannot be read as everything else is answered."""
        del msg  # it names nothing that would help
        if self.conn.our_state not in {h11.IDLE, h11.SEND_RESPONSE}:
            self.transport.close()  # In the middle of an answer there is nothing to be said.
            return
        answer = _own("bad-request", _UNREADABLE)
        headers = [*answer.raw_headers, (b"connection", b"close")]
        for event in (
            h11.Response(status_code=answer.status_code, headers=headers, reason=b"Bad Request"),
            h11.Data(data=bytes(answer.body)),
            h11.EndOfMessage(),
        ):
            self.transport.write(self.conn.send(event) or b"")
        self.transport.close()

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn has it
        super().connection_made(transport)
        self._address = plain(self.client[0]) if self.client else ""
        if self.bounds.let_in(self._address):
            self._watch("head")
        else:
            transport.abort()

    def connection_lost(self, exc: Exception | None) -> None:
        self._watch("")
        self.bounds.let_go(self._address)
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        self._piece += len(data)
        if self._doing == "body" and self._piece >= self.bounds.body_piece:
            # A large file goes on for as long as it comes.
            self._watch("")
        begun = self.conn.their_state is h11.IDLE and (self._doing == "head" or bool(self.conn.trailing_data[0]))
        self._watch("body" if self.conn.their_state is h11.SEND_BODY else "head" if begun else "")

    def _watch(self, doing: str) -> None:
        """Begin to count the time of what the client does now, where that is something else than before."""
        if doing == self._doing:
            return
        self._doing, self._piece = doing, 0
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if doing:
            self._timer = self.loop.call_later(
                self.bounds.head_s if doing == "head" else self.bounds.body_s, self.transport.abort
            )


def _own(kind: str, detail: str) -> Response:
    """Return an answer that is given before there is an application to give one."""
    request_id = secrets.token_hex(16)
    return problem_response(kind, detail, request_id, headers={**SECURITY_HEADERS, "x-request-id": request_id})


class AcceptFailures:
    """An event loop's exception handler that says once a minute that no connection can be taken, not at each try."""

    def __init__(self) -> None:
        self._said: float | None = None

    def __call__(self, loop: asyncio.AbstractEventLoop, context: Mapping[str, Any]) -> None:
        """Log what the loop tells."""
        if "socket.accept()" not in str(context.get("message")):
            loop.default_exception_handler(dict(context))
            return
        if self._said is None or time.monotonic() - self._said >= _SAID_AGAIN_S:
            self._said = time.monotonic()
            log.error(
                "connections_refused",
                reason=str(context.get("exception")),
                cure="raise the limit of open files (`ulimit -n`, LimitNOFILE= of systemd), or see who connects",
            )
