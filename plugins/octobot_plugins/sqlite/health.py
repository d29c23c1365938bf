"""Whether the database file answers, is whole, can be written, and is in the mode that the node relies on."""

from __future__ import annotations

import os
import sqlite3
import time
from pathlib import Path

import sqlalchemy as sa

from octobot_node.contracts.context import PluginContext
from octobot_node.contracts.health import Health
from octobot_node.store.database.database_file import read_only_uri
from octobot_node.store.tables import installation

__all__ = ["check_database", "check_sqlite"]

#: A large file is looked through for so long, and no longer, in seconds.
_BOUND_S = 6.0
#: A log this large is not folded into the file, because somebody reads from an old state for ever.
_LOG_MAX_MB = 512
_RESTORE = "stop the node and restore a backup, or `sqlite3 octobot.db .recover` into a new file"


def check_sqlite(context: PluginContext) -> Health:
    """Say whether the database answers and can be written; nothing is."""
    url = context.settings.url()
    path = Path(sa.make_url(url).database or "")
    if not os.access(path, os.W_OK):
        return Health(
            "failed", f"{path} is not there, or cannot be written", f"run `ls -l {path}`, `chown $USER {path}*`"
        )
    began = time.monotonic()
    try:
        with context.storage.read() as connection:
            connection.execute(sa.select(installation.c.sending)).first()
    except (sa.exc.DBAPIError, sqlite3.Error) as error:
        return Health("failed", f"{path} cannot be read: {getattr(error, 'orig', error)}", _RESTORE)
    return Health("ok", f"{path} answers in {(time.monotonic() - began) * 1000:.1f} ms")


def check_database(context: PluginContext, bound: float = _BOUND_S) -> Health:
    """Say whether the database is well; nothing is written."""
    url = context.settings.url()
    path = Path(sa.make_url(url).database or "")
    if not path.exists():
        return Health("ok", f"{path} does not exist yet; it will be made")
    if not os.access(path, os.W_OK):
        return Health("failed", f"{path} cannot be written", f"run `chown $USER {path}*`")
    try:
        return _examined(path, bound)
    except sqlite3.DatabaseError as error:
        return Health("failed", f"{path} cannot be read: {error}", _RESTORE)


def _examined(path: Path, bound: float) -> Health:
    # A connection of its own: interrupting it, or its waiting, is nobody else's concern.
    connection = sqlite3.connect(read_only_uri(path), uri=True, timeout=2, check_same_thread=False)
    try:
        mode = connection.execute("PRAGMA journal_mode").fetchone()[0]
        if mode != "wal":
            cure = f"stop the node and run `sqlite3 {path} 'PRAGMA journal_mode = WAL'`"
            return Health("failed", f"{path} is in journal mode {mode}, not wal", cure)
        found, complete = _quick_check(connection, bound)
    finally:
        connection.close()
    if found:
        return Health("failed", f"{path} is damaged: {found}", _RESTORE)
    log = _megabytes(Path(f"{path}-wal"))
    looked = "is whole" if complete else f"was looked at for {bound:g} s, without finding damage"
    detail = f"{path} ({_megabytes(path):,} MB, and {log:,} MB of log) {looked}"
    if log > _LOG_MAX_MB:
        return Health("warning", detail, "end whatever else reads the database, then restart the node")
    return Health("ok", detail)


def _quick_check(connection: sqlite3.Connection, bound: float) -> tuple[str, bool]:
    """Return the first damage that is found, or "", and whether all was looked at within ``bound`` seconds."""
    until = time.monotonic() + bound
    connection.set_progress_handler(lambda: time.monotonic() > until, 1_000)
    try:
        (answer,) = connection.execute("PRAGMA quick_check(1)").fetchone()
    except sqlite3.OperationalError as error:
        if "interrupted" not in str(error):
            raise
        return "", False
    return ("" if answer == "ok" else str(answer)), True


def _megabytes(path: Path) -> int:
    return path.stat().st_size // 1_048_576 if path.exists() else 0
