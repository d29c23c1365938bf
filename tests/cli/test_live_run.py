"""The real executable, live and interrupted: it hurts nobody, says what happens, and goes on where it was."""

from __future__ import annotations

import json
import signal
import sqlite3
import statistics
import subprocess
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from rich.console import Console

from octobot_node.cli.view import live_table
from octobot_node.run_view import LiveRow
from tests.cli.conftest import LIVE, MISBEHAVING, REPLAY, Folder

#: What each does, and what is said of it.
DEEDS = {
    "raise": "ValueError: as always (_raise, line ",
    "hang": "evaluate() took longer than 0.5 s",
    "allocate": "used more memory than it may",
    "exit": "evaluate() ended its process",
    "nothing": "evaluate() returned NoneType, not a Decision",
    "nan_amount": "amount must be a positive Decimal, not Decimal('NaN')",
    "nan_state": "the state is not JSON: ",
}
ENVIRONMENT = {
    "OCTOBOT_EXTRA_PLUGINS": MISBEHAVING,
    "OCTOBOT_EVALUATE_TIMEOUT": "0.5",
    "OCTOBOT_EVALUATE_MEMORY_MB": "256",
}


def _beside_healthy_ones(text: str, deeds: list[str]) -> str:
    """Return the run file with three healthy DCAs, a punctual one, and one automation for each misdeed."""
    head, dca = text.split("automations:\n")
    copies = [dca.replace("name: dca", f"name: dca-{n}").replace("5000", "1000") for n in range(3)]
    others = ["  - {name: punctual, type: punctual, account: paper}\n"]
    others += [f"  - {{name: {deed}, type: misbehaving, account: paper, config: {{how: {deed}}}}}\n" for deed in deeds]
    return f"{head}automations:\n{''.join(copies)}{''.join(others)}"


def _by_name(report: str) -> dict[str, dict[str, Any]]:
    return {row["name"]: row for row in json.loads(report)["automations"]}


def test_a_live_automation_that_misbehaves_hurts_only_itself(folder: Folder) -> None:
    folder.write("run.yaml", _beside_healthy_ones(LIVE, [*DEEDS, "print"]))
    done = folder.run("run", "run.yaml", "--for", "8s", "--json", **ENVIRONMENT)
    assert done.returncode == 0, done.stderr
    assert "Traceback" not in done.stderr
    found = _by_name(done.stdout)
    for name in ("dca-0", "dca-1", "dca-2"):
        assert (found[name]["status"], found[name]["fills"], found[name]["problems"]) == ("active", 1, [])
    for deed, reason in DEEDS.items():
        row = found[deed]
        assert row["failed_ticks"] == row["ticks"] >= 1
        assert row["problems"][0]["what"] == "tick failed"
        assert row["problems"][0]["reason"].startswith(reason)
        # It is said while it happens, too.
        assert f"{deed} is active: {reason}" in done.stderr
    # Printed by an author: said, but not in the JSON.
    assert found["print"]["status"] == "completed"
    assert "said by an author" in done.stderr

    late = _lateness(folder)
    assert len(late) >= 4
    # Eight seconds in which others hung: due every second, evaluated when due. The machine may be busy with tests.
    assert statistics.median(late) < 1


def _lateness(folder: Folder) -> list[float]:
    with sqlite3.connect(folder.state / "octobot.db") as connection:
        (state,) = connection.execute("SELECT state FROM automations WHERE name = 'punctual'").fetchone()
    connection.close()
    found: list[float] = json.loads(state)
    return found


def test_a_replayed_automation_that_misbehaves_hurts_only_itself(folder: Folder) -> None:
    # Memory and the process itself are not fenced off in a replay, which evaluates in its own process.
    deeds = [deed for deed in DEEDS if deed not in {"allocate", "exit"}]
    text = _beside_healthy_ones(REPLAY, [*deeds, "print"])
    folder.write("run.yaml", text.replace("  - {name: punctual, type: punctual, account: paper}\n", ""))
    folder.candles("ok.csv", hours=60)
    arguments = ["run", "run.yaml", "--data", "BTC/USD=ok.csv"]
    done = folder.run(*arguments, "--json", **ENVIRONMENT)
    assert done.returncode == 0, done.stderr
    found = _by_name(done.stdout)
    for name in ("dca-0", "dca-1", "dca-2"):
        assert (found[name]["status"], found[name]["fills"], found[name]["problems"]) == ("active", 3, [])
    for deed in deeds:
        row = found[deed]
        assert (row["status"], row["ticks"], row["failed_ticks"]) == ("failed", 5, 5)
        assert [problem["times"] for problem in row["problems"]] == [5]
        assert row["reason"].startswith(DEEDS[deed])
    assert "said by an author" in done.stderr
    # A person finds the reasons below the table.
    again = folder.run(*arguments, "--quiet", **ENVIRONMENT)
    for deed in deeds:
        assert f"{deed}: tick failed 5 times, last at 2022-01-01 00:00:30 UTC: {DEEDS[deed]}" in again.stdout


def test_an_automation_that_failed_is_tried_again_by_the_next_run(folder: Folder) -> None:
    text = LIVE.split("  - name")[0] + "  - {name: bad, type: misbehaving, account: paper, config: {how: HOW}}\n"
    once = {**ENVIRONMENT, "OCTOBOT_FAILURE_LIMIT": "1"}
    # With nothing left to do it ends by itself.
    first = folder.run("run", folder.write("run.yaml", text.replace("HOW", "raise")), "--json", **once)
    report = json.loads(first.stdout)
    assert (first.returncode, report["finished"], report["automations"][0]["status"]) == (0, True, "failed")
    second = folder.run("run", folder.write("run.yaml", text.replace("HOW", "fine")), "--json", "--for", "2s", **once)
    assert "bad had failed (ValueError: as always (_raise, line " in second.stderr
    assert "bad: its config changed, it goes on with the new one" in second.stderr
    assert (second.returncode, _by_name(second.stdout)["bad"]["status"]) == (0, "active")


def _wait_for(process: subprocess.Popen[str], said: str) -> None:
    assert process.stderr is not None
    for line in process.stderr:
        if said in line:
            return
    pytest.fail(f"it ended without {said!r}")


def test_a_live_run_that_is_stopped_reports_and_goes_on(folder: Folder) -> None:
    folder.write("run.yaml", LIVE)
    ids = set()
    for number in (signal.SIGINT, signal.SIGTERM):
        with folder.start("run", "run.yaml", "--json") as process:
            _wait_for(process, "dca is active")
            if number == signal.SIGINT:
                second = folder.run("run", "run.yaml")
                held = f"the data folder {folder.state} is in use by process {process.pid}"
                assert (second.returncode, second.stdout) == (1, "")
                assert second.stderr == f"octobot-node: error: {held}: stop that node, or give another --data-dir\n"
            process.send_signal(number)
            out, errors = process.communicate(timeout=30)
        assert (process.returncode, errors) == (0, "stopping: state is kept, the same command goes on\n")
        report = json.loads(out)
        (row,) = report["automations"]
        assert (report["clock"], report["finished"], report["candles"]) == ("real", False, None)
        ids.add(row["id"])
    assert len(ids) == 1

    limited = LIVE.replace("    budget:", "    limits: {max_order_notional: 20}\n    budget:")
    folder.write("run.yaml", limited.replace("amount: 100", "amount: 50"))
    last = folder.run("run", "run.yaml", "--for", "1s")
    assert last.returncode == 0
    assert last.stderr.splitlines()[:2] == [
        "dca: its limits changed, the new ones hold",
        "dca: its config changed, it goes on with the new one",
    ]
    assert "not finished: the same command goes on" in last.stdout
    # It bought as it began and is due again in a day, however often it was started.
    assert _fills(folder) == 1


def _fills(folder: Folder) -> int:
    with sqlite3.connect(folder.state / "octobot.db") as connection:
        (count,) = connection.execute("SELECT count(*) FROM fills").fetchone()
    connection.close()
    return int(count)


def test_a_replay_that_is_stopped_reports_and_goes_on(folder: Folder) -> None:
    folder.write("run.yaml", REPLAY.replace("every: 1d", "every: 4h"))
    folder.candles("ok.csv", hours=200)
    arguments = ["run", "run.yaml", "--data", "BTC/USD=ok.csv", "--json"]
    candles = 0
    for number, said in ((signal.SIGINT, "10 % of"), (signal.SIGTERM, "50 % of")):
        with folder.start(*arguments) as process:
            _wait_for(process, said)
            process.send_signal(number)
            out, errors = process.communicate(timeout=30)
        assert process.returncode == 130
        assert errors.splitlines()[-1] == "stopped: state is kept, the same command goes on"
        report = json.loads(out)
        assert (report["finished"], report["automations"][0]["status"]) == (False, "active")
        assert candles < report["candles"] < 200
        candles = report["candles"]

    resumed = folder.run(*arguments)
    whole = folder.run(*arguments, "--data-dir", "other", "--quiet")
    assert resumed.stderr.startswith("goes on at 2022-01-0")
    assert (resumed.returncode, whole.returncode, whole.stderr) == (0, 0, "")
    assert json.loads(resumed.stdout)["candles"] == 200
    figures = [{**row, "id": ""} for report in (resumed, whole) for row in json.loads(report.stdout)["automations"]]
    assert figures[0] == figures[1]


# The table --------------------------------------------------------------------------------------------------------

NOW = datetime(2022, 1, 1, tzinfo=UTC)


def _row(name: str, *, status: str = "active", reason: str = "", unknown: int = 0) -> LiveRow:
    return LiveRow(
        name=name,
        type="octobot_tentacles.dca",
        status=status,
        reason=reason,
        next_run=NOW + timedelta(seconds=50),
        ticks=1_234,
        open_orders=5,
        fills=123,
        equity="1,999.87 USD",
        pnl=Decimal("-0.1312345"),
        asset="USD",
        unknown=unknown,
    )


def _lines(rows: list[LiveRow], width: int, at_most: int = 20) -> list[str]:
    console = Console(width=width, height=24, record=True, file=None, quiet=False)
    with console.capture() as capture:
        console.print(live_table(rows, NOW, timedelta(seconds=8), at_most=at_most, width=width))
    return [line.rstrip() for line in capture.get().splitlines()]


def test_eighty_columns_have_room_for_what_matters() -> None:
    rows = [_row("accumulate"), _row("average-down"), _row("bad", reason="ValueError: a long story " * 5)]
    lines = _lines(rows, 80)
    assert max(map(len, lines)) <= 80
    assert lines[1].split() == ["automation", "status", "next", "run", "ticks", "open", "equity", "PnL"]
    assert lines[3] == "accumulate    active      in 0:00:50  1,234     5  1,999.87 USD  -0.13 USD"
    # What needs a person comes first, and says why below, in one line.
    assert lines[2].split()[:2] == ["bad", "active"]
    assert lines[5].startswith("bad: ValueError: a long story ValueError")
    assert len(lines) == 6


def test_eighty_columns_show_unknown_orders_and_never_more_lines_than_there_are() -> None:
    rows = [_row(f"dca-{n}", status="waiting", reason="no price of BTC/USD") for n in range(30)]
    lines = _lines([*rows, _row("lost", unknown=2)], 80, at_most=12)
    assert max(map(len, lines)) <= 80
    titles = next(index for index, line in enumerate(lines) if line.startswith("automation"))
    assert "unknown" in lines[titles]
    assert lines[titles + 1].split()[0] == "lost"
    # Twelve lines, and how many more there are.
    assert len(lines) == titles + 1 + 12 + 1
    assert "and 23 more" in lines


def test_a_wide_terminal_has_every_column_and_each_reason_on_its_line() -> None:
    lines = _lines([_row("accumulate"), _row("bad", reason="ValueError: a long story " * 9)], 170)
    assert max(map(len, lines)) <= 170
    assert len(lines) == 4
    titles = ["automation", "type", "status", "next", "run", "ticks", "open", "unknown", "fills", "equity", "PnL"]
    assert lines[1].split() == titles
    assert "active ValueError: a long story" in lines[2]
    assert "1,999.87 USD" in lines[2]
