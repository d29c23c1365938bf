"""Events wait for the transactions of nodes, and for nobody else's on the server."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, cast

import psycopg
import pytest

from octobot_node.settings import Settings
from octobot_node.store import events
from octobot_node.store.events import Event
from octobot_node.store.queries.event_cursor import Position, end, follow
from octobot_node.store.queries.event_horizon import SESSIONS, held_since, horizon
from octobot_plugins.postgres.health import check_horizon
from octobot_plugins.postgres.storage import PostgresStorage
from tests.support.databases import Databases
from tests.support.postgres import Server

pytestmark = pytest.mark.server
Open = Callable[[str], Any]


@pytest.fixture
def url(databases: Databases) -> Iterator[str]:
    url = databases.take()
    yield url
    databases.give_back(url)


@pytest.fixture
def storage(url: str, tmp_path: Path) -> Iterator[PostgresStorage]:
    opened = PostgresStorage(Settings(data_dir=tmp_path, database_url=url))
    yield opened
    opened.close()


def happen(storage: PostgresStorage, kind: str) -> None:
    with storage.write() as connection:
        events.append(connection, [Event("o", "a", "one", kind, {})], 1)


def told(storage: PostgresStorage) -> list[str]:
    with storage.read() as connection:
        return [row.kind for row in follow(connection, Position(0, 0), ["a", "b"], 10)[0]]


@contextmanager
def writing(url: str, *, name: str = "etl") -> Iterator[psycopg.Connection[Any]]:
    """A transaction that has a number and does not end."""
    with psycopg.connect(url, application_name=name) as connection:
        connection.execute("SELECT pg_current_xact_id()")
        yield connection
        connection.rollback()


def test_a_transaction_in_another_database_holds_up_nothing(storage: PostgresStorage, postgres: Server) -> None:
    # Also one that says it is a node's: of another installation on the same server.
    with writing(postgres.url()), writing(postgres.url(), name=SESSIONS):
        happen(storage, "a")
        assert told(storage) == ["a"]
        happen(storage, "b")
        assert told(storage) == ["a", "b"]
        with storage.read() as connection:
            assert held_since(connection) == (0.0, "", 0)


def test_nor_does_another_program_s_in_the_same_database(storage: PostgresStorage, url: str) -> None:
    with writing(url) as other:
        other.execute("CREATE TABLE elsewhere (n int)")
        other.execute("INSERT INTO elsewhere VALUES (1)")
        happen(storage, "a")
        assert told(storage) == ["a"]


def test_nor_one_that_was_prepared_and_forgotten(storage: PostgresStorage, url: str, postgres: Server) -> None:
    forgotten = [psycopg.connect(database, autocommit=True) for database in (url, postgres.url())]
    for number, other in enumerate(forgotten):
        other.execute(f"BEGIN; SELECT pg_current_xact_id(); PREPARE TRANSACTION 'forgotten {number}'".encode())
    try:
        happen(storage, "a")
        assert told(storage) == ["a"]
    finally:
        for number, other in enumerate(forgotten):
            other.execute(f"ROLLBACK PREPARED 'forgotten {number}'".encode())
            other.close()


def test_a_node_s_own_does_and_is_named(storage: PostgresStorage, url: str) -> None:
    with writing(url, name=f"{SESSIONS} second") as node:
        happen(storage, "a")
        assert told(storage) == []
        with storage.read() as connection:
            before = horizon(connection)
            seconds, holder, process = held_since(connection)
        assert (seconds > 0, process) == (True, node.info.backend_pid)
        assert holder == f"the server's process {process}, of a node at 127.0.0.1 (idle in transaction)"
    assert told(storage) == ["a"]
    with storage.read() as connection:
        assert horizon(connection) > before


def test_what_a_transaction_itself_wrote_is_not_told_inside_it(storage: PostgresStorage) -> None:
    with storage.write() as connection:
        events.append(connection, [Event("o", "a", "one", "a", {})], 1)
        happen_beside = storage.engine.connect()
        happen_beside.exec_driver_sql("SELECT pg_current_xact_id()")
        happen_beside.close()
        assert end(connection) == (0, 0)
    assert told(storage) == ["a"]


def test_a_transaction_that_ended_after_the_snapshot_still_counts(storage: PostgresStorage, url: str) -> None:
    """Nothing is known of it any more, and the snapshot does not see what it wrote."""
    with writing(url, name=SESSIONS) as node, storage.read() as reader:
        reader.exec_driver_sql("SELECT 1")
        number = node.execute("SELECT pg_current_xact_id()::text::bigint").fetchone()
        node.commit()
        assert number is not None
        assert horizon(reader) == number[0]


def test_the_doctor_warns_of_one_that_is_open_for_longer_than_a_lease(storage: PostgresStorage, url: str) -> None:
    class Context:
        def __init__(self, lease_ttl: float) -> None:
            self.storage, self.settings = storage, Settings(data_dir=Path("/nowhere"), lease_ttl=lease_ttl)

    def doctor(context: Context) -> Any:
        return check_horizon(cast("Any", context))

    assert doctor(Context(9)).status == "ok"
    with writing(url, name=SESSIONS) as node:
        short = Context(9)
        short.settings = short.settings.model_copy(update={"lease_ttl": 0.0})
        said = doctor(short)
        assert (said.status, f"process {node.info.backend_pid}," in said.detail) == ("warning", True)
        assert said.cure == f"end it there, or with `SELECT pg_terminate_backend({node.info.backend_pid})`"
        assert doctor(Context(3600)).status == "ok"
