"""The real executable: what it prints, where, and with which exit code."""

from __future__ import annotations

import json
import os
import resource
import signal
import subprocess
import sys
from pathlib import Path

import pytest

import octobot_node
from octobot_node.run_files.run_file import json_schema

EXECUTABLE = Path(sys.executable).with_name("octobot-node")


def octobot(*arguments: str | Path, cwd: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    variables = {"OCTOBOT_DATA_DIR": str(cwd / "state"), **os.environ, **environment}
    return subprocess.run(
        [EXECUTABLE, *arguments], cwd=cwd, env=variables, capture_output=True, text=True, check=False, timeout=60
    )


def test_help_lists_the_commands(tmp_path: Path) -> None:
    asked, bare = octobot("--help", cwd=tmp_path), octobot(cwd=tmp_path)
    assert (asked.returncode, asked.stderr) == (0, "")
    assert "  run " in asked.stdout
    assert "  schema " in asked.stdout
    assert bare.stdout == asked.stdout
    assert bare.returncode == 0


def test_help_is_quick_since_it_imports_nothing_heavy(tmp_path: Path) -> None:
    code = (
        "import sys; from octobot_node.cli import main; main(['run', '--help']);"
        "heavy = ['dbos', 'sqlalchemy', 'rich', 'fastapi', 'aiohttp', 'alembic', 'yaml'];"
        "print([name for name in heavy if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=tmp_path)
    assert done.stdout.splitlines()[-1] == "[]"

    def seconds() -> float:
        """Return how long the CPU was at it: the machine may be busy with other tests."""
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        octobot("--help", cwd=tmp_path)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime

    assert min(seconds() for _ in range(5)) < 0.5


def test_the_version_is_the_packages(tmp_path: Path) -> None:
    assert octobot("--version", cwd=tmp_path).stdout == f"octobot-node {octobot_node.__version__}\n"
    module = subprocess.run(
        [sys.executable, "-m", "octobot_node", "--version"], capture_output=True, text=True, check=True
    )
    assert module.stdout == f"octobot-node {octobot_node.__version__}\n"


def test_schema_prints_the_run_files_schema(tmp_path: Path) -> None:
    assert json.loads(octobot("schema", cwd=tmp_path).stdout) == json_schema()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["run"], "Missing argument 'FILE'. (octobot-node --help lists what there is)"),
        (["run", "none.yaml"], "none.yaml: there is no such file: check the path"),
        (["run", "broken.yaml"], "broken.yaml, line 1, column 5: is not YAML: "),
        (["run", "--frobnicate", "x.yaml"], "No such option: --frobnicate"),
        (["frobnicate"], "No such command 'frobnicate'."),
        (["run", "x.yaml", "--gaps", "ignore"], "Invalid value for '--gaps': 'ignore' is not one of 'count', 'error'."),
        (["run", "x.yaml", "--for", "soon"], "--for 'soon' is not a valid duration: write a number and a unit"),
        (["run", "x.yaml", "--data", "BTC/USD"], "--data 'BTC/USD' is not SYMBOL=PATH: write --data BTC/USD="),
        (["run", "x.yaml", "--data", "A=b", "--data", "A=c"], "--data names A twice: give one file for it"),
    ],
)
def test_a_mistake_is_one_line_and_exit_code_2(tmp_path: Path, arguments: list[str], message: str) -> None:
    (tmp_path / "broken.yaml").write_text("a: [}")
    done = octobot(*arguments, cwd=tmp_path)
    assert done.returncode == 2
    assert done.stdout == ""
    assert done.stderr.startswith(f"octobot-node: error: {message}")
    assert done.stderr.count("\n") == 1
    assert not (tmp_path / "state").exists()


def test_debugging_adds_the_traceback(tmp_path: Path) -> None:
    done = octobot("run", "none.yaml", cwd=tmp_path, OCTOBOT_DEBUG="1")
    assert done.returncode == 2
    assert "Traceback" in done.stderr
    assert done.stderr.splitlines()[-1] == "octobot-node: error: none.yaml: there is no such file: check the path"


def test_a_reader_that_leaves_is_no_error(tmp_path: Path) -> None:
    read, write = os.pipe()
    os.close(read)
    done = subprocess.run(
        [EXECUTABLE, "schema"], stdout=write, stderr=subprocess.PIPE, text=True, check=False, cwd=tmp_path
    )
    os.close(write)
    assert (done.returncode, done.stderr) == (1, "")


def test_ctrl_c_before_a_run_begins_is_exit_code_130(tmp_path: Path) -> None:
    # A pipe that nobody fills: the command waits for its run file.
    os.mkfifo(tmp_path / "run.yaml")
    command: list[str | Path] = [EXECUTABLE, "run", "run.yaml"]
    child = subprocess.Popen(command, cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    # Opening to write returns once the command has opened the pipe to read.
    with child, (tmp_path / "run.yaml").open("w"):
        child.send_signal(signal.SIGINT)
        out, err = child.communicate(timeout=30)
    assert (child.returncode, out, err) == (130, "", "")
