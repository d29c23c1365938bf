"""Proxies: the ways out that accounts may have: direct, through an HTTP or a SOCKS5 proxy, and through Tor."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from octobot_node import hookimpl
from octobot_node.contracts.health import HealthCheck
from octobot_node.contracts.plugin_settings import PluginSettings
from octobot_node.contracts.services import Service

if TYPE_CHECKING:
    from octobot_node.contracts.proxies import ProxyKind


@hookimpl
def register_settings(register: Callable[[PluginSettings], None]) -> None:
    """Offer the section ``proxies``."""
    from octobot_plugins.proxies.settings import ProxySettings

    register(PluginSettings("proxies", ProxySettings))


@hookimpl
def register_proxies(register: Callable[[ProxyKind], None]) -> None:
    """Offer direct, http, socks5 and tor."""
    from octobot_plugins.proxies.kinds import KINDS

    for kind in KINDS:
        register(kind)


@hookimpl
def register_services(register: Callable[[Service], None]) -> None:
    """Offer a look at the routes in use, now and then, so that one that died is told before it is needed."""
    from octobot_plugins.proxies.watching import watch_routes

    register(Service("egress", watch_routes))


@hookimpl
def register_health_checks(register: Callable[[HealthCheck], None]) -> None:
    """Offer a check of the routes in use."""
    from octobot_plugins.proxies.health import check_routes

    register(HealthCheck("egress", check_routes))
