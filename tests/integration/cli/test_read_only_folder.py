"""Commands on a data folder that cannot be written: a mounted backup, a disk that the system made read-only."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from octobot_node.cli import main
from tests.integration.cli.conftest import LIVE, Folder


@pytest.fixture
def read_only(folder: Folder, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Iterator[Folder]:
    assert main(["automations", "create", folder.write("live.yaml", LIVE), "--data-dir", "state"]) == 0
    folder.state.chmod(0o500)
    # The superuser may write wherever the file system can be written.
    access = os.access
    monkeypatch.setattr(
        os,
        "access",
        lambda path, mode, **more: access(path, mode, **more) and not (Path(path).name == "state" and mode & os.W_OK),
    )
    capsys.readouterr()
    yield folder
    folder.state.chmod(0o700)


def everything(folder: Path) -> dict[str, tuple[int, bytes]]:
    return {path.name: (path.stat().st_mtime_ns, path.read_bytes()) for path in folder.iterdir()}


@pytest.mark.slow
@pytest.mark.parametrize("command", ["status", "automations list", "orders list", "audit list", "db backup copy.zip"])
def test_what_only_looks_reads_a_copy_and_leaves_the_folder_as_it_is(
    command: str, read_only: Folder, capsys: pytest.CaptureFixture[str]
) -> None:
    before = everything(read_only.state)

    code = main([*command.split(), "--data-dir", "state"])

    told = capsys.readouterr()
    assert code == 0, told.err
    assert "this is read from a copy" in told.err or command.startswith("db backup")
    # The superuser's SQLite makes files of its own beside the database; anybody else's cannot.
    after = everything(read_only.state)
    assert {name: after[name] for name in before} == before


def test_it_finds_what_is_there_and_calls_the_folder_by_its_name(
    read_only: Folder, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["automations", "list", "--data-dir", "state", "--json"]) == 0
    assert [each["name"] for each in json.loads(capsys.readouterr().out)["automations"]] == ["dca"]
    assert main(["status", "--data-dir", "state", "--json"]) == 0
    assert Path(json.loads(capsys.readouterr().out)["data_dir"]).name == "state"
