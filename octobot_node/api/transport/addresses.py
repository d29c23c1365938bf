"""Where a request comes from: one way of writing an address, whatever socket or proxy it came through."""

from __future__ import annotations

import ipaddress
from collections.abc import Callable, Mapping

from starlette.types import ASGIApp, Receive, Scope, Send

__all__ = ["PlainAddresses", "plain"]


def plain(address: str) -> str:
    """Return an address as it is written where nothing is in between.

    On a socket for both families, and through proxies on one, 192.0.2.7 is ::ffff:192.0.2.7. What is no address is
    returned as it is.
    """
    try:
        found = ipaddress.ip_address(address.strip("[]"))
    except ValueError:
        return address
    mapped = getattr(found, "ipv4_mapped", None)
    return str(mapped or found)


class PlainAddresses:
    """The outermost middleware: what is inside compares addresses and schemes, and sees one way of writing each."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Carry the request on with plain addresses."""
        if scope["type"] == "http":
            if scope.get("client"):
                scope["client"] = (plain(scope["client"][0]), *scope["client"][1:])
            scope["headers"] = [
                (name, _PLAIN[name](value) if name in _PLAIN else value) for name, value in scope["headers"]
            ]
        await self._app(scope, receive, send)


def _plain_scheme(value: bytes) -> bytes:
    # The first of a chain of proxies met the client.
    return value.partition(b",")[0].strip().lower()


def _plain_list(value: bytes) -> bytes:
    parts = (part.strip() for part in value.decode("latin-1").split(","))
    return ", ".join(map(_plain_with_port, parts)).encode("latin-1")


def _plain_with_port(part: str) -> str:
    host, bracket, port = part.partition("]")
    if bracket:
        found = plain(host.removeprefix("["))
        return f"[{found}]{port}" if ":" in found else f"{found}{port}"
    return plain(part)


_PLAIN: Mapping[bytes, Callable[[bytes], bytes]] = {
    b"x-forwarded-for": _plain_list,
    b"x-forwarded-proto": _plain_scheme,
}
