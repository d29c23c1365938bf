"""The storage on a real server: what it promises, and what it says of servers that will not do."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest
import sqlalchemy as sa

from octobot_node.errors import StorageUnavailable
from octobot_node.settings import Settings
from octobot_plugins.postgres.storage import PostgresStorage
from tests.support.postgres import Server

pytestmark = pytest.mark.server


def settings(folder: Path, url: str, **more: Any) -> Settings:
    return Settings(data_dir=folder, database_url=url, **more)


@pytest.fixture
def storage(tmp_path: Path, postgres: Server) -> Iterator[PostgresStorage]:
    opened = PostgresStorage(settings(tmp_path, postgres.create_database()))
    yield opened
    opened.close()


def test_a_reading_transaction_sees_one_moment_and_cannot_write(storage: PostgresStorage) -> None:
    with storage.write() as connection:
        connection.exec_driver_sql("CREATE TABLE t (n int)")
    with storage.read() as reader:
        assert reader.exec_driver_sql("SELECT count(*) FROM t").scalar_one() == 0
        with storage.write() as writer:
            writer.exec_driver_sql("INSERT INTO t VALUES (1)")
        assert reader.exec_driver_sql("SELECT count(*) FROM t").scalar_one() == 0
    with storage.read() as reader:
        assert reader.exec_driver_sql("SELECT count(*) FROM t").scalar_one() == 1
        with pytest.raises(sa.exc.InternalError, match="read-only transaction"):
            reader.exec_driver_sql("INSERT INTO t VALUES (2)")


def test_what_was_committed_survives_a_crash_of_the_server_and_the_node_goes_on(tmp_path: Path) -> None:
    with Server() as server:
        storage = PostgresStorage(settings(tmp_path, server.create_database()))
        with storage.write() as connection:
            connection.exec_driver_sql("CREATE TABLE t (n int)")

        def insert_through_a_crash() -> None:
            with storage.write() as connection:
                connection.exec_driver_sql("INSERT INTO t VALUES (1)")
                server.stop("immediate")
                connection.exec_driver_sql("INSERT INTO t VALUES (2)")

        with pytest.raises(StorageUnavailable):
            insert_through_a_crash()
        with pytest.raises(StorageUnavailable, match="refuses connections"), storage.read():
            pass
        assert "refuses connections" in storage.lost()
        server.start()
        with storage.read() as connection:
            assert connection.exec_driver_sql("SELECT count(*) FROM t").scalar_one() == 0
        assert storage.lost() == ""
        storage.close()


def test_announcements_reach_every_node_gathered(tmp_path: Path, postgres: Server) -> None:
    url = postgres.create_database()
    one, two = PostgresStorage(settings(tmp_path, url)), PostgresStorage(settings(tmp_path, url))
    heard: list[tuple[str, str]] = []
    one.listen(lambda topic: heard.append(("one", topic)))
    end_two = two.listen(lambda topic: heard.append(("two", topic)))
    time.sleep(0.5)
    for _ in range(500):
        one.announce("ticks")
    _until(lambda: {("one", "ticks"), ("two", "ticks")} <= set(heard))
    assert len(heard) <= 10
    end_two()
    heard.clear()
    two.announce("orders")
    _until(lambda: ("one", "orders") in heard)
    assert ("two", "orders") not in heard
    one.close()
    two.close()


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("postgresql://octobot:wrong-secret@HOST/postgres", "refuses the password"),
        ("postgresql://octobot:PASSWORD@HOST/nowhere", "has no database of this name"),
        ("postgresql://octobot:PASSWORD@127.0.0.1:1/postgres", "refuses connections"),
        ("postgresql://octobot:PASSWORD@nobody.invalid/postgres", "host name that is not found"),
        ("postgresql+asyncpg://octobot:PASSWORD@HOST/postgres", "write postgresql://"),
        ("postgresql://octobot:top@secret@HOST/postgres", "percent-encoded"),
        ("postgresql://octobot:PASSWORD@HOST", "names no database"),
    ],
)
def test_what_cannot_be_opened_is_said_without_the_password(
    url: str, said: str, tmp_path: Path, postgres: Server
) -> None:
    full = url.replace("HOST", f"127.0.0.1:{postgres.port}").replace("PASSWORD", postgres.password)
    with pytest.raises(StorageUnavailable, match=said) as caught:
        PostgresStorage(settings(tmp_path, full))
    for secret in (postgres.password, "wrong-secret", "top@"):
        assert secret not in str(caught.value)


def test_a_password_with_every_kind_of_character_is_given_beside_the_url(tmp_path: Path, postgres: Server) -> None:
    password = "p@ss:w/ord ?#%é"
    with psycopg.connect(postgres.url(), autocommit=True) as connection:
        connection.execute("DROP ROLE IF EXISTS odd")
        connection.execute(f"CREATE ROLE odd LOGIN SUPERUSER PASSWORD '{password}'".encode())
    url = f"postgresql://odd@127.0.0.1:{postgres.port}/postgres"
    opened = PostgresStorage(settings(tmp_path, url, database_password=password))
    assert password not in opened.shown
    opened.close()


def test_another_encoding_and_a_database_that_only_reads_are_refused(tmp_path: Path, postgres: Server) -> None:
    ascii_only = postgres.create_database(template="template0", options="ENCODING 'SQL_ASCII'")
    with pytest.raises(StorageUnavailable, match=r"encoding SQL_ASCII: .*ENCODING 'UTF8'"):
        PostgresStorage(settings(tmp_path, ascii_only))
    url = postgres.create_database()
    name = url.rpartition("/")[2]
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(f'ALTER DATABASE "{name}" SET default_transaction_read_only = on'.encode())
    with pytest.raises(StorageUnavailable, match="is read-only: point the URL at the primary"):
        PostgresStorage(settings(tmp_path, url))


def _until(condition: Any, seconds: float = 10) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.05)
