"""What third parties' types are held to, ours are held to as well: ``check_automation`` on every built-in type."""

from __future__ import annotations

from typing import Any

import pytest

from octobot_node.plugin_system.discovery import DEFAULT_PLUGINS, load_plugins
from octobot_node.testing import check_automation

pytestmark = pytest.mark.process

PREFIX = "octobot_tentacles."

#: Type -> the config it starts with, then those that it is edited to.
CONFIGS: dict[str, list[dict[str, Any]]] = {
    "dca": [
        {
            "symbol": "BTC/USD",
            "amount": "100",
            "every": "1d",
            "take_profit": "2",
            "safety_orders": {"amount": "50", "count": 3},
        },
        {"symbol": "BTC/USD", "amount": "50", "every": "4h", "max_spend": "400"},
        {"symbol": "ETH/USD", "amount": "70", "daily": {"at": "09:00", "tz": "Europe/Paris"}, "take_profit": "1"},
    ],
    "grid": [
        {"symbol": "BTC/USD", "lower": "80", "upper": "120", "levels": 9, "spend": "40"},
        {"symbol": "BTC/USD", "lower": "90", "upper": "130", "step": "2", "amount": "0.3", "start": "wait"},
    ],
    "price_alert": [
        {"symbol": "BTC/USD", "above": "110", "below": "90", "repeat": True, "hysteresis": "1"},
        {"symbol": "BTC/USD", "move": {"percent": "5", "within": "1h"}, "repeat": True},
    ],
    "rebalance": [
        {"quote": "USD", "weights": {"BTC": "50", "ETH": "30", "USD": "20"}, "threshold": "2"},
        {"quote": "USD", "weights": {"BTC": "40", "ETH": "60"}, "every": "1h"},
    ],
    "signal": [
        {"symbol": "BTC/USD", "symbols": ["ETH/USD"], "spend": "50"},
        {"symbol": "BTC/USD", "order": "limit", "expires": "1h", "percent": "10", "cooldown": "5m"},
    ],
    "smart_trade": [
        {
            "symbol": "BTC/USD",
            "spend": "300",
            "take_profits": [{"percent": "2", "share": "50"}, {"percent": "5", "share": "50"}],
            "stop_loss": {"percent": "3"},
        },
        {"symbol": "BTC/USD", "spend": "200", "entry": {"limit": "99"}, "trailing": {"percent": "2"}},
    ],
    "stop_loss_guard": [
        {"automation": "dca-btc", "symbol": "BTC/USD", "loss": "5"},
        {"automation": "dca-btc", "symbol": "BTC/USD", "trailing": "3", "action": "pause"},
    ],
}
TYPES = sorted(name.removeprefix(PREFIX) for name in DEFAULT_PLUGINS if name.startswith(PREFIX))


@pytest.mark.parametrize("examples", [8, pytest.param(20, marks=pytest.mark.long)])
@pytest.mark.parametrize("name", TYPES)
def test_a_built_in_type_holds_what_every_type_is_held_to(name: str, examples: int) -> None:
    _, automation = load_plugins(discover=False).automation(f"{PREFIX}{name}")
    # A DCA buys again at its next time, whatever became of the buy before: that is its schedule, not a slip.
    check_automation(type(automation), *CONFIGS[name], examples=examples, one_at_a_time=name != "dca")
