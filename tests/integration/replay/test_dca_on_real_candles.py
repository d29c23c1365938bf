"""The whole path on a month of real candles, held against a computation that uses none of it."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from octobot_node.reports.models import AutomationReport
from octobot_node.runs.options import RunOptions
from octobot_node.runs.runner import run
from tests.integration.replay.conftest import dca_run_file
from tests.reference.dca import Outcome, Plan, SafetyOrders, compute, read_candles
from tests.support.sweeps import all_but_long
from tests.support.views import SilentView

D = Decimal
DAY = 86_400_000


@dataclass(frozen=True)
class Case:
    config: dict[str, Any]
    plan: dict[str, Any]
    cash: str = "5000"


CASES = {
    "plain": Case({"amount": "100", "every": "1d"}, {"amount": D(100), "every": DAY}),
    "every-four-hours-until-the-money-ends": Case(
        {"amount": "60", "every": "4h"}, {"amount": D(60), "every": DAY // 6}
    ),
    "take-profit": Case(
        {"amount": "150", "every": "12h", "take_profit": "0.8"},
        {"amount": D(150), "every": DAY // 2, "take_profit": D("0.8")},
    ),
    "safety-orders": Case(
        {
            "amount": "100",
            "every": "1d",
            "take_profit": "1.5",
            "safety_orders": {"count": 3, "step": "1", "step_scale": "1.5", "amount": "100", "volume_scale": "1.5"},
        },
        {
            "amount": D(100),
            "every": DAY,
            "take_profit": D("1.5"),
            "safety_orders": SafetyOrders(3, D(1), D(100), step_scale=D("1.5"), volume_scale=D("1.5")),
        },
    ),
    "maximum-spend": Case(
        {"amount": "70", "every": "6h", "max_spend": "1000"},
        {"amount": D(70), "every": DAY // 4, "max_spend": D(1000)},
    ),
}


@pytest.fixture(scope="session")
def read(candles: Path) -> Any:
    return read_candles(candles)


@pytest.mark.slow
@pytest.mark.parametrize("case", all_but_long(CASES, ["take-profit", "maximum-spend"]))
def test_a_replay_equals_the_independent_computation(case: Case, candles: Path, read: Any, tmp_path: Path) -> None:
    report = _replay(case, candles, tmp_path)
    # The ledger adds up to the last digit.
    assert report.unrealised_pnl is not None
    assert report.final_equity == report.start_equity + report.realised_pnl + report.unrealised_pnl

    expected = compute(read, Plan(cash=D(case.cash), price_step=D("0.001"), **case.plan))

    assert _fills(tmp_path) == [
        (fill.time, fill.side, fill.price, fill.amount, fill.fee, fill.fee_asset) for fill in expected.fills
    ]
    assert report.fills == len(expected.fills)
    assert _exact_figures(report) == _exact_figures_of(expected)
    # The average cost is a division: both round it, far below the smallest unit.
    assert report.realised_pnl == pytest.approx(expected.realised, abs=D("1e-14"))
    assert report.unrealised_pnl == pytest.approx(expected.unrealised, abs=D("1e-14"))
    assert report.max_drawdown_ratio == pytest.approx(expected.max_drawdown_ratio, abs=D("1e-20"))


def _replay(case: Case, candles: Path, folder: Path) -> AutomationReport:
    run_file = dca_run_file(case.config, budget=case.cash)
    report = run(run_file, RunOptions(data={"BTC/USD": candles}, data_dir=folder), SilentView())
    assert report.finished
    assert report.candles == 45_031
    (automation,) = report.automations
    return automation


def _fills(folder: Path) -> list[tuple[int, str, Decimal, Decimal, Decimal, str]]:
    (database,) = folder.glob("replays/*/octobot.db")
    with closing(sqlite3.connect(database)) as connection:
        rows = connection.execute("SELECT at, side, price, amount, fee, fee_asset FROM fills ORDER BY at, id")
        return [(at, side, D(price), D(amount), D(fee), asset) for at, side, price, amount, fee, asset in rows]


def _exact_figures(report: AutomationReport) -> dict[str, Any]:
    return {
        "cash": report.balances["USD"],
        "base": report.balances["BTC"],
        "invested": report.invested,
        "fees": report.fees,
        "equity": report.final_equity,
        "drawdown": report.max_drawdown,
        "refused": report.orders_by_status.get("refused", 0),
        "completed": report.status == "completed",
    }


def _exact_figures_of(expected: Outcome) -> dict[str, Any]:
    return {
        "cash": expected.cash,
        "base": expected.base,
        "invested": expected.invested,
        "fees": {asset: fee for asset, fee in expected.fees.items() if fee},
        "equity": expected.final_equity,
        "drawdown": expected.max_drawdown,
        "refused": expected.refused,
        "completed": expected.completed_at is not None,
    }
