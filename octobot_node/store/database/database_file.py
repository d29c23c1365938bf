"""Where the database is, where it is a file: what is in a data folder is judged by it."""

from __future__ import annotations

from pathlib import Path

import sqlalchemy as sa

from octobot_node.settings import Settings

__all__ = ["database_file", "read_only_uri", "rescued_file"]


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
    """Return where a node that ends leaves what it has of a database whose file was deleted or replaced meanwhile."""
    return path.with_name(f"{path.name}.rescued")


def read_only_uri(path: Path) -> str:
    """Return the URI by which SQLite opens a file and writes nothing, whatever characters its folders have."""
    return f"{path.absolute().as_uri()}?mode=ro"
