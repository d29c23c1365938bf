"""Fees that a connector knows, in the place of the market's."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from prometheus_client import CollectorRegistry

from octobot_node import MarketRules
from octobot_node.clock import VirtualClock
from octobot_node.contracts.exchanges import Fees, with_fees
from octobot_node.engine.counters import Counters
from octobot_node.engine.market.contacts import Contact
from octobot_node.engine.market.metered_connectors import MeteredTrading, fees_of
from octobot_node.market import Market, from_ms
from octobot_node.testing import FakeExchange

BTC, ETH = MarketRules("BTC/USD", "BTC", "USD"), MarketRules("ETH/USD", "ETH", "USD")


def metered(inner: Any) -> MeteredTrading:
    return MeteredTrading("fake", Counters(CollectorRegistry()), inner, Contact(), VirtualClock(0))


def test_what_a_connector_does_not_know_of_its_fees_stays_the_market_s() -> None:
    market = Market(from_ms(0), all_rules={"BTC/USD": BTC, "ETH/USD": ETH})
    charged = with_fees(market, {"BTC/USD": Fees(taker=Decimal("0.02"))}).all_rules
    assert charged["ETH/USD"] == ETH
    rules = charged["BTC/USD"]
    assert (rules.taker_fee, rules.maker_fee, rules.fee_in) == (Decimal("0.02"), Decimal("0.001"), "received")


def test_a_connector_s_fees_are_found_when_its_requests_are_counted_too() -> None:
    inner: Any = FakeExchange().trading
    assert fees_of(metered(inner), ["BTC/USD"]) == {}
    inner.fees = lambda symbol: Fees(fee_in="quote" if symbol == "BTC/USD" else None)
    found = {"BTC/USD": Fees(fee_in="quote"), "ETH/USD": Fees()}
    assert fees_of(metered(inner), ["BTC/USD", "ETH/USD"]) == found
