"""More batches than workers: each is taken when another ends, not when somebody looks next."""

from __future__ import annotations

import time
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path

import pytest
import sqlalchemy as sa

from octobot_node.engine.commands.commands import NewAccount, NewAutomation
from octobot_node.live.node import Node
from octobot_node.settings import Settings
from octobot_node.store.tables import intents, schedule
from tests.support.postgres import Server

AUTOMATIONS = 50


@pytest.fixture(params=["sqlite", "postgres"])
def settings(request: pytest.FixtureRequest, tmp_path: Path) -> Settings:
    """Ten batches of five, two of them at once, and nobody looks at a queue unasked."""
    url = ""
    if request.param == "postgres":
        server: Server = request.getfixturevalue("postgres")
        url = server.create_database()
    return Settings(
        data_dir=tmp_path, database_url=url, disk_reserve_mb=0, plugins=("none",), batch_size=5, batch_workers=2,
        send_workers=1, queue_poll_interval=3_600,
    )  # fmt: skip


def until(met: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 60
    while not met():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def test_a_backlog_of_ten_batches_and_their_sends_ends_without_one_poll(settings: Settings) -> None:
    with Node(settings) as node:
        accounts = [node.commands.create_account(NewAccount(f"a{n}", "simulated", "paper", {}, {})) for n in range(10)]
        config = {"symbol": "BTC/USDT", "amount": "50", "every": "1d"}
        node.commands.create_many(
            [
                NewAutomation(f"dca-{n}", "octobot_tentacles.dca", accounts[n % 10], {"USDT": Decimal(100)}, config)
                for n in range(AUTOMATIONS)
            ]
        )
        node.hurry()

        def count(statement: sa.Select[int]) -> int:
            with node.core.storage.read() as connection:
                return connection.scalar(statement) or 0

        of = sa.select(sa.func.count())
        until(lambda: count(of.select_from(schedule).where(schedule.c.tick >= 1)) == AUTOMATIONS)
        # A send workflow each account, one at a time.
        until(lambda: count(of.select_from(intents).where(intents.c.status == "filled")) == AUTOMATIONS)
