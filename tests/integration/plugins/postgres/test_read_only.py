"""A server that only reads for a while is one outage: said once, over once it takes what is written again."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, cast

import psycopg
import pytest
import sqlalchemy as sa
from structlog.testing import capture_logs

from octobot_node.contracts.health import Health
from octobot_node.errors import StorageUnavailable
from octobot_node.settings import Settings
from octobot_plugins.postgres.failures import is_lost, is_read_only, said
from octobot_plugins.postgres.health import check_postgres
from octobot_plugins.postgres.storage import PostgresStorage
from tests.support.postgres import Server

pytestmark = pytest.mark.process
Open = Callable[..., PostgresStorage]


@pytest.fixture
def server() -> Iterator[Server]:
    with Server(fsync=False) as server:
        yield server


def ask(server: Server, *statements: str) -> None:
    with psycopg.connect(server.url(), autocommit=True) as connection:
        for statement in statements:
            connection.execute(statement.encode())


def read(storage: PostgresStorage) -> None:
    with storage.read() as connection:
        connection.exec_driver_sql("SELECT 1")


def found_by_reading(storage: PostgresStorage) -> bool:
    read(storage)
    return not storage.lost()


def write(storage: PostgresStorage) -> None:
    with storage.write() as connection:
        connection.exec_driver_sql("INSERT INTO t VALUES (1)")


def lost_by_writing(storage: PostgresStorage) -> bool:
    try:
        write(storage)
    except StorageUnavailable as error:
        return "only reads: it is a standby, or default_transaction_read_only is on" in str(error)
    return False


def doctor(storage: PostgresStorage) -> Health:
    class Context:
        def __init__(self) -> None:
            self.storage, self.settings = storage, Settings(data_dir=Path("/nowhere"), database_url="postgresql://a/b")

    return check_postgres(cast("Any", Context()))


def until(condition: Callable[[], Any]) -> None:
    deadline = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def events(logs: Any) -> list[str]:
    return [log["event"] for log in logs if log["log_level"] != "debug"]


def reads_only(server: Server) -> None:
    """As whoever tends a server has it for a while, in the midst of a failover."""
    ask(server, "ALTER SYSTEM SET default_transaction_read_only = on", "SELECT pg_reload_conf()")


def writes_again(server: Server) -> None:
    setting = "SET default_transaction_read_only = off"
    ask(server, setting, "ALTER SYSTEM RESET default_transaction_read_only", "SELECT pg_reload_conf()")


def recovers(server: Server) -> None:
    """As a primary that was made a standby."""
    server.stop()
    (server.data / "standby.signal").touch()
    server.start()


def is_promoted(server: Server) -> None:
    ask(server, "SELECT pg_promote()")


@pytest.mark.parametrize(("begin", "end"), [(reads_only, writes_again), (recovers, is_promoted)])
def test_it_is_said_once_and_what_is_read_meanwhile_is_no_sign_of_its_end(
    begin: Callable[[Server], None], end: Callable[[Server], None], server: Server, open_storage: Open
) -> None:
    storage = open_storage(server.create_database())
    with storage.write() as connection:
        connection.exec_driver_sql("CREATE TABLE t (n int)")
    assert doctor(storage).status == "ok"
    begin(server)
    with capture_logs() as logs:
        until(lambda: lost_by_writing(storage))
        began = time.monotonic()
        # For longer than it takes until it is looked for again.
        while time.monotonic() < began + 2.5:
            read(storage)
            assert "only reads" in storage.lost()
            assert lost_by_writing(storage)
            time.sleep(0.1)
        assert events(logs) == ["database_lost"]
        shown = doctor(storage)
        assert (shown.status, "only reads" in shown.detail) == ("failed", True)
        assert shown.cure.startswith("promote it, or point the URL at the primary")
        end(server)
        until(lambda: not lost_by_writing(storage))
        until(lambda: found_by_reading(storage))
        assert events(logs) == ["database_lost", "database_found"]
    assert doctor(storage).status == "ok"


def test_the_doctor_asks_also_where_nothing_was_written_yet(server: Server, open_storage: Open) -> None:
    storage = open_storage(server.create_database())
    recovers(server)
    until(lambda: doctor(storage).detail.endswith("only reads"))
    assert doctor(storage).cure.startswith("promote it")


def test_who_works_past_us_on_our_connections_meets_an_outage_too(server: Server, open_storage: Open) -> None:
    """DBOS's own threads: what they say is left out while the database is known to be lost, and they try again."""
    storage = open_storage(server.create_database())
    reads_only(server)

    def go_on(connection: sa.Connection) -> None:
        while True:
            connection.exec_driver_sql("CREATE TABLE IF NOT EXISTS t (n int)")
            connection.commit()

    with storage.engine.connect() as connection, pytest.raises(sa.exc.DBAPIError) as raised:
        go_on(connection)
    assert raised.value.connection_invalidated
    assert "only reads" in storage.lost()


def test_what_a_server_in_recovery_says_in_other_codes_is_an_outage_in_any_language() -> None:
    class Said(psycopg.errors.FeatureNotSupported):
        def __init__(self, text: str, where: str = "") -> None:
            super().__init__(text)
            self._where = where

        @property
        def diag(self) -> Any:
            return type("Diag", (), {"source_function": self._where})

    told: tuple[psycopg.Error, ...] = (
        Said("cannot set transaction read-write mode during recovery"),
        Said("während der Wiederherstellung geht das nicht", "check_transaction_read_only"),
        psycopg.errors.ObjectNotInPrerequisiteState("recovery is in progress"),
        psycopg.errors.ReadOnlySqlTransaction("cannot execute INSERT in a read-only transaction"),
    )
    for error in told:
        assert (is_read_only(error), is_lost(error)) == (True, True)
        assert said(error, "db").startswith("db only reads")
    told = (Said("FULL JOIN is only supported with merge-joinable"), psycopg.errors.UndefinedTable("no"))
    for error in told:
        assert (is_read_only(error), is_lost(error)) == (False, False)


def test_our_own_mistake_in_a_reading_transaction_is_no_outage(server: Server, open_storage: Open) -> None:
    storage = open_storage(server.create_database())
    with storage.read() as connection:
        with pytest.raises(sa.exc.InternalError, match="read-only transaction"):
            connection.exec_driver_sql("CREATE TABLE t (n int)")
        assert not connection.invalidated
    assert storage.lost() == ""
