"""The nightly backup's script: how many are kept, that a failure deletes none, and when it is not well."""

from __future__ import annotations

import os
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import pytest

SCRIPT = Path(__file__).parents[3] / "deploy" / "docker" / "backup" / "nightly.sh"
#: Stands for the node's command: it makes the file that it is told, or does not.
MAKES = '#!/bin/sh\n[ -z "$FAILS" ] && touch "$3"\n'

Nightly = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture
def nightly(tmp_path: Path) -> Nightly:
    (tmp_path / "octobot-node").write_text(MAKES)
    (tmp_path / "octobot-node").chmod(0o755)
    (tmp_path / "backups").mkdir()
    (tmp_path / "began").touch()

    def run(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
        given = {"BACKUPS": str(tmp_path / "backups"), "BEGAN": str(tmp_path / "began"), "FAILS": "", **environment}
        path = f"{tmp_path}:{os.environ['PATH']}"
        return subprocess.run(
            ["/bin/sh", SCRIPT, *arguments], env={"PATH": path, **given}, capture_output=True, text=True, check=False
        )

    return run


def old_ones(folder: Path, *hours: float) -> list[str]:
    """Put backups of so many hours ago there, and return their names, oldest first."""
    for each in hours:
        at = time.time() - each * 3_600
        path = folder / time.strftime("octobot-%Y-%m-%dT%H%M%SZ.zip", time.gmtime(at))
        path.touch()
        os.utime(path, (at, at))
    return sorted(path.name for path in folder.iterdir())


def test_the_newest_are_kept_and_what_is_no_backup_stays(nightly: Nightly, tmp_path: Path) -> None:
    old = old_ones(tmp_path / "backups", 72, 48, 24)
    (tmp_path / "backups" / "zzz.txt").touch()
    assert nightly("once", BACKUP_KEEP="2").returncode == 0
    there = sorted(path.name for path in (tmp_path / "backups").iterdir())
    # The one before, the new one, and the stranger.
    assert [there[0], *there[2:]] == [old[-1], "zzz.txt"]


def test_one_that_fails_deletes_none(nightly: Nightly, tmp_path: Path) -> None:
    old = old_ones(tmp_path / "backups", 72, 48, 24)
    assert nightly("once", BACKUP_KEEP="1", FAILS="yes").returncode == 1
    assert sorted(path.name for path in (tmp_path / "backups").iterdir()) == old


def test_it_is_well_while_the_first_is_to_come_and_not_when_the_newest_is_old(nightly: Nightly, tmp_path: Path) -> None:
    assert nightly("health").returncode == 0
    (old,) = old_ones(tmp_path / "backups", 27)
    found = nightly("health")
    assert (found.returncode, old in found.stdout) == (1, True)
    old_ones(tmp_path / "backups", 25)
    assert nightly("health").returncode == 0


def test_none_at_all_after_a_day_is_not_well(nightly: Nightly, tmp_path: Path) -> None:
    at = time.time() - 27 * 3_600
    os.utime(tmp_path / "began", (at, at))
    assert nightly("health").returncode == 1


@pytest.mark.parametrize(
    ("name", "value", "cure"),
    [
        ("BACKUP_KEEP", "0", "write a number from 1 on"),
        ("BACKUP_KEEP", "many", "write a number from 1 on"),
        ("BACKUP_AT", "3 o'clock", "write a time of day such as 03:00"),
        ("BACKUP_AT", "33:00:00", "write a time of day such as 03:00"),
    ],
)
def test_a_setting_that_means_nothing_is_refused_with_what_to_write(
    nightly: Nightly, name: str, value: str, cure: str
) -> None:
    found = nightly("once", **{name: value})
    assert found.returncode == 1
    assert found.stderr == f"backup: {name} is '{value}': {cure}\n"
