"""The log that a node keeps in a file, too: whole lines, so many bytes, and never in the way."""

from __future__ import annotations

import io
import json
from pathlib import Path

import pytest
import structlog

from octobot_node.cli.log_file import logging_to_stderr
from octobot_node.cli.rotated_file import RotatedFile
from octobot_node.errors import NodeError


def test_a_file_that_is_large_is_begun_anew_and_so_many_before_it_are_kept(tmp_path: Path) -> None:
    file = RotatedFile(tmp_path / "logs" / "node.log", largest=20, kept=2)
    for number in range(10):
        file.write(f"line {number:03}\n")
    file.close()
    said = {path.name: path.read_text().split() for path in (tmp_path / "logs").iterdir()}
    assert said == {
        "node.log": ["line", "008", "line", "009"],
        "node.log.1": ["line", "006", "line", "007"],
        "node.log.2": ["line", "004", "line", "005"],
    }


def test_one_that_is_there_goes_on(tmp_path: Path) -> None:
    for text in ("one\n", "two\n"):
        file = RotatedFile(tmp_path / "node.log", largest=6)
        file.write(text)
        file.close()
    assert ((tmp_path / "node.log").read_text(), (tmp_path / "node.log.1").read_text()) == ("two\n", "one\n")


def test_lines_go_to_both_and_secrets_to_neither(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    stderr = io.StringIO()
    monkeypatch.setattr("sys.stderr", stderr)
    with logging_to_stderr("json", tmp_path / "node.log"):
        structlog.get_logger().info("said", password="hunter2")
    assert (tmp_path / "node.log").read_text() == stderr.getvalue()
    assert json.loads(stderr.getvalue())["event"] == "said"
    assert "hunter2" not in stderr.getvalue()


def test_a_file_that_cannot_be_written_is_said_at_once(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(NodeError, match="give another --log-file"):
        RotatedFile(tmp_path / "file" / "node.log")
