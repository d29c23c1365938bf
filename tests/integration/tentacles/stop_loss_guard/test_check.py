from __future__ import annotations

import pytest

from octobot_node.testing import check_automation
from octobot_tentacles.stop_loss_guard.automation import StopLossGuard

pytestmark = pytest.mark.process


def test_it_passes_every_check_of_the_test_kit() -> None:
    check_automation(
        StopLossGuard,
        {"automation": "dca", "symbol": "BTC/USD", "loss": 5},
        {"automation": "dca", "symbol": "BTC/USD", "trailing": 5, "once": False, "action": "notify"},
        {"automation": "grid", "symbol": "ETH/USD", "price": 5},
        examples=30,
    )
