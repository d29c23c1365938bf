"""Make a database's file as small as what is in it: what was deleted only leaves room for what comes."""

from __future__ import annotations

import sqlite3
from contextlib import closing

from octobot_node.engine.data_folder import FolderLock
from octobot_node.errors import StorageUnavailable, UnknownStorage, UsageError
from octobot_node.plugin_system.registry import Registry
from octobot_node.settings import Settings
from octobot_node.store.database.database_file import database_file
from octobot_node.transfer.results import Vacuumed

__all__ = ["vacuum"]


def vacuum(settings: Settings, registry: Registry) -> Vacuumed:
    """Write the file anew, without its holes, while no node has it.

    Raises UsageError where there is no such file, DataFolderInUse where a node runs, StorageUnavailable where the disk
    has no room for a second one of it.
    """
    path = database_file(settings)
    if path is None:
        raise UsageError("the database is no file of SQLite: PostgreSQL gives room back by itself (autovacuum)")
    if not path.is_file():
        raise UsageError(f"there is no database {path}: give its --data-dir")
    lock = FolderLock(settings.data_dir)
    try:
        storage = registry.hook.open_storage(settings=settings)
        if storage is None:
            raise UnknownStorage(f"no plugin opens {path}: the sqlite plugin is not loaded")
        try:
            storage.hold()
            before = storage.size()
            _write_anew(str(path))
            storage.fold()
            return Vacuumed(database=storage.shown, before=before, size=storage.size())
        finally:
            storage.close()
    finally:
        lock.release()


def _write_anew(path: str) -> None:
    try:
        with closing(sqlite3.connect(path, timeout=30, isolation_level=None)) as connection:
            connection.execute("VACUUM")
    except sqlite3.Error as error:
        raise StorageUnavailable(
            f"{path} is as it was ({error}): its disk needs as much room again as the file takes"
        ) from None
