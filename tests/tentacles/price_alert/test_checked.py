from __future__ import annotations

from octobot_node.testing.checking import check_automation
from octobot_tentacles.price_alert.automation import PriceAlert


def test_it_holds_against_odd_markets() -> None:
    levels = {"symbol": "BTC/USD", "above": 110, "below": 90, "repeat": True, "cooldown": "10m"}
    move = {"symbol": "BTC/USD", "move": {"percent": 3, "within": "30m"}, "repeat": True}
    once = {"symbol": "BTC/USD", "above": 120, "message": "{symbol} at {price}"}
    check_automation(PriceAlert, levels, move, once, examples=60)
    check_automation(PriceAlert, move, levels, examples=60)
