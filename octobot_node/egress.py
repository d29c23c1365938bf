"""Where requests of plugins may go: the one client that they are made with, and the rules that it obeys.

The rules are held where a socket is made, after names are resolved, for every address that is tried: a name that
resolves to another address the second time, or a redirect, leads nowhere else.
"""

from __future__ import annotations

import ipaddress
import socket
import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from types import TracebackType
from typing import TYPE_CHECKING, Any, Protocol

from octobot_node.errors import EgressRefused, NotSent, Unresolved
from octobot_node.text.exact_json import decode, encode

if TYPE_CHECKING:
    from aiohttp import BaseConnector, ClientSession

__all__ = ["DirectEgress", "Egress", "HttpClient", "HttpResponse", "is_public"]

_NAT64 = ipaddress.ip_network("64:ff9b::/96")
_PLAIN = ("http", "https")
_PIECE = 65_536


def is_public(text: str) -> bool:
    """Whether an IP address belongs to the Internet, whatever it is wrapped in."""
    address = ipaddress.ip_address(text.partition("%")[0])
    if isinstance(address, ipaddress.IPv6Address):
        inner = address.ipv4_mapped or address.sixtofour
        if inner is None and address in _NAT64:
            inner = ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
        if inner is None and address.teredo is not None:
            inner = address.teredo[1]
        if inner is not None:
            return inner.is_global and not inner.is_multicast
    return address.is_global and not address.is_multicast


class Egress(Protocol):
    """A way out of this machine. Direct is one; a proxy, which resolves names itself, would be another."""

    def connector(self) -> BaseConnector:
        """Return what makes connections, for one client on the running loop; one that may not be raises EgressRefused
        there.
        """
        ...


@dataclass(frozen=True, slots=True)
class DirectEgress:
    """Straight to public addresses; with ``allow_private`` also to this machine and to private networks."""

    allow_private: bool = False

    def connector(self) -> BaseConnector:
        """Return a connector whose every socket is for an address that may be."""
        from aiohttp import TCPConnector

        return TCPConnector(socket_factory=self._socket)

    def _socket(self, found: Any) -> socket.socket:
        family, kind, protocol, _, address = found
        if not self.allow_private and not is_public(str(address[0])):
            raise EgressRefused(
                "its host has a private address, which plugins' requests may not go to: set"
                " OCTOBOT_EGRESS_ALLOW_PRIVATE=true if that is meant"
            )
        made = socket.socket(family, kind, protocol)
        made.setblocking(False)
        return made


@dataclass(frozen=True, slots=True)
class HttpResponse:
    """What was answered: a status, headers by lower-case name, and the body as it came."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def ok(self) -> bool:
        """Whether it was a success: 2xx."""
        return 200 <= self.status < 300

    def text(self) -> str:
        """Return the body as text; what is not UTF-8 is replaced."""
        return self.body.decode(errors="replace")

    def json(self) -> Any:
        """Return the body's JSON, numbers as they are written (``Decimal``); raise ValueError for what is not JSON."""
        return decode(self.body)


class HttpClient:
    """Makes requests, on the loop on which it is entered; close it there, or use it with ``async with``.

    It follows no redirect, keeps no cookie, and takes nothing from the environment. No error of it has a part of the
    URL, which may hold a secret.
    """

    def __init__(self, egress: Egress) -> None:
        self._egress = egress
        self._session: ClientSession | None = None

    async def __aenter__(self) -> HttpClient:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    async def close(self) -> None:
        """Let go of connections."""
        if self._session is not None:
            await self._session.close()
            self._session = None

    async def request(
        self,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str] | None = None,
        json: Any = None,
        body: bytes | None = None,
        within: float = 10.0,
        most: int = 1_000_000,
    ) -> HttpResponse:
        """Make one request, once, and return its answer, whatever its status.

        ``json`` is written exactly, ``body`` goes as it is; ``within`` is in seconds for all of it, and ``most`` how
        many bytes an answer may have. Raises EgressRefused where it may not go, NotSent where it surely did not arrive,
        Unresolved where it may have, ValueError for what is not an HTTP URL.
        """
        from aiohttp import ClientError, ClientTimeout, ConnectionTimeoutError

        if url.partition("://")[0].lower() not in _PLAIN:
            raise ValueError("it is not an http:// or https:// URL")
        given = dict(headers or {})
        if json is not None:
            body = encode(json).encode()
            given.setdefault("Content-Type", "application/json")
        limits = ClientTimeout(total=within, sock_connect=within)
        try:
            async with self._opened().request(
                method, url, headers=given, data=body, timeout=limits, allow_redirects=False
            ) as answer:
                read = await _read(answer.content, most)
                found = {name.lower(): value for name, value in answer.headers.items()}
                return HttpResponse(answer.status, found, read)
        except EgressRefused:
            raise
        except ConnectionTimeoutError:
            raise NotSent("it could not be connected to in time") from None
        except TimeoutError:
            raise Unresolved(f"it did not answer within {within:g} s") from None
        except (ClientError, OSError, ssl.SSLError) as error:
            raise _meant(error) from None

    def _opened(self) -> ClientSession:
        from aiohttp import ClientSession, DummyCookieJar

        if self._session is None:
            self._session = ClientSession(
                connector=self._egress.connector(), cookie_jar=DummyCookieJar(), trust_env=False
            )
        return self._session


async def _read(content: Any, most: int) -> bytes:
    found = bytearray()
    while piece := await content.read(_PIECE):
        found += piece
        if len(found) > most:
            raise Unresolved(f"its answer has more than {most:,} bytes")
    return bytes(found)


def _meant(error: Exception) -> Exception:
    """Return what an error of aiohttp means for the request, in words that have no part of the URL."""
    from aiohttp import ClientConnectorCertificateError, ClientConnectorDNSError, ClientConnectorError, InvalidURL

    if isinstance(error, InvalidURL):
        return ValueError("it is not a valid URL")
    refused = _refusal(error)
    if refused is not None:
        return refused
    if isinstance(error, ClientConnectorCertificateError | ssl.SSLError):
        return NotSent("its TLS certificate is not accepted")
    if isinstance(error, ClientConnectorDNSError):
        return NotSent("its host's name cannot be looked up")
    if isinstance(error, ClientConnectorError):
        return NotSent(f"it cannot be connected to ({error.os_error.strerror or type(error.os_error).__name__})")
    return Unresolved(f"the connection broke ({type(error).__name__})")


def _refusal(error: BaseException | None) -> EgressRefused | None:
    # Several addresses were tried, or the library wrapped it.
    seen = 0
    while error is not None and seen < 10:
        if isinstance(error, EgressRefused):
            return error
        inner = getattr(error, "os_error", None) or error.__cause__ or error.__context__
        if isinstance(error, BaseExceptionGroup):
            inner = error.exceptions[0]
        error, seen = inner, seen + 1
    return None
