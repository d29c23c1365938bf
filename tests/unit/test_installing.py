"""Sets of tentacles on the disk: one is there whole or not at all."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from octobot_node.errors import NodeError, UsageError
from octobot_node.installing.locks import Lock, Package, read_lock
from octobot_node.installing.sets import PACKAGES, Sets

ONE = Lock(("one",), (Package("one", "1.0", "a" * 64),), "3.11", "0.1.0")
TWO = Lock(("two",), (Package("two", "1.0", "b" * 64),), "3.11", "0.1.0")


def take(sets: Sets, lock: Lock) -> None:
    with sets.changing() as made:
        (made / PACKAGES).mkdir()
        (made / PACKAGES / "module.py").write_text(lock.packages[0].name if lock.packages else "")
        sets.take(made, lock)


def test_a_set_is_taken_at_once_and_another_after_it(tmp_path: Path) -> None:
    sets = Sets(tmp_path)
    assert (sets.lock, sets.packages) == (Lock(), None)
    for lock in (ONE, TWO, ONE):
        take(sets, lock)
        assert sets.lock == lock
        assert sets.packages is not None
        assert (sets.packages / "module.py").read_text() == lock.packages[0].name


def test_one_that_is_cut_short_leaves_the_one_before(tmp_path: Path) -> None:
    sets = Sets(tmp_path)
    take(sets, ONE)
    with sets.changing() as made:
        (made / PACKAGES).mkdir()
    assert not made.exists()
    # As a power cut leaves it: a folder without a lock, and one that was being made.
    (tmp_path / TWO.fingerprint / PACKAGES).mkdir(parents=True)
    (tmp_path / ".new-left").mkdir()
    assert sets.lock == ONE
    take(sets, TWO)
    assert sets.lock == TWO
    assert not (tmp_path / ".new-left").exists()


def test_two_do_not_change_it_at_once(tmp_path: Path) -> None:
    second = Sets(tmp_path).changing()
    with Sets(tmp_path).changing(), pytest.raises(NodeError, match="somebody else changes"):
        second.__enter__()


def test_the_sets_before_are_kept_for_nodes_that_run_and_older_ones_are_not(tmp_path: Path) -> None:
    sets = Sets(tmp_path)
    locks = [Lock((str(number),), (Package(str(number), "1", f"{number:064}"),)) for number in range(6)]
    for lock in locks:
        take(sets, lock)
    kept = {path.name for path in tmp_path.iterdir() if path.is_dir() and not path.is_symlink()}
    assert kept == {lock.fingerprint for lock in locks[-4:]}


def test_a_lock_is_read_as_it_was_written_and_what_is_none_is_said(tmp_path: Path) -> None:
    assert read_lock(ONE.as_json(), "x") == ONE
    for text in ("", "[]", "{}", '{"version": 1}', '{"version": 1, "packages": [{}], "requirements": []}'):
        with pytest.raises(UsageError, match="x: is no lock of tentacles"):
            read_lock(text, "x")
    with pytest.raises(UsageError, match="of another release"):
        read_lock('{"version": 2}', "x")


def test_sets_of_the_same_packages_are_called_the_same(tmp_path: Path) -> None:
    asked_otherwise = Lock(("one==1.0",), ONE.packages, "3.11", "0.2.0")
    assert ONE.fingerprint == asked_otherwise.fingerprint != TWO.fingerprint
    sets = Sets(tmp_path)
    take(sets, ONE)
    take(sets, asked_otherwise)
    assert sets.lock == asked_otherwise


def test_what_others_could_have_put_there_is_not_loaded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "path", list(sys.path))
    sets = Sets(tmp_path / "tentacles")
    take(sets, ONE)
    (tmp_path / "tentacles").chmod(0o777)
    with pytest.raises(NodeError, match="are not loaded: others may write to"):
        sets.use()
    (tmp_path / "tentacles").chmod(0o700)
    sets.use()
    assert sys.path[-1] == str(sets.packages)
    # After all that is there already: nothing of it can be replaced.
    sets.use()
    assert sys.path.count(str(sets.packages)) == 1
