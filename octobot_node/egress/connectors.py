"""What a connector of aiohttp is made of that obeys a way out: checks before it connects, and errors that say what is.

Of its own, so that who only asks what ways there are does not import aiohttp.
"""

from __future__ import annotations

import asyncio
import socket
from typing import TYPE_CHECKING, Any, Protocol

from aiohttp import BaseConnector, TCPConnector

from octobot_node.egress.addresses import is_public, says_private
from octobot_node.egress.meanings import meaning_of
from octobot_node.errors import EgressDown, EgressRefused, NotSent

if TYPE_CHECKING:
    from aiohttp import ClientRequest, ClientTimeout
    from aiohttp.connector import Connection
    from aiohttp.tracing import Trace

__all__ = ["DirectConnector", "GuardedConnector", "Watch", "refuse_private_target"]

PRIVATE = (
    "its host has a private address, which plugins' requests may not go to: set OCTOBOT_EGRESS_ALLOW_PRIVATE=true if"
    " that is meant"
)


class Watch(Protocol):
    """Whoever wants to know how a way out is: told by its connectors."""

    def worked(self) -> None:
        """Take note of a connection that was made."""
        ...

    def doubted(self) -> None:
        """Take note of one that was not, for whatever reason: the way out should be looked at."""
        ...

    def failed(self, reason: str) -> str:
        """Take note that the way out itself is not there; return what to tell of it."""
        ...


class GuardedConnector(BaseConnector):
    """To be named before an aiohttp connector among a class's bases.

    Whatever keeps it from making a connection is raised as EgressDown, EgressRefused or NotSent, never as a library's
    own error: no byte of the request was written then.
    """

    #: Set by whoever opened the way out.
    watch: Watch | None = None

    async def connect(
        self,
        req: ClientRequest,
        traces: list[Trace],
        timeout: ClientTimeout,  # noqa: ASYNC109 - as aiohttp calls it
    ) -> Connection:
        """Return a connection, a kept one or a new one."""
        self.prepare(req)
        try:
            found = await super().connect(req, traces, timeout)
        except Exception as error:  # noqa: BLE001 - whatever it was, nothing was written
            raise self._told(error) from None
        if self.watch is not None:
            self.watch.worked()
        return found

    def prepare(self, req: ClientRequest) -> None:
        """Raise EgressRefused for a request that may not go this way; or say in it which way it goes."""

    def meaning(self, error: BaseException) -> Exception:
        """Return what an error of the library means, as EgressDown, EgressRefused or NotSent."""
        if isinstance(error, asyncio.TimeoutError):
            return NotSent("it could not be connected to in time")
        return meaning_of(error)

    def _told(self, error: BaseException) -> Exception:
        found = error if isinstance(error, NotSent) else self.meaning(error)
        if not isinstance(found, NotSent):
            found = NotSent(str(found))
        if self.watch is None or isinstance(found, EgressRefused):
            return found
        if isinstance(found, EgressDown):
            return EgressDown(self.watch.failed(str(found)))
        self.watch.doubted()
        return found


class DirectConnector(GuardedConnector, TCPConnector):
    """Straight to public addresses: asked of each address, after names were looked up, where its socket is made."""

    def __init__(self, *, allow_private: bool, limit: int) -> None:
        super().__init__(limit=limit, socket_factory=self._made)
        self._allow_private = allow_private

    def _made(self, found: Any) -> socket.socket:
        family, kind, protocol, _, address = found
        if not self._allow_private and not is_public(str(address[0])):
            raise EgressRefused(PRIVATE)
        made = socket.socket(family, kind, protocol)
        made.setblocking(False)
        return made

    def prepare(self, req: ClientRequest) -> None:
        """Refuse a proxy that somebody else names: this way is direct."""
        if req.proxy is not None:
            raise EgressRefused("it asks for a proxy of its own: give the account an egress instead")


def refuse_private_target(req: ClientRequest) -> None:
    """Raise EgressRefused for a request to a private host: for a way on which names are looked up elsewhere."""
    if says_private(req.url.raw_host or ""):
        raise EgressRefused(PRIVATE)
