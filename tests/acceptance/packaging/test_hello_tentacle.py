"""A third party's tentacle, from its source to a running node: installed, traded with, taken away, put back."""

from __future__ import annotations

import json
import os
import sqlite3
import subprocess
import sys
import sysconfig
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[3]
HELLO = ROOT / "examples" / "octobot-tentacle-hello"

ACCOUNT = """
accounts:
  paper:
    market_data: {use: simulated}
    trading: {use: paper}
    balances: {USD: 10000}
automations:
"""
GREETER = """
  - name: greeter
    type: hello
    account: paper
    budget: {USD: 1000}
    config: {symbol: BTC/USD, spend: 100, profit: 400, pause: 1s}
"""


def dca(name: str) -> str:
    return f"""
  - name: {name}
    type: dca
    account: paper
    budget: {{USD: 1000}}
    config: {{symbol: BTC/USD, amount: 50, every: 1h}}
"""


class Machine:
    """A computer with Python, the node, and whatever is installed beside it."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.python = folder / "venv" / "bin" / "python"
        subprocess.run([sys.executable, "-m", "venv", "--without-pip", folder / "venv"], check=True)
        # The node and its dependencies as they are here, instead of downloaded once more.
        version = f"python{sys.version_info.major}.{sys.version_info.minor}"
        site = folder / "venv" / "lib" / version / "site-packages"
        here = sysconfig.get_paths()["purelib"]
        (site / "node.pth").write_text(f"import site; site.addsitedir({here!r})\n")

    def pip(self, *arguments: str | Path) -> None:
        done = subprocess.run(
            [sys.executable, "-m", "pip", "--quiet", "--python", self.python, *arguments],
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr

    def run(self, *automations: str, code: int = 0, environment: Mapping[str, str] | None = None) -> Any:
        """Run the node for some seconds, and return its report, or its error when it is to end with one."""
        path = self._folder / "run.yaml"
        path.write_text(ACCOUNT + "".join(automations))
        command: list[str | Path] = [
            self.python,
            "-m",
            "octobot_node",
            "run",
            path,
            "--data-dir",
            self._folder / "data",
            "--for",
            "4s",
        ]
        done = subprocess.run(
            [*command, "--json"],
            capture_output=True,
            text=True,
            check=False,
            cwd=self._folder,
            env={**os.environ, **(environment or {})},
        )
        assert done.returncode == code, done.stderr
        return json.loads(done.stdout) if code == 0 else done.stderr

    def rows(self, sql: str) -> list[Any]:
        with closing(sqlite3.connect(self._folder / "data" / "octobot.db")) as connection:
            return connection.execute(sql).fetchall()

    def greeter(self) -> Any:
        """Return (status, reason, orders by (side, status)) of the automation of the tentacle's type."""
        ((id_, status, reason),) = self.rows("SELECT id, status, reason FROM automations WHERE name = 'greeter'")
        orders = self.rows(
            f"SELECT side, status FROM intents WHERE automation_id = '{id_}' AND kind = 'order' ORDER BY id"
        )
        return status, reason, orders

    def ticks(self, name: str) -> int:
        ((count,),) = self.rows(
            "SELECT tick FROM schedule JOIN automations ON automations.id = schedule.automation_id"
            f" WHERE automations.name = '{name}'"
        )
        return int(count)


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    return Machine(tmp_path)


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The tentacle as it would be published, built with the hatchling that is here."""
    folder = tmp_path_factory.mktemp("hello")
    options: list[str | Path] = ["--quiet", "--no-deps", "--no-build-isolation", "--wheel-dir", folder]
    command: list[str | Path] = [sys.executable, "-m", "pip", "wheel", *options, HELLO]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    (path,) = folder.glob("octobot_tentacle_hello-*.whl")
    return path


def test_a_tentacle_is_installed_trades_is_taken_away_and_comes_back(machine: Machine, wheel: Path) -> None:
    machine.pip("install", "--no-deps", wheel)
    report = machine.run(GREETER, dca("steady"))
    traded = {each["name"]: (each["type"], each["status"], each["fills"]) for each in report["automations"]}
    assert traded == {
        "greeter": ("octobot_tentacle_hello.hello", "active", 1),
        "steady": ("octobot_tentacles.dca", "active", 1),
    }
    resting = [("buy", "filled"), ("sell", "open")]
    assert machine.greeter() == ("active", "", resting)

    machine.pip("uninstall", "--yes", "octobot-tentacle-hello")
    said = machine.run(GREETER, dca("steady"), code=2)
    assert "automations[0].type: there is no automation type 'hello'" in said
    report = machine.run(dca("steady"), dca("newcomer"))
    status, reason, orders = machine.greeter()
    assert (status, orders) == ("held", resting)
    assert "octobot_tentacle_hello.hello" in reason
    assert {each["name"]: each["fills"] for each in report["automations"]} == {"greeter": 1, "steady": 1, "newcomer": 1}

    before = machine.ticks("greeter")
    machine.pip("install", "--no-deps", wheel)
    # Its limit on single orders holds for everybody else's, too.
    limit = {"OCTOBOT_HELLO_LARGEST_ORDER": "49"}
    report = machine.run(dca("steady"), dca("newcomer"), dca("late"), environment=limit)
    assert machine.greeter() == ("active", "", resting)
    assert machine.ticks("greeter") > before
    (late,) = (each for each in report["automations"] if each["name"] == "late")
    assert late["orders_by_status"] == {"refused": 1}
    assert [problem["reason"] for problem in late["problems"]] == ["it would cost 50, and the hello tentacle allows 49"]


def test_its_own_tests_pass(machine: Machine, wheel: Path, tmp_path: Path) -> None:
    machine.pip("install", "--no-deps", wheel)
    command: list[str | Path] = [
        machine.python,
        "-m",
        "pytest",
        "-q",
        "-p",
        "no:cacheprovider",
        "-o",
        "pythonpath=",
        HELLO / "tests",
    ]
    done = subprocess.run(
        [*command, "-c", HELLO / "pyproject.toml"], capture_output=True, text=True, check=False, cwd=tmp_path
    )
    assert done.returncode == 0, done.stdout
