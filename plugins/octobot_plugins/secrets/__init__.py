"""Secrets: the master key in a file, or in a vault that is asked as HashiCorp's is; and secrets of such a vault."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from octobot_node import hookimpl
from octobot_node.contracts.api_routes import ApiRoutes
from octobot_node.contracts.deferred import deferred_value
from octobot_node.contracts.health import HealthCheck
from octobot_node.contracts.plugin_settings import PluginSettings

if TYPE_CHECKING:
    from octobot_node.contracts.secrets import SecretPlace


@hookimpl
def register_settings(register: Callable[[PluginSettings], None]) -> None:
    """Offer the section ``vault``."""
    from octobot_plugins.secrets.settings import VaultSettings

    register(PluginSettings("vault", VaultSettings))


@hookimpl
def register_secrets(register: Callable[[SecretPlace], None]) -> None:
    """Offer file and vault."""
    from octobot_plugins.secrets.places import PLACES

    for place in PLACES:
        register(place)


@hookimpl
def register_api_routers(register: Callable[[ApiRoutes], None]) -> None:
    """Offer routes for secrets by name."""
    register(ApiRoutes("secrets", deferred_value("octobot_plugins.secrets.routes:router")))


@hookimpl
def register_health_checks(register: Callable[[HealthCheck], None]) -> None:
    """Offer a check of the key, and of what is sealed."""
    from octobot_plugins.secrets.health import check_secrets

    register(HealthCheck("secrets", check_secrets))
