"""Alerts on real candles, held against a scan of all closes that uses none of the project."""

from __future__ import annotations

import csv
import gzip
import sqlite3
from contextlib import closing
from decimal import Decimal
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from octobot_node.reports.models import AutomationReport
from octobot_node.run_files.run_file import RunFile, load_run_files
from octobot_node.runs.options import RunOptions
from octobot_node.runs.runner import run
from tests.support.sweeps import named, third
from tests.support.views import SilentView

D = Decimal
ROOT = Path(__file__).parents[4]
MINUTE = 60_000
HOUR = 60 * MINUTE
COOLDOWNS = {None: 0, "3h": 3 * HOUR, "6h": 6 * HOUR, "1d": 24 * HOUR}
NEVER = -(2**63)
TEMPLATE = "{count} {direction} {level} {price}"


class Candle(NamedTuple):
    start: int
    end: int
    open: Decimal
    close: Decimal


class Alert(NamedTuple):
    at: int
    message: str


class Scan(NamedTuple):
    alerts: list[Alert]
    #: Closes at which a level could be told again.
    back: int


@pytest.fixture(scope="session")
def closes(candles: Path) -> list[Candle]:
    return read(candles)


@pytest.fixture(scope="session")
def five_days(candles: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Days 5 to 9, as a file of their own."""
    path = tmp_path_factory.mktemp("candles") / "ETH-BTC.csv"
    with gzip.open(candles, "rt") as whole:
        header, *lines = whole.readlines()
    path.write_text("".join([header, *lines[5 * 288 : 10 * 288]]))
    return path


def read(path: Path) -> list[Candle]:
    opener = gzip.open if path.suffix == ".gz" else open
    with opener(path, "rt", newline="") as file:
        rows = list(csv.reader(file))[1:]
    return [Candle(int(t), int(t) + 5 * MINUTE, D(o), D(c)) for t, o, _, _, c, _ in rows]


def looks(candles: list[Candle]) -> list[tuple[int, Decimal]]:
    """Return (time, price) of the start, at the first open, and of every close."""
    return [(candles[0].start, candles[0].open), *((candle.end, candle.close) for candle in candles)]


def scan_levels(
    candles: list[Candle],
    above: Decimal | None,
    below: Decimal | None,
    margin: Decimal,
    cooldown: int = 0,
    *,
    repeat: bool = True,
) -> Scan:
    alerts: list[Alert] = []
    told_above, told_below, last, back = False, False, NEVER, 0
    for time, price in looks(candles):
        if told_above and above is not None and price <= above * (1 - margin):
            told_above, back = False, back + 1
        if told_below and below is not None and price >= below * (1 + margin):
            told_below, back = False, back + 1
        if time < last + cooldown:
            continue
        level = None
        if above is not None and price >= above and not told_above:
            told_above, direction, level = True, "above", above
        elif below is not None and price <= below and not told_below:
            told_below, direction, level = True, "below", below
        if level is not None:
            alerts.append(Alert(time, f"{len(alerts) + 1} {direction} {level:f} {shown(price)}"))
            last = time
            if not repeat:
                break
    return Scan(alerts, back)


def scan_moves(candles: list[Candle], percent: Decimal, count: int, direction: str, cooldown: int = 0) -> list[Alert]:
    alerts: list[Alert] = []
    told: tuple[int, Decimal] | None = None
    for index in range(count - 1, len(candles)):
        now, price = candles[index].end, candles[index].close
        window = candles[index - count + 1 : index + 1]
        if told is not None and told[0] + cooldown > now:
            continue
        seen = [price]
        if told is not None and told[0] >= window[0].start:
            seen.append(told[1])
            window = [candle for candle in window if candle.start >= told[0]]
        seen += [candle.close for candle in window]
        low, high = min(seen), max(seen)
        if direction != "down" and price >= low * (1 + percent / 100):
            alerts.append(Alert(now, f"{len(alerts) + 1} up {shown(low)} {shown(price)}"))
        elif direction != "up" and price <= high * (1 - percent / 100):
            alerts.append(Alert(now, f"{len(alerts) + 1} down {shown(high)} {shown(price)}"))
        else:
            continue
        told = now, price
    return alerts


def shown(price: Decimal) -> str:
    return f"{round(price, 8).normalize():f}"


@pytest.mark.slow
@pytest.mark.parametrize(
    ("above", "below", "hysteresis", "cooldown"),
    third(
        named(
            [
                ("0.095", None, "0.1", None),
                ("0.095", None, "0.5", "6h"),
                ("0.095", None, "2", None),
                (None, "0.0915", "0.1", "6h"),
                (None, "0.0915", "0.5", None),
                (None, "0.0915", "2", "6h"),
                ("0.0975", "0.0905", "0.5", None),
                ("0.0975", "0.0905", "1", "1d"),
                ("0.09", "0.0899", "0.5", "6h"),
                ("0.09", "0.0899", "2", None),
                ("0.2", "0.01", "0.5", None),
            ]
        )
    ),
)
def test_repeated_alerts_are_those_of_a_scan_of_all_closes(
    above: str | None,
    below: str | None,
    hysteresis: str,
    cooldown: str | None,
    candles: Path,
    closes: list[Candle],
    tmp_path: Path,
) -> None:
    levels = {name: level for name, level in (("above", above), ("below", below)) if level is not None}
    config = {**levels, "repeat": True, "hysteresis": hysteresis}
    report = replay({**config, **({} if cooldown is None else {"cooldown": cooldown})}, candles, tmp_path)
    expected = scan_levels(
        closes,
        None if above is None else D(above),
        None if below is None else D(below),
        D(hysteresis) / 100,
        COOLDOWNS[cooldown],
    )
    assert alerts(tmp_path) == expected.alerts
    assert report.figures["alerts"] == str(len(expected.alerts))
    assert report.status == "active"
    # It costs nothing in between: a tick to begin with, one for each alert, one when a level may be told again, and one
    # at the end of each cool-down. The first may be an alert, and one tick may be two of the others.
    assert report.ticks <= 1 + len(expected.alerts) * (1 if cooldown is None else 2) + expected.back


@pytest.mark.slow
@pytest.mark.parametrize(("above", "below"), [("0.105", None), (None, "0.09"), ("0.105", "0.0905"), ("0.098", None)])
def test_one_alert_completes_it(
    above: str | None, below: str | None, candles: Path, closes: list[Candle], tmp_path: Path
) -> None:
    levels = {name: level for name, level in (("above", above), ("below", below)) if level is not None}
    report = replay(levels, candles, tmp_path)
    high, low = (None if level is None else D(level) for level in (above, below))
    (alert,) = scan_levels(closes, high, low, D(0), repeat=False).alerts
    assert alerts(tmp_path) == [alert]
    assert report.status == "completed"
    assert report.ticks == (1 if alert.at == closes[0].start else 2)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("percent", "hours", "direction", "cooldown"),
    third(
        named(
            [
                ("2", 1, "any", None),
                ("2", 1, "down", "3h"),
                ("3", 4, "up", None),
                ("3", 4, "down", None),
                ("3", 4, "any", "3h"),
                ("6", 24, "up", "3h"),
            ]
        )
    ),
)
def test_moves_are_those_of_a_scan_of_all_windows(
    percent: str,
    hours: int,
    direction: str,
    cooldown: str | None,
    five_days: Path,
    tmp_path: Path,
) -> None:
    move = {"percent": percent, "within": f"{hours}h", "direction": direction, "timeframe": "5m"}
    config: dict[str, Any] = {"move": move, "repeat": True, **({} if cooldown is None else {"cooldown": cooldown})}
    report = replay(config, five_days, tmp_path)
    expected = scan_moves(read(five_days), D(percent), 12 * hours, direction, COOLDOWNS[cooldown])
    assert expected, "a case that tells nothing shows nothing"
    assert alerts(tmp_path) == expected
    # A small part of the 1,440 candles.
    assert report.ticks < 300


def test_the_example_comes_to_what_its_page_says(candles: Path, tmp_path: Path) -> None:
    run_file = load_run_files([ROOT / "examples" / "price-alert-replay.yaml"])
    report = run(run_file, RunOptions(data={"ETH/BTC": candles}, data_dir=tmp_path), SilentView())
    found = {each.name: (each.status, each.ticks, each.figures["alerts"]) for each in report.automations}
    assert found == {
        "new-high": ("completed", 2, "1"),
        "out-of-the-range": ("active", 33, "12"),
        "six-percent-in-four-hours": ("active", 149, "15"),
    }
    page = (ROOT / "docs" / "automations" / "price_alert.md").read_text()
    assert "evaluated 2 times for 1 alert, the two levels with a cool-down 33 times for 12" in page


def replay(config: dict[str, Any], candles: Path, folder: Path) -> AutomationReport:
    account = {"market_data": {"use": "replay"}, "trading": {"use": "paper"}}
    automation = {
        "name": "alert",
        "type": "price_alert",
        "account": "paper",
        "config": {"symbol": "ETH/BTC", "message": TEMPLATE, **config},
    }
    run_file = RunFile.model_validate({"accounts": {"paper": account}, "automations": [automation]})
    report = run(run_file, RunOptions(data={"ETH/BTC": candles}, data_dir=folder), SilentView())
    assert report.finished
    (found,) = report.automations
    assert (found.orders, found.fills, found.failed_ticks) == (0, 0, 0)
    return found


def alerts(folder: Path) -> list[Alert]:
    (database,) = folder.glob("replays/*/octobot.db")
    with closing(sqlite3.connect(database)) as connection:
        rows = connection.execute("SELECT created_at, message FROM notices ORDER BY created_at, id")
        return [Alert(at, message) for at, message in rows]
