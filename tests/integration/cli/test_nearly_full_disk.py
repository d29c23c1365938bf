"""Commands where less than the reserve is free on the disk."""

from __future__ import annotations

import pytest

from octobot_node.cli import main
from tests.integration.cli.conftest import LIVE, Folder


@pytest.fixture
def nearly_full(folder: Folder, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Folder:
    assert main(["automations", "create", folder.write("live.yaml", LIVE), "--data-dir", "state"]) == 0
    monkeypatch.setenv("OCTOBOT_DISK_RESERVE_MB", "1000000000")
    capsys.readouterr()
    return folder


@pytest.mark.slow
@pytest.mark.parametrize("command", ["status", "automations list", "orders list"])
def test_what_only_looks_is_answered(command: str, nearly_full: Folder, capsys: pytest.CaptureFixture[str]) -> None:
    code = main([*command.split(), "--data-dir", "state"])

    assert (code, capsys.readouterr().err) == (0, "")


def test_what_changes_something_is_refused(nearly_full: Folder, capsys: pytest.CaptureFixture[str]) -> None:
    code = main(["automations", "pause", "dca", "--data-dir", "state"])

    assert code == 1
    assert "are kept in reserve: free some" in capsys.readouterr().err
