"""Orders over HTTP: look at them, and settle those whose outcome only a person knows."""

from __future__ import annotations

from collections.abc import Callable

from octobot_node import hookimpl
from octobot_node.contracts.api_routes import ApiRoutes
from octobot_node.contracts.deferred import deferred_value


@hookimpl
def register_api_routers(register: Callable[[ApiRoutes], None]) -> None:
    """Offer the routes."""
    register(ApiRoutes("api_orders", deferred_value("octobot_plugins.api_orders.routes:router")))
