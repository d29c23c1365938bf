"""What docs/testing.md and docs/tutorial.md show is what happens."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from octobot_node.scaffold import make_distribution

DOCS = Path(__file__).parents[3] / "docs"


def blocks(page: str, language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", (DOCS / page).read_text(), flags=re.DOTALL | re.MULTILINE)


def test_the_examples_of_the_test_kit_hold(tmp_path: Path) -> None:
    examples = tmp_path / "examples_of_the_docs.py"
    examples.write_text("from __future__ import annotations\n\n" + "\n".join(blocks("testing.md", "python")))
    done = subprocess.run(
        [sys.executable, "-W", "error", examples], capture_output=True, text=True, check=False, cwd=tmp_path
    )
    assert done.returncode == 0, done.stderr


@pytest.fixture
def tutorial(tmp_path: Path) -> Path:
    """The tutorial's tentacle with its changes made, as far as the break."""
    folder = tmp_path / "my-momentum"
    make_distribution("my-momentum", folder)
    field, function, test = blocks("tutorial.md", "python")
    config, automation = (folder / "src" / "my_momentum" / name for name in ("config.py", "automation.py"))
    config.write_text(config.read_text() + field)
    automation.write_text(automation.read_text().partition("def _orders(")[0] + function)
    tests = folder / "tests" / "test_my_momentum.py"
    tests.write_text(f"{tests.read_text()}\n\n{test}")
    replay = folder / "run" / "replay.yaml"
    replay.write_text(replay.read_text().rstrip() + "\n      band: 2\n")
    return folder


def run(folder: Path, *command: str | Path) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "PYTHONPATH": str(folder / "src"), "OCTOBOT_EXTRA_PLUGINS": "my_momentum"}
    return subprocess.run(
        (sys.executable, "-m", *command), cwd=folder, capture_output=True, text=True, check=False, env=environment
    )


def lines(text: str) -> list[str]:
    """Return the lines of a report without its last, which tells how long it took."""
    shown = [line.rstrip() for line in text.splitlines() if line.rstrip() and not line.startswith(("$", "replayed"))]
    assert shown
    return shown


def test_the_tutorial_replays_as_it_says(tutorial: Path, real_candles: Path) -> None:
    _, shown = (block for block in blocks("tutorial.md", "console") if "run/replay.yaml" in block)
    data = f"BTC/USD={real_candles / 'BTC-USD-1m-2022-01.csv.gz'}"
    done = run(tutorial, "octobot_node", "run", "run/replay.yaml", "--data", data, "--data-dir", tutorial / "data")
    assert lines(done.stdout) == lines(shown)


def test_the_tutorial_s_tests_pass_and_its_break_is_found(tutorial: Path) -> None:
    pytest_of = ("pytest", "-q", "-p", "no:cacheprovider", "-k")
    assert "1 passed, 9 deselected" in run(tutorial, *pytest_of, "band").stdout
    automation = tutorial / "src" / "my_momentum" / "automation.py"
    text = automation.read_text().replace("import timedelta", "import datetime, timedelta")
    automation.write_text(text.replace("newest = int(candles.time[-1])", "newest = int(datetime.now().timestamp())"))
    (shown,) = blocks("tutorial.md", "text")
    said = run(tutorial, *pytest_of, "holds").stdout.replace(f"{tutorial}/", "")
    for line in shown.splitlines():
        assert line.strip() in said
