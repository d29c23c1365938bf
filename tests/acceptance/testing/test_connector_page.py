"""What docs/connectors.md makes is a connector that holds, with every file and every command on the page."""

from __future__ import annotations

import json
import os
import re
import shlex
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from octobot_node.testing.children import ask

PAGE = (Path(__file__).parents[3] / "docs" / "connectors.md").read_text()
FILES = re.findall(r'^```\w+ title="([^"]+)"\n(.*?)^```', PAGE, flags=re.DOTALL | re.MULTILINE)
#: On a machine that does much else.
PATIENCE_S = 120.0
COMMANDS = re.findall(r"^\$ (.*)$", PAGE, flags=re.MULTILINE)


@contextmanager
def started(folder: Path, line: str, **environment: str) -> Iterator[subprocess.Popen[str]]:
    """Start a command of the page, as in the virtual environment that it speaks of; it does not outlive the test."""
    program, *arguments = shlex.split(line)
    there = Path(sys.executable).with_name(program)
    if not there.exists():
        there = Path(program)
    paths = {"PYTHONPATH": str(folder / "src"), "OCTOBOT_EXTRA_PLUGINS": "corner_exchange"}
    with subprocess.Popen(
        [there, *arguments],
        cwd=folder,
        env={**os.environ, **paths, **environment},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        try:
            yield process
        finally:
            if process.poll() is None:
                process.kill()


def run(folder: Path, line: str) -> str:
    with started(folder, line) as process:
        out, errors = process.communicate(timeout=300)
    assert process.returncode == 0, out + errors
    return out


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The package as it is at the end of the page."""
    folder = tmp_path_factory.mktemp("page")
    made_by, *_ = COMMANDS
    environment = {**os.environ, "OCTOBOT_EXTRA_PLUGINS": ""}
    done = subprocess.run(
        [Path(sys.executable).with_name("octobot-node"), *shlex.split(made_by)[1:]],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.splitlines()[1:] == re.findall(r"^  (?:cd|pip|pytest).*$", PAGE, flags=re.MULTILINE)
    assert done.stdout.splitlines()[0] in PAGE
    package = folder / "corner-exchange"
    for name, text in FILES:
        # Nothing of the page is beside what was made, but the parts that an exchange has and paper trading has not.
        assert (package / name).exists() or Path(name).name in ("client.py", "emulator.py")
        (package / name).write_text(text)
    return package


def test_the_page_s_tests_pass_and_its_code_is_clean(made: Path) -> None:
    _, test, *_ = COMMANDS
    assert "4 passed" in run(made, f"{test} -p no:cacheprovider")
    run(made, "ruff check --no-cache .")


@pytest.mark.long
def test_the_page_s_types_hold(made: Path) -> None:
    run(made, "mypy --cache-dir /dev/null")


def test_the_page_s_exchange_is_traded_on_by_a_node(made: Path) -> None:
    _, _, emulate, protect, export, trade = COMMANDS
    with started(made, emulate.replace("--port 9100", "--port 0")) as exchange:
        assert exchange.stdout is not None
        said = json.loads(exchange.stdout.readline())
        file = made / "run" / "live.yaml"
        text = file.read_text().replace("http://127.0.0.1:9100", said["url"])
        file.write_text(text.replace('key: "…"', f'key: "{said["key"]}"').replace('"…"', f'"{said["secret"]}"'))
        run(made, protect)
        name, _, value = export.removeprefix("export ").partition("=")
        with started(made, f"{trade} --json", **{name: value, "OCTOBOT_API_PORT": "0"}) as node:
            end = time.monotonic() + PATIENCE_S
            while not ask(said["admin"], "/trades", {}):
                assert time.monotonic() < end
                assert node.poll() is None
                time.sleep(0.05)
            node.send_signal(signal.SIGINT)
            out, errors = node.communicate(timeout=PATIENCE_S)
        assert node.returncode == 0, errors
        assert [each["name"] for each in json.loads(out)["automations"]] == ["dca-btc"]
