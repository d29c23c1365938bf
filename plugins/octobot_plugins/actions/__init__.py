"""Actions: what automations have plugins do, carried out once as far as can be known; and HTTP calls as one of them."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from octobot_node import hookimpl
from octobot_node.contracts.actions import ActionType
from octobot_node.contracts.health import HealthCheck
from octobot_node.contracts.plugin_settings import PluginSettings
from octobot_node.contracts.services import Service

if TYPE_CHECKING:
    from octobot_node.contracts.tables import PluginTables


@hookimpl
def register_settings(register: Callable[[PluginSettings], None]) -> None:
    """Offer the section ``actions``."""
    from octobot_plugins.actions.settings import ActionSettings

    register(PluginSettings("actions", ActionSettings))


@hookimpl
def register_tables(register: Callable[[PluginTables], None]) -> None:
    """Offer the table of what became of actions."""
    from octobot_plugins.actions.tables import ACTION_TABLES

    register(ACTION_TABLES)


@hookimpl
def register_actions(register: Callable[[ActionType], None]) -> None:
    """Offer ``http``."""
    from octobot_plugins.actions.http_call import HttpCall, call, is_repeatable

    register(ActionType("http", HttpCall, call, is_repeatable))


@hookimpl
def register_services(register: Callable[[Service], None]) -> None:
    """Offer what carries actions out, on one node for all."""
    from octobot_plugins.actions.carrying_out import carry_out

    register(Service("actions", carry_out, per="cluster"))


@hookimpl
def register_health_checks(register: Callable[[HealthCheck], None]) -> None:
    """Offer a check of actions whose outcome is not known."""
    from octobot_plugins.actions.health import check_actions

    register(HealthCheck("actions", check_actions))
