"""The file of a SQLite database: found whatever its folders are called, one node's, and whole when it is copied."""

from __future__ import annotations

import os
import shutil
import sqlite3
import stat
from contextlib import closing
from pathlib import Path

import pytest
import structlog

from octobot_node.engine.base import open_base
from octobot_node.errors import DataFolderInUse, NodeError, StorageUnavailable, UsageError
from octobot_node.plugin_system.discovery import DEFAULT_PLUGINS, load_plugins
from octobot_node.plugin_system.registry import Registry
from octobot_node.settings import Settings
from octobot_node.store.database.database_file import database_file, newest_rescued, rescued_file
from octobot_node.store.database.refusable import refusable
from octobot_node.store.tables import installation
from octobot_node.transfer import snapshot as snapshots
from octobot_node.transfer.snapshot import snapshot
from octobot_plugins.sqlite.storage import SqliteStorage

NOW = 1_700_000_000_000
NAMES = ["bot%20a", "a?mode=ro", "100%25", "a#b", "ü ä", "o'clock", "a@b:c", "%BD", "file:x"]


@pytest.fixture
def registry() -> Registry:
    return load_plugins(DEFAULT_PLUGINS)


def used(folder: Path, registry: Registry) -> Settings:
    """Settings of a folder on which a node was once."""
    settings = Settings(data_dir=folder)
    open_base(settings, registry, NOW).close()
    return settings


@pytest.mark.parametrize("name", NAMES)
def test_a_folder_is_a_folder_whatever_it_is_called(name: str, tmp_path: Path, registry: Registry) -> None:
    settings = used(tmp_path / name, registry)

    assert database_file(settings) == tmp_path / name / "octobot.db"
    assert [path.name for path in tmp_path.iterdir()] == [name]
    assert {"node-id", "octobot.db"} <= {path.name for path in (tmp_path / name).iterdir()}


def test_parameters_of_a_url_are_refused(tmp_path: Path) -> None:
    with pytest.raises(StorageUnavailable, match="takes a path and nothing else"):
        SqliteStorage(Settings(data_dir=tmp_path, database_url=f"sqlite:///{tmp_path}/a?mode=ro"))


@pytest.mark.parametrize("link", ["url", "symbolic", "hard"])
def test_one_database_is_one_nodes_by_whatever_name(link: str, tmp_path: Path, registry: Registry) -> None:
    first = used(tmp_path / "a", registry)
    database, second = first.data_dir / "octobot.db", tmp_path / "b"
    second.mkdir()
    settings = Settings(data_dir=second, database_url=f"sqlite:///{database}" if link == "url" else "")
    if link != "url":
        (os.link if link == "hard" else os.symlink)(database, second / "octobot.db")
    holding = open_base(first, registry, NOW)

    with pytest.raises(DataFolderInUse, match="is in use by the node of another data folder"):
        open_base(settings, registry, NOW)

    holding.close()
    open_base(settings, registry, NOW).close()


def test_a_used_folder_without_its_database_is_not_begun_anew(tmp_path: Path, registry: Registry) -> None:
    settings = used(tmp_path / "node", registry)
    (settings.data_dir / "octobot.db").unlink()

    with pytest.raises(NodeError, match=r"octobot\.db is not there, though a node used .*: put the database back"):
        open_base(settings, registry, NOW)

    assert not (settings.data_dir / "octobot.db").exists()
    (settings.data_dir / "node-id").unlink()
    open_base(settings, registry, NOW).close()


def test_a_database_with_nothing_in_it_is_no_reason_to_begin_anew(tmp_path: Path, registry: Registry) -> None:
    settings = used(tmp_path / "node", registry)
    (settings.data_dir / "octobot.db").unlink()
    with closing(sqlite3.connect(settings.data_dir / "octobot.db")) as connection:
        connection.execute("PRAGMA journal_mode = WAL")

    with pytest.raises(NodeError, match=r"nothing is in .*, though a node used .*-wal looks so"):
        open_base(settings, registry, NOW)


def test_a_copy_of_the_file_alone_has_what_was_migrated_and_folded(tmp_path: Path, registry: Registry) -> None:
    settings = Settings(data_dir=tmp_path / "node")
    base = open_base(settings, registry, NOW)
    try:
        copy = shutil.copy(settings.data_dir / "octobot.db", tmp_path / "copy.db")
        with closing(sqlite3.connect(copy)) as connection:
            assert connection.execute("SELECT count(*) FROM octobot_schema").fetchone() == (1,)
        # Somebody reads from an old state meanwhile: what is newer is folded as soon as they are gone.
        with base.storage.read() as reading:
            reading.exec_driver_sql("SELECT count(*) FROM installation").all()
            with base.storage.write() as connection_:
                connection_.exec_driver_sql("UPDATE installation SET generation = 7")
            base.storage.fold()
        base.storage.fold()
        assert (settings.data_dir / "octobot.db-wal").stat().st_size == 0
        copy = shutil.copy(settings.data_dir / "octobot.db", tmp_path / "later.db")
        with closing(sqlite3.connect(copy)) as connection:
            assert connection.execute("SELECT generation FROM installation").fetchone() == (7,)
    finally:
        base.close()


def test_what_was_rescued_once_is_left_as_it_is_the_next_time(tmp_path: Path, registry: Registry) -> None:
    settings = Settings(data_dir=tmp_path / "a")
    database = settings.data_dir / "octobot.db"
    for generation in (7, 8):
        base = open_base(settings, registry, NOW)
        with base.storage.write() as connection:
            connection.execute(installation.update().values(generation=generation))
        shutil.copy(database, tmp_path / "kept.db")
        database.unlink()
        base.close()
        shutil.copy(tmp_path / "kept.db", database)
    first, second = database.with_name("octobot.db.rescued"), newest_rescued(database)
    assert second is not None
    assert (second.name, rescued_file(database).name) == ("octobot.db.rescued-2", "octobot.db.rescued-3")
    found = []
    for path in (first, second):
        with closing(sqlite3.connect(path)) as connection:
            found += connection.execute("SELECT generation FROM installation").fetchone()
    assert found == [7, 8]


@pytest.mark.parametrize("instead", [None, b"", b"another"])
def test_a_file_that_is_deleted_under_a_node_is_told_and_rescued(
    instead: bytes | None, tmp_path: Path, registry: Registry, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = Settings(data_dir=tmp_path / "a")
    base = open_base(settings, registry, NOW)
    database = settings.data_dir / "octobot.db"
    with snapshot(settings, registry):
        pass
    with base.storage.write() as connection:
        connection.execute(installation.update().values(generation=7))
    for suffix in ("", "-wal", "-shm"):
        Path(f"{database}{suffix}").unlink()
    if instead is not None:
        database.write_bytes(instead)
    # A backup would be of what nobody works on.
    monkeypatch.setattr(snapshots, "_STARTING_S", 0)
    with pytest.raises(UsageError, match=r"octobot\.db\.rescued"), snapshot(settings, registry):
        pass

    with structlog.testing.capture_logs() as lines:
        for _ in range(2):
            with pytest.raises(StorageUnavailable, match=r"end the node, .*octobot\.db\.rescued"), refusable():  # noqa: SIM117
                with base.storage.write():
                    pass
        # What the node does by itself goes on: cancelling orders, above all.
        with base.storage.write() as connection:
            connection.execute(installation.update().values(generation=8))
        base.storage.fold()
        base.close()

    assert [line["event"] for line in lines] == ["database_file_is_gone", "database_rescued"]
    assert (database.read_bytes() if database.exists() else None) == instead
    if instead is None:
        with pytest.raises(NodeError, match=r"rename .*octobot\.db\.rescued to it"):
            open_base(settings, registry, NOW)
    rescued = newest_rescued(database)
    assert rescued is not None
    assert stat.S_IMODE(rescued.stat().st_mode) == 0o600
    rescued.rename(database)
    again = open_base(settings, registry, NOW)
    assert (again.installation.id, again.installation.generation) == (base.installation.id, 8)
    again.close()
