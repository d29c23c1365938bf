"""Ways out of this machine."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from octobot_node.errors import EgressRefused

if TYPE_CHECKING:
    from aiohttp import BaseConnector

__all__ = ["CONNECTIONS", "DirectEgress", "Egress", "NoEgress"]

#: Connections that one client keeps at most.
CONNECTIONS = 100


class Egress(Protocol):
    """A way out of this machine: direct, or a proxy, which looks names up itself."""

    def connector(self, *, limit: int = CONNECTIONS) -> BaseConnector:
        """Return what makes connections, for one client on the running loop, with ``limit`` of them at most.

        Every connection that it makes goes this way, or is not made. Raises EgressRefused where nothing may.
        """
        ...


@dataclass(frozen=True, slots=True)
class DirectEgress:
    """Straight to public addresses; with ``allow_private`` also to this machine and to private networks."""

    allow_private: bool = False

    def connector(self, *, limit: int = CONNECTIONS) -> BaseConnector:
        """Return a connector whose every socket is for an address that may be."""
        from octobot_node.egress.connectors import DirectConnector

        return DirectConnector(allow_private=self.allow_private, limit=limit)


@dataclass(frozen=True, slots=True)
class NoEgress:
    """No way out, and why."""

    reason: str

    def connector(self, *, limit: int = CONNECTIONS) -> BaseConnector:
        """Raise EgressRefused."""
        del limit
        raise EgressRefused(self.reason)
