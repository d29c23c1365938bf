"""Candle sets and replays by command: without a node they wait, with one they come to what ``run`` comes to."""

from __future__ import annotations

import json
import signal
from pathlib import Path
from typing import Any

import pytest

from tests.integration.cli.conftest import REPLAY, Folder
from tests.support.nodes import until


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    return Folder(tmp_path, {"OCTOBOT_API": "false", "OCTOBOT_REPLAYS_NICENESS": "0"})


def told(folder: Folder, *arguments: str) -> Any:
    done = folder.run(*arguments, "--json")
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def figures(report: dict[str, Any]) -> dict[str, Any]:
    """Return what a report says of what was replayed, without when, and without ids."""
    rows = [{name: value for name, value in row.items() if name != "id"} for row in report["automations"]]
    return {**report, "started_at": "", "ended_at": "", "automations": rows}


def test_a_replay_in_the_background_comes_to_what_one_in_the_foreground_comes_to(folder: Folder) -> None:
    candles, run_file = folder.candles("btc.csv"), folder.write("dca.yaml", REPLAY)
    imported = told(folder, "candles", "import", f"BTC/USD={candles}")
    assert (imported["name"], imported["timeframe"], imported["candles"]) == ("btc.csv", "1h", 240)

    queued = folder.run("replays", "start", run_file, "--candles", "btc.csv", "--name", "first")
    assert queued.returncode == 0
    assert queued.stderr == f"no node runs on {folder.state}: the replay runs when one does (octobot-node start)\n"
    refused = folder.run("replays", "start", run_file)
    assert (refused.returncode, "on which candles? Give --candles SET" in refused.stderr) == (2, True)

    foreground = told(folder, "run", run_file, "--data", f"BTC/USD={candles}", "--quiet")
    node = folder.start("start")
    try:
        until((folder.state / "node.sock").exists)
        background = told(folder, "replays", "start", run_file, "--data", f"BTC/USD={candles}", "--wait")
        shown = folder.run("replays", "list").stdout
        compared = folder.run("replays", "compare", "first", "dca on BTC/USD 2022-01-01")
    finally:
        node.send_signal(signal.SIGTERM)
        node.communicate(timeout=60)

    assert figures(background["report"]) == figures(foreground)
    # One at once, in order: the first was there before the node.
    assert shown.count("finished") == 2
    assert "total return" in compared.stdout
    assert "what differs" not in compared.stdout
