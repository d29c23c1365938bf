"""`.ci/run`: what it gives `make` to do, with stand-ins for make and Docker."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

SCRIPT = Path(__file__).parents[3] / ".ci" / "run"


@pytest.mark.parametrize(
    ("environment", "code", "said"),
    [
        ({}, 0, "make test PYTHON="),
        ({"DEPLOY": "0"}, 0, "make test PYTHON="),
        ({"DEPLOY": "1"}, 0, "make test test-deploy PYTHON="),
        ({"DEPLOY": "1", "ENGINE": "none"}, 1, "DEPLOY=1: no Docker engine with Compose answers: start one"),
        ({"DEPLOY": "1", "WHO": "1000"}, 1, "DEPLOY=1: the stack is run as root alone"),
    ],
)
def test_the_stack_is_tried_where_that_is_asked_for_and_can_be(
    tmp_path: Path, environment: dict[str, str], code: int, said: str
) -> None:
    (tmp_path / ".ci").mkdir()
    # As root or not: `EUID` is the shell's own.
    (tmp_path / ".ci" / "run").write_text(SCRIPT.read_text().replace("((EUID == 0))", "((${WHO:-0} == 0))"))
    for name, text in {"make": 'echo "make $*"', "docker": '[ "$ENGINE" != none ]'}.items():
        (tmp_path / name).write_text(f"#!/bin/sh\n{text}\n")
        (tmp_path / name).chmod(0o755)
    done = subprocess.run(
        ["bash", str(tmp_path / ".ci" / "run")],
        env={"PATH": f"{tmp_path}:{os.environ['PATH']}", "PYTHON": sys.executable, **environment},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == code, done.stderr
    assert (done.stdout + done.stderr).startswith(said)
