"""Users, sessions and API keys: who may use the API, and how they prove it."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from octobot_node import hookimpl
from octobot_node.contracts.api_routes import ApiRoutes
from octobot_node.contracts.commands import CommandRegistrar
from octobot_node.contracts.deferred import deferred, deferred_value
from octobot_node.contracts.plugin_settings import PluginSettings

if TYPE_CHECKING:
    from starlette.requests import Request

    from octobot_node.api import Caller
    from octobot_node.contracts.context import PluginContext
    from octobot_node.contracts.operation import Operation
    from octobot_node.contracts.tables import PluginTables


@hookimpl
def register_settings(register: Callable[[PluginSettings], None]) -> None:
    """Offer the sections ``admin`` and ``auth``."""
    from octobot_plugins.auth.settings import AdminSettings, AuthSettings

    register(PluginSettings("admin", AdminSettings))
    register(PluginSettings("auth", AuthSettings))


@hookimpl
def register_tables(register: Callable[[PluginTables], None]) -> None:
    """Offer the tables of users, keys and sessions."""
    from octobot_plugins.auth.tables import AUTH_TABLES

    register(AUTH_TABLES)


@hookimpl
def register_operations(register: Callable[[Operation[Any, Any]], None]) -> None:
    """Offer what can be done with users, keys and sessions."""
    from octobot_plugins.auth import catalogue
    from octobot_plugins.auth.second_factor import catalogue as of_factors

    for operation in (*catalogue.OPERATIONS, *of_factors.OPERATIONS):
        register(operation)


@hookimpl
def register_api_routers(register: Callable[[ApiRoutes], None]) -> None:
    """Offer sessions, users and keys; make the first admin before the API listens."""
    register(
        ApiRoutes(
            "auth",
            deferred_value("octobot_plugins.auth.routes:router"),
            prepare=deferred("octobot_plugins.auth.first_admin:prepare"),
        )
    )
    register(ApiRoutes("auth-second-factor", deferred_value("octobot_plugins.auth.second_factor.routes:router")))


@hookimpl
def authenticate(request: Request, context: PluginContext) -> Caller | None:
    """Know who comes with a session's cookie or an API key."""
    from octobot_plugins.auth.sign_in.authenticating import caller_of

    return caller_of(request, context)


@hookimpl
def register_commands(register: CommandRegistrar) -> None:
    """Offer ``users`` and ``keys``."""
    from octobot_plugins.auth import commands

    register(commands.users(), "users")
    register(commands.keys(), "keys")
