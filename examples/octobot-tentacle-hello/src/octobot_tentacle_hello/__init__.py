"""Buys, sells a little higher, says hello, begins again: what a tentacle of several hooks looks like."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from octobot_node import Automation, hookimpl
from octobot_node.contracts.health import HealthCheck
from octobot_node.contracts.operation import Operation
from octobot_node.contracts.order_checks import OrderContext
from octobot_node.contracts.panels import Panel
from octobot_node.contracts.plugin_settings import PluginSettings
from octobot_node.orders import Order

from octobot_tentacle_hello.automation import Hello
from octobot_tentacle_hello.limit import check_limit, refuse_large
from octobot_tentacle_hello.operations import largest_order
from octobot_tentacle_hello.settings import HelloSettings

__all__ = ["Hello", "HelloSettings"]


@hookimpl
def register_settings(register: Callable[[PluginSettings], None]) -> None:
    """Offer the section ``hello``."""
    register(PluginSettings("hello", HelloSettings))


@hookimpl
def register_automations(register: Callable[[type[Automation[Any, Any]]], None]) -> None:
    """Offer the automation type ``hello``."""
    register(Hello)


@hookimpl
def check_order(order: Order, context: OrderContext) -> str | None:
    """Refuse what is larger than the setting allows."""
    return refuse_large(order, context.market, context.node.plugin_settings(HelloSettings).largest_order)


@hookimpl
def register_health_checks(register: Callable[[HealthCheck], None]) -> None:
    """Offer a check of the setting."""
    register(HealthCheck("hello: largest order", check_limit))


@hookimpl
def register_operations(register: Callable[[Operation[Any, Any]], None]) -> None:
    """Offer to tell the limit: ``octobot-node hello limit``, and ``GET /api/v1/hello/largest-order``."""
    register(largest_order)


@hookimpl
def register_panels(register: Callable[[Panel], None]) -> None:
    """Offer a panel on the page of each hello: what it does next, and its figures."""
    folder = Path(__file__).with_name("panel")
    register(Panel("hello", "Hello", "automation", folder, types=("octobot_tentacle_hello.hello",), height=120))
