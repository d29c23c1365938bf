"""What the built-in types say that they do next."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from octobot_node.testing import AutomationTest
from octobot_tentacles.dca.automation import Dca
from octobot_tentacles.grid.automation import Grid
from octobot_tentacles.price_alert.automation import PriceAlert
from octobot_tentacles.rebalance.automation import Rebalance
from octobot_tentacles.signal.automation import SignalTrader
from octobot_tentacles.smart_trade.automation import SmartTrade
from octobot_tentacles.stop_loss_guard.automation import StopLossGuard

DCA = {"symbol": "BTC/USD", "amount": "100", "every": "1d"}
GRID = {"symbol": "BTC/USD", "lower": "90", "upper": "110", "levels": 5, "spend": "10"}
TRADE = {"symbol": "BTC/USD", "spend": "100", "stop_loss": {"percent": "3"}}
GUARD = {"automation": "dca-btc", "symbol": "BTC/USD", "loss": "10"}


@pytest.mark.parametrize(
    ("kind", "config", "said"),
    [
        (Dca, DCA, "buys BTC for 100 USD {when}"),
        (
            Dca,
            DCA | {"take_profit": "1.5"},
            "buys BTC for 100 USD {when}; sells all of it 1.5 % above its average cost",
        ),
        (Grid, GRID, "lays its levels out {when}"),
        (
            Rebalance,
            {"weights": {"BTC": "60", "USD": "40"}, "quote": "USD", "threshold": "5", "every": "1w"},
            "rebalances {when} or when a weight is 5 percentage points off",
        ),
        (SmartTrade, TRADE, "buys BTC for 100 USD {when}"),
        (
            SmartTrade,
            TRADE | {"entry": {"limit": "95", "below": "96"}},
            "buys BTC for 100 USD at 95 USD once the price is at 96 USD or below",
        ),
        (
            SignalTrader,
            {"symbol": "BTC/USD", "symbols": ["ETH/USD"]},
            "trades what its signals say of BTC/USD and 1 more",
        ),
        (
            PriceAlert,
            {"symbol": "BTC/USD", "above": "50000", "below": "40000"},
            "tells when BTC/USD is at 50000 USD or above, or at 40000 USD or below",
        ),
        (
            PriceAlert,
            {"symbol": "BTC/USD", "move": {"percent": "5", "within": "1h"}},
            "tells when BTC/USD has moved by 5 % within 60 minutes",
        ),
        (
            StopLossGuard,
            GUARD | {"action": "pause"},
            "pauses 'dca-btc' when BTC/USD is 10 % below its average cost",
        ),
    ],
)
def test_before_its_first_tick(kind: Any, config: dict[str, Any], said: str) -> None:
    assert kind().describe(kind.Config.model_validate(config), None) == said


def test_a_grid_says_its_nearest_levels() -> None:
    grid = AutomationTest(Grid, GRID, budget={"USD": 1000})
    grid.price("BTC/USD", 101)
    grid.tick()
    # What the levels above are to sell is bought first.
    grid.fill("opening")
    grid.tick()
    assert grid.next_step == "sells at 110.00 USD or buys at 100.00 USD"


def test_a_dca_that_spent_all_says_so() -> None:
    dca = AutomationTest(Dca, DCA | {"max_spend": "150"}, budget={"USD": Decimal(1000)})
    dca.price("BTC/USD", 100)
    dca.tick()
    dca.fill("scheduled")
    dca.tick()
    assert dca.next_step == "buys no more: 100 USD of 150 are spent"


def test_a_trade_says_how_it_ends() -> None:
    trade = AutomationTest(SmartTrade, TRADE | {"take_profits": [{"percent": "5"}]}, budget={"USD": 1000})
    trade.price("BTC/USD", 100)
    trade.tick()
    assert trade.next_step == "waits until its entry has filled"
    trade.fill("entry")
    trade.tick()
    assert trade.next_step.startswith("sells by take-profits from 105.")
    assert "or at the stop-loss of 97." in trade.next_step
