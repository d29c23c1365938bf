"""Nodes that share a PostgreSQL database, as processes: who leads, who is dead, who leaves, and that all trade once."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from octobot_node.testing.hostile_exchange.process import HostileExchange
from tests.support.nodes import GUARANTEES, Nodes, claimed_by, create, orders, settle, until, verify
from tests.support.postgres import Server


@pytest.fixture
def nodes(tmp_path: Path, postgres: Server) -> Iterator[Nodes]:
    made = Nodes(tmp_path, postgres.create_database())
    yield made
    made.close()


def test_a_role_that_shares_needs_a_database_that_is_shared(tmp_path: Path) -> None:
    for role in ("master", "consumer"):
        done = subprocess.run(
            [sys.executable, "-m", "octobot_node", "start", "--role", role, "--data-dir", str(tmp_path)],
            capture_output=True, text=True, timeout=60, check=False,
        )  # fmt: skip
        assert done.returncode == 2
        assert f"a {role} shares its database with other nodes" in done.stderr
        assert "OCTOBOT_DATABASE_URL" in done.stderr


@pytest.mark.timeout(600)
def test_nodes_share_the_work_through_kills_a_freeze_a_second_master_and_a_drain(nodes: Nodes) -> None:
    with HostileExchange.start(nodes.folder / "exchange", **GUARANTEES, latency_ms=4) as exchange:
        nodes.start("master", "--role", "master", "--no-work")
        nodes.ready("master")
        create(nodes, exchange, 60)
        for name in ("one", "two"):
            nodes.start(name, "--role", "consumer")
        for name in ("one", "two"):
            nodes.ready(name)
        until(lambda: orders(nodes) > 40)
        wanted = {("master", "live", True, False), ("consumer", "live", False, True)}
        columns = ("role", "state", "leads", "works")
        until(lambda: {tuple(row[name] for name in columns) for row in nodes.rows().values()} == wanted)

        # A second master exits, and says who holds the lead and since when.
        nodes.start("rival", "--role", "master")
        assert nodes.wait("rival") == 1
        assert f"the node {nodes.id('master')} is the master of this database since 20" in nodes.log("rival")

        # A killed node is dead to the others after its lease; what it had begun runs elsewhere.
        nodes.signal("one", signal.SIGKILL)
        nodes.wait("one")
        killed = time.monotonic()
        until(lambda: nodes.rows()[nodes.id("one")]["state"] == "dead")
        until(lambda: not claimed_by(nodes, nodes.id("one")))
        assert time.monotonic() - killed < 60

        # A frozen one finds out that it was declared dead, and takes part under a new epoch.
        nodes.start("one", "--role", "consumer")
        nodes.ready("one", 2)
        nodes.signal("two", signal.SIGSTOP)
        until(lambda: nodes.rows()[nodes.id("two")]["state"] == "dead")
        until(lambda: "node_dead" in nodes.log("one") + nodes.log("master"))
        nodes.signal("two", signal.SIGCONT)
        until(lambda: '"node_rejoined"' in nodes.log("two"))

        # Asked from elsewhere, a node leaves; a master that stands by takes over from one that leaves.
        answer = nodes.command("nodes", "drain", nodes.id("two"))
        assert answer.returncode == 0, answer.stderr
        assert nodes.wait("two") == 0
        nodes.start("heir", "--role", "master", "--standby", "--no-work")
        until(lambda: '"standing_by"' in nodes.log("heir"))
        nodes.signal("master", signal.SIGTERM)
        assert nodes.wait("master") == 0
        nodes.ready("heir")
        before = orders(nodes)
        until(lambda: orders(nodes) > before + 40)

        settle(nodes)
        verify(nodes, exchange)
