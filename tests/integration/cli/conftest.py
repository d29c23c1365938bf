"""A folder with run files and candles, and the real executable to run them with."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
EXECUTABLE = Path(sys.executable).with_name("octobot-node")
MISBEHAVING = '["tests.acceptance.cli.misbehaving"]'
HOUR = 3_600_000
#: 2022-01-01 00:00 UTC.
START = 1_640_995_200_000

REPLAY = """\
accounts:
  paper:
    market_data: {use: replay}
    trading: {use: paper}
    balances: {USD: 10000}
automations:
  - name: dca
    type: dca
    account: paper
    budget: {USD: 5000}
    config: {symbol: BTC/USD, amount: 100, every: 1d}
"""
LIVE = REPLAY.replace("{use: replay}", "{use: simulated, seed: 7}")


@dataclass(slots=True)
class Folder:
    """A person's folder; ``run`` is ``octobot-node`` there, its state in ``state``."""

    path: Path
    environment: dict[str, str] = field(default_factory=dict)

    @property
    def state(self) -> Path:
        return self.path / "state"

    def write(self, name: str, text: str) -> str:
        (self.path / name).write_text(text)
        return name

    def candles(
        self, name: str, hours: int = 240, change: Callable[[list[str]], list[str]] = lambda lines: lines
    ) -> str:
        """Write hourly candles of a random walk around 100; ``change`` gets the lines, the header first."""
        dice, price, lines = random.Random(7), 100.0, ["timestamp,open,high,low,close,volume"]
        for hour in range(hours):
            close = round(price * (1 + dice.uniform(-0.01, 0.01)), 2)
            high, low = max(price, close) + 0.5, min(price, close) - 0.5
            lines.append(f"{START + hour * HOUR},{price},{high:.2f},{low:.2f},{close},1")
            price = close
        return self.write(name, "\n".join(change(lines)) + "\n")

    def start(self, *arguments: str, **environment: str) -> subprocess.Popen[str]:
        """Start the executable; whoever waits for it gets its stdout and stderr as text."""
        if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
            # Under a shell's `&` Ctrl-C is ignored, by the children of who ignores it as well.
            signal.signal(signal.SIGINT, signal.default_int_handler)
        return subprocess.Popen(
            [EXECUTABLE, *arguments],
            cwd=self.path,
            env=self._variables(environment),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def run(self, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
        with self.start(*arguments, **environment) as process:
            out, errors = process.communicate(timeout=60)
        return subprocess.CompletedProcess(arguments, process.returncode, out, errors)

    def prepare(self, *arguments: str) -> None:
        """Carry a command out in this process, a tenth of what ``run`` costs: for what a test begins with."""
        from octobot_node.cli import main

        with pytest.MonkeyPatch.context() as patch:
            for name, value in self.environment.items():
                patch.setenv(name, value)
            assert main(arguments) == 0

    def _variables(self, more: dict[str, str]) -> dict[str, str]:
        inherited = {name: value for name, value in os.environ.items() if not name.startswith("OCTOBOT_")}
        own = {"OCTOBOT_DATA_DIR": str(self.state), "PYTHONPATH": str(ROOT), "OCTOBOT_API_PORT": "0"}
        given = {**own, **self.environment, **more}
        return inherited | given


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Folder:
    """A folder of one's own, where this process is, too."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("OCTOBOT_DATA_DIR", str(tmp_path / "state"))
    return Folder(tmp_path)


@pytest.fixture
def refused(folder: Folder, capsys: pytest.CaptureFixture[str]) -> Callable[..., str]:
    """Return a function that runs the command line in this process and returns its error, the one line there is."""
    from octobot_node.cli import main

    def run(*arguments: str, code: int = 2) -> str:
        capsys.readouterr()
        assert main(["run", *arguments]) == code
        said = capsys.readouterr()
        assert said.out == ""
        (line,) = said.err.splitlines()
        assert line.startswith("octobot-node: error: ")
        return line.removeprefix("octobot-node: error: ")

    return run
