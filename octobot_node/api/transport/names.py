"""The names that the API is asked under: no page elsewhere may reach it by a name of its own (DNS rebinding)."""

from __future__ import annotations

import ipaddress
import socket
from collections.abc import Collection

from starlette.datastructures import Headers
from starlette.types import Scope

__all__ = ["AnyName", "GivenNames", "OwnNames", "asked_as"]

#: Whoever asks by these is on this machine, or was let through to it: no page elsewhere can have such a name.
_LOOPBACK = frozenset({"127.0.0.1", "[::1]"})
#: Where nobody has a session or a key to lose: probes of load balancers, and addresses for signals, which are secrets
#: themselves and come through tunnels, by the tunnel's name.
_OPEN_TO_ALL = ("/health/", "/hooks/")


class AnyName:
    """Where others reach the node, by names that it does not know."""

    def wrong(self, scope: Scope) -> str:
        """Return what to say of a request, "" where it may be."""
        del scope
        return ""


class GivenNames(AnyName):
    """Names that a person listed, and this machine's addresses."""

    def __init__(self, names: Collection[str]) -> None:
        self._names = frozenset(each.lower() for each in names) | _LOOPBACK

    def wrong(self, scope: Scope) -> str:
        """Return what to say of a request, "" where it may be."""
        if _name(scope) in self._names:
            return ""
        return "this node is not asked under that name: OCTOBOT_API_ALLOWED_HOSTS has its names"


class OwnNames(AnyName):
    """Where only this machine reaches the node: its own name, localhost, and addresses, which no name stands for."""

    def __init__(self, machine: str) -> None:
        own = machine.lower().rstrip(".")
        self._names = {own, own.partition(".")[0], "localhost"}

    def wrong(self, scope: Scope) -> str:
        """Return what to say of a request, "" where it may be."""
        name = _name(scope).rstrip(".")
        # Every browser says a name.
        if not name or name in self._names or name.endswith(".localhost") or _is_address(name):
            return ""
        if scope["path"].startswith(_OPEN_TO_ALL):
            return ""
        return (
            "this node listens for its own machine alone, which has not that name: if a proxy or a tunnel asks"
            " under it, name it in OCTOBOT_API_ALLOWED_HOSTS"
        )


def asked_as(given: Collection[str], *, loopback: bool) -> AnyName:
    """Return the names that a node is asked under, which listens for its own machine alone or for others, too."""
    if given:
        return GivenNames(given)
    return OwnNames(socket.gethostname()) if loopback else AnyName()


def _name(scope: Scope) -> str:
    host = Headers(scope=scope).get("host", "").lower()
    return host.partition("]")[0] + "]" if host.startswith("[") else host.partition(":")[0]


def _is_address(name: str) -> bool:
    try:
        ipaddress.ip_address(name.strip("[]"))
    except ValueError:
        return False
    return True
