"""A data folder that cannot be written, read all the same: a mounted backup, a disk that the system made read-only."""

from __future__ import annotations

import os
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from octobot_node.errors import NodeError
from octobot_node.settings import Settings
from octobot_node.store.database.database_file import database_file, read_only_uri

__all__ = ["copied_to_read", "is_read_only"]


def is_read_only(settings: Settings) -> bool:
    """Whether the data folder, or the database where it is a file, or its folder, is there and cannot be written."""
    database = database_file(settings)
    needed = {settings.data_dir, *([] if database is None else [database, database.parent])}
    return any(path.exists() and not os.access(path, os.W_OK) for path in needed)


@contextmanager
def copied_to_read(settings: Settings) -> Iterator[Settings]:
    """Yield settings by which what is in a folder that cannot be written can be read: those of a copy, gone afterwards.

    SQLite cannot read a write-ahead log without writing beside it. Raises NodeError where the folder cannot be read, or
    nothing can be copied.
    """
    database = database_file(settings)
    try:
        with TemporaryDirectory(prefix="octobot-") as name:
            copy = Path(name)
            # What a node remembers beside its database is small; its log is not, and nobody asks for it here.
            for path in settings.data_dir.iterdir():
                if path.is_file() and ".db" not in path.name and ".log" not in path.name:
                    shutil.copyfile(path, copy / path.name)
            if database is not None and database.exists():
                _copy(database, copy / "octobot.db")
            changes = {} if database is None else {"database_url": ""}
            yield settings.model_copy(update={"data_dir": copy, **changes})
    except OSError as error:
        raise NodeError(
            f"the data folder {settings.data_dir} cannot be written, nor copied to be read ({error.strerror}): make"
            " it readable, and room for a copy where temporary files are kept, or set TMPDIR"
        ) from None


def _copy(database: Path, copy: Path) -> None:
    try:
        with (
            closing(sqlite3.connect(read_only_uri(database), uri=True)) as source,
            closing(sqlite3.connect(copy)) as to,
        ):
            source.backup(to)
    except sqlite3.Error:
        # Nobody has it open, then, from here or from where it can be written: its files stand still.
        log = Path(f"{database}-wal")
        shutil.copyfile(database, copy)
        if log.exists():
            shutil.copyfile(log, f"{copy}-wal")
