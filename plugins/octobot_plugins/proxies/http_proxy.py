"""HTTP proxies: aiohttp's own, held to this one proxy where sockets are made."""

from __future__ import annotations

import socket
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from aiohttp import (
    ClientConnectorCertificateError,
    ClientConnectorDNSError,
    ClientHttpProxyError,
    ClientProxyConnectionError,
    ClientResponseError,
    ServerDisconnectedError,
    TCPConnector,
    ThreadedResolver,
    encode_basic_auth,
)
from aiohttp.abc import AbstractResolver, ResolveResult
from aiohttp.hdrs import PROXY_AUTHORIZATION
from multidict import CIMultiDict
from yarl import URL

from octobot_node.contracts.proxies import ProxyAddress, ProxyStanding
from octobot_node.egress.connectors import GuardedConnector, refuse_private_target
from octobot_node.errors import EgressDown, EgressRefused, NotSent
from octobot_plugins.proxies.looking import connected, unconnected, with_exit_address

if TYPE_CHECKING:
    from aiohttp import BaseConnector, ClientRequest

__all__ = ["HttpProxy"]

_CURE = "start the proxy, or correct its route in OCTOBOT_EGRESS_ROUTES"


class _OnlyTheProxy(AbstractResolver):
    """Looks up the proxy's own name and no other."""

    def __init__(self, host: str) -> None:
        self._host = host
        self._inner = ThreadedResolver()
        self.found: set[str] = {host}

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        """Return the proxy's addresses."""
        if host != self._host:
            raise EgressRefused("it looks up a name itself, which would tell where it goes past the proxy")
        found = await self._inner.resolve(host, port, family)
        self.found = {self._host, *(each["host"] for each in found)}
        return found

    async def close(self) -> None:
        """Let go of the resolver."""
        await self._inner.close()


class _HttpProxyConnector(GuardedConnector, TCPConnector):
    """Every request goes to the proxy: by CONNECT where it is TLS, whole where it is not."""

    def __init__(self, address: ProxyAddress, *, private: bool, limit: int) -> None:
        self._only = _OnlyTheProxy(address.host)
        super().__init__(limit=limit, resolver=self._only, socket_factory=self._made)
        self._address = address
        self._private = private
        self._proxy = URL(str(address))
        self._who = encode_basic_auth(address.user, address.password) if address.user else ""

    def prepare(self, req: ClientRequest) -> None:
        """Send it to the proxy, whatever else it says."""
        if not self._private:
            refuse_private_target(req)
        if req.proxy is not None and req.proxy != self._proxy:
            raise EgressRefused("it asks for a proxy of its own: give the account another egress instead")
        told = {PROXY_AUTHORIZATION: self._who} if self._who else {}
        req.update_proxy(self._proxy, None, CIMultiDict(told))
        if not req.is_ssl():
            # Whole, to the proxy: it is read there. Otherwise it would be told to whom the request is for.
            req.headers.update(told)
        if req.proxy != self._proxy:
            raise EgressRefused("it cannot be sent to the proxy")

    def meaning(self, error: BaseException) -> Exception:
        """Tell what is wrong with the proxy from what is wrong behind it."""
        if isinstance(error, ClientHttpProxyError):
            if error.status == 407:
                return EgressDown(f"{self._address} refuses the user or the password")
            return NotSent(f"{self._address} answered {error.status} to it")
        if isinstance(error, ClientConnectorDNSError):
            return EgressDown(f"the name in {self._address} cannot be looked up")
        if isinstance(error, ClientProxyConnectionError) and not isinstance(error, ClientConnectorCertificateError):
            return EgressDown(f"{self._address} {unconnected(error.os_error)}")
        if isinstance(error, ServerDisconnectedError | ClientResponseError):
            return EgressDown(f"{self._address} does not answer as an HTTP proxy does")
        return super().meaning(error)

    def _made(self, found: Any) -> socket.socket:
        family, kind, protocol, _, to = found
        if str(to[0]) not in self._only.found or to[1] != self._address.port:
            raise EgressRefused("it would go past the proxy")
        made = socket.socket(family, kind, protocol)
        made.setblocking(False)
        return made


class HttpProxy:
    """An HTTP proxy, spoken to in clear or by TLS."""

    def __init__(self, address: ProxyAddress, check_url: str) -> None:
        self.shown = str(address)
        self.cure = _CURE
        self._address = address
        self._check_url = check_url

    def connector(self, isolation: str, *, private: bool, limit: int) -> BaseConnector:
        """Return a connector; an HTTP proxy keeps nobody apart but by connections, of which each client has its own."""
        del isolation
        return _HttpProxyConnector(self._address, private=private, limit=limit)

    def url(self, isolation: str) -> str:
        """Return its URL."""
        del isolation
        scheme, _, rest = self.shown.partition("://")
        who = f"{quote(self._address.user, safe='')}:{quote(self._address.password, safe='')}@"
        return f"{scheme}://{who if self._address.user else ''}{rest}"

    async def look(self, *, thorough: bool) -> ProxyStanding:
        """See whether it listens; what it lets through is known when something was."""
        try:
            async with connected(self._address.host, self._address.port):
                found = ProxyStanding("up", f"{self.shown} listens")
        except EgressDown as error:
            return ProxyStanding("down", f"{self.shown} {error}", _CURE)
        return await with_exit_address(self, found, self._check_url if thorough else "")
