"""All automations at a glance over HTTP: sums, what needs somebody, how the day went, how late ticks are."""

from __future__ import annotations

from collections.abc import Callable

from octobot_node import hookimpl
from octobot_node.contracts.api_routes import ApiRoutes
from octobot_node.contracts.deferred import deferred_value


@hookimpl
def register_api_routers(register: Callable[[ApiRoutes], None]) -> None:
    """Offer the routes."""
    register(ApiRoutes("api_overview", deferred_value("octobot_plugins.api_overview.routes:router")))
