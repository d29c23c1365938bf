"""Events over the API: pages of what happened, a live stream of it, and each automation's log."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from octobot_node import hookimpl
from octobot_node.contracts.api_routes import ApiRoutes
from octobot_node.contracts.plugin_settings import PluginSettings

if TYPE_CHECKING:
    from fastapi import APIRouter


@hookimpl
def register_settings(register: Callable[[PluginSettings], None]) -> None:
    """Offer the section ``events``."""
    from octobot_plugins.api_events.settings import EventsSettings

    register(PluginSettings("events", EventsSettings))


@hookimpl
def register_api_routers(register: Callable[[ApiRoutes], None]) -> None:
    """Offer events and logs."""
    register(ApiRoutes("events", _router))


def _router() -> APIRouter:
    from octobot_plugins.api_events.routes import router

    return router
