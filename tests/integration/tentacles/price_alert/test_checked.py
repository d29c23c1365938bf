from __future__ import annotations

import pytest

from octobot_node.testing.checking import check_automation
from octobot_tentacles.price_alert.automation import PriceAlert

pytestmark = pytest.mark.process


def test_levels_hold_against_odd_markets() -> None:
    levels = {"symbol": "BTC/USD", "above": 110, "below": 90, "repeat": True, "cooldown": "10m"}
    once = {"symbol": "BTC/USD", "above": 120, "message": "{symbol} at {price}"}
    check_automation(PriceAlert, levels, once, examples=60)


def test_moves_hold_against_odd_markets() -> None:
    # A window of one candle, which every market has: a longer one would often only wait.
    move = {"symbol": "BTC/USD", "move": {"percent": 3, "within": "1m"}, "repeat": True}
    down = {"symbol": "BTC/USD", "move": {"percent": 9, "within": "1m", "direction": "down"}, "cooldown": "1h"}
    check_automation(PriceAlert, move, down, examples=60)
