"""`db backup` of a PostgreSQL that a node works on: one moment of it, and the node goes on."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from octobot_node.plugin_system.registry import Registry
from octobot_node.settings import Settings
from octobot_node.testing.hostile_exchange.process import HostileExchange
from octobot_node.transfer.restoring import restore
from tests.support.nodes import GUARANTEES, Nodes, create, orders, settle, until, verify
from tests.support.postgres import Server

#: What is true at every moment between two transactions, and at none within one: how many rows break it.
BROKEN = {
    "balances are the sums of their postings": """
        SELECT count(*) FROM balances FULL JOIN
          (SELECT automation_id, asset, sum(amount) AS total FROM postings GROUP BY 1, 2) AS moved
          USING (automation_id, asset) WHERE coalesce(total, 0) <> coalesce(free + reserved, 0)""",
    "orders are filled by their executions": """
        SELECT count(*) FROM intents WHERE filled <>
          coalesce((SELECT sum(amount) FROM fills WHERE fills.intent_id = intents.id), 0)""",
    "reserves are those of the orders": """
        SELECT count(*) FROM balances AS b WHERE reserved <> coalesce((SELECT sum(i.reserved) FROM intents AS i
          WHERE i.automation_id = b.automation_id AND i.reserved_asset = b.asset), 0)""",
}


@pytest.fixture
def nodes(tmp_path: Path, postgres: Server) -> Iterator[Nodes]:
    made = Nodes(tmp_path, postgres.create_database())
    yield made
    made.close()


def broken(url: str) -> dict[str, object]:
    with psycopg.connect(url) as connection:
        connection.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
        return {what: connection.execute(query.encode()).fetchone() for what, query in BROKEN.items()}


def ticks_and_states(url: str) -> list[tuple[int, int]]:
    query = "SELECT s.tick, a.state FROM schedule AS s JOIN automations AS a ON a.id = s.automation_id"
    with psycopg.connect(url) as connection:
        return [(tick, json.loads(state)["next"]) for tick, state in connection.execute(query)]


@pytest.mark.timeout(600)
def test_each_backup_is_one_moment_of_a_node_that_trades_on(
    nodes: Nodes, postgres: Server, registry: Registry, tmp_path: Path
) -> None:
    whole = dict.fromkeys(BROKEN, (0,))
    with HostileExchange.start(nodes.folder / "exchange", **GUARANTEES) as exchange:
        nodes.start("node")
        nodes.ready("node")
        create(nodes, exchange, 60, at="node")
        until(lambda: orders(nodes) > 60)
        rows = []
        for number in range(3):
            before, file = orders(nodes), tmp_path / f"{number}.zip"
            answer = nodes.command("db", "backup", str(file), "--json")
            assert answer.returncode == 0, answer.stderr
            assert postgres.password not in answer.stdout + answer.stderr
            rows.append({each["table"]: each["rows"] for each in json.loads(answer.stdout)["tables"]})

            url = postgres.create_database()
            restore(Settings(data_dir=tmp_path / f"{number}", database_url=url), registry, file, lambda *_: None)
            assert broken(url) == whole
            restored = ticks_and_states(url)
            assert [tick for tick, _ in restored] == [state for _, state in restored]
            # The node did not wait for it.
            until(lambda before=before: orders(nodes) > before + 20)  # type: ignore[misc]  # of its own turn
            postgres.drop_database(url)
        assert rows[0]["intents"] < rows[1]["intents"] < rows[2]["intents"]
        settle(nodes)
        verify(nodes, exchange)
        assert broken(nodes.url) == whole
