"""Ticks and orders per second with 1, 2 and 4 consumers on PostgreSQL: ``python -m benchmarks.scale``.

A master that only dispatches and N consumers, all ``octobot-node start`` in processes of their own, on one server. All
automations are due at once; counted, by the server's clock, is from then until the last tick is committed, and until
the last execution is settled. The baselines are one DBOS workflow for each tick and each order on the same server, as
in ``benchmarks.ticks`` and ``benchmarks.orders``. ``--history N`` does it all again on databases that already have N
finished workflows and N events.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

import psycopg

from benchmarks import orders, ticks
from benchmarks._baseline import create_in_chunks
from benchmarks._common import (
    PLUGINS,
    Options,
    empty_folder,
    in_fresh_process,
    parse_options,
    wait_until,
    write_numbers,
)
from benchmarks.chaos.cluster import Node, visiting
from octobot_node.engine.commands.commands import NewAccount, NewAutomation
from octobot_node.testing.hostile_exchange.process import HostileExchange
from tests.support.postgres import Server

CONSUMERS = (1, 2, 4)
_MAKE_DUE = (
    "WITH now AS (SELECT (extract(epoch FROM clock_timestamp()) * 1000)::bigint AS at),"
    " due AS (UPDATE schedule SET next_run_at = at, due_at = at FROM now RETURNING 1)"
    " SELECT at, (SELECT count(*) FROM due) FROM now"
)
#: As DBOS leaves them: ended, of our queues, and not old enough to be pruned while this runs.
_WORKFLOWS = (
    "INSERT INTO octobot_dbos.workflow_status (workflow_uuid, status, name, output, executor_id, created_at,"
    " updated_at, application_version, recovery_attempts, queue_name, inputs, priority, completed_at,"
    " started_at_epoch_ms, application_name, serialization)"
    " SELECT gen_random_uuid()::text, 'SUCCESS', (ARRAY['tick_batch', 'send'])[1 + n %% 2], '{}', 'old.' || n %% 7,"
    " at + n / 1000, at + n / 1000, 'octobot-1', 1, (ARRAY['ticks', 'orders'])[1 + n %% 2], '[]', 0, at + n / 1000,"
    " at + n / 1000, 'octobot', 'octobot_json'"
    " FROM generate_series(1, %(count)s) AS n, (SELECT (extract(epoch FROM now()) * 1000)::bigint AS at) AS clock"
)
_EVENTS = (
    "INSERT INTO events (owner, account_id, automation_id, kind, data, at)"
    " SELECT 'default', md5((n %% 10)::text), md5((n %% 20000)::text), 'order.filled', '{\"tag\": \"\"}', at + n / 1000"
    " FROM generate_series(1, %(count)s) AS n, (SELECT (extract(epoch FROM now()) * 1000)::bigint AS at) AS clock"
)


@dataclass(frozen=True)
class _Load:
    """How much to measure with."""

    automations: int
    orders: int
    baseline: int
    baseline_orders: int
    rounds: int


def main() -> None:
    """Run all and print."""
    options = parse_options(
        __doc__, automations=20_000, orders=5_000, baseline=2_000, baseline_orders=500, rounds=2, history=0
    )
    load = _Load(options.automations, options.orders, options.baseline, options.baseline_orders, max(options.rounds, 1))
    with empty_folder(options.keep) as folder, Server() as server:
        figures: dict[str, object] = {"automations": load.automations, "orders": load.orders}
        measured = _measure(folder / "fresh", server, load, "template1")
        figures |= measured
        if options.history:
            figures |= _again(folder / "history", server, load, options)
    most = CONSUMERS[-1]
    of_ticks = measured[f"ticks/s, {most} consumers"] / measured["ticks/s, baseline"]
    of_orders = measured[f"orders/s, {most} consumers"] / measured["orders/s, baseline"]
    figures["the ratio"] = f"{most} consumers by the baseline; ticks {of_ticks:.1f}, orders {of_orders:.1f}"
    write_numbers(options, figures, min(of_ticks, of_orders))


def _again(folder: Path, server: Server, load: _Load, options: Options) -> dict[str, float]:
    """Measure again on databases with a long history."""
    begun = time.monotonic()
    template = _with_history(folder, server, options.history)
    figures = {f"seconds to insert {options.history:,} of each": time.monotonic() - begun}
    found = _measure(folder, server, load, template)
    return figures | {f"{name}, after {options.history:,}": value for name, value in found.items()}


def _with_history(folder: Path, server: Server, count: int) -> str:
    """Make a database with tables and history; return its name, to make others from."""
    url = server.create_database("history")
    with visiting(folder / "visitor", url, PLUGINS):
        pass  # it has made the tables
    with psycopg.connect(url, autocommit=True) as connection:
        for statement in (_WORKFLOWS, _EVENTS):
            connection.execute(statement.encode(), {"count": count})
        # What a server that lives does by itself.
        connection.execute("VACUUM ANALYZE")
    return "history"


def _measure(folder: Path, server: Server, load: _Load, template: str) -> dict[str, float]:
    figures: dict[str, float] = {}
    for count in CONSUMERS:
        shown = f"{count} consumer{'s' * (count > 1)}"
        here = folder / f"consumers-{count}"
        with _database(server, template) as url:
            figures[f"ticks/s, {shown}"] = max(tick_rates(here / "ticks", url, count, load))
        with _database(server, template) as url:
            found = order_rates(here / "orders", url, count, load.orders)
        figures |= {f"{name}, {shown}": rate for name, rate in found.items()}
    for name, rate, number in (
        ("ticks", ticks.baseline_rate, load.baseline),
        ("orders", orders.baseline_rate, load.baseline_orders),
    ):
        with _database(server, template) as url:
            figures[f"{name}/s, baseline"] = in_fresh_process(rate, folder / f"baseline-{name}", number, url)
    return figures


@contextmanager
def _database(server: Server, template: str) -> Iterator[str]:
    """Yield a database that is gone afterwards: with a history, each of them is large."""
    url = server.create_database(template=template)
    try:
        yield url
    finally:
        server.drop_database(url)


@contextmanager
def _nodes(folder: Path, url: str, consumers: int) -> Iterator[None]:
    """Run a master that only dispatches, and consumers."""
    folder.mkdir(parents=True, exist_ok=True)
    environment = {"OCTOBOT_EXTRA_PLUGINS": ",".join(PLUGINS), "OCTOBOT_DISK_RESERVE_MB": "0", "OCTOBOT_API_PORT": "0"}
    nodes = [Node("master", folder, url, ("--role", "master", "--no-work"), **environment)]
    nodes += [Node(f"consumer-{n}", folder, url, ("--role", "consumer"), **environment) for n in range(consumers)]
    try:
        for node in nodes:
            node.start()
        for node in nodes:
            node.wait_started()
        yield
        for node in nodes:
            node.stop()
    finally:
        for node in nodes:
            node.kill()


def tick_rates(folder: Path, url: str, consumers: int, load: _Load) -> list[float]:
    """Return ticks per second of each round; the one that creation itself causes is none of them."""
    budget = {"USD": Decimal(1_000)}
    new = [NewAutomation(f"averager-{i}", "bench_averager", "", budget, {}) for i in range(load.automations)]
    _create(folder, url, ticks.ACCOUNT, new)
    with _nodes(folder, url, consumers):
        # At its creation each was due at once: that is over, and what is measured begins with all at rest.
        _await_ticks(url, load.automations, 1)
        return [_round(url, load.automations, 2 + number) for number in range(load.rounds)]


def _round(url: str, count: int, number: int) -> float:
    time.sleep(1.2)  # an automation ticks once a second at most
    due_at = int(_one(url, _MAKE_DUE))
    _await_ticks(url, count, number)
    return count / ((int(_one(url, "SELECT max(ticked_at) FROM schedule")) - due_at) / 1_000)


def _await_ticks(url: str, count: int, each: int) -> None:
    done = "SELECT coalesce(sum(tick), 0) FROM schedule"
    wait_until(lambda: _slowly(url, done) >= count * each, seconds=600, what=f"{count} ticks")


def order_rates(folder: Path, url: str, consumers: int, count: int) -> Mapping[str, float]:
    """Return orders per second, sent and settled, of automations that order all at once."""
    with HostileExchange.start(folder / "exchange", request_expiry=True) as exchange:
        account = NewAccount(
            "bench", "hostile", "hostile", exchange.market_data_settings(), exchange.trading_settings("bench")
        )
        budget = {"USD": orders.BUDGET}
        _create(
            folder, url, account, [NewAutomation(f"buyer-{i}", "bench_buyer", "", budget, {}) for i in range(count)]
        )
        with _nodes(folder, url, consumers):
            _await_ticks(url, count, 1)
            time.sleep(1.5)  # an automation ticks once a second at most
            due_at = int(_one(url, _MAKE_DUE))
            filled = "SELECT count(*) FROM intents WHERE status = 'filled'"
            wait_until(lambda: _slowly(url, filled) >= count, seconds=600, what=f"{count} orders settled")
            settled, sent = (
                int(_one(url, f"SELECT max({what}) FROM {table}")) - due_at
                for what, table in (("settled_at", "fills"), ("sent_at", "intents"))
            )
            again = int(_one(url, "SELECT sum(attempt - 1) FROM intents"))
        assert exchange.report().duplicates == 0
    return {
        "orders/s": count / (settled / 1_000),
        "orders sent/s": count / (sent / 1_000),
        "requests sent again": again,
    }


def _create(folder: Path, url: str, account: NewAccount, new: list[NewAutomation]) -> None:
    with visiting(folder / "visitor", url, PLUGINS) as context:
        create_in_chunks(context.commands, account, new)


def _slowly(url: str, statement: str) -> Any:
    """Return what a question answers; asking must not cost much."""
    time.sleep(0.1)
    return _one(url, statement)


def _one(url: str, statement: str) -> Any:
    with psycopg.connect(url, autocommit=True) as connection:
        row = connection.execute(statement.encode()).fetchone()
    assert row is not None
    return row[0]


if __name__ == "__main__":
    main()
