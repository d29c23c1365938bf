"""Connections that end, stall or are broken on purpose, and what a transaction costs."""

from __future__ import annotations

import subprocess
import sys
import threading
import time
from collections.abc import Callable

import psycopg
import pytest
import sqlalchemy as sa
from structlog.testing import capture_logs

from octobot_node.errors import StorageBusy, StorageUnavailable
from octobot_plugins.postgres.storage import PostgresStorage
from tests.support.postgres import Server
from tests.support.proxy import Proxy

pytestmark = pytest.mark.server

Open = Callable[..., PostgresStorage]


def read(storage: PostgresStorage) -> int:
    with storage.read() as connection:
        return int(connection.exec_driver_sql("SELECT 1").scalar_one())


def write(storage: PostgresStorage) -> str:
    with storage.write() as connection:
        return str(connection.exec_driver_sql("SHOW transaction_isolation").scalar_one())


def test_a_transaction_is_its_statements_between_begin_and_commit(through: PostgresStorage, network: Proxy) -> None:
    read(through)
    costs = []
    for one in (read, write, read):
        before = network.sent
        one(through)
        costs.append(network.sent - before)
    assert costs == [3, 3, 3]


def test_a_connection_that_read_writes_again_and_sees_what_is_committed_meanwhile(
    open_storage: Open, postgres: Server
) -> None:
    storage = open_storage(postgres.create_database())
    read(storage)
    with storage.write() as connection:
        connection.exec_driver_sql("CREATE TABLE t (n int)")
    assert (read(storage), write(storage)) == (1, "read committed")


def test_a_write_inside_another_is_refused(open_storage: Open, postgres: Server) -> None:
    storage = open_storage(postgres.create_database())
    with storage.write(), pytest.raises(RuntimeError, match="end the first one before"), storage.write():
        pass
    assert write(storage) == "read committed"


def test_severing_frees_whoever_waits_on_a_network_that_died(through: PostgresStorage, network: Proxy) -> None:
    read(through)
    failures: list[str] = []
    asked = threading.Event()

    def wait() -> None:
        try:
            with through.read() as connection:
                connection.exec_driver_sql("SELECT 1")
                network.cut()
                asked.set()
                connection.exec_driver_sql("SELECT 2")
        except StorageUnavailable as error:
            failures.append(str(error))

    thread = threading.Thread(target=wait)
    thread.start()
    assert asked.wait(5)
    thread.join(0.3)
    assert thread.is_alive()
    through.sever()
    thread.join(1)
    assert (thread.is_alive(), len(failures), through.lost()) == (False, 1, failures[0])
    network.heal()
    assert (read(through), through.lost()) == (1, "")


def test_a_connection_severed_while_it_rests_is_nobody_s_failure(open_storage: Open, postgres: Server) -> None:
    storage = open_storage(postgres.create_database())
    read(storage)
    with capture_logs() as logs:
        storage.sever()
        assert (read(storage), write(storage)) == (1, "read committed")
    assert logs == []


def test_a_server_that_was_restarted_between_two_transactions_is_nobody_s_failure(open_storage: Open) -> None:
    with Server(fsync=False) as server:
        storage = open_storage(server.create_database())
        read(storage)
        server.stop("immediate")
        server.start()
        with capture_logs() as logs:
            assert (read(storage), storage.lost(), logs) == (1, "", [])
        storage.close()


def test_an_outage_is_logged_once_and_its_end_once_without_the_password(open_storage: Open) -> None:
    with Server(fsync=False) as server, capture_logs() as logs:
        storage = open_storage(server.create_database())
        storage.listen(lambda _topic: None)
        server.stop("fast")
        for _ in range(5):
            with pytest.raises(StorageUnavailable, match="refuses connections"):
                read(storage)
        server.start()
        for _ in range(5):
            read(storage)
        storage.close()
    assert [log["event"] for log in logs if log["log_level"] != "debug"] == ["database_lost", "database_found"]
    assert server.password not in repr(logs)


def test_a_session_that_idles_in_its_transaction_is_ended_and_lets_its_locks_go(
    open_storage: Open, postgres: Server
) -> None:
    url = postgres.create_database()
    frozen, other = open_storage(url, lease_ttl=1), open_storage(url)
    with frozen.write() as connection:
        connection.exec_driver_sql("CREATE TABLE t (n int)")

    def freeze() -> None:
        with frozen.write() as connection:
            connection.exec_driver_sql("LOCK TABLE t")
            with other.write() as another:
                another.exec_driver_sql("LOCK TABLE t")  # comes back: the server ended the frozen session
            connection.exec_driver_sql("SELECT 1")

    with pytest.raises(StorageUnavailable):
        freeze()


def test_the_pool_lets_go_of_the_server_s_connections_when_it_is_closed(open_storage: Open, postgres: Server) -> None:
    url = postgres.create_database()
    storage = open_storage(url)
    storage.listen(lambda _topic: None)
    read(storage)
    storage.sever()
    read(storage)
    storage.close()
    with psycopg.connect(postgres.url(), autocommit=True) as connection:
        query = "SELECT count(*) FROM pg_stat_activity WHERE datname = %s"
        deadline = time.monotonic() + 5
        while connection.execute(query, [url.rpartition("/")[2]]).fetchone() != (0,):
            assert time.monotonic() < deadline
            time.sleep(0.05)


MIGRATE = """
import sys
from pathlib import Path
from octobot_node.plugin_system.discovery import load_plugins
from octobot_node.settings import Settings
from octobot_node.store.migrate import migrate
registry = load_plugins(discover=False)
storage = registry.hook.open_storage(settings=Settings(data_dir=Path(sys.argv[1]), database_url=sys.argv[2]))
sys.stdin.readline()
migrate(storage, registry.tables)
storage.close()
"""


def test_several_processes_migrate_at_once_and_say_no_password(
    tmp_path: object, open_storage: Open, postgres: Server
) -> None:
    url = postgres.create_database()
    command = [sys.executable, "-c", MIGRATE, str(tmp_path), url]
    starting = [
        subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        for _ in range(3)
    ]
    for process in starting:
        assert process.stdin is not None
        process.stdin.write("\n")
        process.stdin.flush()
    said = [process.communicate(timeout=60)[0] for process in starting]
    assert [process.returncode for process in starting] == [0, 0, 0], said
    assert postgres.password not in "".join(said)
    with open_storage(url).read() as connection:
        tables = sa.inspect(connection).get_table_names()
        queues = sa.inspect(connection).get_table_names("octobot_dbos")
    assert {"events", "schedule"} <= set(tables)
    assert "workflow_status" in queues


def test_a_lock_that_does_not_come_free_is_said_as_that_and_is_no_outage(open_storage: Open, postgres: Server) -> None:
    url = postgres.create_database()
    storage = open_storage(url)
    with storage.write() as connection:
        connection.exec_driver_sql("CREATE TABLE t (n int)")
        connection.exec_driver_sql("INSERT INTO t VALUES (1)")

    def lock() -> None:
        with storage.write() as connection:
            connection.exec_driver_sql("SET LOCAL lock_timeout = '50ms'")
            connection.exec_driver_sql("SELECT n FROM t FOR UPDATE")

    with psycopg.connect(url) as other:
        other.execute("SELECT n FROM t FOR UPDATE")
        with pytest.raises(
            StorageBusy, match=r"is busy: others held for too long what this needed, and it was undone: try again"
        ):
            lock()
    assert (storage.lost(), write(storage)) == ("", "read committed")
