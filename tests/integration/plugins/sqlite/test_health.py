"""The database's own check."""

from __future__ import annotations

import sqlite3
from pathlib import Path
from typing import Any, cast

import pytest

from octobot_node.contracts.health import HealthCheck
from octobot_node.settings import Settings
from octobot_node.store.migrate import migrate
from octobot_plugins.sqlite import register_health_checks
from octobot_plugins.sqlite.health import check_database, check_sqlite
from octobot_plugins.sqlite.storage import SqliteStorage


class Anywhere:
    def __init__(self, settings: Settings) -> None:
        self.settings = settings


@pytest.fixture
def context(tmp_path: Path) -> Any:
    return cast("Any", Anywhere(Settings(data_dir=tmp_path)))


@pytest.fixture
def path(tmp_path: Path, context: Any) -> Path:
    """A database with some megabytes."""
    storage = SqliteStorage(context.settings)
    with storage.write() as connection:
        connection.exec_driver_sql("CREATE TABLE t (id INTEGER PRIMARY KEY, x TEXT)")
        connection.exec_driver_sql("CREATE INDEX ix ON t (x)")
        for _ in range(2_000):
            connection.exec_driver_sql("INSERT INTO t (x) VALUES (hex(randomblob(500)))")
    storage.close()
    return tmp_path / "octobot.db"


def test_a_database_that_is_whole_is_well(path: Path, context: Any) -> None:
    health = check_database(context)
    assert (health.status, health.detail.endswith("is whole")) == ("ok", True)


def test_a_database_in_use_is_looked_at_beside_its_writer(path: Path, context: Any) -> None:
    storage = SqliteStorage(context.settings)
    with storage.write() as connection:
        connection.exec_driver_sql("INSERT INTO t (x) VALUES ('y')")
        assert check_database(context).status == "ok"
    storage.close()


def test_a_database_that_is_not_there_yet_is_well(context: Any) -> None:
    assert check_database(context).status == "ok"


def test_a_damaged_database_is_a_failure(path: Path, context: Any) -> None:
    with path.open("r+b") as file:
        file.seek(path.stat().st_size // 2)
        file.write(b"\xff" * 100_000)
    health = check_database(context)
    assert (health.status, "restore a backup" in health.cure) == ("failed", True)


def test_a_file_that_is_no_database_is_a_failure(path: Path, context: Any) -> None:
    path.write_bytes(b"hello " * 1_000)
    assert check_database(context).status == "failed"


def test_another_journal_mode_is_a_failure_with_its_cure(path: Path, context: Any) -> None:
    connection = sqlite3.connect(path)
    connection.execute("PRAGMA journal_mode = DELETE")
    connection.close()
    health = check_database(context)
    assert (health.status, health.detail) == ("failed", f"{path} is in journal mode delete, not wal")


def test_a_large_database_is_looked_at_for_a_bounded_time(path: Path, context: Any) -> None:
    health = check_database(context, bound=0.0)
    assert (health.status, "was looked at for 0 s" in health.detail) == ("ok", True)


def test_another_database_is_another_plugin_s(tmp_path: Path) -> None:
    context = cast("Any", Anywhere(Settings(data_dir=tmp_path, database_url="postgresql://host/db")))
    assert check_database(context).status == "ok"


def test_a_database_answers_until_its_file_is_gone_or_somebody_s_else(context: Any, tmp_path: Path) -> None:
    storage = context.storage = SqliteStorage(context.settings)
    migrate(storage)
    health = check_sqlite(context)
    assert (health.status, " answers in " in health.detail) == ("ok", True)
    (tmp_path / "octobot.db").rename(tmp_path / "moved.db")
    gone = check_sqlite(context)
    assert (gone.status, gone.cure.startswith("run `ls -l ")) == ("failed", True)
    storage.close()


def test_a_database_that_lost_its_tables_does_not_answer(context: Any, path: Path) -> None:
    context.storage = SqliteStorage(context.settings)
    health = check_sqlite(context)
    assert (health.status, "no such table: installation" in health.detail) == ("failed", True)
    context.storage.close()


def test_another_plugin_s_database_is_none_of_its_business(tmp_path: Path) -> None:
    elsewhere = cast("Any", Anywhere(Settings(data_dir=tmp_path, database_url="postgresql://node@db/node")))
    checks: list[HealthCheck] = []
    register_health_checks(checks.append)
    assert {each.name: each.check(elsewhere) for each in checks} == {"sqlite": None, "database": None}
