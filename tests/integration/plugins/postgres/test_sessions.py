"""What a node relies on in every transaction, whatever a role is set to and whatever pooler is in between."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import psycopg
import pytest
import sqlalchemy as sa
from psycopg.pq import TransactionStatus

from octobot_node.errors import StorageBusy, StorageUnavailable
from octobot_plugins.postgres.storage import PostgresStorage
from tests.support.pgbouncer import PgBouncer
from tests.support.postgres import Server
from tests.support.proxy import Proxy

Open = Callable[..., PostgresStorage]
OURS = {
    "idle_in_transaction_session_timeout": "7200ms", "lock_timeout": "20s", "statement_timeout": "0",
    "synchronous_commit": "on", "search_path": "public", "TimeZone": "UTC",
}  # fmt: skip
#: What roles have been set to, each of which has broken some program.
THEIRS = {
    "default_transaction_isolation": "'serializable'", "statement_timeout": "'1ms'", "lock_timeout": "'1ms'",
    "idle_in_transaction_session_timeout": "'0'", "idle_session_timeout": "'300ms'", "synchronous_commit": "'off'",
    "search_path": "nowhere, public", "timezone": "'Asia/Kathmandu'", "datestyle": "SQL, DMY",
    "extra_float_digits": "'-15'", "standard_conforming_strings": "'off'", "escape_string_warning": "'off'",
    "default_transaction_deferrable": "'on'", "application_name": "'else'", "client_min_messages": "'debug1'",
    "bytea_output": "'escape'", "row_security": "'off'", "jit": "'off'", "plan_cache_mode": "'force_generic_plan'",
}  # fmt: skip


@pytest.fixture
def role(postgres: Server) -> Iterator[Callable[..., str]]:
    """Make a database whose user is set to something; return its URL."""
    url = postgres.create_database()
    name = url.rpartition("/")[2]

    def set_(**settings: str) -> str:
        with psycopg.connect(url, autocommit=True) as connection:
            for setting, value in settings.items():
                connection.execute(f"ALTER ROLE octobot IN DATABASE {name} SET {setting} = {value}".encode())
        return url

    yield set_
    postgres.drop_database(url)


def settings_of(connection: sa.Connection) -> dict[str, Any]:
    rows = connection.exec_driver_sql(
        "SELECT name, current_setting(name) FROM pg_settings WHERE lower(name) = ANY(%s)", ([n.lower() for n in OURS],)
    )
    return {name: value.strip('"') for name, value in rows}


def in_seconds(settings: dict[str, Any]) -> dict[str, Any]:
    return {**settings, "lock_timeout": settings["lock_timeout"].replace("20000ms", "20s")}


def isolation(connection: sa.Connection) -> str:
    return str(connection.exec_driver_sql("SHOW transaction_isolation").scalar_one())


@pytest.mark.parametrize("setting", THEIRS)
def test_what_a_role_is_set_to_changes_nothing_that_the_node_relies_on(
    setting: str, role: Callable[..., str], open_storage: Open
) -> None:
    value = THEIRS[setting]
    storage = open_storage(role(**{setting: value}))
    for _ in range(2):
        with storage.write() as connection:
            assert (in_seconds(settings_of(connection)), isolation(connection)) == (OURS, "read committed")
        with storage.read() as connection:
            assert (in_seconds(settings_of(connection)), isolation(connection)) == (OURS, "repeatable read")
        # Longer than any of them allows.
        time.sleep(0.4 if setting == "idle_session_timeout" else 0)
        with storage.write() as connection:
            connection.exec_driver_sql("SELECT pg_sleep(0.01)")
            money = connection.exec_driver_sql("SELECT 1.1::float8, E'\\\\x00ff'::bytea, 'a\\b', 0.1::numeric").one()
    assert (money[0], bytes(money[1]), money[2], str(money[3])) == (1.1, b"\x00\xff", "a\\b", "0.1")
    assert abs(storage.open_clock().now() - time.time() * 1000) < 1_000


@pytest.mark.process
def test_many_rows_may_be_what_a_transaction_begins_with(open_storage: Open, postgres: Server) -> None:
    with PgBouncer(postgres, "session", default_pool_size=30) as pooler:
        storage = open_storage(pooler.url(postgres.create_database()))
        _begins_with_many_rows(storage)
        storage.close()


def _begins_with_many_rows(storage: PostgresStorage) -> None:
    with storage.write() as connection:
        connection.exec_driver_sql("CREATE TABLE t (n int)")
    table = sa.table("t", sa.column("n"))
    with storage.write() as connection:
        # The driver sends them in a pipeline, where several statements cannot be one message.
        connection.connection.cursor().executemany("INSERT INTO t VALUES (%s)", [(n,) for n in range(100)])
        assert in_seconds(settings_of(connection)) == OURS
    with storage.read() as connection:
        assert connection.scalar(sa.select(sa.func.count()).select_from(table)) == 100


def test_a_beginning_that_fails_leaves_the_connection_usable(open_storage: Open, postgres: Server) -> None:
    storage = open_storage(postgres.create_database())
    with storage.write() as connection:
        driver = connection.connection.driver_connection
        assert driver is not None
        driver.own = lambda: (b"SET LOCAL no_such_setting = 1",)
    with pytest.raises(sa.exc.ProgrammingError, match="no_such_setting"), storage.write() as connection:
        connection.exec_driver_sql("SELECT 1")
    driver.own = tuple
    with storage.write() as connection:
        assert connection.exec_driver_sql("SELECT 1").scalar_one() == 1
        assert driver.info.transaction_status == TransactionStatus.INTRANS


def test_a_statement_that_somebody_cancels_is_no_outage(open_storage: Open, postgres: Server) -> None:
    storage = open_storage(postgres.create_database())

    def wait() -> None:
        with storage.write() as connection:
            connection.exec_driver_sql("SET LOCAL statement_timeout = '20ms'")
            connection.exec_driver_sql("SELECT pg_sleep(5)")

    with pytest.raises(StorageBusy, match="it was undone: try again"):
        wait()
    assert storage.lost() == ""


# Poolers -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("mode", ["transaction", "statement"])
@pytest.mark.parametrize(
    "settings",
    [{}, {"default_pool_size": 1}, {"server_round_robin": 1, "default_pool_size": 5}, {"min_pool_size": 5}],
)
@pytest.mark.process
def test_a_pooler_that_lends_connections_for_less_than_a_session_is_refused(
    mode: Any, settings: dict[str, int], open_storage: Open, postgres: Server
) -> None:
    url = postgres.create_database()
    with PgBouncer(postgres, mode, **settings) as pooler:
        with pytest.raises(StorageUnavailable, match=r"connect directly, or let the pooler work in session mode") as no:
            open_storage(pooler.url(url))
        assert postgres.password not in str(no.value)
    with psycopg.connect(url) as connection:
        assert connection.execute("SELECT count(*) FROM pg_tables WHERE schemaname !~ '^(pg_|inf)'").fetchone() == (0,)


@pytest.mark.process
def test_a_pooler_in_session_mode_is_worked_with(open_storage: Open, postgres: Server) -> None:
    with PgBouncer(postgres, "session", default_pool_size=30) as pooler:
        storage = open_storage(pooler.url(postgres.create_database()))
        heard: list[str] = []
        storage.listen(heard.append)
        storage.announce("told")
        with storage.write() as connection:
            assert in_seconds(settings_of(connection)) == OURS
        until = time.monotonic() + 10
        while heard != ["told"]:
            assert time.monotonic() < until
            time.sleep(0.01)
        storage.close()


@pytest.mark.process
def test_what_the_session_loses_is_said_anew_with_every_transaction(open_storage: Open, postgres: Server) -> None:
    with PgBouncer(postgres, "session", default_pool_size=30) as pooler:
        storage = open_storage(pooler.url(postgres.create_database()))
        with storage.write() as connection:
            connection.exec_driver_sql("SELECT 1")
        # What a pooler does between two clients, or another client of its did.
        driver = storage.engine.raw_connection()
        driver.driver_connection.autocommit = True  # type: ignore[union-attr]
        driver.cursor().execute("DISCARD ALL")
        driver.cursor().execute("SET default_transaction_isolation = serializable; SET statement_timeout = 1")
        driver.driver_connection.autocommit = False  # type: ignore[union-attr]
        driver.close()
        for _ in range(3):
            with storage.write() as connection:
                assert (in_seconds(settings_of(connection)), isolation(connection)) == (OURS, "read committed")
        storage.close()


@pytest.mark.process
def test_a_frozen_transaction_is_ended_behind_a_pooler_that_is_changed_meanwhile(
    open_storage: Open, postgres: Server
) -> None:
    url = postgres.create_database()
    with PgBouncer(postgres, "session", default_pool_size=30) as pooler:
        frozen = open_storage(pooler.url(url), lease_ttl=1)
        other = open_storage(url)
        with frozen.write() as connection:
            connection.exec_driver_sql("CREATE TABLE t (n int)")
        # Its owner makes it lend connections for a transaction, and has it make new ones to the server.
        pooler.command("SET pool_mode = 'transaction'")
        pooler.command("RECONNECT")
        frozen.engine.dispose()

        def freeze() -> None:
            with frozen.write() as connection:
                assert settings_of(connection)["idle_in_transaction_session_timeout"] == "1s"
                connection.exec_driver_sql("LOCK TABLE t")
                with other.write() as another:
                    another.exec_driver_sql("LOCK TABLE t")  # comes back: the server ended the frozen session
                connection.exec_driver_sql("SELECT 1")

        with pytest.raises(StorageUnavailable):
            freeze()
        frozen.close()


@pytest.mark.process
def test_a_pooler_without_a_connection_left_is_named_as_that(open_storage: Open, postgres: Server) -> None:
    with PgBouncer(postgres, "session", default_pool_size=1) as pooler:
        url = pooler.url(postgres.create_database())
        with psycopg.connect(url, autocommit=True) as connection:
            connection.execute("SELECT 1")
            with pytest.raises(StorageUnavailable, match=r"takes connections and does not answer: .* pool_size"):
                open_storage(url)


@pytest.mark.process
@pytest.mark.parametrize(
    ("ignored", "said"),
    [
        ("extra_float_digits", "behind a pooler that keeps the URL's `options` to itself"),
        ("options", "does not get the URL's `options`, a pooler throws them away"),
    ],
)
def test_options_that_a_pooler_keeps_to_itself_are_not_taken_for_honoured(
    ignored: str, said: str, open_storage: Open, postgres: Server
) -> None:
    with PgBouncer(postgres, "session", ignore_startup_parameters=ignored, default_pool_size=5) as pooler:
        url = pooler.url(postgres.create_database())
        with pytest.raises(StorageUnavailable, match=said):
            open_storage(f"{url}?options=-c%20search_path%3Dapp")


@pytest.mark.process
def test_the_settings_cost_no_message_of_their_own(open_storage: Open, postgres: Server) -> None:
    with PgBouncer(postgres, "session", default_pool_size=30) as pooler, Proxy(pooler.port) as network:
        storage = open_storage(postgres.create_database().replace(f":{postgres.port}/", f":{network.port}/"))
        for expected in (None, 3, 3):
            before = network.sent
            with storage.write() as connection:
                assert in_seconds(settings_of(connection)) == OURS
            assert expected in (None, network.sent - before)
        storage.close()


def test_connections_are_made_by_many_threads_at_once(open_storage: Open, postgres: Server) -> None:
    storage = open_storage(postgres.create_database())
    seen: list[str] = []
    gate = threading.Barrier(15)

    def look() -> None:
        gate.wait()
        with storage.write() as connection:
            seen.append(in_seconds(settings_of(connection))["search_path"])

    threads = [threading.Thread(target=look) for _ in range(15)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert seen == ["public"] * 15
