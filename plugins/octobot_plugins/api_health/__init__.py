"""Health over HTTP: whether the process lives, and whether the node can do its work."""

from __future__ import annotations

from collections.abc import Callable

from octobot_node import hookimpl
from octobot_node.contracts.api_routes import ApiRoutes
from octobot_node.contracts.deferred import deferred_value


@hookimpl
def register_api_routers(register: Callable[[ApiRoutes], None]) -> None:
    """Offer ``/health/live`` and ``/health/ready``."""
    register(ApiRoutes("health", deferred_value("octobot_plugins.api_health.routes:router"), outside=True))
