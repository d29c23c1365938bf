"""Health over HTTP: whether the process lives, and whether the node can do its work."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from octobot_node import hookimpl
from octobot_node.contracts.api_routes import ApiRoutes

if TYPE_CHECKING:
    from fastapi import APIRouter


@hookimpl
def register_api_routers(register: Callable[[ApiRoutes], None]) -> None:
    """Offer ``/health/live`` and ``/health/ready``."""
    register(ApiRoutes("health", _router, outside=True))


def _router() -> APIRouter:
    from octobot_plugins.api_health.routes import router

    return router
