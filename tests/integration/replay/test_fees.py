"""What the account pays, not what its market's rules say, is what automations see and what is reserved."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel

from octobot_node import Automation, Decision, LimitOrder, MarketOrder, Tick
from octobot_node.testing import replay

D = Decimal
START = datetime(2026, 1, 1, tzinfo=UTC)


class SpenderConfig(BaseModel):
    symbol: str = "BTC/USD"
    spend: Decimal | None = None
    amount: Decimal | None = None
    price: Decimal | None = None


class Spender(Automation[SpenderConfig, Any]):
    """Buy once, and say what fees it was told."""

    name = "spender"
    Config = SpenderConfig

    def evaluate(self, tick: Tick[SpenderConfig, Any]) -> Decision:
        config, rules = tick.config, tick.market.rules("BTC/USD")
        order: MarketOrder | LimitOrder
        if config.price is not None:
            assert config.amount is not None
            order = LimitOrder("BTC/USD", "buy", amount=config.amount, price=config.price)
        else:
            order = MarketOrder("BTC/USD", "buy", spend=config.spend, amount=config.amount)
        told = {"taker": str(rules.taker_fee), "maker": str(rules.maker_fee), "in": rules.fee_in}
        return Decision(state=told, orders=[order] if tick.number == 0 else [])


@pytest.mark.slow
@pytest.mark.parametrize(
    ("order", "reason", "left"),
    [
        ({"spend": "500"}, "505.00 USD is needed, 500 is free in the automation's budget", "500"),
        ({"spend": "495"}, "", "0.05"),
        ({"amount": "5"}, "505.00 USD is needed, 500 is free in the automation's budget", "500"),
        ({"amount": "5", "price": "100"}, "505.00 USD is needed, 500 is free in the automation's budget", "500"),
        ({"amount": "4.95", "price": "100"}, "", "0.05"),
    ],
)
def test_a_budget_is_not_overspent_by_the_fees_of_the_trading_side(
    tmp_path: Path, order: dict[str, str], reason: str, left: str
) -> None:
    described = replay(Spender, order).candles("BTC/USD", closes=[100, 100, 99, 99]).budget(USD=500).fee("0")
    result = described.trading(fee="0.01", fee_in="quote").run(tmp_path)
    assert [each.reason for each in result.orders] == [reason]
    assert result.report.balances["USD"] == D(left)
    assert result.state == {"taker": "0.01", "maker": "0.01", "in": "quote"}


def test_without_fees_of_its_own_an_account_pays_its_market_s(tmp_path: Path) -> None:
    described = replay(Spender, {"spend": "100"}).candles("BTC/USD", closes=[100, 100, 99]).budget(USD=500)
    result = described.fee("0.002").trading(slippage="0").run(tmp_path)
    assert result.state == {"taker": "0.002", "maker": "0.002", "in": "received"}
    assert result.report.fees == {"BTC": D("0.002")}
