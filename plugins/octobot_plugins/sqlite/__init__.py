"""SQLite storage: one file, nothing to install."""

from __future__ import annotations

from octobot_node import hookimpl
from octobot_node.settings import Settings
from octobot_node.store.storage import Storage


@hookimpl
def open_storage(settings: Settings) -> Storage | None:
    """Open ``sqlite:///PATH``."""
    if not settings.url().startswith("sqlite:"):
        return None
    from octobot_plugins.sqlite.storage import SqliteStorage

    return SqliteStorage(settings)
