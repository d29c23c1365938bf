"""The dashboard: a web application for browsers, built from ``ui/``, which knows nothing but the REST API."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from octobot_node import hookimpl
from octobot_node.contracts.api_routes import ApiRoutes, Site
from octobot_node.contracts.deferred import deferred
from octobot_node.contracts.operation import Operation
from octobot_node.contracts.plugin_settings import PluginSettings


@hookimpl
def register_settings(register: Callable[[PluginSettings], None]) -> None:
    """Offer the section ``dashboard``."""
    from octobot_plugins.dashboard.settings import DashboardSettings

    register(PluginSettings("dashboard", DashboardSettings))


@hookimpl
def register_api_routers(register: Callable[[ApiRoutes], None]) -> None:
    """Offer the pages, and the address that browsers find them at."""
    register(
        ApiRoutes(
            "dashboard",
            deferred("octobot_plugins.dashboard.pages:no_routes"),
            site=Site(
                deferred("octobot_plugins.dashboard.pages:open_pages"),
                deferred("octobot_plugins.dashboard.pages:port"),
            ),
        )
    )


@hookimpl
def register_operations(register: Callable[[Operation[Any, Any]], None]) -> None:
    """Offer to list the panels that plugins bring."""
    from octobot_plugins.dashboard.panels import list_panels

    register(list_panels)
