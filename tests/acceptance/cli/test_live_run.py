"""The real executable, live and interrupted: it hurts nobody, says what happens, and goes on where it was."""

from __future__ import annotations

import json
import signal
import sqlite3
import statistics
import subprocess
import time
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from rich.console import Console

from octobot_node.cli.output.run_display import live_table
from octobot_node.reports.models import AutomationReport
from tests.integration.cli.conftest import LIVE, MISBEHAVING, REPLAY, Folder

#: What each does, and what is said of it.
DEEDS = {
    "raise": "ValueError: as always (misbehaving.py, line ",
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
    waiting, said = set(DEEDS), ""
    with folder.start("run", "run.yaml", "--json", **ENVIRONMENT) as process:
        assert process.stderr is not None
        # Each is said while it happens.
        while waiting and (line := process.stderr.readline()):
            said += line
            waiting -= {deed for deed, reason in DEEDS.items() if f" {deed} is active: {reason}" in line}
        while len(_lateness(folder)) < 4:
            time.sleep(0.2)
        process.send_signal(signal.SIGINT)
        out, rest = process.communicate(timeout=30)
    assert (process.returncode, waiting) == (0, set()), said
    assert "Traceback" not in said + rest
    found = _by_name(out)
    for name in ("dca-0", "dca-1", "dca-2"):
        assert (found[name]["status"], found[name]["fills"], found[name]["problems"]) == ("active", 1, [])
    for deed, reason in DEEDS.items():
        row = found[deed]
        assert row["failed_ticks"] == row["ticks"] >= 1
        assert {problem["what"] for problem in row["problems"]} == {"tick failed"}
        assert any(problem["reason"].startswith(reason) for problem in row["problems"])
    # Printed by an author: said, but not in the JSON.
    assert found["print"]["status"] == "completed"
    assert "said by an author" in said

    # The first batch has all of them in it. From then on nobody waits for those that misbehave, which are tried again
    # meanwhile. The machine may be busy with tests.
    assert statistics.median(_lateness(folder)[1:]) < 1


def _lateness(folder: Folder) -> list[float]:
    with sqlite3.connect(folder.state / "octobot.db") as connection:
        (state,) = connection.execute("SELECT state FROM automations WHERE name = 'punctual'").fetchone()
    connection.close()
    found: list[float] = json.loads(state or "[]")
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


def _wait_for(process: subprocess.Popen[str], said: str) -> list[str]:
    """Return the lines of stderr up to the one that has ``said``."""
    assert process.stderr is not None
    lines = []
    for line in process.stderr:
        lines.append(line.rstrip())
        if said in line:
            return lines
    pytest.fail(f"it ended without {said!r}: {lines}")


def test_a_live_run_ends_when_nothing_is_left_and_goes_on_after_it_is_stopped(folder: Folder) -> None:
    environment = {**ENVIRONMENT, "OCTOBOT_FAILURE_LIMIT": "1"}
    bad = "  - {name: bad, type: misbehaving, account: paper, config: {how: raise}}\n"
    folder.write("run.yaml", LIVE.partition("  - name")[0] + bad)
    first = folder.run("run", "run.yaml", "--json", **environment)
    report = json.loads(first.stdout)
    assert (first.returncode, report["clock"], report["finished"]) == (0, "real", True)
    assert report["automations"][0]["status"] == "failed"

    # What failed is tried again, with its new config; a second process is kept away; Ctrl-C ends it with a report.
    folder.write("run.yaml", LIVE + bad.replace("raise", "fine"))
    with folder.start("run", "run.yaml", "--json", **environment) as process:
        said = _wait_for(process, "dca is active")
        assert said[0] == "created: dca"
        assert said[1].startswith("bad had failed (ValueError: as always (misbehaving.py, line ")
        assert said[2] == "bad: how is raise in this data folder, fine in the file: the file's holds"
        other = folder.run("run", "run.yaml", **environment)
        held = f"the data folder {folder.state} is in use by process {process.pid}"
        assert (other.returncode, other.stdout) == (1, "")
        assert other.stderr == f"octobot-node: error: {held}: stop that node, or give another --data-dir\n"
        process.send_signal(signal.SIGINT)
        out, _ = process.communicate(timeout=30)
    stopped = json.loads(out)
    assert (process.returncode, stopped["finished"], stopped["candles"]) == (0, False, None)
    assert _by_name(out)["bad"]["status"] == "active"

    # The same folder, other limits and another config; SIGTERM, as a service manager sends it.
    limited = LIVE.replace("    budget:", "    limits: {max_order_notional: 20}\n    budget:")
    folder.write("run.yaml", limited.replace("amount: 100", "amount: 50"))
    with folder.start("run", "run.yaml", **environment) as process:
        assert _wait_for(process, "dca is active")[:3] == [
            "dca: its limits changed, the new ones hold",
            "also in this data folder, and running: bad",
            "dca: amount is 100 in this data folder, 50 in the file: the file's holds",
        ]
        process.send_signal(signal.SIGTERM)
        out, errors = process.communicate(timeout=30)
    assert process.returncode == 0
    assert errors.splitlines()[-1] == "stopping: state is kept, the same command goes on"
    assert "not finished: the same command goes on" in out
    # It bought as it began and is due again in a day, however often it was started.
    assert _fills(folder) == 1


def test_run_again_the_file_holds_and_says_what_it_replaces(folder: Folder) -> None:
    folder.write("run.yaml", LIVE)
    edit = ("edit", "dca", "--set", "amount=0.120", "--set", "take_profit=2")
    for command in (("create", "run.yaml"), edit):
        folder.prepare("automations", *command)
    again = folder.run("run", "run.yaml", "--for", "1s", "--json", "--serve")
    assert again.returncode == 0, again.stderr
    assert f"sign in as admin; the password is in {folder.state / 'admin-password'}" in again.stderr.splitlines()
    replaced = "amount is 0.120 in this data folder, 100 in the file; take_profit is 2 in this data folder, none in the"
    assert f"dca: {replaced} file: the file's hold" in again.stderr.splitlines()
    shown = json.loads(folder.run("automations", "show", "dca", "--json").stdout)
    assert (shown["config"]["amount"], shown["config"]["take_profit"]) == ("100", None)


def _fills(folder: Folder) -> int:
    with sqlite3.connect(folder.state / "octobot.db") as connection:
        (count,) = connection.execute("SELECT count(*) FROM fills").fetchone()
    connection.close()
    return int(count)


def test_a_replay_that_is_stopped_reports_and_goes_on(folder: Folder) -> None:
    folder.write("run.yaml", REPLAY.replace("every: 1d", "every: 8h"))
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
    assert "\ngoes on at 2022-01-0" in f"\n{resumed.stderr}"
    assert (resumed.returncode, whole.returncode, whole.stderr) == (0, 0, "")
    assert json.loads(resumed.stdout)["candles"] == 200
    figures = [{**row, "id": ""} for report in (resumed, whole) for row in json.loads(report.stdout)["automations"]]
    assert figures[0] == figures[1]


# The table --------------------------------------------------------------------------------------------------------

NOW = datetime(2022, 1, 1, tzinfo=UTC)


def _row(name: str, *, status: str = "active", reason: str = "", unknown: int = 0) -> AutomationReport:
    return AutomationReport(
        name=name,
        id=name,
        type="octobot_tentacles.dca",
        status=status,
        reason=reason,
        next_run=NOW + timedelta(seconds=50),
        ticks=1_234,
        failed_ticks=0,
        orders=128 + unknown,
        orders_by_status={"open": 5, "filled": 123, "unknown": unknown},
        fills=123,
        fees={},
        invested=Decimal(2_000),
        asset="USD",
        start_equity=Decimal(2_000),
        final_equity=Decimal("1999.8687655"),
        realised_pnl=Decimal("0.1"),
        unrealised_pnl=Decimal("-0.2312345"),
        max_drawdown=None,
        max_drawdown_ratio=None,
        balances={},
        as_of=NOW,
    )


def _lines(rows: list[AutomationReport], width: int, at_most: int = 20) -> list[str]:
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
