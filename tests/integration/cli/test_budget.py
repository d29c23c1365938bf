"""``octobot-node automations budget`` at a folder at rest."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from typing import Any

import pytest

from octobot_node.cli import main
from tests.integration.cli.conftest import LIVE, Folder

#: Killed when everything is written but the end of it, and nothing is committed.
KILLED = """
import os, signal, sys
from octobot_node.cli import main
from octobot_node.engine.commands import budget_commands
budget_commands.schedules.set_runnable = lambda *_, **__: os.kill(os.getpid(), signal.SIGKILL)
main(sys.argv[1:])
"""


@pytest.fixture
def dca(folder: Folder, monkeypatch: pytest.MonkeyPatch) -> Folder:
    monkeypatch.setenv("OCTOBOT_DISK_RESERVE_MB", "0")
    folder.write("live.yaml", LIVE)
    folder.prepare("automations", "create", "live.yaml")
    return folder


def asked(capsys: pytest.CaptureFixture[str], *arguments: str, code: int = 0) -> Any:
    capsys.readouterr()
    assert main(["automations", "budget", *arguments]) == code
    return capsys.readouterr()


@pytest.mark.usefixtures("dca")
def test_it_is_looked_at_tried_and_changed(capsys: pytest.CaptureFixture[str]) -> None:
    (standing,) = json.loads(asked(capsys, "dca", "--json").out)["assets"]
    assert (standing["budget"], standing["takeable"], standing["addable"]) == ("5000", "5000", "5000")
    (tried,) = json.loads(asked(capsys, "dca", "--add", "USD=100.5", "--dry-run", "--json").out)["assets"]
    assert (tried["change"], tried["budget"], tried["addable"]) == ("100.5", "5100.5", "4899.5")
    assert "--yes" in asked(capsys, "dca", "--add", "USD=100.5", code=2).err
    asked(capsys, "dca", "--add", "USD=100.5", "--yes")
    shown = asked(capsys, "dca", "--to", "USD=5000", "--yes").out
    assert "-100.50 USD" in shown
    assert [word in shown for word in ("dca (active), on paper", "can be taken", " 5,000 ")] == [True] * 3
    refused = asked(capsys, "dca", "--take", "USD=5000.01", "--yes", code=2).err
    assert "take.USD: 5000 USD can be taken, not 5000.01: take less" in refused
    assert "--add" in asked(capsys, "dca", "--add", "100", code=2).err


@pytest.mark.process
def test_killed_in_the_middle_nothing_was_changed_and_once_more_it_is_once(
    dca: Folder, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments = ("automations", "budget", "dca", "--add", "USD=100", "--yes")
    done = subprocess.run([sys.executable, "-c", KILLED, *arguments], cwd=dca.path, timeout=60, check=False)
    assert done.returncode == -signal.SIGKILL
    (left,) = json.loads(asked(capsys, "dca", "--json").out)["assets"]
    assert left["budget"] == "5000"
    (made,) = json.loads(asked(capsys, "dca", "--add", "USD=100", "--yes", "--json").out)["assets"]
    assert (made["budget"], made["free"]) == ("5100", "5100")
