"""The limit on single orders: what it refuses, and whether it is set."""

from __future__ import annotations

from decimal import Decimal
from typing import assert_never

from octobot_node import LimitOrder, Market, MarketOrder, StopOrder
from octobot_node.contracts.context import PluginContext
from octobot_node.contracts.health import Health
from octobot_node.orders import Order

from octobot_tentacle_hello.settings import HelloSettings

__all__ = ["check_limit", "cost_of", "refuse_large"]


def refuse_large(order: Order, market: Market, largest: Decimal | None) -> str | None:
    """Return why ``order`` is too large, or None."""
    if largest is None:
        return None
    cost = cost_of(order, market)
    return f"it would cost {cost:f}, and the hello tentacle allows {largest:f}" if cost > largest else None


def cost_of(order: Order, market: Market) -> Decimal:
    """Return what an order comes to in quote, at its own price or the market's."""
    if isinstance(order, MarketOrder):
        if order.spend is not None:
            return order.spend
        price = market.ticker(order.symbol).last
    elif isinstance(order, LimitOrder):
        price = order.price
    elif isinstance(order, StopOrder):
        price = order.stop
    else:
        assert_never(order)
    return (order.amount or Decimal(0)) * price


def check_limit(context: PluginContext) -> Health:
    """Say whether there is a limit."""
    largest = context.plugin_settings(HelloSettings).largest_order
    if largest is None:
        return Health("warning", "no limit on single orders is set", cure="set OCTOBOT_HELLO_LARGEST_ORDER")
    return Health("ok", f"no order may cost more than {largest:f}")
