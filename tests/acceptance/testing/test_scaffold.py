"""`octobot-node tentacles new` makes a distribution that works at once."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from octobot_node import __version__
from octobot_node.cli.app import Session, build_app
from octobot_node.errors import UsageError
from octobot_node.scaffold import make_distribution

ROOT = Path(__file__).parents[3]
FILES = [
    ".gitignore",
    "README.md",
    "pyproject.toml",
    "run/live.yaml",
    "run/replay.yaml",
    "src/my_momentum/__init__.py",
    "src/my_momentum/automation.py",
    "src/my_momentum/config.py",
    "src/my_momentum/py.typed",
    "src/my_momentum/state.py",
    "tests/test_my_momentum.py",
]


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("made") / "my-momentum"
    make_distribution("my-momentum", folder, author='Ann "the owl" O\\Neill')
    return folder


def run(folder: Path, *command: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", *command],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "PYTHONPATH": str(folder / "src")},
    )


def test_it_is_complete(made: Path) -> None:
    assert sorted(path.relative_to(made).as_posix() for path in made.rglob("*") if path.is_file()) == FILES
    assert "${" not in "".join(made.joinpath(name).read_text() for name in FILES)
    assert 'authors = [{ name = "Ann the owl ONeill" }]' in (made / "pyproject.toml").read_text()


def test_it_passes_its_own_tests(made: Path) -> None:
    done = run(made, "pytest", "-q", "-p", "no:cacheprovider")
    assert done.returncode == 0, done.stdout
    assert "9 passed" in done.stdout


def test_its_tests_find_that_it_no_longer_looks_at_its_open_orders(tmp_path: Path) -> None:
    make_distribution("my-momentum", tmp_path / "made")
    automation = tmp_path / "made" / "src" / "my_momentum" / "automation.py"
    text = automation.read_text()
    assert text.count("if tick.open_orders:") == 1
    automation.write_text(text.replace("if tick.open_orders:", "if False:"))
    done = run(tmp_path / "made", "pytest", "-q", "-p", "no:cacheprovider", "-k", "holds_in_every_market")
    assert done.returncode == 1
    assert "AssertionError: MyMomentum: it orders market buy 100 quote BTC/USD [enter] while market buy" in done.stdout
    assert "Cure: order nothing while tick.open_orders has one of the same symbol, side and tag" in done.stdout


def test_it_passes_ruff_and_mypy(made: Path) -> None:
    for tool in (("ruff", "check"), ("ruff", "format", "--check"), ("mypy",)):
        done = run(made, *tool)
        assert done.returncode == 0, done.stdout


def test_ruff_leaves_the_data_folder_alone(made: Path) -> None:
    plugin = made / ".octobot" / "plugins" / "mine.py"
    plugin.parent.mkdir(parents=True)
    plugin.write_text("import os\n")
    done = run(made, "ruff", "check", "--no-cache")
    plugin.unlink()
    assert done.returncode == 0, done.stdout


def test_its_range_of_the_core_has_this_version(made: Path) -> None:
    from packaging.requirements import Requirement

    (line,) = (line for line in (made / "pyproject.toml").read_text().splitlines() if line.startswith("dependencies"))
    requirement = Requirement(line.partition('["')[2].partition('"]')[0])
    assert requirement.name == "octobot-node"
    assert requirement.specifier.contains(__version__)
    assert not requirement.specifier.contains("1.0")


def test_its_live_run_file_runs(made: Path, tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "octobot_node", "run", "run/live.yaml", "--for", "3s", "--data-dir", tmp_path, "--json"],
        cwd=made,
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "PYTHONPATH": str(made / "src"), "OCTOBOT_EXTRA_PLUGINS": "my_momentum"},
    )
    assert done.returncode == 0, done.stderr
    (report,) = json.loads(done.stdout)["automations"]
    assert (report["type"], report["status"], report["failed_ticks"]) == ("my_momentum.my_momentum", "active", 0)
    # Two where the run happens to cross a full minute.
    assert report["ticks"] in {1, 2}


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("MyMomentum", "'MyMomentum' is not a valid name of a tentacle"),
        ("my_momentum", "is not a valid name of a tentacle"),
        ("1st", "is not a valid name of a tentacle"),
        ("a--b", "is not a valid name of a tentacle"),
        ("../up", "is not a valid name of a tentacle"),
        ("", "is not a valid name of a tentacle"),
        ("a" * 41, "at most 40"),
        ("json", "'json' means something to Python already: choose another name, such as my-json"),
        ("class", "means something to Python already"),
        ("tests", "means something to Python already"),
        ("dca", "'dca' is built in, and run files could not tell the two apart"),
        ("pluggy", "'pluggy' is taken by pluggy "),
        ("octobot-node", "is taken by octobot-node "),
        ("octobot-tentacles", "is taken by the package octobot_tentacles"),
    ],
)
def test_a_name_that_cannot_be_or_is_taken_is_refused(name: str, reason: str, tmp_path: Path) -> None:
    with pytest.raises(UsageError) as refused:
        make_distribution(name, tmp_path / "x")
    assert reason in str(refused.value)
    assert not (tmp_path / "x").exists()


def test_a_folder_with_something_in_it_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "mine.txt").write_text("mine")
    with pytest.raises(UsageError, match="exists and is not an empty folder: choose another with --folder"):
        make_distribution("my-momentum", tmp_path)
    with pytest.raises(UsageError, match="is not an empty folder"):
        make_distribution("my-momentum", tmp_path / "mine.txt")
    assert [path.name for path in tmp_path.iterdir()] == ["mine.txt"]


def test_the_command_says_what_to_do_next(tmp_path: Path) -> None:
    folder = tmp_path / "here"
    done = CliRunner().invoke(build_app(), ["tentacles", "new", "my-momentum", "--folder", str(folder)], obj=Session())
    assert done.exit_code == 0
    assert done.stdout == (
        f"made my-momentum: 11 files in {folder}. Next:\n"
        f"  cd {folder}\n"
        "  pip install --upgrade pip\n"
        "  pip install --editable . --group dev\n"
        "  pytest\n"
    )


def test_the_command_speaks_json(tmp_path: Path) -> None:
    folder = tmp_path / "here"
    arguments = ["tentacles", "new", "my-momentum", "--folder", str(folder), "--json"]
    made = json.loads(CliRunner().invoke(build_app(), arguments, obj=Session()).stdout)
    assert sorted(Path(path).relative_to(folder).as_posix() for path in made["files"]) == FILES


def test_one_with_connectors_passes_its_own_tests_ruff_and_mypy(tmp_path: Path) -> None:
    folder = tmp_path / "desk"
    made = make_distribution("my-desk", folder, author="Ann", connector=True)
    assert sorted(path.relative_to(folder).as_posix() for path in made) == [
        ".gitignore",
        "README.md",
        "pyproject.toml",
        "run/live.yaml",
        *(f"src/my_desk/{name}" for name in ("__init__.py", "market_data.py", "py.typed", "settings.py", "trading.py")),
        "tests/test_my_desk.py",
    ]
    assert "${" not in "".join(path.read_text() for path in made)
    for tool in (
        ("pytest", "-q", "-p", "no:cacheprovider"),
        ("ruff", "check"),
        ("ruff", "format", "--check"),
        ("mypy",),
    ):
        done = run(folder, *tool)
        assert done.returncode == 0, done.stdout


def test_the_run_file_of_one_with_connectors_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OCTOBOT_EXTRA_PLUGINS", "my_desk")
    folder = tmp_path / "desk"
    make_distribution("my-desk", folder, connector=True)
    done = run(folder, "octobot_node", "run", "run/live.yaml", "--for", "1s", "--data-dir", "state", "--json")
    assert done.returncode == 0, done.stderr
    assert [row["name"] for row in json.loads(done.stdout)["automations"]] == ["dca-btc"]


def test_one_with_a_panel_is_complete_and_passes_its_own_tests(tmp_path: Path) -> None:
    folder = tmp_path / "my-mood"
    made = make_distribution("my-mood", folder, panel=True)
    panel = [f"src/my_mood/panel/{name}" for name in ("index.html", "panel.css", "panel.js")]
    files = [path.relative_to(folder).as_posix() for path in made]
    assert sorted(files) == sorted(
        [*(each.replace("momentum", "mood") for each in FILES), *panel, "tests/test_panel.py"]
    )
    done = run(folder, "pytest", "-q", "-p", "no:cacheprovider")
    assert done.returncode == 0, done.stdout
    with pytest.raises(UsageError, match="leave one of them out"):
        make_distribution("my-desk", tmp_path / "other", connector=True, panel=True)
