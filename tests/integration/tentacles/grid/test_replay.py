"""The whole path on real candles, held against a simulation that uses none of it."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from octobot_node.reports.models import AutomationReport
from octobot_node.run_files.run_file import RunFile
from octobot_node.runs.options import RunOptions
from octobot_node.runs.runner import run
from tests.reference.grid import Candle, Fill, Outcome, Plan, compute, read_candles
from tests.support.sweeps import third
from tests.support.views import SilentView

D = Decimal


@dataclass(frozen=True)
class Case:
    """``day`` and ``hours`` cut the candles; the rest is ``plan`` as the reference takes it."""

    day: int
    plan: dict[str, Any]
    hours: int = 12
    closed: str = ""
    rules: dict[str, str] = field(default_factory=dict)


def grid(lower: int, upper: int, levels: int, **plan: Any) -> dict[str, Any]:
    sizes = {} if plan.keys() & {"amount", "spend"} else {"amount": D("0.01")}
    return {"cash": D(20_000), "lower": D(lower), "upper": D(upper), "levels": levels, **sizes, **plan}


CASES = {
    "arithmetic-around-the-price": Case(2, grid(45_000, 48_000, 11)),
    "geometric-around-the-price": Case(2, grid(45_000, 48_000, 11, geometric=True)),
    "arithmetic-many-narrow-levels": Case(5, grid(42_000, 48_000, 51, spend=D(300)), hours=6),
    "geometric-many-narrow-levels": Case(5, grid(42_000, 48_000, 51, spend=D(300), geometric=True), hours=6),
    "two-levels": Case(3, grid(46_100, 46_400, 2, amount=D("0.2"))),
    "odd-prices-and-sizes": Case(11, grid(41_273, 43_939, 14, spend=D("137.77"), geometric=True)),
    "wait": Case(12, grid(42_000, 46_000, 21, buy_at_start=False)),
    "wait-below-the-range": Case(11, grid(42_800, 44_500, 9, buy_at_start=False), hours=30),
    "range-above-the-price": Case(11, grid(43_200, 46_000, 8), hours=30),
    "range-below-the-price": Case(5, grid(42_000, 43_900, 8), hours=18),
    "range-left-below": Case(20, grid(38_500, 42_000, 16, spend=D(500)), hours=30),
    "range-left-above": Case(12, grid(42_000, 43_500, 13, geometric=True), hours=20),
    "stop-loss-price": Case(20, grid(38_000, 42_000, 21, stop_price=D("37500")), hours=36, closed="stop-loss"),
    "stop-loss-percent": Case(
        21, grid(34_000, 42_000, 17, geometric=True, stop_percent=D("2.5")), hours=20, closed="stop-loss"
    ),
    "take-profit-price": Case(11, grid(42_000, 43_800, 16, profit_price=D(44_000)), hours=36, closed="take-profit"),
    "take-profit-percent": Case(12, grid(42_000, 45_000, 16, profit_percent=D("0.2")), hours=20, closed="take-profit"),
    "take-profit-with-nothing-to-sell": Case(
        11, grid(42_000, 43_000, 9, profit_price=D(43_700), buy_at_start=False), hours=36, closed="take-profit"
    ),
    "stopped-before-it-begins": Case(21, grid(45_000, 48_000, 6, stop_price=D(44_000)), hours=2, closed="stop-loss"),
    "two-orders-a-side": Case(5, grid(42_000, 48_000, 31, per_side=2)),
    "one-order-a-side": Case(24, grid(33_000, 38_000, 26, geometric=True, spend=D(200), per_side=1)),
    "money-for-some-levels": Case(5, grid(42_000, 44_000, 11, amount=D("0.08")), hours=20),
    "money-for-some-of-the-opening": Case(11, grid(42_500, 46_700, 22, amount=D("0.03")), hours=30),
    "fee-in-quote": Case(2, grid(45_000, 48_000, 16, geometric=True), rules={"fee_in": "quote"}),
    "coarse-steps": Case(
        24, grid(33_000, 38_000, 16, spend=D(333)), hours=20, rules={"amount_step": "0.001", "price_step": "0.5"}
    ),
    "high-fee": Case(24, grid(33_000, 38_000, 9), rules={"taker_fee": "0.004", "maker_fee": "0.004"}),
    "whole-month": Case(0, grid(33_000, 48_500, 22, geometric=True, spend=D(500)), hours=800),
}


@pytest.mark.slow
@pytest.mark.parametrize("case", third(CASES))
def test_a_replay_equals_the_independent_simulation(
    case: Case, cut: Callable[[int, int], Path], tmp_path: Path
) -> None:
    path = cut(case.day, case.hours)
    candles = read_candles(path)

    report = _replay(case, path, tmp_path)

    expected = compute(candles, _plan(case))
    fills = _fills(tmp_path)
    assert sorted(fills) == sorted(expected.fills)
    assert _exact(report) == _exact_of(expected)
    _assert_ledger_adds_up(report)
    _assert_figures_add_up(report, expected)
    _assert_each_fill_is_inside_a_candle(fills, candles)
    assert expected.closed == case.closed
    assert (report.status == "completed") == bool(case.closed)


def test_the_sweep_has_round_trips_where_they_are_possible(cut: Callable[[int, int], Path]) -> None:
    counts = {name: compute(read_candles(cut(case.day, case.hours)), _plan(case)) for name, case in CASES.items()}
    without = {name for name, outcome in counts.items() if not outcome.round_trips}
    assert without <= {"stopped-before-it-begins"}
    assert counts["whole-month"].round_trips > 50


def _plan(case: Case) -> Plan:
    rules: dict[str, Any] = {
        "fee": D(case.rules.get("maker_fee", "0.001")),
        "fee_in_quote": case.rules.get("fee_in") == "quote",
        **{name: D(case.rules[name]) for name in ("price_step", "amount_step") if name in case.rules},
    }
    return Plan(**{"price_step": D("0.01"), **case.plan, **rules})


def _config(case: Case) -> dict[str, Any]:
    names = {
        "stop_price": "stop_loss_price",
        "stop_percent": "stop_loss_percent",
        "profit_price": "take_profit_price",
        "profit_percent": "take_profit_percent",
        "per_side": "max_orders_per_side",
    }
    config: dict[str, Any] = {
        "symbol": "BTC/USD",
        "spacing": "geometric" if case.plan.get("geometric") else "arithmetic",
        "start": "buy" if case.plan.get("buy_at_start", True) else "wait",
    }
    for name, value in case.plan.items():
        if name not in {"cash", "geometric", "buy_at_start"}:
            config[names.get(name, name)] = value if isinstance(value, int) else str(value)
    return config


def _replay(case: Case, candles: Path, folder: Path) -> AutomationReport:
    cash = str(case.plan["cash"])
    run_file = RunFile.model_validate(
        {
            "accounts": {
                "paper": {
                    "market_data": {"use": "replay", "price_step": "0.01", **case.rules},
                    "trading": {"use": "paper"},
                    "balances": {"USD": cash},
                }
            },
            "automations": [
                {"name": "grid", "type": "grid", "account": "paper", "budget": {"USD": cash}, "config": _config(case)}
            ],
        }
    )
    report = run(run_file, RunOptions(data={"BTC/USD": candles}, data_dir=folder), SilentView())
    assert report.finished
    (automation,) = report.automations
    assert automation.orders_by_status.get("refused", 0) == 0
    return automation


def _fills(folder: Path) -> list[Fill]:
    (database,) = folder.glob("replays/*/octobot.db")
    with closing(sqlite3.connect(database)) as connection:
        rows = connection.execute("SELECT at, side, price, amount, fee, fee_asset FROM fills")
        return [Fill(at, side, D(price), D(amount), D(fee), asset) for at, side, price, amount, fee, asset in rows]


def _exact(report: AutomationReport) -> dict[str, Any]:
    return {
        "cash": report.balances["USD"],
        "base": report.balances.get("BTC", D(0)),
        "equity": report.final_equity,
        "grid profit": D(report.figures["grid profit"]),
        "round trips": int(report.figures["round trips"]),
        "total profit": D(report.figures["total profit"]),
        "fills": report.fills,
    }


def _exact_of(expected: Outcome) -> dict[str, Any]:
    return {
        "cash": expected.cash,
        "base": expected.base,
        "equity": expected.final_equity,
        "grid profit": expected.grid_profit,
        "round trips": expected.round_trips,
        "total profit": expected.told_profit,
        "fills": len(expected.fills),
    }


def _assert_ledger_adds_up(report: AutomationReport) -> None:
    assert report.unrealised_pnl is not None
    assert report.final_equity == report.start_equity + report.realised_pnl + report.unrealised_pnl


def _assert_figures_add_up(report: AutomationReport, expected: Outcome) -> None:
    told = {name: D(value) for name, value in report.figures.items()}
    assert told["grid profit"] + told["trend"] == told["total profit"]
    assert told["inventory"] == expected.base


def _assert_each_fill_is_inside_a_candle(fills: list[Fill], candles: list[Candle]) -> None:
    """A fill at a candle's start is at its open; one at an end strictly inside the range of the one that ends then.

    Any other is at the open, or at a price that was waited for.
    """
    starting = {candle.start: candle for candle in candles}
    ending = {candle.end: candle for candle in candles}
    for fill in fills:
        opens = starting.get(fill.time)
        if opens is not None and fill.price == opens.open:
            continue
        if fill.time not in ending:
            around = next(candle for candle in candles if candle.start < fill.time < candle.end)
            assert around.low <= fill.price <= around.high
            continue
        candle = ending[fill.time]
        assert candle.low < fill.price if fill.side == "buy" else fill.price < candle.high
        assert candle.low <= fill.price <= candle.high
