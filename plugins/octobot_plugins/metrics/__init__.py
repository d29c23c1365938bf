"""Metrics for Prometheus: what this process counts, and, of the node that leads, what the database holds."""

from __future__ import annotations

from collections.abc import Callable

from octobot_node import hookimpl
from octobot_node.contracts.api_routes import ApiRoutes
from octobot_node.contracts.deferred import deferred_value


@hookimpl
def register_api_routers(register: Callable[[ApiRoutes], None]) -> None:
    """Offer ``/metrics``."""
    register(ApiRoutes("metrics", deferred_value("octobot_plugins.metrics.routes:router"), outside=True))
