"""The limit on single orders, and its check."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Any, cast

import pytest
from octobot_node import LimitOrder, MarketOrder, StopOrder
from octobot_node.contracts.context import PluginContext
from octobot_node.contracts.health import Health
from octobot_node.orders import Order
from octobot_node.testing import make_market

from octobot_tentacle_hello.limit import check_limit, cost_of, refuse_large
from octobot_tentacle_hello.settings import HelloSettings

D = Decimal
MARKET = make_market(BTC_USD=100)


@dataclass
class Context:
    """A node with these settings."""

    settings: HelloSettings

    def plugin_settings(self, model: type[Any]) -> Any:
        """Return them."""
        assert model is HelloSettings
        return self.settings


def lent(settings: HelloSettings) -> PluginContext:
    """Return a node of which only the settings are asked for."""
    return cast("PluginContext", Context(settings))


@pytest.mark.parametrize(
    ("order", "cost"),
    [
        (MarketOrder("BTC/USD", "buy", spend=D(70)), D(70)),
        (MarketOrder("BTC/USD", "sell", amount=D("0.5")), D(50)),
        (LimitOrder("BTC/USD", "buy", D(2), D(90)), D(180)),
        (StopOrder("BTC/USD", "sell", D(2), D(80)), D(160)),
    ],
)
def test_an_order_costs_what_it_may_come_to(order: Order, cost: Decimal) -> None:
    assert cost_of(order, MARKET) == cost


def test_an_order_above_the_limit_is_refused_with_its_reason() -> None:
    order = MarketOrder("BTC/USD", "buy", spend=D(70))
    assert refuse_large(order, MARKET, D(69)) == "it would cost 70, and the hello tentacle allows 69"
    assert refuse_large(order, MARKET, D(70)) is None
    assert refuse_large(order, MARKET, None) is None


def test_the_doctor_says_whether_the_limit_is_set() -> None:
    assert check_limit(lent(HelloSettings(largest_order=D(500)))) == Health("ok", "no order may cost more than 500")
    assert check_limit(lent(HelloSettings())).status == "warning"
