from __future__ import annotations

import pytest

from octobot_node.testing import check_automation
from octobot_tentacles.signal.automation import SignalTrader

pytestmark = pytest.mark.process


def test_it_passes_every_check_of_the_test_kit() -> None:
    check_automation(
        SignalTrader,
        {"symbol": "BTC/USD", "percent": 50, "one_position": True, "cooldown": "5m"},
        {"symbol": "ETH/USD", "symbols": ["BTC/USD"], "amount": 1, "order": "limit", "expires": "1h", "max_age": "1m"},
        examples=30,
    )
