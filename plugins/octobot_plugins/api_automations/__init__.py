"""Automations over HTTP: create, look at, change, plan, run, stop, move."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from octobot_node import hookimpl
from octobot_node.contracts.api_routes import ApiRoutes

if TYPE_CHECKING:
    from fastapi import APIRouter


@hookimpl
def register_api_routers(register: Callable[[ApiRoutes], None]) -> None:
    """Offer the routes."""
    register(ApiRoutes("api_automations", _router))


def _router() -> APIRouter:
    from octobot_plugins.api_automations.routes import router

    return router
