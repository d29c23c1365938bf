"""Cut the power of a process: whatever it wrote and did not sync is gone, as on a disk whose machine went dark.

    power = PowerLoss(tmp_path)
    node = subprocess.Popen(command, env=power.environment(data_dir))
    node.kill(); node.wait()
    power.cut()

What is simulated: writes and truncations of files in the data folder through libc (SQLite's, Python's) are lost
unless an fsync or fdatasync of the file followed. What is not: creating, renaming and removing files is taken as
durable at once (so a new file that was never synced comes back empty); a single write is lost or kept whole; writes
through memory maps, stdio, sendfile and io_uring, and those of statically linked programs, are not seen. SQLite's
``-shm`` files are memory and go. Linux with gcc only.
"""

from __future__ import annotations

import os
import random
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tests.support.preload import build

__all__ = ["PowerCut", "PowerLoss", "PowerLossUnavailable", "cut_power"]

_SOURCE = Path(__file__).with_name("powerloss.c")
#: magic, sequence, size before, offset, length; then the bytes that were there. powerloss.c writes it.
_RECORD = struct.Struct("<QQQQQ")
_MAGIC = int.from_bytes(b"POWRLOS1", "little")


class PowerLossUnavailable(RuntimeError):
    """The undo log cannot be read."""


@dataclass(frozen=True, slots=True)
class PowerCut:
    """How many unsynced writes the cut lost, and how many had reached the disk by luck."""

    lost: int
    kept: int


@dataclass(frozen=True, slots=True)
class _Undo:
    sequence: int
    inode: int
    size: int
    offset: int
    old: bytes


class PowerLoss:
    """Runs processes whose power can be cut; ``folder`` holds the library and the undo logs.

    Logs are written before every write: a folder in memory (tmpfs) makes it fast.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder.resolve()
        self._log = self._folder / "undo"
        self._data_dir: Path | None = None

    def environment(self, data_dir: Path) -> dict[str, str]:
        """Return the environment for a process on ``data_dir``, which is created; the rest is this process's own.

        Files that are there already count as synced. Raises LibraryUnavailable where the library cannot be built.
        """
        library = build(_SOURCE, self._folder)
        self._log.mkdir(parents=True, exist_ok=True)
        data_dir.mkdir(parents=True, exist_ok=True)
        self._data_dir = data_dir.resolve()
        if self._log.is_relative_to(self._data_dir):
            raise ValueError(f"{self._folder} lies inside {data_dir}: keep the undo logs elsewhere")
        preload = " ".join(filter(None, (str(library), os.environ.get("LD_PRELOAD"))))
        paths = {"POWERLOSS_DIR": str(self._data_dir), "POWERLOSS_LOG": str(self._log)}
        return {**os.environ, **paths, "LD_PRELOAD": preload}

    def cut(self, keep: random.Random | None = None) -> PowerCut:
        """Cut the power: see ``cut_power``. The process must be dead, by SIGKILL or otherwise."""
        if self._data_dir is None:
            raise ValueError("no process was started: call environment() first")
        return cut_power(self._data_dir, self._log, keep=keep)


def cut_power(data_dir: Path, log_dir: Path, *, keep: random.Random | None = None) -> PowerCut:
    """Take back unsynced writes of all files in ``data_dir``, newest first, and empty the undo logs in ``log_dir``.

    All of them without ``keep``; with it, a random number of the oldest stays, since a disk may have written them by
    itself. No process may have the files open.
    """
    undos = sorted((undo for log in log_dir.glob("*.undo") for undo in _read_log(log)), key=lambda undo: undo.sequence)
    kept = keep.randint(0, len(undos)) if keep else 0
    files = {path.stat().st_ino: path for path in data_dir.rglob("*") if path.is_file()}
    for undo in reversed(undos[kept:]):
        # A file that was removed since is gone for good, and its log with it.
        if undo.inode in files:
            _undo(files[undo.inode], undo)
    for memory in data_dir.rglob("*-shm"):
        memory.unlink()
    for log in log_dir.glob("*.undo"):
        log.unlink()
    return PowerCut(lost=len(undos) - kept, kept=kept)


def _undo(path: Path, undo: _Undo) -> None:
    with path.open("r+b") as file:
        file.seek(undo.offset)
        file.write(undo.old)
        file.truncate(undo.size)


def _read_log(log: Path) -> Iterator[_Undo]:
    content = log.read_bytes()
    start = 0
    while start + _RECORD.size <= len(content):
        magic, sequence, size, offset, length = _RECORD.unpack_from(content, start)
        if magic != _MAGIC:
            raise PowerLossUnavailable(f"{log} is damaged at byte {start}: was the disk that holds it full?")
        start += _RECORD.size
        if start + length > len(content):
            # The kill came while the record was being written, so before its write began.
            return
        yield _Undo(sequence, int(log.stem), size, offset, content[start : start + length])
        start += length
