"""The way without a proxy."""

from __future__ import annotations

from typing import TYPE_CHECKING

from octobot_node.contracts.proxies import ProxyStanding
from octobot_node.egress import DirectEgress
from octobot_plugins.proxies.looking import with_exit_address

if TYPE_CHECKING:
    from aiohttp import BaseConnector

__all__ = ["DirectProxy"]


class DirectProxy:
    """Straight to the Internet."""

    shown = "straight to the Internet"
    cure = ""

    def __init__(self, check_url: str) -> None:
        self._check_url = check_url

    def connector(self, isolation: str, *, private: bool, limit: int) -> BaseConnector:
        """Return a connector; whoever one is, it is this machine's address that others see."""
        del isolation
        return DirectEgress(private).connector(limit=limit)

    def url(self, isolation: str) -> str:
        """Return "": there is no proxy."""
        del isolation
        return ""

    async def look(self, *, thorough: bool) -> ProxyStanding:
        """Say which address others see, where that can be asked."""
        return await with_exit_address(self, ProxyStanding("up", self.shown), self._check_url if thorough else "")
