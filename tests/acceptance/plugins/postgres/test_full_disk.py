"""A server whose disk is full: said once and for as long as it is, nothing half-done, and it goes on by itself."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, cast

import pytest
import sqlalchemy as sa
from structlog.testing import capture_logs

from octobot_node.errors import StorageUnavailable
from octobot_node.settings import Settings
from octobot_node.testing.hostile_exchange.process import HostileExchange
from octobot_plugins.postgres.health import check_postgres
from octobot_plugins.postgres.storage import PostgresStorage
from tests.support.fulldisk import FullDisk
from tests.support.nodes import GUARANTEES, Nodes, create, orders, settle, until, verify
from tests.support.postgres import Server

Open = Callable[..., PostgresStorage]


pytestmark = pytest.mark.timeout(600)


@pytest.fixture
def server() -> Iterator[Server]:
    with Server(fsync=False, disk=True) as server:
        yield server


@pytest.fixture
def disk(server: Server) -> FullDisk:
    assert server.disk is not None
    return server.disk


@pytest.fixture
def nodes(tmp_path: Path, server: Server) -> Iterator[Nodes]:
    made = Nodes(tmp_path, server.create_database())
    yield made
    made.close()


FULL = "has a full disk: nothing is sent until there is room"
FOUND = '"database_found"'


class Context:
    def __init__(self, storage: Any, settings: Settings) -> None:
        self.storage, self.settings = storage, settings


def write(storage: PostgresStorage, count: int = 1_000) -> None:
    with storage.write() as connection:
        connection.exec_driver_sql(f"INSERT INTO t SELECT n, repeat('x', 100) FROM generate_series(1, {count}) AS n")


def rows(storage: PostgresStorage) -> int:
    with storage.read() as connection:
        return int(connection.exec_driver_sql("SELECT count(*) FROM t").scalar_one())


def said(nodes: Nodes, words: str) -> int:
    """Return how often the node has logged that it lost or found its database with these words."""
    lines = nodes.log("node").splitlines()
    return sum(words in line for line in lines if '"database_lost"' in line or FOUND in line)


def found(storage: PostgresStorage) -> bool:
    rows(storage)
    return not storage.lost()


def test_a_full_disk_is_said_until_there_is_room_whatever_else_succeeds(
    server: Server, disk: FullDisk, open_storage: Open, tmp_path: Path
) -> None:
    url = server.create_database()
    storage = open_storage(url)
    with storage.write() as connection:
        connection.exec_driver_sql("CREATE TABLE t (n int, wide text)")
    disk.fill()
    with capture_logs() as logs:
        for _ in range(3):
            with pytest.raises(StorageUnavailable, match="has a full disk: nothing is sent until there is room"):
                write(storage)
        # Reading goes on, as long as it likes, and is no sign of room.
        until_ = time.monotonic() + 2.5
        while time.monotonic() < until_:
            assert rows(storage) == 0
            assert "has a full disk" in storage.lost()
        health = check_postgres(cast("Any", Context(storage, Settings(data_dir=tmp_path, database_url=url))))
        assert (health.status, health.detail) == ("failed", storage.lost())
        assert health.cure == "make room on the disk of PostgreSQL's data; the node goes on by itself"
        disk.free()
        until(lambda: found(storage))
        write(storage)
    assert rows(storage) == 1_000
    assert [log["event"] for log in logs] == ["database_lost", "database_found"]


def test_a_server_that_allows_no_temporary_files_is_not_taken_for_a_full_one(
    server: Server, disk: FullDisk, open_storage: Open
) -> None:
    storage = open_storage(server.create_database())
    with storage.write() as connection:
        connection.exec_driver_sql("CREATE TABLE t (n int, wide text)")
        name = connection.exec_driver_sql("SELECT current_database()").scalar_one()
    with storage.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.exec_driver_sql(f'ALTER DATABASE "{name}" SET temp_file_limit = 0')
    storage.engine.dispose()
    disk.fill()
    with pytest.raises(StorageUnavailable, match="has a full disk"):
        write(storage)
    disk.free()
    with storage.read() as connection, pytest.raises(sa.exc.DBAPIError, match="temp_file_limit"):
        connection.exec_driver_sql("SET LOCAL work_mem = '64kB'; SELECT n FROM generate_series(1, 20000) n ORDER BY 1")
    until(lambda: found(storage))


def test_a_node_waits_for_room_says_so_and_goes_on_with_every_order_once(nodes: Nodes, disk: FullDisk) -> None:
    with HostileExchange.start(nodes.folder / "exchange", **GUARANTEES) as exchange:
        nodes.start("node")
        nodes.ready("node")
        create(nodes, exchange, 30, at="node")
        until(lambda: orders(nodes) > 100)

        disk.fill()
        until(lambda: said(nodes, FULL) == 1)
        # A busy machine may have lost the database for a moment before.
        found_before = said(nodes, FOUND)
        doctor = nodes.command("doctor", at="node")
        assert doctor.returncode == 1
        assert "has a full disk" in doctor.stdout
        time.sleep(1)
        before = exchange.report("crash").orders
        time.sleep(3)
        assert exchange.report("crash").orders == before
        assert said(nodes, FOUND) == found_before

        disk.free()
        until(lambda: said(nodes, FOUND) > found_before)
        now = orders(nodes)
        until(lambda: orders(nodes) > now + 40)
        settle(nodes)
        verify(nodes, exchange)
    assert said(nodes, FULL) == 1


def test_a_command_that_finds_no_room_says_so_and_leaves_nothing(nodes: Nodes, disk: FullDisk) -> None:
    with HostileExchange.start(nodes.folder / "exchange") as exchange:
        nodes.start("node")
        nodes.ready("node")
        disk.fill()
        refused = create(nodes, exchange, 400, at="node", expected=1)
        assert "has a full disk" in refused
        assert nodes.query("SELECT count(*) FROM automations") == [(0,)]
        assert nodes.query("SELECT count(*) FROM balances") == [(0,)]
        disk.free()
        until(lambda: said(nodes, FOUND) > 0)
        create(nodes, exchange, 400, at="node")
        assert nodes.query("SELECT count(*) FROM automations") == [(400,)]


def test_a_node_that_cannot_make_its_tables_says_so_and_starts_once_there_is_room(nodes: Nodes, disk: FullDisk) -> None:
    disk.fill()
    nodes.start("node")
    assert nodes.wait("node") == 1
    assert "has a full disk" in nodes.log("node")
    assert "Traceback" not in nodes.log("node")
    disk.free()
    nodes.start("node")
    nodes.ready("node")
