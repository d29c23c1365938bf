"""Events over the API: pages of what happened, a live stream of it, and each automation's log."""

from __future__ import annotations

from collections.abc import Callable

from octobot_node import hookimpl
from octobot_node.contracts.api_routes import ApiRoutes
from octobot_node.contracts.deferred import deferred_value
from octobot_node.contracts.plugin_settings import PluginSettings


@hookimpl
def register_settings(register: Callable[[PluginSettings], None]) -> None:
    """Offer the section ``events``."""
    from octobot_plugins.api_events.settings import EventsSettings

    register(PluginSettings("events", EventsSettings))


@hookimpl
def register_api_routers(register: Callable[[ApiRoutes], None]) -> None:
    """Offer events and logs, and the live stream."""
    register(ApiRoutes("events", deferred_value("octobot_plugins.api_events.routes:router")))
    register(ApiRoutes("live", deferred_value("octobot_plugins.api_events.live.routes:router")))
