"""Benches on either kind of database, with something in them that is worth moving."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from octobot_node import Decision, LimitOrder, MarketOrder, Tick, Wake
from octobot_node.orders import Order
from octobot_node.plugin_system.registry import Registry
from octobot_node.settings import Settings
from octobot_node.store import tables
from octobot_node.transfer.content import contents, stream
from octobot_plugins.paper.tables import balances as paper_balances
from tests.integration.engine.conftest import registry, template
from tests.integration.plugin_releases import telex
from tests.support.bench import Bench
from tests.support.postgres import Server

__all__ = ["registry", "telex", "template"]

#: The sums of money are compared to this digit.
DUST = "0.000000000000000001"


@pytest.fixture
def make_bench(tmp_path: Path, template: Path, registry: Registry) -> Iterator[Callable[..., Bench]]:
    made: list[Bench] = []

    def make(name: str = "node", **settings: Any) -> Bench:
        made.append(Bench(tmp_path / name, template, registry, **settings))
        return made[-1]

    yield make
    for bench in made:
        bench.close()


@pytest.fixture
def database(postgres: Server) -> Iterator[str]:
    """An empty PostgreSQL database's URL."""
    url = postgres.create_database()
    yield url
    postgres.drop_database(url)


def buy_and_rest(tick: Tick[Any, Any]) -> Decision:
    """Buy once at market, rest one order below, and come back in an hour."""
    if tick.state:
        return Decision(wake=Wake(every=timedelta(hours=1)), state=tick.state)
    orders: list[Order] = [
        MarketOrder("BTC/USDT", "buy", amount=Decimal("0.5")),
        LimitOrder("BTC/USDT", "buy", amount=Decimal(1), price=Decimal(90)),
    ]
    return Decision(orders=orders, state={"bought": True}, wake=Wake(every=timedelta(hours=1)))


def worked(bench: Bench) -> str:
    """Let an automation trade, leave an order open, and have money to the last digit; return its id."""
    bench.trading.will(bench.trading.fill_at_once)
    automation_id = bench.automation("one", buy_and_rest)
    bench.settle()
    with bench.core.storage.write() as connection:
        rows = [{"account_id": f"a{n}", "asset": "USDT", "change": Decimal(DUST) * n + n} for n in range(7)]
        connection.execute(paper_balances.insert(), rows)
        # Newer rows were pruned: their numbers may not be given again.
        connection.execute(
            tables.events.delete().where(
                tables.events.c.id == sa.select(sa.func.max(tables.events.c.id)).scalar_subquery()
            )
        )
        connection.execute(tables.schedule.update().values(claim="batch", claim_until=5, claim_tries=1))
    return automation_id


def dump(settings: Settings, registry: Registry) -> dict[str, list[tuple[Any, ...]]]:
    """Return every row that moves, by table."""
    storage = registry.hook.open_storage(settings=settings)
    try:
        with storage.read() as connection:
            return {c.name: [tuple(row) for row in stream(connection, c)] for c in contents(registry.tables)}
    finally:
        storage.close()


def column(settings: Settings, registry: Registry, column_: sa.Column[Any]) -> list[Any]:
    storage = registry.hook.open_storage(settings=settings)
    try:
        with storage.read() as connection:
            return list(connection.scalars(sa.select(column_)))
    finally:
        storage.close()
