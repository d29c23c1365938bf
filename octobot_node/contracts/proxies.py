"""Ways out of this machine that plugins offer: direct, a proxy, Tor.

An operator names routes (``OCTOBOT_EGRESS_ROUTES``), accounts say which one is theirs, and whatever is opened for an
account is opened by the route's proxy, or not at all.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal, Protocol, TypeVar

if TYPE_CHECKING:
    from aiohttp import BaseConnector
    from pydantic import BaseModel

    from octobot_node.settings import Settings

__all__ = ["EgressRoute", "EgressRoutes", "Proxy", "ProxyAddress", "ProxyContext", "ProxyKind", "ProxyStanding"]

M = TypeVar("M", bound="BaseModel")


@dataclass(frozen=True, slots=True)
class ProxyAddress:
    """Where a proxy listens, and who one is to it. Its text has neither user nor password."""

    scheme: str
    host: str
    port: int
    user: str = field(default="", repr=False)
    password: str = field(default="", repr=False)

    def __str__(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{self.scheme}://{host}:{self.port}"


@dataclass(frozen=True, slots=True)
class ProxyStanding:
    """How a proxy stands.

    ``doubtful``: it answers, and whether it brings one out is not known, or not as it should. ``detail`` says what is,
    ``cure`` what to do, and ``exit_address`` which address others see, where that was asked.
    """

    status: Literal["up", "doubtful", "down"]
    detail: str
    cure: str = ""
    exit_address: str = ""


class Proxy(Protocol):
    """An opened way out. It keeps no connection of its own; each client asks it for a connector."""

    #: What people are told of it: how it is spoken to and where it listens, never a user or a password.
    shown: str
    #: What to do when it is down.
    cure: str

    def connector(self, isolation: str, *, private: bool, limit: int) -> BaseConnector:
        """Return what makes connections on the running loop, all of them this way: a ``GuardedConnector`` of
        ``octobot_node.egress.connectors``, with ``limit`` connections at most, to hosts that say they are private only
        if ``private``.

        Those of another ``isolation`` ([a-z0-9-]) must not be linked to these by whoever sees them come out, where the
        proxy can see to that. Names are looked up at the other end. Nothing may go another way, whatever fails.
        """
        ...

    def url(self, isolation: str) -> str:
        """Return the proxy's URL, user and password in it, for a process that takes one; "" for the direct way.

        Its scheme is one that looks names up at the other end: http, https or socks5h. Raises EgressRefused where the
        proxy is none that has a URL.
        """
        ...

    async def look(self, *, thorough: bool) -> ProxyStanding:
        """Return how it stands now, within some seconds, asking the proxy itself; raise nothing on purpose.

        Not ``thorough``: within two or three, without a question to anybody behind it.
        """
        ...


class ProxyContext(Protocol):
    """What the node lends a proxy when it is opened."""

    settings: Settings

    def plugin_settings(self, model: type[M]) -> M:
        """Return the settings that a plugin registered with this model."""
        ...


@dataclass(frozen=True, slots=True)
class ProxyKind:
    """How a plugin offers a kind of proxy: its name, the schemes of its URLs, and a function that opens one.

    ``open(address, context)`` gets what the operator wrote, or None for the route that is called as the kind is and
    needs no URL (``alone``). It does no I/O, and raises InvalidSettings for what it cannot use.
    """

    name: str
    open: Callable[[ProxyAddress | None, ProxyContext], Proxy]
    schemes: tuple[str, ...] = ()
    alone: bool = False


class EgressRoute(Protocol):
    """A route by its name, as this node knows it."""

    name: str
    #: The name of its kind; "" where none is usable, see ``standing``.
    kind: str
    shown: str

    @property
    def standing(self) -> ProxyStanding | None:
        """How it stood when it was last used or looked at; None: neither yet."""
        ...

    def look(self) -> ProxyStanding:
        """Look how it stands now, within some seconds; not on an event loop."""
        ...


class EgressRoutes(Protocol):
    """The routes of this node."""

    def names(self) -> Collection[str]:
        """Return the names of those that can be chosen, in order."""
        ...

    def find(self, name: str) -> EgressRoute:
        """Return a route; raise EgressRefused with what there is."""
        ...
