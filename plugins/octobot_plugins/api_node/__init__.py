"""The node over HTTP: its state, the nodes on its database, plugins and settings."""

from __future__ import annotations

from collections.abc import Callable

from octobot_node import hookimpl
from octobot_node.contracts.api_routes import ApiRoutes
from octobot_node.contracts.deferred import deferred_value


@hookimpl
def register_api_routers(register: Callable[[ApiRoutes], None]) -> None:
    """Offer the routes."""
    register(ApiRoutes("api_node", deferred_value("octobot_plugins.api_node.routes:router")))
