"""The folder of installed tentacles: sets of packages beside each other, and a link to the one in use.

A set is there once its lock is, which is written last: what was cut short is no set, and the one before goes on.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from octobot_node.errors import NodeError
from octobot_node.installing.locks import Lock, read_lock
from octobot_node.trust import foreign

__all__ = ["PACKAGES", "Sets"]

#: In a set: where the packages are, and what they are.
PACKAGES, _LOCK = "packages", "tentacles.lock.json"
_LINK = "current"
#: Sets that are kept beside the newest: a node that runs reads its modules when it needs them.
_KEPT = 2


class Sets:
    """The sets in one folder."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    @property
    def packages(self) -> Path | None:
        """Where the packages in use are, by the set's own name; None where there are none."""
        found = self._current()
        return None if found is None else found / PACKAGES

    @property
    def lock(self) -> Lock:
        """What is installed; an empty lock where nothing is."""
        found = self._current()
        return Lock() if found is None else self._read(found)

    @property
    def in_use(self) -> Lock:
        """What this process has put on its import path: of what is installed since it knows nothing."""
        above = self._folder.resolve()
        used = [path.parent for path in map(Path, sys.path) if path.name == PACKAGES and path.parent.parent == above]
        return self._read(used[0]) if used and (used[0] / _LOCK).is_file() else Lock()

    def _current(self) -> Path | None:
        found = (self._folder / _LINK).resolve()
        return found if (found / _LOCK).is_file() else None

    def _read(self, found: Path) -> Lock:
        path = found / _LOCK
        return read_lock(path.read_text(encoding="utf-8"), str(path))

    @contextmanager
    def changing(self) -> Iterator[Path]:
        """Yield an empty folder for a new set, alone; what is in it at the end and was not taken is removed.

        Raises NodeError where the folder cannot be written, or somebody else is at it.
        """
        try:
            self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            file = (self._folder / ".changing").open("a")
        except OSError as error:
            raise NodeError(
                f"the folder of tentacles {self._folder} cannot be used ({error.strerror}): see whose it is"
            ) from None
        with file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError:
                raise NodeError(
                    f"somebody else changes the tentacles in {self._folder}: wait until that is done"
                ) from None
            self._sweep()
            made = Path(tempfile.mkdtemp(prefix=".new-", dir=self._folder))
            try:
                yield made
            finally:
                shutil.rmtree(made, ignore_errors=True)

    def take(self, made: Path, lock: Lock) -> None:
        """Make a finished folder the set in use, at once."""
        place = self._folder / lock.fingerprint
        if not (place / _LOCK).is_file():
            shutil.rmtree(place, ignore_errors=True)
            _write_through(made / _LOCK, lock.as_json())
            made.replace(place)
        else:
            # The same packages, asked for in other words.
            _write_through(place / (_LOCK + ".new"), lock.as_json())
            (place / (_LOCK + ".new")).replace(place / _LOCK)
        link = self._folder / ".link"
        link.unlink(missing_ok=True)
        link.symlink_to(place.name)
        link.replace(self._folder / _LINK)
        os.utime(place)

    def _sweep(self) -> None:
        """Remove what was cut short, and sets that were left long ago."""
        for path in self._folder.glob(".new-*"):
            shutil.rmtree(path, ignore_errors=True)
        current = self._current()
        sets = [path for path in self._folder.iterdir() if (path / _LOCK).is_file() and not path.is_symlink()]
        others = sorted((path for path in sets if path != current), key=lambda path: path.stat().st_mtime)
        for path in others[:-_KEPT]:
            shutil.rmtree(path, ignore_errors=True)

    def use(self) -> None:
        """Put the packages in use at the end of the import path: nothing of the node's own can be replaced by them.

        Raises NodeError where others could have put them there.
        """
        found = self.packages
        if found is None or str(found) in sys.path:
            return
        problem = foreign(found)
        if problem is not None:
            raise NodeError(f"the tentacles in {self._folder} are not loaded: {problem}")
        sys.path.append(str(found))


def _write_through(path: Path, text: str) -> None:
    with path.open("w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    with suppress(OSError):
        folder = os.open(path.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)
