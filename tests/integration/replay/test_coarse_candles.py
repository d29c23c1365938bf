"""The same month in candles of one minute and in longer ones: the longer ones never do better beyond a bound."""

from __future__ import annotations

import csv
import gzip
from collections.abc import Iterator
from decimal import Decimal
from itertools import groupby, islice
from pathlib import Path
from typing import Any

import pytest

from octobot_node.run_files.run_file import RunFile
from octobot_node.runs.options import RunOptions
from octobot_node.runs.runner import run
from tests.support.sweeps import all_but_long
from tests.support.views import SilentView

D = Decimal
MINUTE = 60_000
LENGTHS = {"5m": 5 * MINUTE, "1h": 60 * MINUTE, "1d": 1_440 * MINUTE}

STOPS: dict[str, dict[str, Any]] = {
    "stop 3": {"stop_loss": {"percent": 3}},
    "stop 10": {"stop_loss": {"percent": 10}},
    "trailing 4": {"trailing": {"percent": 4}},
    "trailing 9": {"trailing": {"percent": 9, "activate_at": {"percent": 1}}, "stop_loss": {"percent": 15}},
    "even": {"stop_loss": {"percent": 6}, "break_even": {"percent": 2}},
}
TARGETS: dict[str, dict[str, Any]] = {
    "at once": {"take_profits": [{"percent": 5}]},
    "two": {"take_profits": [{"percent": 2, "share": 50}, {"percent": 6, "share": 50}]},
    "below": {"entry": {"below": 40000}, "take_profits": [{"percent": 5}]},
    "limit": {"entry": {"limit": 38000}, "take_profits": [{"percent": 4}]},
}
TRADES = {
    f"{stop} {target}": {**stops, **targets} for stop, stops in STOPS.items() for target, targets in TARGETS.items()
}
OTHERS: dict[str, tuple[str, dict[str, Any]]] = {
    "grid": ("grid", {"lower": 36000, "upper": 48000, "levels": 25, "spend": 300, "stop_loss_price": 34500}),
    "dca": ("dca", {"amount": 100, "every": "1d", "take_profit": 2}),
    "dca with safety orders": (
        "dca",
        {"amount": 100, "every": "2d", "take_profit": 3, "safety_orders": {"count": 4, "step": 2, "amount": 200}},
    ),
}


@pytest.fixture(scope="module")
def minutes(real_candles: Path) -> list[list[str]]:
    with gzip.open(real_candles / "BTC-USD-1m-2022-01.csv.gz", "rt", newline="") as file:
        return list(islice(csv.reader(file), 1, None))


def resampled(rows: list[list[str]], length: int) -> Iterator[list[str]]:
    """Yield candles of ``length`` ms made of those of a minute, on multiples of it."""
    for start, group in groupby(rows, key=lambda row: int(row[0]) // length * length):
        part = list(group)
        highest, lowest = max((row[2] for row in part), key=D), min((row[3] for row in part), key=D)
        yield [str(start), part[0][1], highest, lowest, part[-1][4], str(sum(D(row[5]) for row in part))]


def write(path: Path, rows: list[list[str]]) -> Path:
    with path.open("w", newline="") as file:
        csv.writer(file).writerows([["timestamp", "open", "high", "low", "close", "volume"], *rows])
    return path


def results(path: Path, folder: Path) -> dict[str, Decimal]:
    """Return automation -> what it has in the end, of 10,000."""
    configs = {name: ("smart_trade", {"spend": 10000, **config}) for name, config in TRADES.items()} | OTHERS
    dca = {"amount": 500, "every": "1d"}
    configs["guarded"] = ("dca", dca)
    automations = [
        {
            "name": name,
            "type": type_,
            "account": "paper",
            "budget": {"USD": 10000},
            "config": {"symbol": "BTC/USD", **config},
        }
        for name, (type_, config) in configs.items()
    ]
    guard = {"symbol": "BTC/USD", "automation": "guarded", "loss": 8, "trailing": 12}
    automations.append({"name": "guard", "type": "stop_loss_guard", "account": "paper", "config": guard})
    account = {"market_data": {"use": "replay"}, "trading": {"use": "paper"}, "balances": {"USD": 10_000_000}}
    run_file = RunFile.model_validate({"accounts": {"paper": account}, "automations": automations})
    report = run(run_file, RunOptions(data={"BTC/USD": path}, data_dir=folder), SilentView())
    assert report.finished
    found = {each.name: each.final_equity for each in report.automations if each.name != "guard"}
    return {name: equity for name, equity in found.items() if equity is not None}


#: How much better a coarse result may be, of the money; measured on this month: 0 but for these. A grid that buys and
#: sells within a day may count a round trip that was none (measured: 0.5 %). A trailing stop that is activated after an
#: entry inside a day may have been so or not (measured: 7.9 %): its percent is what that may make.
BOUND = D("0.001")
WIDER = {("1d", "grid"): D("0.01"), ("1d", "trailing 9 limit"): D("0.1"), ("1d", "trailing 4 limit"): D("0.05")}


@pytest.mark.slow
@pytest.mark.parametrize(
    ("days", "lengths"), all_but_long({"a week": (7, ["1h"]), "a month": (31, [*LENGTHS])}, ["a week"])
)
def test_longer_candles_never_do_better_than_minutes(
    days: int, lengths: list[str], minutes: list[list[str]], tmp_path: Path
) -> None:
    first = -(-int(minutes[0][0]) // LENGTHS["1d"]) * LENGTHS["1d"]
    rows = [row for row in minutes if first <= int(row[0]) < first + days * LENGTHS["1d"]]
    fine = results(write(tmp_path / "1m.csv", rows), tmp_path / "1m")
    better = {}
    for name in lengths:
        path = write(tmp_path / f"{name}.csv", list(resampled(rows, LENGTHS[name])))
        for automation, equity in results(path, tmp_path / name).items():
            if equity - fine[automation] > WIDER.get((name, automation), BOUND) * 10_000:
                better[name, automation] = equity - fine[automation]
    assert better == {}
    assert len({round(equity) for equity in fine.values()}) > 8  # they are not all alike
