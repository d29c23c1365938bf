"""The test kit: what to run automations and the node itself against.

Everything is loaded when it is first used, so that a test which only builds a market starts at once.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from octobot_node.testing.automation_test import AutomationTest
    from octobot_node.testing.checking import check_automation
    from octobot_node.testing.conformance import check_market_data, check_trading
    from octobot_node.testing.fakes import FakeExchange
    from octobot_node.testing.hostile_exchange.behaviour import Behaviour
    from octobot_node.testing.hostile_exchange.process import HostileExchange
    from octobot_node.testing.markets import MarketBuilder, make_market
    from octobot_node.testing.past import PastOrder, Replayed, replay
    from octobot_node.testing.plugin_test import PluginTest

__all__ = [
    "AutomationTest",
    "Behaviour",
    "FakeExchange",
    "HostileExchange",
    "MarketBuilder",
    "PastOrder",
    "PluginTest",
    "Replayed",
    "check_automation",
    "check_market_data",
    "check_trading",
    "make_market",
    "replay",
]

_HOMES = {
    "AutomationTest": "automation_test",
    "Behaviour": "hostile_exchange.behaviour",
    "FakeExchange": "fakes",
    "HostileExchange": "hostile_exchange.process",
    "MarketBuilder": "markets",
    "PastOrder": "past",
    "PluginTest": "plugin_test",
    "Replayed": "past",
    "check_automation": "checking",
    "check_market_data": "conformance",
    "check_trading": "conformance",
    "make_market": "markets",
    "replay": "past",
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)


def __dir__() -> list[str]:
    return __all__
