"""Metrics for Prometheus: what this process counts, and, of the node that leads, what the database holds."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from octobot_node import hookimpl
from octobot_node.contracts.api_routes import ApiRoutes

if TYPE_CHECKING:
    from fastapi import APIRouter


@hookimpl
def register_api_routers(register: Callable[[ApiRoutes], None]) -> None:
    """Offer ``/metrics``."""
    register(ApiRoutes("metrics", _router, outside=True))


def _router() -> APIRouter:
    from octobot_plugins.metrics.routes import router

    return router
