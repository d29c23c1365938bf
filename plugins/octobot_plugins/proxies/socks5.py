"""SOCKS5 proxies, which look names up themselves."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING
from urllib.parse import quote

import python_socks
from aiohttp_socks import ProxyConnectionError, ProxyConnector, ProxyError, ProxyTimeoutError

from octobot_node.contracts.proxies import ProxyAddress, ProxyStanding
from octobot_node.egress.connectors import GuardedConnector, refuse_private_target
from octobot_node.errors import EgressDown, EgressRefused, NotSent
from octobot_plugins.proxies.looking import greet, unconnected, with_exit_address

if TYPE_CHECKING:
    from aiohttp import BaseConnector, ClientRequest

__all__ = ["Socks5Connector", "Socks5Proxy", "socks5h"]

_CURE = "start the proxy, or correct its route in OCTOBOT_EGRESS_ROUTES"
#: Of RFC 1928, section 6.
_REPLIES = {
    1: "it failed there, for no reason that was told",
    2: "its rules do not allow it",
    3: "the network is not reached from there",
    4: "the host is not reached from there",
    5: "the connection was refused there",
    6: "it took too long there",
}


class Socks5Connector(GuardedConnector, ProxyConnector):
    """Connects to the proxy and nothing else; hosts are told to it as they are written."""

    def __init__(self, address: ProxyAddress, user: str, password: str, *, private: bool, limit: int) -> None:
        super().__init__(
            host=address.host,
            port=address.port,
            proxy_type=python_socks.ProxyType.SOCKS5,
            username=user or None,
            password=password or None,
            rdns=True,
            limit=limit,
        )
        self._address = address
        self._private = private

    def prepare(self, req: ClientRequest) -> None:
        """Refuse what names a proxy of its own, and private hosts."""
        if not self._private:
            refuse_private_target(req)
        if req.proxy is not None:
            raise EgressRefused("it asks for a proxy of its own: give the account another egress instead")

    def meaning(self, error: BaseException) -> Exception:
        """Tell what is wrong with the proxy from what is wrong behind it."""
        if isinstance(error, asyncio.IncompleteReadError):
            return EgressDown(f"{self._address} closed the connection without an answer")
        if isinstance(error, ProxyConnectionError | python_socks.ProxyConnectionError):
            cause = error.__cause__ if isinstance(error.__cause__, OSError) else OSError()
            return EgressDown(f"{self._address} {unconnected(cause)}")
        if isinstance(error, ProxyTimeoutError | python_socks.ProxyTimeoutError | TimeoutError):
            return NotSent(f"it could not be connected to in time through {self._address}")
        if isinstance(error, ProxyError | python_socks.ProxyError):
            reply = _REPLIES.get(error.error_code or 0)
            if reply is not None:
                return NotSent(f"{self._address} does not reach it: {reply}")
            return EgressDown(f"{self._address} does not answer as a SOCKS5 proxy does, or refuses user or password")
        return super().meaning(error)


class Socks5Proxy:
    """A SOCKS5 proxy; names are looked up there."""

    def __init__(self, address: ProxyAddress, check_url: str) -> None:
        self.shown = str(address)
        self.cure = _CURE
        self._address = address
        self._check_url = check_url

    def connector(self, isolation: str, *, private: bool, limit: int) -> BaseConnector:
        """Return a connector; the proxy keeps nobody apart but by connections, of which each client has its own."""
        del isolation
        who = self._address.user, self._address.password
        return Socks5Connector(self._address, *who, private=private, limit=limit)

    def url(self, isolation: str) -> str:
        """Return its URL, with the scheme that looks nothing up here."""
        del isolation
        return socks5h(self._address, self._address.user, self._address.password)

    async def look(self, *, thorough: bool) -> ProxyStanding:
        """Speak with it as far as it asks who one is."""
        try:
            await greet(self._address, self._address.user, self._address.password)
        except EgressDown as error:
            return ProxyStanding("down", f"{self.shown} {error}", _CURE)
        return await with_exit_address(
            self, ProxyStanding("up", f"{self.shown} answers"), self._check_url if thorough else ""
        )


def socks5h(address: ProxyAddress, user: str, password: str) -> str:
    """Return a proxy's URL with user and password."""
    who = f"{quote(user, safe='')}:{quote(password, safe='')}@" if user else ""
    return f"socks5h://{who}{str(address).partition('://')[2]}"
