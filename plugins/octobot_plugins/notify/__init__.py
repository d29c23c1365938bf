"""Notify: tell a person what matters, through any of the services that Apprise knows."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from octobot_node import hookimpl
from octobot_node.contracts.commands import CommandRegistrar
from octobot_node.contracts.health import HealthCheck
from octobot_node.contracts.notifiers import NotifierFactory
from octobot_node.contracts.plugin_settings import PluginSettings
from octobot_node.contracts.services import Service

if TYPE_CHECKING:
    from octobot_node.contracts.operation import Operation
    from octobot_node.contracts.tables import PluginTables


@hookimpl
def register_settings(register: Callable[[PluginSettings], None]) -> None:
    """Offer the section ``notify``."""
    from octobot_plugins.notify.settings import NotifySettings

    register(PluginSettings("notify", NotifySettings))


@hookimpl
def register_tables(register: Callable[[PluginTables], None]) -> None:
    """Offer the tables of people's own targets."""
    from octobot_plugins.notify.people.tables import NOTIFY_TABLES

    register(NOTIFY_TABLES)


@hookimpl
def register_notifiers(register: Callable[[NotifierFactory], None]) -> None:
    """Offer a notifier for each URL."""
    from octobot_plugins.notify.notifier import open_notifiers

    register(NotifierFactory("notify", open_notifiers))


@hookimpl
def register_services(register: Callable[[Service], None]) -> None:
    """Offer the rules, which find what is worth telling: to the node's own URLs, and to people's."""
    from octobot_plugins.notify.people.following import tell_people
    from octobot_plugins.notify.rules import follow_rules

    register(Service("notify-rules", follow_rules, per="cluster"))
    register(Service("notify-people", tell_people, per="cluster"))


@hookimpl
def register_health_checks(register: Callable[[HealthCheck], None]) -> None:
    """Offer a check of the URLs."""
    from octobot_plugins.notify.notifier import check_urls

    register(HealthCheck("notifications", check_urls))


@hookimpl
def register_operations(register: Callable[[Operation[Any, Any]], None]) -> None:
    """Offer what can be done with notifications over HTTP."""
    from octobot_plugins.notify.catalogue import OPERATIONS

    for operation in OPERATIONS:
        register(operation)


@hookimpl
def register_commands(register: CommandRegistrar) -> None:
    """Offer ``notify test``."""
    from octobot_plugins.notify.commands import commands

    register(commands(), "notify")
