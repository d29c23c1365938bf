"""The whole path on real candles, held against a computation that uses none of it."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from dataclasses import dataclass
from decimal import Decimal, localcontext
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest

from octobot_node.reports.models import AutomationReport
from octobot_node.run_files.run_file import RunFile, load_run_files
from octobot_node.runs.options import RunOptions
from octobot_node.runs.runner import run
from tests.reference.rebalance import (
    Fill,
    Outcome,
    Plan,
    compute,
    drifts,
    drifts_at_closes,
    exactly,
    read_candles,
    settle,
)
from tests.support.sweeps import third
from tests.support.views import SilentView

D = Decimal
ROOT = Path(__file__).parents[4]
MINUTE = 60_000
HOUR = 60 * MINUTE
DAY = 24 * HOUR


@dataclass(frozen=True)
class Case:
    """``config`` as a user writes it and ``plan`` as the reference takes it, weights and budget apart."""

    config: dict[str, Any]
    plan: dict[str, Any]
    weights: dict[str, str]
    budget: dict[str, str]
    #: Whether the smallest trade holds back what the threshold asks for.
    stuck: bool = False


HALVES = {"ETH": "50", "BTC": "50"}
CASH = {"BTC": "10"}
HELD = {"BTC": "5", "ETH": "50"}


def by_threshold(threshold: str, weights: dict[str, str], budget: dict[str, str], min_trade: str = "0") -> Case:
    return Case(
        {"threshold": threshold, "min_trade": min_trade},
        {"threshold": D(threshold), "min_trade": D(min_trade)},
        weights,
        budget,
        stuck=D(min_trade) > D(threshold) * 10 / 100,
    )


PAIR = {
    "half-and-half-0.25": by_threshold("0.25", HALVES, CASH),
    "half-and-half-0.5": by_threshold("0.5", HALVES, HELD),
    "half-and-half-1": by_threshold("1", HALVES, CASH),
    "mostly-eth-0.3": by_threshold("0.3", {"ETH": "80", "BTC": "20"}, HELD),
    "mostly-btc-0.4": by_threshold("0.4", {"ETH": "12.5", "BTC": "87.5"}, CASH),
    "all-in-with-a-reserve": by_threshold("0.2", {"ETH": "99.5", "BTC": "0.5"}, HELD),
    "nothing-of-it": by_threshold("1", {"ETH": "0", "BTC": "100"}, HELD),
    "smallest-trade-above-the-drift": by_threshold("0.25", HALVES, CASH, "0.04"),
    "smallest-trade-below-the-drift": by_threshold("0.5", HALVES, CASH, "0.04"),
    "every-six-hours": Case({"every": "6h"}, {"every": 6 * HOUR}, HALVES, CASH),
    "between-candles": Case(
        {"every": "67m", "min_trade": "0.01"}, {"every": 67 * MINUTE, "min_trade": D("0.01")}, HALVES, CASH
    ),
    "daily": Case({"daily": {"at": "09:30"}}, {"daily": 9 * HOUR + 30 * MINUTE}, HALVES, HELD),
    "daily-in-new-york": Case(
        {"daily": {"at": "20:00", "tz": "America/New_York"}, "min_trade": "0.001"},
        {"daily": HOUR, "min_trade": D("0.001")},
        {"ETH": "70", "BTC": "30"},
        CASH,
    ),
    "by-cron": Case({"cron": {"line": "15 4 * * *"}}, {"daily": 4 * HOUR + 15 * MINUTE}, HALVES, HELD),
    "threshold-and-schedule": Case(
        {"threshold": "0.5", "every": "12h"}, {"threshold": D("0.5"), "every": 12 * HOUR}, HALVES, CASH
    ),
}
THREE = {
    "three-assets": by_threshold("0.5", {"ETH": "40", "ALT": "40", "BTC": "20"}, CASH),
    "three-assets-uneven": by_threshold("1", {"ETH": "60", "ALT": "15", "BTC": "25"}, {"ETH": "60", "ALT": "40"}),
    "quote-outside": by_threshold("0.75", {"ETH": "50", "ALT": "50"}, {"BTC": "4", "ALT": "30"}),
    "one-to-be-sold": by_threshold("0.5", {"ETH": "50", "ALT": "0", "BTC": "50"}, {"BTC": "1", "ALT": "70"}),
    "smallest-trade": by_threshold("0.3", {"ETH": "33.34", "ALT": "33.33", "BTC": "33.33"}, CASH, "0.03"),
    "scheduled": Case(
        {"every": "307m", "threshold": "1.5"},
        {"every": 307 * MINUTE, "threshold": D("1.5")},
        {"ETH": "30", "ALT": "50", "BTC": "20"},
        CASH,
    ),
}
WEIGHTS = {
    f"{weight}-{threshold}": (weight, threshold)
    for weight in ("20", "50", "75")
    for threshold in ("0.25", "0.5", "1", "2")
}


@pytest.mark.slow
@pytest.mark.parametrize("case", third(PAIR))
def test_a_pair_is_traded_as_computed(case: Case, few_hours: Path, tmp_path: Path) -> None:
    outcome = compare(case, {"ETH": few_hours}, tmp_path)
    assert bool(outcome.stuck) == case.stuck


@pytest.mark.parametrize("case", third(THREE))
def test_three_assets_are_traded_as_computed(case: Case, few_hours: Path, other_hours: Path, tmp_path: Path) -> None:
    compare(case, {"ALT": other_hours, "ETH": few_hours}, tmp_path)


@pytest.mark.long
def test_twenty_days_are_traded_as_computed_and_stay_within_the_threshold(candles: Path, tmp_path: Path) -> None:
    case = by_threshold("0.5", HALVES, CASH)
    outcome = compare(case, {"ETH": candles}, tmp_path)
    assert outcome.rebalances == 104
    check_within(case, candles, fills(tmp_path))


@pytest.mark.slow
@pytest.mark.parametrize(("weight", "threshold"), third(WEIGHTS))
def test_weights_stay_within_the_threshold(weight: str, threshold: str, few_hours: Path, tmp_path: Path) -> None:
    case = by_threshold(threshold, {"ETH": weight, "BTC": str(100 - int(weight))}, CASH)
    replay(case, {"ETH": few_hours}, tmp_path)
    check_within(case, few_hours, fills(tmp_path))


def test_an_order_that_a_limit_refuses_is_tried_again_only_when_the_price_has_moved(
    few_hours: Path, tmp_path: Path
) -> None:
    case = by_threshold("0.5", HALVES, CASH)
    report = replay(case, {"ETH": few_hours}, tmp_path, limits={"max_order_notional": "1"})
    # Half of 10 BTC is more than the limit of 1, from the first candle to the last.
    looks = [candle.close for candle in read_candles(few_hours)]
    tried, moves = read_candles(few_hours)[0].open, 1
    for price in looks:
        if not tried / D("1.01") < price < tried * D("1.01"):
            tried, moves = price, moves + 1
    assert moves > 3
    assert report.orders_by_status == {"refused": moves}
    assert report.figures["rebalances"] == "0"


def test_the_example_comes_to_what_its_page_says(candles: Path, tmp_path: Path) -> None:
    run_file = load_run_files([ROOT / "examples" / "rebalance-replay.yaml"])
    report = run(run_file, RunOptions(data={"ETH/BTC": candles}, data_dir=tmp_path), SilentView())
    (found,) = report.automations
    page = (ROOT / "docs" / "automations" / "rebalance.md").read_text()
    assert (found.ticks, found.fills) == (16, 8)
    assert found.final_equity is not None
    for amount in (found.final_equity, D(found.figures["turnover, BTC"]), *found.balances.values()):
        assert f"{round(amount, 8):f}" in page


def check_within(case: Case, path: Path, traded: list[Fill]) -> None:
    """Scan the closes: at every one at or past the threshold, and never else, it trades once, and is within again."""
    series, plan = read_candles(path), plan_of(case)
    limit, (start, *_), end = Fraction(case.config["threshold"]), series[0], series[-1].end
    off = [time for time, found in drifts_at_closes({"ETH": series}, plan, traded) if abs(found["ETH"]) >= limit]
    assert [fill.time for fill in traded] == [start, *(time for time in off if time < end)]
    held = exactly(plan.budget)
    for fill in traded:
        settle(held, fill, "BTC")
        # At the price of its own trade: what the fee and the gap between close and open leave.
        assert abs(drifts(held, {"ETH": fill.price}, plan)["ETH"]) < limit


def compare(case: Case, paths: dict[str, Path], folder: Path) -> Outcome:
    report = replay(case, paths, folder)
    expected = compute({asset: read_candles(path) for asset, path in paths.items()}, plan_of(case))
    assert expected.fills, "a case that trades nothing shows nothing"
    assert fills(folder) == expected.fills
    assert {asset: Fraction(amount) for asset, amount in report.balances.items()} == expected.held
    assert report.figures["rebalances"] == str(expected.rebalances)
    assert Fraction(report.figures["turnover, BTC"]) == expected.turnover
    statuses = {"filled": len(expected.fills), "open": expected.still_open}
    assert report.orders_by_status == {status: count for status, count in statuses.items() if count}
    # The ledger adds up to the last digit.
    assert report.unrealised_pnl is not None
    with localcontext(prec=60):
        assert report.final_equity == report.start_equity + report.realised_pnl + report.unrealised_pnl
    return expected


def plan_of(case: Case) -> Plan:
    weights = {asset: D(weight) for asset, weight in case.weights.items()}
    budget = {asset: D(amount) for asset, amount in case.budget.items()}
    return Plan(budget=budget, weights=weights, quote="BTC", **case.plan)


def replay(
    case: Case, paths: dict[str, Path], folder: Path, *, limits: dict[str, str] | None = None
) -> AutomationReport:
    account = {"market_data": {"use": "replay"}, "trading": {"use": "paper"}, "balances": case.budget}
    automation = {
        "name": "basket",
        "type": "rebalance",
        "account": "paper",
        "budget": case.budget,
        "limits": limits or {},
        "config": {"weights": case.weights, "quote": "BTC", **case.config},
    }
    run_file = RunFile.model_validate({"accounts": {"paper": account}, "automations": [automation]})
    data = {f"{asset}/BTC": path for asset, path in paths.items()}
    report = run(run_file, RunOptions(data=data, data_dir=folder), SilentView())
    assert report.finished
    return report.automations[0]


def fills(folder: Path) -> list[Fill]:
    (database,) = folder.glob("replays/*/octobot.db")
    query = "SELECT at, symbol, side, price, amount, fee, fee_asset FROM fills ORDER BY at, id"
    with closing(sqlite3.connect(database)) as connection:
        return [
            Fill(at, symbol.partition("/")[0], side, D(price), D(amount), D(fee), asset)
            for at, symbol, side, price, amount, fee, asset in connection.execute(query)
        ]
