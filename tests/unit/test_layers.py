"""Every test is in a layer, and the layers hold what CONTRIBUTING.md says of them."""

from __future__ import annotations

import os
import socket
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.support.guard import DATABASES, PROCESSES, SOCKETS, forbidden

TESTS = Path(__file__).parents[1]
#: What needs a Docker engine is no layer of `make test`.
LAYERS = ("unit", "integration", "acceptance", "deploy")


def test_every_test_file_is_in_a_layer() -> None:
    found = {path.relative_to(TESTS).parts[0] for path in TESTS.rglob("test_*.py")}
    assert found == set(LAYERS)


def test_contributing_says_what_belongs_in_which() -> None:
    said = (TESTS.parent / "CONTRIBUTING.md").read_text()
    assert [layer for layer in LAYERS if f"| `tests/{layer}/` |" not in said] == []


def _bind() -> None:
    with socket.socket() as opened:
        opened.bind(("127.0.0.1", 0))


@pytest.mark.parametrize(
    ("event", "does"),
    [
        ("subprocess.Popen", lambda: subprocess.run([sys.executable, "-c", ""], check=True)),
        ("os.fork", os.fork),
        ("socket.bind", _bind),
        ("sqlite3.connect", lambda: sqlite3.connect(":memory:")),
    ],
)
def test_what_a_layer_must_not_do_fails_even_where_the_test_hides_it(event: str, does: Callable[[], object]) -> None:
    hidden = pytest.raises(pytest.fail.Exception, match=f"^{event} in a test of the units")
    with hidden, forbidden("the units", PROCESSES | SOCKETS | DATABASES), pytest.raises(AssertionError, match=event):
        does()
