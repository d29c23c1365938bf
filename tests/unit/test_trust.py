"""What others may write is neither configuration nor code."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from octobot_node.configuration import Configuration
from octobot_node.errors import InvalidSettings
from octobot_node.plugin_system.discovery import load_plugins
from octobot_node.trust import foreign, foreign_inside

NOBODY = 65_534


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "folder"
    made.mkdir(mode=0o700)
    return made


@pytest.fixture
def give_away(monkeypatch: pytest.MonkeyPatch) -> Callable[[Path], None]:
    """Make files another user's; a user who may not is another user from then on, which comes to the same."""

    def give(path: Path) -> None:
        if os.geteuid() == 0:
            os.chown(path, NOBODY, NOBODY)
        else:
            monkeypatch.setattr(os, "geteuid", lambda: NOBODY)

    return give


@pytest.mark.parametrize("mode", [0o666, 0o664, 0o646])
def test_a_file_that_others_may_write_is_refused_with_the_cure(folder: Path, mode: int) -> None:
    file = folder / "file"
    file.touch()
    assert foreign(file) is None

    file.chmod(mode)

    assert foreign(file) == f"others may write to {file}: run `chmod go-w {file}`"


@pytest.mark.parametrize("mode", [0o777, 0o775, 0o1777])
def test_a_file_in_a_folder_that_others_may_write_is_refused(folder: Path, mode: int) -> None:
    (folder / "file").touch()

    folder.chmod(mode)

    assert foreign(folder / "file") == f"others may write to {folder}: run `chmod go-w {folder}`"
    assert foreign(folder / "file", folders=False) is None


def test_a_folder_on_the_way_counts_and_a_sticky_one_does_not(folder: Path) -> None:
    (folder / "inner").mkdir(mode=0o700)
    (folder / "inner" / "file").touch()

    folder.chmod(0o777)
    assert foreign(folder / "inner" / "file") == f"others may write to {folder}: run `chmod go-w {folder}`"
    folder.chmod(0o1777)
    assert foreign(folder / "inner" / "file") is None


def test_a_link_counts_with_where_it_is_and_where_it_leads(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "open").mkdir()
    (tmp_path / "open").chmod(0o777)
    (folder / "file").touch()
    (tmp_path / "open" / "link").symlink_to(folder / "file")
    (tmp_path / "open" / "file").touch()
    (folder / "link").symlink_to(tmp_path / "open" / "file")

    for path in (tmp_path / "open" / "link", folder / "link"):
        assert "others may write to" in str(foreign(path))


def test_what_is_another_user_s_is_refused(folder: Path, give_away: Callable[[Path], None]) -> None:
    file = folder / "file"
    file.touch()
    give_away(file)

    assert "belongs to another user" in str(foreign(file))
    assert "belongs to another user" in str(foreign_inside(folder))


def test_settings_are_not_read_from_a_folder_of_somebody_else_s(
    folder: Path, give_away: Callable[[Path], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    (folder / "octobot-node.toml").write_text('data_dir = "d"\n')
    monkeypatch.chdir(folder)
    monkeypatch.delenv("OCTOBOT_CONFIG", raising=False)
    monkeypatch.delenv("OCTOBOT_DATA_DIR", raising=False)
    assert Configuration.load().settings.data_dir == folder / "d"

    (folder / "octobot-node.toml").chmod(0o666)
    with pytest.raises(InvalidSettings, match=r"is not read, since others could have written it: .*chmod go-w"):
        Configuration.load()
    (folder / "octobot-node.toml").chmod(0o644)
    give_away(folder)
    with pytest.raises(InvalidSettings, match="belongs to another user"):
        Configuration.load()


def test_no_plugin_is_loaded_from_a_folder_of_somebody_else_s(
    folder: Path, give_away: Callable[[Path], None], tmp_path: Path
) -> None:
    plugins, ran = folder / "plugins", tmp_path / "ran"
    plugins.mkdir(mode=0o700)
    (plugins / "foreign_evil.py").write_text(f"open({str(ran)!r}, 'w')\n")
    give_away(folder)

    registry = load_plugins(folder=plugins, discover=False)

    assert [(each.name, "belongs to another user" in each.error) for each in registry.broken] == [
        ("foreign_evil", True)
    ]
    assert not ran.exists()
