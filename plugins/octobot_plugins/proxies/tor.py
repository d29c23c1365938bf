"""Tor: SOCKS5 with a user of its own for each account, so that each has circuits of its own."""

from __future__ import annotations

from typing import TYPE_CHECKING

from octobot_node.contracts.proxies import ProxyAddress, ProxyStanding
from octobot_node.errors import EgressDown
from octobot_plugins.proxies.control import ControlPort
from octobot_plugins.proxies.looking import LOOK, greet, with_exit_address
from octobot_plugins.proxies.settings import ProxySettings
from octobot_plugins.proxies.socks5 import Socks5Connector, socks5h

if TYPE_CHECKING:
    from aiohttp import BaseConnector

__all__ = ["TorProxy"]

#: Tor asks nobody for a password: it only keeps those apart who give another user or another password.
_PASSWORD = "octobot"  # noqa: S105 - it opens nothing
_START = "start Tor, or say where it is: OCTOBOT_PROXIES_TOR_SOCKS"
_APART = ("NoIsolateSOCKSAuth", "PreferSOCKSNoAuth")


class TorProxy:
    """Tor, by its SOCKS port."""

    def __init__(self, address: ProxyAddress, settings: ProxySettings) -> None:
        self.shown = str(address)
        self.cure = _START
        self._address = address
        self._check_url = settings.check_url.get_secret_value()
        self._control = ControlPort.of(settings)

    def connector(self, isolation: str, *, private: bool, limit: int) -> BaseConnector:
        """Return a connector on circuits that nobody of another isolation is on."""
        return Socks5Connector(self._address, isolation, _PASSWORD, private=private, limit=limit)

    def url(self, isolation: str) -> str:
        """Return the URL of its SOCKS port, with the user that keeps apart."""
        return socks5h(self._address, isolation, _PASSWORD)

    async def look(self, *, thorough: bool) -> ProxyStanding:
        """See whether its SOCKS port answers and, by the control port, how far its start is."""
        try:
            await greet(self._address, LOOK, _PASSWORD)
        except EgressDown as error:
            return ProxyStanding("down", f"{self.shown} {error}", _START)
        found = ProxyStanding("up", f"{self.shown} answers")
        if self._control is not None:
            found = await self._by_control(self._control)
        return await with_exit_address(self, found, self._check_url if thorough else "")

    async def _by_control(self, control: ControlPort) -> ProxyStanding:
        try:
            told = await control.ask()
        except EgressDown as error:
            cure = "see OCTOBOT_PROXIES_TOR_CONTROL and its password or cookie; without it the SOCKS port is looked at"
            return ProxyStanding("doubtful", f"{self.shown} answers; its control port: {error}", cure)
        if told.progress < 100:
            detail = f"{self.shown} has not started yet, it is at {told.progress} % ({told.summary})"
            return ProxyStanding("down", detail, told.warning or "wait, and see Tor's log if it stays there")
        spoilt = [flag for flag in _APART if flag in told.flags(self._address.port)]
        if spoilt:
            detail = f"{self.shown} does not keep accounts apart: its SocksPort has {', '.join(spoilt)}"
            return ProxyStanding("doubtful", detail, "take that out of torrc, and reload Tor")
        if not told.has_circuits:
            # Not down: Tor that nobody used for a while has none either, and makes one when it is asked.
            detail = f"{self.shown} (Tor {told.version}) has started and has no circuit just now"
            return ProxyStanding("doubtful", detail, "see Tor's log if it stays so: its network may be gone")
        return ProxyStanding("up", f"{self.shown} (Tor {told.version}) has circuits")
