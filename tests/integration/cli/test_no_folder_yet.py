"""Commands where there is no data folder yet."""

from __future__ import annotations

import pytest

from octobot_node.cli import main
from tests.integration.cli.conftest import Folder


@pytest.mark.slow
@pytest.mark.parametrize(
    "command", [["types", "list"], ["types", "show", "dca"], ["exchanges"], ["schema"], ["plugins"], ["settings"]]
)
def test_what_is_asked_of_the_installation_needs_no_data_folder(
    command: list[str], folder: Folder, capsys: pytest.CaptureFixture[str]
) -> None:
    where = [] if command == ["schema"] else ["--data-dir", "nothing"]

    code = main([*command, *where])

    shown = capsys.readouterr()
    assert (code, shown.err) == (0, "")
    assert shown.out
    assert not (folder.path / "nothing" / "octobot.db").exists()
