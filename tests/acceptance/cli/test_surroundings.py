"""The command where there is no home, and no UTF-8."""

from __future__ import annotations

from tests.integration.cli.conftest import LIVE, Folder


def test_a_terminal_that_is_no_utf_8_gets_what_it_can_show(folder: Folder) -> None:
    folder.prepare("automations", "create", folder.write("run.yaml", LIVE))

    # What ASCII has, the others have.
    for command, encoding in (
        (["automations", "list"], "ascii"),
        (["status"], "ascii"),
        (["types", "list"], "ascii"),
        (["plugins"], "ascii"),
        (["plugins"], "latin-1"),
    ):
        shown = folder.run(*command, "--data-dir", "state", PYTHONIOENCODING=encoding)
        assert (shown.returncode, shown.stderr) == (0, "")
        assert shown.stdout
        # Lines are drawn with what it has.
        assert "??" not in shown.stdout


def test_without_a_home_a_data_folder_is_all_that_is_needed(folder: Folder) -> None:
    shown = folder.run("types", "list", "--data-dir", "state", HOME="")

    assert (shown.returncode, shown.stderr) == (0, "")
