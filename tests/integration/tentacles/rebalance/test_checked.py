from __future__ import annotations

import pytest

from octobot_node.testing.checking import check_automation
from octobot_tentacles.rebalance.automation import Rebalance

pytestmark = pytest.mark.process


def test_it_holds_against_odd_markets_and_orders() -> None:
    pair = {"weights": {"BTC": 50, "USD": 50}, "quote": "USD", "threshold": 2}
    three = {
        "weights": {"BTC": 50, "ETH": 30, "USD": 20},
        "quote": "USD",
        "threshold": 1,
        "every": "4h",
        "min_trade": 5,
    }
    outside = {"weights": {"BTC": 100, "ETH": 0}, "quote": "USD", "daily": {"at": "09:00"}}
    check_automation(Rebalance, pair, three, outside, examples=60)
    check_automation(Rebalance, three, pair, examples=60)
