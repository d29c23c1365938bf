"""Look at the routes in use now and then: what died is told before somebody needs it, and once."""

from __future__ import annotations

import asyncio

from octobot_node.contracts.context import PluginContext
from octobot_node.contracts.proxies import ProxyStanding
from octobot_plugins.proxies.health import look_at, routes_in_use

__all__ = ["RouteWatcher", "watch_routes"]

_EVERY_S = 15.0


async def watch_routes(context: PluginContext) -> None:
    """Look until cancelled."""
    watcher = RouteWatcher(context)
    while True:
        # Not on this loop: a route's own look needs one.
        await asyncio.to_thread(watcher.step)
        await asyncio.sleep(_EVERY_S)


class RouteWatcher:
    """Remembers what was told."""

    def __init__(self, context: PluginContext) -> None:
        self._context = context
        self._told: set[str] = set()

    def step(self) -> dict[str, ProxyStanding]:
        """Look at each route in use; tell of one that is down, and of one that is back."""
        names = list(routes_in_use(self._context))
        found = look_at(self._context, names) if names else {}
        for name, each in found.items():
            if each.status == "down" and name not in self._told:
                self._told.add(name)
                cure = f": {each.cure}" if each.cure else ""
                message = f"the egress {name} is down, what goes by it waits: {each.detail}{cure}"
                self._context.tell(message, level="error")
            elif each.status != "down" and name in self._told:
                self._told.discard(name)
                self._context.tell(f"the egress {name} is back", level="info")
        return found
