"""Where the database is, where it is a file: what is in a data folder is judged by it."""

from __future__ import annotations

import os
from collections.abc import Iterator
from itertools import count
from pathlib import Path

import sqlalchemy as sa

from octobot_node.settings import Settings

__all__ = ["database_file", "is_replaced", "newest_rescued", "read_only_uri", "rescued_file"]


def database_file(settings: Settings) -> Path | None:
    """Return the file that is the database, there or not; None where it is none, or cannot be told."""
    try:
        url = sa.make_url(settings.url())
    except (sa.exc.ArgumentError, ValueError):
        return None  # Opening it says what is wrong.
    if url.get_backend_name() != "sqlite" or not url.database or url.database == ":memory:":
        return None
    return Path(url.database)


def rescued_file(path: Path) -> Path:
    """Return where a node that ends leaves what it has of a database whose file was deleted or replaced meanwhile.

    Nothing is there yet: what an earlier one left stays as it is.
    """
    return next(each for each in _rescued_files(path) if not each.exists())


def newest_rescued(path: Path) -> Path | None:
    """Return what a node left last of a database, where one did."""
    newest = None
    for each in _rescued_files(path):
        if not each.exists():
            return newest
        newest = each
    return newest


def _rescued_files(path: Path) -> Iterator[Path]:
    yield path.with_name(f"{path.name}.rescued")
    for number in count(2):
        yield path.with_name(f"{path.name}.rescued-{number}")


def is_replaced(database: Path, folder_lock: Path) -> bool:
    """Whether a node runs that has another file open than the one that is called so now.

    By what the kernel lists of locks, so that none is taken that a node may want; False where it does not tell.
    """
    try:
        held = [line.split()[5] for line in Path("/proc/locks").read_text().splitlines() if "FLOCK" in line]
        of_folder, of_database = folder_lock.stat(), database.stat()
    except (OSError, IndexError):
        return False
    where = f"{os.major(of_folder.st_dev):02x}:{os.minor(of_folder.st_dev):02x}:{of_folder.st_ino}"
    return where in held and not any(each.rpartition(":")[2] == str(of_database.st_ino) for each in held)


def read_only_uri(path: Path) -> str:
    """Return the URI by which SQLite opens a file and writes nothing, whatever characters its folders have."""
    return f"{path.absolute().as_uri()}?mode=ro"
