"""A running node folds what a command changed into the file, which is what people copy."""

from __future__ import annotations

import shutil
import sqlite3
import time
from contextlib import closing
from pathlib import Path

import pytest

from octobot_node.live import control_client
from octobot_node.live import node as module
from octobot_node.settings import Settings


def accounts_in_copy(settings: Settings, copy: Path) -> list[str]:
    # The file alone, as a cron job takes it.
    shutil.copy(settings.data_dir / "octobot.db", copy)
    with closing(sqlite3.connect(copy)) as connection:
        return [name for (name,) in connection.execute("SELECT name FROM accounts")]


@pytest.mark.process
def test_a_copy_has_what_a_command_made_soon_after(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_FOLD_COMMANDS_S", 0.0)
    settings = Settings(data_dir=tmp_path / "node", disk_reserve_mb=0)
    with module.Node(settings):
        given = {"name": "main", "market_data": {"use": "simulated"}, "trading": {"use": "paper"}}
        control_client.ask(settings.data_dir, "accounts.create", given)
        deadline = time.monotonic() + 20
        while accounts_in_copy(settings, tmp_path / "copy.db") != ["main"]:
            assert time.monotonic() < deadline
            time.sleep(0.05)
