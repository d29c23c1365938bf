"""Where the database is, where it is a file: what is in a data folder is judged by it."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import count
from pathlib import Path

import sqlalchemy as sa

from octobot_node.settings import Settings

__all__ = ["database_file", "newest_rescued", "read_only_uri", "rescued_file"]


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


def read_only_uri(path: Path) -> str:
    """Return the URI by which SQLite opens a file and writes nothing, whatever characters its folders have."""
    return f"{path.absolute().as_uri()}?mode=ro"
