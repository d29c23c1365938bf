"""Timed signals in a replay: every fill is the one that an independent computation finds, killed or not."""

from __future__ import annotations

import gzip
import itertools
import json
import os
import signal
import sqlite3
import subprocess
import sys
from contextlib import closing, suppress
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from random import Random
from typing import Any

import pytest
import yaml

from octobot_node.errors import InvalidRunFile
from octobot_node.reports.models import AutomationReport
from octobot_node.run_files.run_file import RunFile, load_run_files
from octobot_node.runs.options import RunOptions
from octobot_node.runs.runner import run
from tests.reference.dca import Candle, read_candles
from tests.reference.signal import Message, Rules, compute
from tests.support.sweeps import third
from tests.support.views import SilentView

D = Decimal
EXAMPLES = Path(__file__).parents[4] / "examples"


@pytest.fixture(scope="module")
def day(real_candles: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("candles") / "day.csv"
    with gzip.open(real_candles / "BTC-USD-1m-2022-01.csv.gz", "rt") as month:
        path.write_text("".join(itertools.islice(month, 1 + 1_440)))
    return path


@pytest.fixture(scope="module")
def candles(day: Path) -> list[Candle]:
    return read_candles(day)


CASES: dict[str, dict[str, Any]] = {
    "a fixed spend": {"spend": "150"},
    "a tenth of what is free": {"percent": "10"},
    "one position of half": {"percent": "50", "one_position": True},
    "one position with a cool-down": {"spend": "333.33", "one_position": True, "cooldown": "40m"},
    "selling a third": {"spend": "80.5", "sell_percent": "33.3", "cooldown": "5m"},
    "more than there is": {"spend": "900"},
}


def messages(candles: list[Candle], seed: int, count: int = 40) -> list[Message]:
    """Return signals of every kind at any millisecond, some of them together."""
    dice, start, found = Random(seed), candles[0].start, []
    for _ in range(count):
        at = start + dice.randrange(1_430) * 60_000 + dice.choice([0, 0, 1, 17_321, 59_500])
        for _ in range(dice.choice([1, 1, 1, 2, 3])):
            side = dice.choice(["buy", "buy", "sell"])
            size = dice.choice([None, "percent", "spend" if side == "buy" else "amount"])
            value = {"percent": D(dice.randrange(1, 101)), "spend": D("75.25"), "amount": D("0.0021")}
            sizes = {} if size is None else {size: value[size]}
            found.append(Message(at, side, **sizes))
            at += dice.choice([0, 300, 2_000])
    return sorted(found, key=lambda message: message.at)


def written(sent: list[Message], dice: Random) -> str:
    """Return the file of these signals: as mappings and as words, numbers as text and as numbers."""
    return "\n".join(json.dumps({"at": _iso(message.at), "payload": _payload(message, dice)}) for message in sent)


def _iso(at: int) -> str:
    return (datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=at)).isoformat()


def _payload(message: Message, dice: Random) -> Any:
    side = {"buy": ["buy", "long", "BUY"], "sell": ["sell", "exit", "Flat"]}[message.side]
    word = dice.choice(side)
    sizes = {name: value for name in ("spend", "percent", "amount") if (value := getattr(message, name)) is not None}
    if dice.random() < 0.3:
        unit = {"spend": " USD", "percent": "%", "amount": ""}
        return " ".join([word, *(f"{value}{unit[name]}" for name, value in sizes.items())])
    kind = dice.choice([str, float])
    return {dice.choice(["side", "action"]): word, **{name: kind(value) for name, value in sizes.items()}}


def run_file(config: dict[str, Any], signals: Path | None, market_data: str = "replay") -> dict[str, Any]:
    return {
        "accounts": {
            "paper": {
                "market_data": {"use": market_data},
                "trading": {"use": "paper"},
                "balances": {"USD": "10000"},
            }
        },
        "automations": [
            {
                "name": "signals",
                "type": "signal",
                "account": "paper",
                "budget": {"USD": "2000"},
                "config": {"symbol": "BTC/USD", **config},
                **({} if signals is None else {"signals": str(signals)}),
            }
        ],
    }


@pytest.mark.slow
@pytest.mark.parametrize("config", third(CASES))
def test_every_fill_is_the_one_that_an_independent_computation_finds(
    config: dict[str, Any], day: Path, candles: list[Candle], tmp_path: Path
) -> None:
    sent = messages(candles, seed=len(config.get("spend", "x")))
    path = tmp_path / "signals.jsonl"
    path.write_text(written(sent, Random(3)))
    minutes = int(config.get("cooldown", "0m").removesuffix("m"))
    sizes = {name: D(config[name]) for name in ("spend", "percent", "sell_percent") if name in config}
    one = config.get("one_position", False)
    expected, refused = compute(
        candles, sent, Rules(cash=D(2000), one_position=one, cooldown=minutes * 60_000, **sizes)
    )

    report = replay(run_file(config, path), day, tmp_path)

    assert fills(tmp_path) == [(f.time, f.side, f.price, f.amount, f.fee) for f in expected]
    assert len(expected) > 15
    assert report.orders_by_status.get("refused", 0) == refused
    assert report.unrealised_pnl is not None
    assert report.final_equity == report.start_equity + report.realised_pnl + report.unrealised_pnl


def test_some_case_has_orders_refused(candles: list[Candle]) -> None:
    _, refused = compute(candles, messages(candles, seed=3), Rules(cash=D(2000), spend=D(900)))
    assert refused > 0


@pytest.mark.process
def test_a_replay_that_is_killed_gives_no_signal_twice_and_loses_none(
    day: Path, candles: list[Candle], tmp_path: Path
) -> None:
    sent = messages(candles, seed=11, count=100)
    path = tmp_path / "signals.jsonl"
    path.write_text(written(sent, Random(5)))
    file = tmp_path / "run.yaml"
    file.write_text(yaml.safe_dump(run_file({"percent": "7"}, path)))
    replay(run_file({"percent": "7"}, path), day, tmp_path / "whole")
    command = [sys.executable, "-m", "octobot_node", "run", str(file), "--json", "--quiet"]
    command += ["--data", f"BTC/USD={day}", "--data-dir", str(tmp_path / "killed")]
    kills = 0
    while True:
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL, env={**os.environ})
        before = len(consumed(tmp_path / "killed"))
        while process.poll() is None and (kills == 2 or len(consumed(tmp_path / "killed")) == before):
            with suppress(subprocess.TimeoutExpired):
                process.wait(0.02)
        if process.poll() is not None:
            break
        process.send_signal(signal.SIGKILL)
        process.wait()
        kills += 1
    assert (kills, process.returncode) == (2, 0)
    assert fills(tmp_path / "killed") == fills(tmp_path / "whole")
    assert consumed(tmp_path / "killed") == consumed(tmp_path / "whole")
    assert len(consumed(tmp_path / "killed")) == len(sent)


def test_signals_outside_the_candles_are_counted_and_not_given(
    day: Path, candles: list[Candle], tmp_path: Path
) -> None:
    start, end = candles[0].start, candles[-1].end
    path = tmp_path / "signals.jsonl"
    times = (start - 1, start, end, end + 1)
    path.write_text("\n\n".join(json.dumps({"at": _iso(at), "payload": "buy 10 USD"}) for at in times))
    view = SilentView()
    run(RunFile.model_validate(run_file({}, path)), RunOptions(data={"BTC/USD": day}, data_dir=tmp_path), view)
    assert "signals: 2 of 4 signals lie outside the candles" in view.messages
    assert [key for key, _ in consumed(tmp_path)] == ["line 3", "line 5"]
    assert [at for at, *_ in fills(tmp_path)] == [start]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{", "line 1: is not JSON"),
        ('{"at": "2022-01-01T00:00:00Z", "payload": NaN}', "line 1: is not JSON (NaN is not a number)"),
        ('\n{"at": "2022-01-01T00:00:00", "payload": 1}', "line 2: at: must be a moment with its time zone"),
        ('{"payload": 1}', "line 1: at: is missing"),
        ('{"at": "2022-01-01T00:00:00Z"}', "line 1: payload: is missing"),
        ('{"at": "2022-01-01T00:00:00Z", "payload": 1, "chanel": ""}', "line 1: chanel: there is no such field"),
        (None, "No such file or directory"),
    ],
)
def test_a_file_of_signals_that_cannot_be_read_is_refused_before_anything_runs(
    text: str | None, message: str, day: Path, tmp_path: Path
) -> None:
    signals = tmp_path / "signals.jsonl"
    if text is not None:
        signals.write_text(text)
    file = tmp_path / "run.yaml"
    file.write_text(yaml.safe_dump(run_file({}, signals)))
    with pytest.raises(InvalidRunFile) as refused:
        run(load_run_files([file]), RunOptions(data={"BTC/USD": day}, data_dir=tmp_path), SilentView())
    assert message in str(refused.value)
    assert str(refused.value).startswith(f"{file}, line ")
    assert not (tmp_path / "replays").exists()


def test_the_example_finds_its_signals_wherever_the_command_runs(
    day: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    view = SilentView()
    example = load_run_files([EXAMPLES / "signal-replay.yaml"])
    report = run(example, RunOptions(data={"BTC/USD": day}, data_dir=tmp_path), view)
    assert report.finished
    sent = len((EXAMPLES / "signals.jsonl").read_text().splitlines())
    assert f"followed: {sent - len(consumed(tmp_path))} of {sent} signals lie outside the candles" in view.messages


def test_a_live_run_refuses_a_file_of_signals(tmp_path: Path) -> None:
    wanted = RunFile.model_validate(run_file({}, tmp_path / "signals.jsonl", market_data="simulated"))
    with pytest.raises(InvalidRunFile, match=r"automations\[0\].signals: only a replay reads signals from a file"):
        run(wanted, RunOptions(data_dir=tmp_path), SilentView())


def replay(wanted: dict[str, Any], day: Path, folder: Path) -> AutomationReport:
    report = run(RunFile.model_validate(wanted), RunOptions(data={"BTC/USD": day}, data_dir=folder), SilentView())
    assert report.finished
    return report.automations[0]


def rows(folder: Path, statement: str) -> list[Any]:
    databases = list(folder.glob("replays/*/octobot.db"))
    if not databases:
        return []
    with closing(sqlite3.connect(f"file:{databases[0]}?mode=ro", uri=True)) as connection:
        try:
            return connection.execute(statement).fetchall()
        except sqlite3.OperationalError:
            return []  # not made yet


def fills(folder: Path) -> list[tuple[int, str, Decimal, Decimal, Decimal]]:
    found = rows(folder, "SELECT at, side, price, amount, fee FROM fills ORDER BY at, id")
    return [(at, side, D(price), D(amount), D(fee)) for at, side, price, amount, fee in found]


def consumed(folder: Path) -> list[tuple[str, int]]:
    """Return (key, time of arrival) of every signal that a tick has consumed, in order."""
    return rows(folder, "SELECT dedup_key, received_at FROM inbox WHERE status = 'consumed' ORDER BY id")
