"""A disk that is full, a database that is read-only or locked: states of the world, said once, and over again."""

from __future__ import annotations

import os
import sqlite3
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import pytest
import sqlalchemy as sa
import structlog

from octobot_node.errors import StorageBusy, StorageUnavailable
from octobot_node.settings import Settings
from octobot_node.store.database.read_only_folder import is_read_only
from octobot_node.store.database.refusable import refusable
from octobot_plugins.sqlite import storage as module
from octobot_plugins.sqlite.storage import SqliteStorage


@pytest.fixture
def storage(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> SqliteStorage:
    monkeypatch.setattr(module, "_CONNECT", {"check_same_thread": False, "timeout": 0.1})
    made = SqliteStorage(Settings(data_dir=tmp_path))
    with made.write() as connection:
        connection.exec_driver_sql("CREATE TABLE t (x)")
    return made


def write(storage: SqliteStorage, size: int = 1) -> None:
    with storage.write() as connection:
        connection.execute(sa.text("INSERT INTO t VALUES (randomblob(:size))"), {"size": size})


def until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 20
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.005)


def limit_pages(storage: SqliteStorage, pages: int) -> None:
    # What a full disk does: the database may grow no further.
    with storage.engine.connect() as connection:
        connection.exec_driver_sql(f"PRAGMA max_page_count = {pages}")


def test_a_full_disk_is_said_once_and_passes(storage: SqliteStorage, monkeypatch: pytest.MonkeyPatch) -> None:
    limit_pages(storage, 4)
    with structlog.testing.capture_logs() as lines:
        for _ in range(3):
            with pytest.raises(StorageUnavailable, match=r"database or disk is full.*: make room on its disk"):
                write(storage, 1_000_000)
        with storage.read() as connection:
            assert connection.exec_driver_sql("SELECT count(*) FROM t").scalar() == 0
        # What is small may find room; it does not last.
        write(storage)
        with pytest.raises(StorageUnavailable):
            write(storage, 1_000_000)
        limit_pages(storage, 1_000_000)
        write(storage, 1_000_000)
        monkeypatch.setattr(module, "_STEADY_S", 0)
        write(storage)

    assert [line["event"] for line in lines] == ["database_cannot_be_written", "database_can_be_written_again"]
    storage.close()


def test_files_of_another_user_are_said_to_be_that(storage: SqliteStorage, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(_path: Path, _mode: str) -> None:
        # As the superuser never meets it.
        raise PermissionError(13, "Permission denied")

    with monkeypatch.context() as other:
        other.setattr(Path, "open", refuse)
        with pytest.raises(StorageUnavailable, match=r"cannot be written \(Permission denied\): give them to the user"):
            storage.hold()
    # Commands that only look read a copy, as of a folder that cannot be written.
    monkeypatch.setattr(os, "access", lambda path, _mode: Path(path) != storage.path)
    assert is_read_only(Settings(data_dir=storage.path.parent))
    storage.close()


def test_a_database_that_another_program_keeps_is_busy(storage: SqliteStorage) -> None:
    with closing(sqlite3.connect(storage.path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(StorageBusy, match=r"is busy: another program keeps it \(database is locked\)"):
            write(storage)
    write(storage)
    storage.close()


def test_who_sends_again_is_refused_soon_and_the_log_says_once_why(
    storage: SqliteStorage, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Not only from the lock: also from the connection that another transaction of the node waits with."""
    monkeypatch.setattr(module, "_STEADY_S", 0)
    storage.close()
    with closing(sqlite3.connect(storage.path, isolation_level=None)) as other, ThreadPoolExecutor() as pool:
        module._CONNECT["timeout"] = 30
        other.execute("BEGIN IMMEDIATE")
        with structlog.testing.capture_logs() as lines:
            with pytest.raises(StorageBusy, match="another program keeps it"), refusable(0.1):
                write(storage)
            patient = pool.submit(write, storage)
            until(lambda: storage.engine.pool.checkedout() == 1)  # type: ignore[attr-defined]
            for _ in range(2):
                with pytest.raises(StorageBusy), refusable(0.05):
                    write(storage)
            other.execute("ROLLBACK")
            patient.result(10)
    assert [(line["log_level"], line["event"]) for line in lines] == [
        ("warning", "database_is_held"),
        ("info", "database_can_be_written_again"),
    ]
    storage.close()


def test_what_is_held_for_long_is_told_while_it_is(storage: SqliteStorage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_HELD_S", 0.05)
    module._CONNECT["timeout"] = 30
    with closing(sqlite3.connect(storage.path, isolation_level=None)) as other, ThreadPoolExecutor() as pool:
        other.execute("BEGIN IMMEDIATE")
        with structlog.testing.capture_logs() as lines:
            patient = pool.submit(write, storage)
            until(lambda: bool(lines))
            other.execute("ROLLBACK")
            patient.result(10)
    assert [line["event"] for line in lines] == ["database_is_held"]
    storage.close()


def test_a_database_that_is_read_only_is_said_to_be(storage: SqliteStorage) -> None:
    with storage.engine.connect() as connection:
        connection.exec_driver_sql("PRAGMA query_only = ON")
    with pytest.raises(
        StorageUnavailable, match=r"readonly database, .*: see that its folder and files may be written"
    ):
        write(storage)
    storage.close()


def test_a_mistake_in_a_statement_is_no_state_of_the_disk(storage: SqliteStorage) -> None:
    with pytest.raises(sa.exc.OperationalError, match="no such table"), storage.write() as connection:
        connection.exec_driver_sql("SELECT * FROM nowhere")
    storage.close()
