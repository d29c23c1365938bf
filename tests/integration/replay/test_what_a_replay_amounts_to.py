"""Beside its books a replay tells performance, what holding would have brought, and what it assumed."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

from pydantic import BaseModel

from octobot_node import Automation, Decision, MarketOrder, Tick, Wake
from octobot_node.automation import Needs
from octobot_node.cli.output.run_display import QuietView
from octobot_node.reports.models import MarketAssumptions
from octobot_node.runs.options import RunOptions
from octobot_node.runs.runner import run
from octobot_node.specs import ConnectorSpec
from octobot_node.testing import replay
from tests.integration.replay.conftest import dca_run_file

D = Decimal


class FlipConfig(BaseModel):
    symbols: list[str] = ["BTC/USD"]


class Flip(Automation[FlipConfig, Any]):
    """Buy for 100 at the first tick, and sell it all once the price is 120."""

    name = "flip"
    Config = FlipConfig

    def needs(self, config: FlipConfig, state: Any) -> Needs:
        return Needs(tickers=tuple(config.symbols))

    def evaluate(self, tick: Tick[FlipConfig, Any]) -> Decision:
        symbol, wake = tick.config.symbols[0], Wake(every=timedelta(hours=1))
        if tick.number == 0:
            return Decision(orders=[MarketOrder(symbol, "buy", spend=D(100))], wake=wake)
        held = tick.position(symbol).amount if tick.market.ticker(symbol).last >= 120 else D(0)
        return Decision(orders=[MarketOrder(symbol, "sell", amount=held)] if held else [], wake=wake)


def test_what_was_sold_is_a_trade_and_what_was_held_is_exposure(tmp_path: Path) -> None:
    described = replay(Flip, {}).candles("BTC/USD", closes=[100] * 4 + [120] * 6).budget(USD=1000).fee("0")
    report = described.run(tmp_path).report
    found = report.performance
    assert found is not None
    assert (report.realised_pnl, report.fills) == (found.gain, 2)
    assert (found.trades, found.final_equity) == (1, report.final_equity)
    assert found.win_rate.reason == "1 trade closed, and this is told from 10 trades on"
    assert D(0) < (found.exposure.value or D(0)) < D(1)


def test_holding_is_bought_at_the_first_price_with_the_fee_of_the_account(tmp_path: Path) -> None:
    described = replay(Flip, {}).candles("BTC/USD", closes=[100, 105, 110]).budget(USD=1000)
    holding = described.trading(fee="0.01").run(tmp_path).report.holding
    assert holding is not None
    assert (holding.symbols, holding.reason) == (["BTC/USD"], "")
    assert holding.performance is not None
    # 990 USD buy 9.9 BTC at 100.
    assert (holding.performance.start_equity, holding.performance.final_equity) == (D(1000), D("1089"))


def test_several_markets_are_held_in_equal_parts(tmp_path: Path) -> None:
    symbols = ["BTC/USD", "ETH/USD"]
    described = replay(Flip, {"symbols": symbols}).budget(USD=1000).fee("0")
    described = described.candles("BTC/USD", closes=[100, 200]).candles("ETH/USD", closes=[10, 10])
    holding = described.run(tmp_path).report.holding
    assert holding is not None
    assert holding.performance is not None
    assert (holding.symbols, holding.performance.total_return.value) == (symbols, D("0.5"))


def test_every_report_says_what_it_assumed(tmp_path: Path) -> None:
    rows = [f"{1_640_995_200_000 + 300_000 * number},100,101,99,100,5" for number in range(12)]
    candles = tmp_path / "candles.csv"
    candles.write_text("\n".join(["timestamp,open,high,low,close,volume", *rows]))
    run_file = dca_run_file({"amount": "10", "every": "10m"})
    trading = {"use": "paper", "fee": "0.002", "slippage": "0.005", "volume_share": "0.25"}
    account = run_file.accounts["paper"].model_copy(update={"trading": ConnectorSpec.model_validate(trading)})
    run_file = run_file.model_copy(update={"accounts": {"paper": account}})
    report = run(run_file, RunOptions(data={"BTC/USD": candles}, data_dir=tmp_path), QuietView())

    assert report.assumptions is not None
    assert report.assumptions.markets == [
        MarketAssumptions(
            account="paper",
            symbol="BTC/USD",
            candle_seconds=300,
            taker_fee=D("0.002"),
            maker_fee=D("0.002"),
            fee_in="received",
            price_step=D("0.01"),
            amount_step=D("0.00000001"),
            min_amount=D(0),
            min_notional=D(0),
        )
    ]
    inside, spread, fills, slippage, volume = report.assumptions.notes
    assert "its open to its low, then to its high" in inside
    assert "no spread" in spread
    assert "trades strictly through it" in fills
    assert slippage == "Slippage: market and stop orders fill 0.5 % worse than that."
    assert "at most 25 %" in volume
