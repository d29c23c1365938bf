"""Nodes beside what else is in their database: another installation, another application's DBOS."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest

from octobot_node.testing.hostile_exchange.process import HostileExchange
from tests.support.nodes import GUARANTEES, Nodes, create, until
from tests.support.postgres import Server

pytestmark = pytest.mark.timeout(600)


@pytest.fixture
def two(tmp_path: Path, postgres: Server) -> Iterator[list[Nodes]]:
    """Nodes of two installations in two schemas of one database."""
    url = postgres.create_database()
    made = []
    for name in ("one", "two"):
        with psycopg.connect(url, autocommit=True) as connection:
            connection.execute(f"CREATE SCHEMA {name}".encode())
        (tmp_path / name).mkdir()
        made.append(Nodes(tmp_path / name, f"{url}?options=-csearch_path%3D{name}"))
    yield made
    for nodes in made:
        nodes.close()


def ticks(nodes: Nodes) -> int:
    return int(nodes.query("SELECT coalesce(sum(tick), 0) FROM schedule")[0][0])


def late(nodes: Nodes) -> Any:
    """Return for how many seconds the latest automation has waited."""
    due = "SELECT max(extract(epoch FROM clock_timestamp()) * 1000 - next_run_at) / 1000 FROM schedule WHERE runnable"
    return nodes.query(due)[0][0]


def test_two_installations_in_two_schemas_of_one_database_trade_beside_each_other(two: list[Nodes]) -> None:
    with HostileExchange.start(two[0].folder / "exchange", **GUARANTEES) as exchange:
        for nodes in two:
            nodes.start("master", "--role", "master")
            nodes.start("one", "--role", "consumer")
        for nodes in two:
            nodes.ready("master")
            nodes.ready("one")
            create(nodes, exchange, 20)
        for nodes in two:
            until(lambda nodes=nodes: ticks(nodes) > 200)  # type: ignore[misc]  # bound in its own turn
            # One that had lost its work to the others would be found again after a minute.
            assert late(nodes) < 20
            log = nodes.log("master") + nodes.log("one")
            assert "no longer owned by this execution" not in log
            assert '"claim_expired"' not in log
    assert two[0].query("SELECT id FROM installation") != two[1].query("SELECT id FROM installation")


def test_the_finished_work_of_another_application_is_not_deleted(tmp_path: Path, postgres: Server) -> None:
    from dbos import DBOS

    url = postgres.create_database()
    DBOS.migrate(url, schema="dbos")
    rows = (
        "INSERT INTO dbos.workflow_status (workflow_uuid, status, name, queue_name, application_name, created_at,"
        " updated_at) SELECT n::text, s, 'pay', q, 'shop', 1, 1 FROM generate_series(1, 5) AS n,"
        " unnest(ARRAY['SUCCESS', 'PENDING', 'ENQUEUED']) AS s, unnest(ARRAY['ticks', 'basket']) AS q"
    )
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(rows.replace("n::text", "n || s || q").encode())
        queue = "INSERT INTO dbos.queues (name, application_name, polling_interval_sec) VALUES ('ticks', 'shop', 1)"
        connection.execute(queue.encode())
    nodes = Nodes(tmp_path, url)
    everything = "SELECT * FROM dbos.workflow_status ORDER BY workflow_uuid"
    before = nodes.query(everything)
    try:
        with HostileExchange.start(nodes.folder / "exchange", **GUARANTEES) as exchange:
            nodes.start("node")
            nodes.ready("node")
            create(nodes, exchange, 5, at="node")
            until(lambda: ticks(nodes) > 20)
        assert nodes.query(everything) == before
    finally:
        nodes.close()
