"""The command where there is no data folder yet, no home, and no UTF-8."""

from __future__ import annotations

import pytest

from tests.integration.cli.conftest import LIVE, Folder


@pytest.mark.parametrize(
    "command", [["types", "list"], ["types", "show", "dca"], ["exchanges"], ["schema"], ["plugins"], ["settings"]]
)
def test_what_is_asked_of_the_installation_needs_no_data_folder(command: list[str], folder: Folder) -> None:
    where = [] if command == ["schema"] else ["--data-dir", "nothing"]

    shown = folder.run(*command, *where)

    assert (shown.returncode, shown.stderr) == (0, "")
    assert shown.stdout
    assert not (folder.path / "nothing" / "octobot.db").exists()


@pytest.mark.parametrize("encoding", ["latin-1", "ascii"])
def test_a_terminal_that_is_no_utf_8_gets_what_it_can_show(encoding: str, folder: Folder) -> None:
    run_file = folder.write("run.yaml", LIVE)
    assert folder.run("automations", "create", run_file, "--data-dir", "state").returncode == 0

    for command in (["automations", "list"], ["status"], ["types", "list"], ["plugins"]):
        shown = folder.run(*command, "--data-dir", "state", PYTHONIOENCODING=encoding)
        assert (shown.returncode, shown.stderr) == (0, "")
        assert shown.stdout


def test_without_a_home_a_data_folder_is_all_that_is_needed(folder: Folder) -> None:
    shown = folder.run("types", "list", "--data-dir", "state", HOME="")

    assert (shown.returncode, shown.stderr) == (0, "")
