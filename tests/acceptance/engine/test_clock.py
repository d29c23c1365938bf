"""A real node whose clock is set while it runs."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from tests.acceptance.plugins.metrics.real_node import RealNode, until
from tests.support.setclock import SetClock

#: A second is the shortest interval, and a minute the shortest of a DCA: an order that is due once a minute.
RUN_FILE = """\
accounts:
  paper: {market_data: {use: simulated, seed: 7}, trading: {use: paper}, balances: {USD: 10000}}
automations:
  - {name: dca, type: dca, account: paper, budget: {USD: 1000}, config: {symbol: BTC/USD, amount: 10, every: 1m}}
  - {name: alerts, type: signal, account: paper, budget: {USD: 1000}, config: {symbol: BTC/USD, spend: 10}}
"""


@pytest.fixture
def clock(tmp_path: Path) -> SetClock:
    return SetClock(tmp_path)


@pytest.fixture
def node(clock: SetClock, tmp_path: Path) -> Iterator[RealNode]:
    node = RealNode(tmp_path, **clock.environment())
    try:
        yield node
    finally:
        node.close()


def rows(node: RealNode, query: str) -> list[Any]:
    with closing(sqlite3.connect(node.state / "octobot.db")) as database:
        return database.execute(query).fetchall()


def test_a_clock_that_jumps_is_said_and_leaves_nobody_silent(node: RealNode, clock: SetClock, tmp_path: Path) -> None:
    (tmp_path / "run.yaml").write_text(RUN_FILE)
    node.command("automations", "create", str(tmp_path / "run.yaml"))
    stranger = node.client()

    def said() -> list[float]:
        return [line["seconds"] for line in node.lines(whole=True) if line["event"] == "clock_was_set"]

    def consumed() -> int:
        return int(rows(node, "SELECT count(*) FROM inbox WHERE status = 'consumed'")[0][0])

    def planned_beyond(seconds: int) -> bool:
        off, (newest,) = (
            int((tmp_path / "off-by").read_text()),
            rows(node, "SELECT max(next_run_at) / 1000 - unixepoch() FROM schedule")[0],
        )
        return bool(newest - off > seconds)

    with stranger:
        until(lambda: stranger.get("/health/ready").status_code == 200)
        until(lambda: rows(node, "SELECT 1 FROM fills"))
        clock.set_by(-3_600)
        until(lambda: len(said()) == 1)
        until(lambda: not planned_beyond(60))
        answer = stranger.get("/health/ready")
        assert (answer.status_code, _failed(answer.json())) == (503, {"time"})
        node.command("signals", "send", "alerts", '"buy 11 USD"')
        until(lambda: consumed() == 1)
        clock.set_by(18_000)
        until(lambda: len(said()) == 2)
        clock.set_by(0)
        until(lambda: len(said()) == 3)
        until(lambda: not planned_beyond(60))
    notices = [message for (message,) in rows(node, "SELECT message FROM notices ORDER BY id")]
    assert [message.partition(", to ")[0] for message in notices if message.startswith("The clock")] == [
        "The clock was set back by 1 h",
        "The clock was set forward by 6 h",
        "The clock was set back by 5 h",
    ]
    assert rows(node, "SELECT count(*) FROM events WHERE kind = 'clock.set'") == [(3,)]
    assert node.end() == 0


def _failed(said: dict[str, Any]) -> set[str]:
    return {check["name"] for check in said["checks"] if check["status"] == "failed"}
