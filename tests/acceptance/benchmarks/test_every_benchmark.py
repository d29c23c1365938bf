"""Every benchmark runs to its end, on either database: a figure that nobody can measure any more is no figure."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
#: As little as each can be asked for; what it then says of speed is worth nothing.
SMALL = {
    "api": "--automations 300 --happened 2000 --requests 20 --ticks 50 --orders 5 --readers 5 --silent 1 --seconds 3",
    "events": "--ticks 50 --orders 5 --readers 5 --silent 1 --seconds 3",
    "latency": "--ticks 50 --orders 5 --seconds 3 --baseline-ticks 10 --baseline-orders 5",
    "lists": "--automations 500 --events 2000 --pages 20",
    "orders": "--automations 100 --baseline 20",
    "ticks": "--automations 500 --rounds 1 --baseline 20",
    "waiting": "--automations 500 --parked 20 --seconds 3",
}
ON_ITS_OWN = {
    "dashboard": "--automations 2000 --jumps 5 --frames 60 --loads 1 --minutes 1",
    "poison": "--automations 50 --poison 2 --every 5 --seconds 12",
    "requests": "--automations 20 --symbols 5 --every 2 --seconds 4",
    "scale": "--automations 200 --orders 50 --baseline 50 --baseline-orders 20 --rounds 1",
}

pytestmark = [pytest.mark.long, pytest.mark.process]


def ratio(benchmark: str, *options: str) -> float:
    command = [sys.executable, "-m", f"benchmarks.{benchmark}", *options, "--json"]
    run = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=300, check=False)
    assert run.returncode == 0, run.stderr[-4000:]
    return float(json.loads(run.stdout)["ratio"])


@pytest.mark.parametrize("database", ["sqlite", "postgresql"])
@pytest.mark.parametrize("benchmark", SMALL)
def test_it_runs_on_either_database(benchmark: str, database: str) -> None:
    assert ratio(benchmark, *SMALL[benchmark].split(), "--database", database) > 0


@pytest.mark.parametrize("benchmark", ON_ITS_OWN)
def test_it_runs(benchmark: str) -> None:
    assert ratio(benchmark, *ON_ITS_OWN[benchmark].split()) > 0


def test_a_replay_is_held_against_a_plain_loop(real_candles: Path) -> None:
    assert ratio("replay", "--hours", "24", str(real_candles / "BTC-USD-1m-2022-01.csv.gz")) > 0
