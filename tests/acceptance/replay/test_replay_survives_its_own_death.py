"""A replay that is killed again and again ends with the report of one that never was."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.integration.replay.conftest import dca_run_file

pytestmark = pytest.mark.long

CONFIG = {
    "amount": "100",
    "every": "1d",
    "take_profit": "1.5",
    "safety_orders": {"count": 3, "step": "1", "amount": "100"},
}


def test_a_killed_replay_goes_on_where_it_was(candles: Path, tmp_path: Path) -> None:
    path = tmp_path / "dca.yaml"
    path.write_text(yaml.safe_dump(json.loads(dca_run_file(CONFIG).model_dump_json())))
    whole = _to_the_end(path, candles, tmp_path / "whole")

    kills, dice = 0, random.Random(7)
    for _ in range(6):
        process = _start(path, candles, tmp_path / "killed")
        try:
            process.wait(dice.uniform(1.2, 3.0))
        except subprocess.TimeoutExpired:
            process.send_signal(signal.SIGKILL)
            kills += 1
        process.communicate()
    killed = _to_the_end(path, candles, tmp_path / "killed")

    assert kills >= 3
    assert _figures(killed) == _figures(whole)


def _start(path: Path, candles: Path, folder: Path) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "octobot_node", "run", str(path), "--json", "--quiet"]
    return subprocess.Popen(
        [*command, "--data", f"BTC/USD={candles}", "--data-dir", str(folder)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ},
    )


def _to_the_end(path: Path, candles: Path, folder: Path) -> dict[str, Any]:
    process = _start(path, candles, folder)
    out, errors = process.communicate(timeout=100)
    assert process.returncode == 0, errors
    report: dict[str, Any] = json.loads(out)
    return report


def _figures(report: dict[str, Any]) -> list[dict[str, Any]]:
    # Ids differ from run to run; everything that was decided and traded may not.
    return [{key: value for key, value in row.items() if key != "id"} for row in report["automations"]]
