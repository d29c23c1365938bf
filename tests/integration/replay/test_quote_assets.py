"""Replays in several quote assets, and what the report and the largest fall count."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel

from octobot_node import Automation, Decision, MarketOrder, Needs, Tick
from octobot_node.errors import InvalidRunFile
from octobot_node.reports.equity_curve import largest_falls
from octobot_node.reports.models import AssetReport, AutomationReport
from octobot_node.testing import Replayed, replay

D = Decimal
START = datetime(2026, 1, 1, tzinfo=UTC)


class ObedientConfig(BaseModel):
    symbols: list[str]


class Obedient(Automation[ObedientConfig, Any]):
    """Order what it is told to."""

    name = "obedient"
    Config = ObedientConfig

    def needs(self, config: ObedientConfig, state: Any) -> Needs:
        del state
        return Needs(tickers=tuple(config.symbols))

    def evaluate(self, tick: Tick[ObedientConfig, Any]) -> Decision:
        orders = []
        for signal in tick.signals:
            side, symbol, amount = signal.payload.split()
            wanted = tick.position(symbol).amount if amount == "all" else D(amount)
            orders.append(MarketOrder(symbol, side, amount=wanted))
        return Decision(state={}, orders=orders)


def run(
    folder: Path, closes: dict[str, list[str]], said: list[tuple[int, str]], timeframe: str = "1h", **budget: int
) -> Replayed:
    described = replay(Obedient, {"symbols": sorted(closes)}).budget(**budget).fee("0")
    for symbol, prices in closes.items():
        described = described.candles(symbol, closes=[D(price) for price in prices], timeframe=timeframe)
    for hours, text in said:
        described = described.signal(START + timedelta(hours=hours), text)
    return described.run(folder)


def worth(result: Replayed) -> dict[str, tuple[Decimal | None, ...]]:
    """Return what it began and ended with, realised and not, by asset; they always add up."""
    report = result.report
    found: dict[str, tuple[Decimal | None, ...]] = {}
    rows: Sequence[AssetReport | AutomationReport] = report.by_asset or [report]
    for row in rows:
        assert row.final_equity is not None
        assert row.unrealised_pnl is not None
        assert row.final_equity == row.start_equity + row.realised_pnl + row.unrealised_pnl
        found[row.asset] = (row.start_equity, row.final_equity, row.realised_pnl, row.unrealised_pnl)
    return found


ETHER = {"BTC/USD": ["40000"] * 4 + ["50000"] * 4, "ETH/BTC": ["0.05"] * 4 + ["0.06"] * 4}
BUYS = [(1, "buy BTC/USD 0.1"), (2, "buy ETH/BTC 1")]


def test_bitcoin_that_paid_for_ether_is_counted_once_and_in_dollars(tmp_path: Path) -> None:
    result = run(tmp_path, ETHER, BUYS, USD=10_000)
    assert worth(result) == {"USD": (10_000, 11_500, 0, 1500)}
    assert (result.report.invested, result.report.by_asset[0].rates) == (4000, {"BTC/USD": 50_000})
    assert result.equity[-1][1] == 11_500
    assert (result.report.max_drawdown, result.report.max_drawdown_ratio) == (0, 0)


def test_what_ether_brings_is_sold_with_the_bitcoin(tmp_path: Path) -> None:
    result = run(tmp_path, ETHER, [*BUYS, (5, "sell ETH/BTC all"), (6, "sell BTC/USD all")], USD=10_000)
    assert worth(result) == {"USD": (10_000, 11_500, 1500, 0)}
    assert result.report.balances == {"BTC": 0, "ETH": 0, "USD": 11_500}


def test_dollars_and_euros_are_told_apart(tmp_path: Path) -> None:
    closes = {"BTC/USD": ["40000"] * 4 + ["50000"] * 4, "BTC/EUR": ["36000"] * 4 + ["45000"] * 4}
    said = [(1, "buy BTC/USD 0.1"), (2, "buy BTC/EUR 0.1"), (5, "sell BTC/EUR all")]
    result = run(tmp_path, closes, said, USD=10_000, EUR=5_000)
    assert worth(result) == {"EUR": (5000, 5900, 900, 0), "USD": (10_000, 11_000, 0, 1000)}


def test_money_that_no_symbol_trades_is_in_no_equity_and_no_fall(tmp_path: Path) -> None:
    closes = {"BTC/USD": ["100"] * 6, "ETH/USD": ["100", "100", "100", "50", "50", "50"]}
    described = replay(Obedient, {"symbols": ["BTC/USD"]}).budget(USD=1000, ETH=10).fee("0")
    for symbol, prices in closes.items():
        described = described.candles(symbol, closes=[D(price) for price in prices])
    result = described.signal(START + timedelta(hours=1), "buy BTC/USD 1").run(tmp_path)
    assert worth(result) == {"USD": (1000, 1000, 0, 0), "ETH": (10, 10, 0, 0)}
    assert result.report.max_drawdown == 0


def test_what_was_bought_before_its_first_candle_closed_is_worth_what_was_paid(tmp_path: Path) -> None:
    late = START + timedelta(hours=4)
    rows = [(int(late.timestamp() * 1000) + 14_400_000 * n, 100, 100, 100, 100, 1) for n in range(2)]
    described = (
        replay(Obedient, {"symbols": ["BTC/USD", "NEW/USD"]})
        .candles("BTC/USD", closes=[100] * 10)
        .candles("NEW/USD", rows)
        .budget(USD=1000)
        .fee("0")
    )
    result = described.signal(START + timedelta(hours=4), "buy NEW/USD 10").run(tmp_path)
    assert [fill.at for fill in result.fills] == [late]
    assert {equity for _, equity in result.equity} == {1000}
    assert result.report.max_drawdown == 0


def test_symbols_that_cannot_be_kept_apart_are_refused_where_the_config_is(tmp_path: Path) -> None:
    closes = {"BTC/USD": ["1"] * 3, "BTC/EUR": ["1"] * 3, "ETH/BTC": ["1"] * 3}
    with pytest.raises(InvalidRunFile, match=r"automations\[0\].config: BTC, which pays for ETH/BTC, is bought in"):
        run(tmp_path, closes, [], USD=1000)


@pytest.mark.parametrize(
    ("start", "curve", "amount", "ratio"),
    [
        ("1000", ["1000", "500", "1000", "10000", "8000"], "2000", "0.5"),
        ("1000", ["500", "600"], "500", "0.5"),
        ("0", ["0", "0"], "0", "0"),
        ("10", [], "0", "0"),
    ],
)
def test_the_largest_fall_in_money_and_the_largest_in_percent_are_each_their_own(
    start: str, curve: list[str], amount: str, ratio: str
) -> None:
    fall = largest_falls(D(start), [D(equity) for equity in curve])
    assert (fall.amount, fall.ratio) == (D(amount), D(ratio))


def test_a_loss_in_the_first_candle_is_a_fall(tmp_path: Path) -> None:
    described = replay(Obedient, {"symbols": ["X/USD"]}).budget(USD=1000).fee("0")
    rows = [(100, 100, 50, 50, 1), (50, 60, 50, 60, 1)]
    result = described.candles("X/USD", rows).signal(START, "buy X/USD 10").run(tmp_path)
    assert [fill.price for fill in result.fills] == [100]
    assert (result.report.max_drawdown, result.report.max_drawdown_ratio) == (500, D("0.5"))
