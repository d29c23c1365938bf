"""The fixtures, in a test run of somebody who has octobot-node installed."""

from __future__ import annotations

import os
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]

TESTS = """
import sys
assert "octobot_node.testing.automation_test" not in sys.modules, "the kit is loaded before it is used"

from decimal import Decimal
from octobot_node import MarketOrder
from octobot_tentacles.dca import Dca

CONFIG = {"symbol": "BTC/USD", "amount": "100", "every": "1d"}

def test_market(market):
    assert market.price("BTC/USD", "100.5").build().ticker("BTC/USD").last == Decimal("100.5")

def test_automation_test(automation_test):
    trade = automation_test(Dca, CONFIG, budget={"USD": 1000}).price("BTC/USD", 100)
    assert trade.tick().orders == [MarketOrder("BTC/USD", "buy", spend=Decimal(100), tag="scheduled")]

def test_replay(replay, tmp_path):
    result = replay(Dca, CONFIG).candles("BTC/USD", closes=[100] * 30).budget(USD=1000).run()
    assert [fill.price for fill in result.fills] == [100, 100]
    assert (tmp_path / "replay-0" / "replays").is_dir()

def test_fake_exchange(fake_exchange):
    fake_exchange.price("BTC/USDT", "99.5")
    assert fake_exchange.market.prices["BTC/USDT"] == Decimal("99.5")

def test_hostile_exchange(hostile_exchange):
    assert hostile_exchange.set(latency_ms=1).latency_ms == 1
    assert hostile_exchange.report().orders == 0
"""


@pytest.fixture
def installed(tmp_path: Path) -> dict[str, str]:
    """An environment in which pytest finds the plugin as it does when octobot-node is installed."""
    entry_points = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["entry-points"]["pytest11"]
    info = tmp_path / "site" / "octobot_node_fixtures-1.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: octobot-node-fixtures\nVersion: 1\n")
    # Under its own name: where octobot-node itself is installed with it, pytest takes it once.
    lines = "".join(f"{name} = {value}\n" for name, value in entry_points.items())
    (info / "entry_points.txt").write_text(f"[pytest11]\n{lines}")
    folders = (tmp_path / "site", ROOT, ROOT / "plugins", ROOT / "tentacles")
    return {**os.environ, "PYTHONPATH": os.pathsep.join(map(str, folders))}


def test_every_fixture_works_where_warnings_are_errors(installed: dict[str, str], tmp_path: Path) -> None:
    (tmp_path / "test_fixtures.py").write_text(TESTS)
    command = [sys.executable, "-W", "error", "-m", "pytest", "-q", "-W", "error", "-p", "no:cacheprovider"]
    done = subprocess.run(
        [*command, tmp_path], capture_output=True, text=True, check=False, env=installed, cwd=tmp_path
    )
    assert done.stdout.splitlines()[-1].startswith("5 passed"), done.stdout + done.stderr
    assert done.returncode == 0


def test_the_plugin_loads_nothing_of_the_engine() -> None:
    script = (
        "import sys, octobot_node.testing.pytest_plugin as p; print(sorted(p.__all__));"
        "heavy = ('sqlalchemy', 'pydantic', 'numpy', 'hypothesis', 'octobot_node.engine');"
        "print([m for m in heavy if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    fixtures, loaded = done.stdout.splitlines()
    assert fixtures == "['automation_test', 'fake_exchange', 'hostile_exchange', 'market', 'replay']"
    assert loaded == "[]"
