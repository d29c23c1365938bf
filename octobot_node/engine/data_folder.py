"""The data folder: one process at a time, an id of its own, and room on its disk."""

from __future__ import annotations

import fcntl
import os
import shutil
import stat
from contextlib import suppress
from pathlib import Path
from typing import IO

import structlog

from octobot_node.errors import DataFolderInUse, DiskNearlyFull, NodeError
from octobot_node.ids import new_id
from octobot_node.settings import Settings

log = structlog.get_logger(__name__)
_PRIVATE = ("octobot.db", "octobot.db-wal", "octobot.db-shm", "node-id", "node.lock", "octobot-node.log")

__all__ = ["LOCK", "FolderLock", "node_id_of", "refuse_full_disk", "refuse_in_use"]

#: The file that is locked for as long as somebody works on the folder.
LOCK = "node.lock"


class FolderLock:
    """Holds a data folder for this process; it goes with the process, however that ends."""

    def __init__(self, folder: Path) -> None:
        try:
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            self._file: IO[str] = (folder / LOCK).open("a+")
        except OSError as error:
            ours = "give it, with all that is in it, to the user that the node runs as, or "
            raise NodeError(
                f"the data folder {folder} cannot be used ({error.strerror}):"
                f" {ours if isinstance(error, PermissionError) else ''}give another --data-dir"
            ) from None
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            self._file.seek(0)
            holder = self._file.read().strip() or "another process"
            self._file.close()
            raise DataFolderInUse(
                f"the data folder {folder} is in use by {holder}: stop that node, or give another --data-dir"
            ) from None
        _make_private(folder)
        # Who holds it is a courtesy: on a full disk the lock holds without it.
        with suppress(OSError):
            self._file.truncate(0)
            self._file.write(f"process {os.getpid()}")
            self._file.flush()

    def release(self) -> None:
        """Let the folder go."""
        with suppress(OSError):
            self._file.close()


def refuse_in_use(folder: Path) -> None:
    """Raise DataFolderInUse where another process has the folder now; nothing is made where there is none."""
    if (folder / LOCK).exists():
        FolderLock(folder).release()


def _make_private(folder: Path) -> None:
    """Take from others what earlier versions let them read: there are password hashes and secrets in it."""
    for path in (folder / name for name in _PRIVATE):
        with suppress(OSError):
            mode = stat.S_IMODE(path.stat().st_mode)
            if mode & 0o077:
                path.chmod(mode & 0o700)
                log.warning("made_private", path=str(path), mode=f"{mode:04o}")


def refuse_full_disk(settings: Settings) -> None:
    """Raise DiskNearlyFull where less than the reserve is free."""
    folders = (settings.data_dir, *settings.data_dir.absolute().parents)
    existing = next(folder for folder in folders if folder.exists())
    free = shutil.disk_usage(existing).free // 1_048_576
    if free < settings.disk_reserve_mb:
        raise DiskNearlyFull(
            f"only {free} MB are free for the data folder {settings.data_dir}, {settings.disk_reserve_mb} MB are kept"
            " in reserve: free some, give another --data-dir, or lower OCTOBOT_DISK_RESERVE_MB"
        )


def node_id_of(folder: Path) -> str:
    """Return this folder's node id, made at its first start: DBOS recovers a node's work by it."""
    path = folder / "node-id"
    try:
        known = path.read_text().strip() if path.exists() else ""
        if known:
            return known
        made = new_id()
        # Whole or not at all: half an id would be another node's.
        draft = folder / "node-id.new"
        draft.write_text(made)
        draft.replace(path)
    except OSError as error:
        raise NodeError(
            f"the data folder {folder} cannot be written ({error.strerror}): make room, or give another --data-dir"
        ) from None
    return made
