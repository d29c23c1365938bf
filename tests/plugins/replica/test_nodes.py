"""Nodes that share a PostgreSQL database, as processes: who leads, who is dead, who leaves, and that all trade once."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest

from octobot_node.testing.hostile.process import HostileExchange
from octobot_node.testing.postgres import Server

LEASE_S = 3.0


class Nodes:
    """Nodes on one database, by name; each has a data folder of its own."""

    def __init__(self, folder: Path, url: str) -> None:
        self.folder, self.url = folder, url
        self.running: dict[str, subprocess.Popen[bytes]] = {}
        self.environment = {
            **os.environ,
            "OCTOBOT_DATABASE_URL": url,
            "OCTOBOT_DISK_RESERVE_MB": "0",
            "OCTOBOT_LEASE_TTL": str(LEASE_S),
            "OCTOBOT_EXTRA_PLUGINS": "octobot_node.testing.hostile,benchmarks.crash.trader",
            "OCTOBOT_REQUEST_TTL": "2",
        }

    def start(self, name: str, *options: str) -> None:
        with (self.folder / f"{name}.log").open("ab") as log:
            self.running[name] = subprocess.Popen(
                [*self._program("start"), "--data-dir", str(self.folder / name), "--log", "json", *options],
                env=self.environment,
                stderr=log,
            )

    def ready(self, name: str, times: int = 1) -> None:
        until(lambda: self.log(name).count('"node_started"') >= times, 40)

    def log(self, name: str) -> str:
        return (self.folder / f"{name}.log").read_text()

    def signal(self, name: str, number: signal.Signals) -> None:
        self.running[name].send_signal(number)

    def wait(self, name: str) -> int:
        return self.running[name].wait(30)

    def command(self, *arguments: str, at: str = "visitor") -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [*self._program(*arguments), "--data-dir", str(self.folder / at)],
            env=self.environment, capture_output=True, text=True, timeout=60, check=False,
        )  # fmt: skip

    def list(self) -> dict[str, dict[str, Any]]:
        """Return node id -> row, asked from a folder on which no node runs."""
        answer = self.command("nodes", "--json")
        assert answer.returncode == 0, answer.stderr
        return {row["id"]: row for row in json.loads(answer.stdout)["nodes"]}

    def id(self, name: str) -> str:
        return (self.folder / name / "node-id").read_text()

    def query(self, statement: str) -> list[tuple[Any, ...]]:
        with psycopg.connect(self.url) as connection:
            return connection.execute(statement.encode()).fetchall()

    def close(self) -> None:
        for process in self.running.values():
            if process.poll() is None:
                process.kill()
            process.wait(30)

    def _program(self, *arguments: str) -> list[str]:
        return [sys.executable, "-m", "octobot_node", *arguments]


@pytest.fixture
def nodes(tmp_path: Path, postgres: Server) -> Iterator[Nodes]:
    made = Nodes(tmp_path, postgres.create_database())
    yield made
    made.close()


def until(condition: Callable[[], Any], seconds: float) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.1)


def test_a_role_that_shares_needs_a_database_that_is_shared(tmp_path: Path) -> None:
    for role in ("master", "consumer"):
        done = subprocess.run(
            [sys.executable, "-m", "octobot_node", "start", "--role", role, "--data-dir", str(tmp_path)],
            capture_output=True, text=True, timeout=60, check=False,
        )  # fmt: skip
        assert done.returncode == 2
        assert f"a {role} shares its database with other nodes" in done.stderr
        assert "OCTOBOT_DATABASE_URL" in done.stderr


@pytest.mark.timeout(240)
def test_nodes_share_the_work_through_kills_a_freeze_a_second_master_and_a_drain(nodes: Nodes) -> None:
    guarantees: dict[str, Any] = {"dedupe": "open", "lookup": "all", "request_expiry": True, "visibility_lag_ms": 300}
    with HostileExchange.start(nodes.folder / "exchange", **guarantees, latency_ms=4) as exchange:
        nodes.start("master", "--role", "master", "--no-work")
        nodes.ready("master")
        _create(nodes, exchange, 60)
        for name in ("one", "two"):
            nodes.start(name, "--role", "consumer")
        for name in ("one", "two"):
            nodes.ready(name)
        until(lambda: _orders(nodes) > 40, 60)
        found = nodes.list()
        assert {(row["role"], row["state"], row["leads"], row["works"]) for row in found.values()} == {
            ("master", "live", True, False),
            ("consumer", "live", False, True),
        }

        # A second master exits, and says who holds the lead and since when.
        nodes.start("rival", "--role", "master")
        assert nodes.wait("rival") == 1
        assert f"the node {nodes.id('master')} is the master of this database since 20" in nodes.log("rival")

        # A killed node is dead to the others after its lease; what it had begun runs elsewhere.
        nodes.signal("one", signal.SIGKILL)
        nodes.wait("one")
        killed = time.monotonic()
        until(lambda: nodes.list()[nodes.id("one")]["state"] == "dead", 20)
        until(lambda: not _claimed_by(nodes, nodes.id("one")), 15)
        assert time.monotonic() - killed < 15

        # A frozen one finds out that it was declared dead, and takes part under a new epoch.
        nodes.start("one", "--role", "consumer")
        nodes.ready("one", 2)
        nodes.signal("two", signal.SIGSTOP)
        until(lambda: nodes.list()[nodes.id("two")]["state"] == "dead", 20)
        until(lambda: "node_dead" in nodes.log("one") + nodes.log("master"), 10)
        nodes.signal("two", signal.SIGCONT)
        until(lambda: '"node_rejoined"' in nodes.log("two"), 15)

        # Asked from elsewhere, a node leaves; a master that stands by takes over from one that leaves.
        answer = nodes.command("nodes", "drain", nodes.id("two"))
        assert answer.returncode == 0, answer.stderr
        assert nodes.wait("two") == 0
        nodes.start("heir", "--role", "master", "--standby", "--no-work")
        until(lambda: '"standing_by"' in nodes.log("heir"), 30)
        nodes.signal("master", signal.SIGTERM)
        assert nodes.wait("master") == 0
        nodes.ready("heir")
        before = _orders(nodes)
        until(lambda: _orders(nodes) > before + 40, 60)

        _settle(nodes)
        _verify(nodes, exchange)


def _create(nodes: Nodes, exchange: HostileExchange, count: int) -> None:
    market = {"use": "hostile", **exchange.market_data_settings()}
    trading = {"use": "hostile", **exchange.trading_settings("crash")}
    traders = [
        {
            "name": f"trader-{number}",
            "type": "crash_trader",
            "account": "crash",
            "budget": {"USD": 1_000_000},
            "config": {"every": 1.0, "symbol": "BTC/USD"},
        }
        for number in range(count)
    ]
    file = nodes.folder / "traders.yaml"
    # JSON is YAML.
    file.write_text(
        json.dumps({"accounts": {"crash": {"market_data": market, "trading": trading}}, "automations": traders})
    )
    answer = nodes.command("automations", "create", str(file), at="master")
    assert answer.returncode == 0, answer.stderr


def _orders(nodes: Nodes) -> int:
    return int(nodes.query("SELECT count(*) FROM intents WHERE status = 'filled'")[0][0])


def _claimed_by(nodes: Nodes, node_id: str) -> bool:
    pending = nodes.query("SELECT executor_id FROM dbos.workflow_status WHERE status = 'PENDING'")
    return any(str(executor).startswith(node_id) for (executor,) in pending)


def _settle(nodes: Nodes) -> None:
    """Let no more be decided, and wait until all that was decided is known."""
    stopped = "UPDATE schedule SET runnable = false, next_run_at = NULL WHERE claim IS NULL RETURNING 1"
    waiting = "SELECT count(*) FROM schedule WHERE runnable OR claim IS NOT NULL"
    undecided = "SELECT count(*) FROM intents WHERE status IN ('planned', 'sent', 'unknown')"
    until(lambda: nodes.query(stopped) and nodes.query(waiting)[0][0] == 0, 30)
    until(lambda: nodes.query(undecided)[0][0] == 0, 40)


def _verify(nodes: Nodes, exchange: HostileExchange) -> None:
    """Every execution is settled once, no intent is at the exchange twice, no tick is lost or repeated."""
    until(lambda: nodes.query("SELECT count(*) FROM fills")[0][0] == exchange.report("crash").trades, 30)
    report = exchange.report("crash")
    assert (report.duplicates, report.duplicated_intents) == (0, {})
    assert report.trades > 100
    assert nodes.query("SELECT count(*) FROM automations WHERE status <> 'active'") == [(0,)]
    ticks = nodes.query(
        "SELECT a.state, s.tick, s.failures FROM automations a JOIN schedule s ON s.automation_id = a.id"
    )
    assert [(json.loads(state)["next"], failures) for state, _, failures in ticks] == [
        (tick, 0) for _, tick, _ in ticks
    ]
