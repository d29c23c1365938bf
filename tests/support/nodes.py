"""Nodes of one PostgreSQL database as processes, for tests: started, signalled, asked, and their books verified."""

from __future__ import annotations

import contextlib
import io
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import psycopg
import pytest

from octobot_node.cli import main
from octobot_node.testing.hostile_exchange.process import HostileExchange

__all__ = ["GUARANTEES", "Nodes", "claimed_by", "create", "orders", "settle", "until", "verify"]

#: An exchange that can be asked about everything.
GUARANTEES: dict[str, Any] = {"dedupe": "open", "lookup": "all", "request_expiry": True, "visibility_lag_ms": 300}
LEASE_S = 3.0
#: How long anything may take on a machine that does much else; nothing waits longer than it must.
PATIENCE_S = 120.0
ROOT = Path(__file__).parents[2]


class Nodes:
    """Nodes on one database, by name; each has a data folder of its own."""

    def __init__(self, folder: Path, url: str) -> None:
        self.folder, self.url = folder, url
        self.running: dict[str, subprocess.Popen[bytes]] = {}
        self.environment = {
            **os.environ,
            # They are on one machine, and all of them would take its port.
            "OCTOBOT_API": "false",
            "OCTOBOT_DATABASE_URL": url,
            "OCTOBOT_DISK_RESERVE_MB": "0",
            "OCTOBOT_LEASE_TTL": str(LEASE_S),
            "OCTOBOT_EXTRA_PLUGINS": "octobot_node.testing.hostile_exchange,benchmarks.crash.trader",
            "OCTOBOT_REQUEST_TTL": "2",
            # The exchange counts from nothing: where a machine is so busy that it is asked what it holds before a test
            # has ended, every automation would lack its budget, and no order leave.
            "OCTOBOT_BALANCE_CHECK_INTERVAL": "0",
        }

    def start(
        self, name: str, *options: str, release: Path = ROOT, environment: Mapping[str, str] | None = None
    ) -> None:
        """Start a node, of the release in another folder if one is given."""
        with (self.folder / f"{name}.log").open("ab") as log:
            self.running[name] = subprocess.Popen(
                [*self._program("start"), "--data-dir", str(self.folder / name), "--log", "json", *options],
                env={**self.environment, **(environment or {}), "PYTHONPATH": f"{release}:{ROOT}"},
                # Where Python looks first.
                cwd=release,
                stderr=log,
            )

    def ready(self, name: str, times: int = 1) -> None:
        """Wait until a node works, in its so many-th life."""

        def works() -> bool:
            assert self.running[name].poll() is None, self.log(name)[-2_000:]
            return self.log(name).count('"node_started"') >= times

        until(works)

    def log(self, name: str) -> str:
        return (self.folder / f"{name}.log").read_text()

    def signal(self, name: str, number: signal.Signals) -> None:
        self.running[name].send_signal(number)

    def wait(self, name: str) -> int:
        return self.running[name].wait(PATIENCE_S)

    def command(self, *arguments: str, at: str = "visitor") -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [*self._program(*arguments), "--data-dir", str(self.folder / at)],
            env=self.environment, capture_output=True, text=True, timeout=PATIENCE_S, check=False,
        )  # fmt: skip

    def rows(self) -> dict[str, dict[str, Any]]:
        """Return node id -> row, asked from a folder on which no node runs."""
        answer = self.carry_out("nodes", "--json")
        assert answer.returncode == 0, answer.stderr
        return {row["id"]: row for row in json.loads(answer.stdout)["nodes"]}

    def carry_out(self, *arguments: str, at: str = "visitor") -> subprocess.CompletedProcess[str]:
        """Carry a command out in this process, where ``command`` takes a second of CPU: for what no test is about."""
        out, errors = io.StringIO(), io.StringIO()
        with (
            pytest.MonkeyPatch.context() as patch,
            contextlib.redirect_stdout(out),
            contextlib.redirect_stderr(errors),
        ):
            for name, value in self.environment.items():
                patch.setenv(name, value)
            code = main([*arguments, "--data-dir", str(self.folder / at)])
        return subprocess.CompletedProcess(arguments, code, out.getvalue(), errors.getvalue())

    def id(self, name: str) -> str:
        return (self.folder / name / "node-id").read_text()

    def query(self, statement: str) -> list[tuple[Any, ...]]:
        with psycopg.connect(self.url) as connection:
            return connection.execute(statement.encode()).fetchall()

    def change(self, statement: str) -> None:
        with psycopg.connect(self.url) as connection:
            connection.execute(statement.encode())

    def close(self) -> None:
        for process in self.running.values():
            if process.poll() is None:
                process.kill()
            process.wait(30)

    def _program(self, *arguments: str) -> list[str]:
        return [sys.executable, "-m", "octobot_node", *arguments]


def until(condition: Callable[[], Any], seconds: float = PATIENCE_S) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.1)


def create(
    nodes: Nodes,
    exchange: HostileExchange,
    count: int,
    *,
    at: str = "master",
    connector: str = "hostile",
    first: int = 0,
    expected: int = 0,
) -> str:
    """Give a node traders; return what the command said on stderr."""
    market = {"use": "hostile", **exchange.market_data_settings()}
    trading = {"use": connector, **exchange.trading_settings("crash")}
    traders = [
        {
            "name": f"trader-{number}",
            "type": "crash_trader",
            "account": "crash",
            "budget": {"USD": 1_000_000},
            "config": {"every": 1.0, "symbol": "BTC/USD"},
        }
        for number in range(first, first + count)
    ]
    file = nodes.folder / "traders.yaml"
    # JSON is YAML.
    accounts = {} if first else {"accounts": {"crash": {"market_data": market, "trading": trading}}}
    file.write_text(json.dumps({**accounts, "automations": traders}))
    answer = nodes.carry_out("automations", "create", str(file), at=at)
    assert answer.returncode == expected, answer.stderr
    return answer.stderr


def orders(nodes: Nodes) -> int:
    return int(nodes.query("SELECT count(*) FROM intents WHERE status = 'filled'")[0][0])


def claimed_by(nodes: Nodes, node_id: str) -> bool:
    pending = nodes.query("SELECT executor_id FROM octobot_dbos.workflow_status WHERE status = 'PENDING'")
    return any(str(executor).startswith(node_id) for (executor,) in pending)


def settle(nodes: Nodes) -> None:
    """Let no more be decided, and wait until all that was decided is known."""
    # In the order in which nodes lock them: in another one it would be a deadlock with a node at work.
    stopped = (
        "WITH idle AS (SELECT automation_id FROM schedule WHERE claim IS NULL ORDER BY automation_id FOR UPDATE)"
        " UPDATE schedule SET runnable = false, next_run_at = NULL FROM idle"
        " WHERE schedule.automation_id = idle.automation_id RETURNING 1"
    )
    waiting = "SELECT count(*) FROM schedule WHERE runnable OR claim IS NOT NULL"
    undecided = "SELECT count(*) FROM intents WHERE status IN ('planned', 'sent', 'unknown')"
    until(lambda: nodes.query(stopped) and nodes.query(waiting)[0][0] == 0)
    until(lambda: nodes.query(undecided)[0][0] == 0)


def verify(nodes: Nodes, exchange: HostileExchange) -> None:
    """Every execution is settled once, no intent is at the exchange twice, no tick is lost or repeated."""
    until(lambda: nodes.query("SELECT count(*) FROM fills")[0][0] == exchange.report("crash").trades)
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
