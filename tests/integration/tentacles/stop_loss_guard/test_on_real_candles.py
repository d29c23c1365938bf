"""A DCA and its guard on real candles: it acts at the candle that an independent scan finds."""

from __future__ import annotations

import gzip
import itertools
import sqlite3
from contextlib import closing
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from octobot_node.reports.models import RunReport
from octobot_node.run_files.run_file import RunFile
from octobot_node.runs.options import RunOptions
from octobot_node.runs.runner import run
from tests.reference.dca import Candle, Fill, Plan, compute, read_candles
from tests.reference.stop_loss_guard import Act, Guard, acts
from tests.support.sweeps import third
from tests.support.views import SilentView

D = Decimal
HOUR = 3_600_000


@pytest.fixture(scope="module")
def days(real_candles: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the first four days and a half: the price goes up and down within 6 %."""
    path = tmp_path_factory.mktemp("candles") / "days.csv"
    with gzip.open(real_candles / "BTC-USD-1m-2022-01.csv.gz", "rt") as month:
        path.write_text("".join(itertools.islice(month, 1 + 6_480)))
    return path


@pytest.fixture(scope="module")
def candles(days: Path) -> list[Candle]:
    return read_candles(days)


CASES: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    f"{name} on {dca}": (guard, config)
    for (name, guard), (dca, config) in itertools.product(
        {
            "loss 0.5": {"loss": "0.5"},
            "loss 1.7": {"loss": "1.7"},
            "loss 30": {"loss": "30"},
            "price": {"price": "46000"},
            "trailing 0.6": {"trailing": "0.6"},
            "trailing 2": {"trailing": "2"},
            "all three": {"loss": "3", "price": "45100.5", "trailing": "2.6"},
        }.items(),
        {
            "plain": {"amount": "100", "every": "7h"},
            "take-profit": {"amount": "150", "every": "5h", "take_profit": "0.3"},
        }.items(),
    )
}


@pytest.mark.slow
@pytest.mark.parametrize(("guard", "config"), third(CASES))
def test_it_acts_at_the_candle_that_an_independent_scan_finds(
    guard: dict[str, str], config: dict[str, str], days: Path, candles: list[Candle], tmp_path: Path
) -> None:
    report = replay(days, tmp_path, config, guard)
    expected = expect(candles, config, guard)

    statuses = {automation.name: automation.status for automation in report.automations}
    if expected is None:
        assert (statuses, acted(tmp_path), sales(tmp_path)) == ({"dca": "active", "guard": "active"}, [], [])
        return
    assert acted(tmp_path) == [(expected.at, "close", "done")]
    assert sales(tmp_path) == [(expected.sold_at, expected.price)]
    assert statuses == {"dca": "stopped", "guard": "completed"}
    assert held(tmp_path) < D("0.00000001")


def test_the_cases_are_told_apart_by_the_scan(candles: list[Candle]) -> None:
    found = [expect(candles, config, guard) for guard, config in CASES.values()]
    times = [act.at for act in found if act is not None]
    assert (len(set(times)) >= 8, found.count(None)) == (True, 3)


def test_told_to_pause_and_go_on_it_pauses_whatever_is_resumed_or_bought(days: Path, tmp_path: Path) -> None:
    report = replay(days, tmp_path, {"amount": "100", "every": "7h"}, {"loss": "0.5", "action": "pause", "once": False})
    statuses = {automation.name: automation.status for automation in report.automations}
    assert statuses == {"dca": "paused", "guard": "active"}
    # Paused, it buys no more: from then on the guard only crosses its stop, up and down.
    assert {row[1:] for row in acted(tmp_path)} == {("pause", "done")}
    assert sales(tmp_path) == []
    last_buy = max(at for (at,) in rows(tmp_path, "SELECT at FROM fills"))
    assert last_buy < acted(tmp_path)[0][0]


def test_told_to_notify_it_only_tells(days: Path, tmp_path: Path) -> None:
    report = replay(days, tmp_path, {"amount": "100", "every": "7h"}, {"loss": "0.5", "action": "notify"})
    assert {automation.name: automation.status for automation in report.automations} == {
        "dca": "active",
        "guard": "completed",
    }
    assert acted(tmp_path) == []
    ((message,),) = rows(tmp_path, "SELECT message FROM notices")
    assert message.startswith("BTC/USD is at 46876.699, 'dca' holds 0.0106")
    assert message.endswith("(0.5 % below its average cost): nothing is done about it")


def expect(candles: list[Candle], config: dict[str, str], guard: dict[str, str]) -> Act | None:
    every = int(config["every"].removesuffix("h")) * HOUR
    profit = D(config["take_profit"]) if "take_profit" in config else None
    plan = Plan(cash=D(9_000), amount=D(config["amount"]), every=every, take_profit=profit, price_step=D("0.001"))
    start = candles[0].start

    def same_instant(fill: Fill) -> bool:
        return fill.tag == "scheduled" and (fill.time - start) % every == 0

    limits = {name: D(value) for name, value in guard.items()}
    return acts(candles, compute(candles, plan).fills, Guard(**limits), same_instant)


def replay(days: Path, folder: Path, config: dict[str, str], guard: dict[str, Any]) -> RunReport:
    paper = {"market_data": {"use": "replay", "price_step": "0.001"}, "trading": {"use": "paper"}}
    watch = {"automation": "dca", "symbol": "BTC/USD", **guard}
    run_file = {
        "accounts": {"paper": {**paper, "balances": {"USD": "10000"}}},
        "automations": [
            {
                "name": "dca",
                "type": "dca",
                "account": "paper",
                "budget": {"USD": "9000"},
                "config": {"symbol": "BTC/USD", **config},
            },
            {"name": "guard", "type": "stop_loss_guard", "account": "paper", "config": watch},
        ],
    }
    options = RunOptions(data={"BTC/USD": days}, data_dir=folder)
    report = run(RunFile.model_validate(run_file), options, SilentView())
    assert report.finished
    return report


def rows(folder: Path, statement: str) -> list[Any]:
    (database,) = folder.glob("replays/*/octobot.db")
    with closing(sqlite3.connect(database)) as connection:
        return connection.execute(statement).fetchall()


def acted(folder: Path) -> list[tuple[int, str, str]]:
    return rows(folder, "SELECT created_at, command, status FROM requests ORDER BY id")


def sales(folder: Path) -> list[tuple[int, Decimal]]:
    """Return when and at what price a stop sold."""
    found = rows(folder, "SELECT at, price FROM fills WHERE side = 'sell' AND tag = 'stop' ORDER BY id")
    return [(at, D(price)) for at, price in found]


def held(folder: Path) -> Decimal:
    return sum((D(amount) for (amount,) in rows(folder, "SELECT amount FROM positions")), D(0))
