"""Order rules: which symbols may be traded, and how large an order may be, whatever automations decide."""

from __future__ import annotations

from collections.abc import Callable

from octobot_node import hookimpl
from octobot_node.contracts.order_checks import OrderContext
from octobot_node.contracts.plugin_settings import PluginSettings
from octobot_node.orders import Order


@hookimpl
def register_settings(register: Callable[[PluginSettings], None]) -> None:
    """Offer the section ``order_rules``."""
    from octobot_plugins.order_rules.settings import OrderRulesSettings

    register(PluginSettings("order_rules", OrderRulesSettings))


@hookimpl
def check_order(order: Order, context: OrderContext) -> str | None:
    """Refuse what the rules forbid."""
    from octobot_plugins.order_rules.rules import refusal
    from octobot_plugins.order_rules.settings import OrderRulesSettings

    return refusal(order, context.market, context.node.plugin_settings(OrderRulesSettings))
