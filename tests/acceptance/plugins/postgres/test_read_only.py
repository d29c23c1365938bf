"""Nodes at work on a server that only reads for a while: one outage, said in few words, and work goes on."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from octobot_node.testing import HostileExchange
from tests.support.nodes import GUARANTEES, LEASE_S, Nodes, create, orders, settle, until, verify
from tests.support.postgres import Server

pytestmark = pytest.mark.timeout(600)


@pytest.fixture
def server() -> Iterator[Server]:
    with Server(fsync=False) as server:
        yield server


@pytest.fixture
def nodes(tmp_path: Path, server: Server) -> Iterator[Nodes]:
    made = Nodes(tmp_path, server.create_database("octobot"))
    yield made
    made.close()


def recovering(server: Server, *, on: bool) -> None:
    server.stop()
    signal = server.data / "standby.signal"
    signal.touch() if on else signal.unlink()
    server.start()


def checked(nodes: Nodes) -> dict[str, str]:
    """Return check -> status, as the running node's doctor says it."""
    answer = nodes.command("doctor", "--json", at="node")
    return {check["name"]: check["status"] for check in json.loads(answer.stdout)["checks"]}


def test_a_server_that_recovers_for_a_while_is_waited_for_without_a_traceback(nodes: Nodes, server: Server) -> None:
    with HostileExchange.start(nodes.folder / "exchange", **GUARANTEES) as exchange:
        nodes.start("node")
        nodes.ready("node")
        create(nodes, exchange, 10, at="node")
        until(lambda: orders(nodes) > 40)
        recovering(server, on=True)
        until(lambda: "only reads" in nodes.log("node"))
        # For longer than a lease: whatever a node does now and then it has tried.
        before = orders(nodes)
        until(lambda: checked(nodes)["postgres"] == "failed")
        began = time.monotonic()
        until(lambda: time.monotonic() > began + LEASE_S * 1.5)
        assert orders(nodes) == before
        assert '"database_found"' not in nodes.log("node")
        recovering(server, on=False)
        until(lambda: orders(nodes) > before + 120)
        settle(nodes)
        verify(nodes, exchange)
    said = [json.loads(line) for line in nodes.log("node").splitlines()]
    assert "Traceback" not in nodes.log("node")
    assert {line["event"] for line in said if line["level"] in ("error", "critical")} <= {"database_lost"}
    assert [line["event"] for line in said].count("database_found") == 1
