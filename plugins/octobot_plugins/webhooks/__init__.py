"""Webhooks: addresses that alerts are sent to, such as TradingView's, each bound to one automation."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from octobot_node import hookimpl
from octobot_node.contracts.api_routes import ApiRoutes
from octobot_node.contracts.deferred import deferred_value
from octobot_node.contracts.plugin_settings import PluginSettings

if TYPE_CHECKING:
    from octobot_node.contracts.operation import Operation
    from octobot_node.contracts.tables import PluginTables


@hookimpl
def register_settings(register: Callable[[PluginSettings], None]) -> None:
    """Offer the section ``hooks``."""
    from octobot_plugins.webhooks.settings import WebhookSettings

    register(PluginSettings("hooks", WebhookSettings))


@hookimpl
def register_tables(register: Callable[[PluginTables], None]) -> None:
    """Offer the table of addresses."""
    from octobot_plugins.webhooks.tables import WEBHOOK_TABLES

    register(WEBHOOK_TABLES)


@hookimpl
def register_operations(register: Callable[[Operation[Any, Any]], None]) -> None:
    """Offer what can be done with addresses, on the command line and over HTTP."""
    from octobot_plugins.webhooks.catalogue import OPERATIONS

    for operation in OPERATIONS:
        register(operation)


@hookimpl
def register_api_routers(register: Callable[[ApiRoutes], None]) -> None:
    """Offer the addresses themselves."""
    register(ApiRoutes("webhooks-inbound", deferred_value("octobot_plugins.webhooks.inbound:router"), outside=True))
