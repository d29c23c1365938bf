"""How long a page of a list takes: ``python -m benchmarks.lists``.

N automations and M events in one database, one in a thousand of either of a rare kind. Pages of the operations that
the command line and the API are made of, in process, each at a random place, as an API asks for them: the rows, their
orders' counts, and the models that are told. The baseline asks the same database for the same rows by OFFSET.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from decimal import Decimal
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from benchmarks._baseline import create_in_chunks
from benchmarks._common import (
    databases,
    empty_folder,
    in_fresh_process,
    parse_options,
    quantile,
    settings_for,
    write_numbers,
)
from octobot_node.configuration import Configuration
from octobot_node.engine.commands.commands import NewAccount, NewAutomation
from octobot_node.live.idle_folder import open_idle_folder
from octobot_node.operations.context import OperationContext
from octobot_node.operations.perform import perform_named
from octobot_node.plugin_system.discovery import load_plugins
from octobot_node.settings import Settings
from octobot_node.store.tables import automations
from octobot_node.store.tables import events as events_table

ACCOUNT = NewAccount("bench", "simulated", "hostile", {}, {"url": "http://127.0.0.1:9"})
LIMIT = 50
#: Both databases understand it.
_EVENTS = (
    "INSERT INTO events (owner, account_id, automation_id, kind, data, at)"
    " WITH RECURSIVE numbers (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < :events),"
    " places AS (SELECT id, account_id, row_number() OVER (ORDER BY id) - 1 AS place FROM automations)"
    " SELECT 'local', account_id, id, CASE WHEN n % 1000 = 0 THEN 'automation.failed' ELSE 'order.filled' END,"
    ' \'{"tag":"","amount":"0.001","price":"50000"}\', n'
    " FROM numbers JOIN places ON place = (CAST(n AS BIGINT) * 7919) % :automations"
)
_RARE = "UPDATE automations SET status = 'paused' WHERE id IN (SELECT id FROM automations ORDER BY id LIMIT :rare)"
Page = Callable[[OperationContext, random.Random], object]


def main() -> None:
    """Fill a database, ask, and print."""
    options = parse_options(__doc__, either=True, automations=100_000, events=1_000_000, pages=300)
    with empty_folder(options.keep) as folder, databases(options) as new:
        given = (folder / "node", new(), options.automations, options.events, options.pages)
        found = in_fresh_process(measured, *given)
    figures: dict[str, object] = {
        "database": options.database,
        "automations": options.automations,
        "events": options.events,
    }
    for name, took in found.items():
        figures |= {f"{name}, p50, ms": quantile(took, 0.5), f"{name}, p95, ms": quantile(took, 0.95)}
    ours, theirs = (quantile(found[name], 0.95) for name in ("events after an id", "baseline, events by OFFSET"))
    figures["the ratio"] = "p95 of a page of events, the baseline's by ours"
    write_numbers(options, figures, theirs / ours)


def measured(folder: Path, database: str, count: int, happened: int, pages: int) -> dict[str, Sequence[float]]:
    """Return for each kind of page how long (ms) each of some took, in order."""
    with open_folder(settings_for(folder, database, disk_reserve_mb=0)) as context:
        new = [NewAutomation(f"sleeper-{i}", "bench_sleeper", "", {"USD": Decimal(1_000)}, {}) for i in range(count)]
        create_in_chunks(context.commands, ACCOUNT, new)
        fill(context, count, happened)
        dice = random.Random(7)
        return {name: _timed(page, context, dice, pages) for name, page in _pages(context, happened).items()}


@contextmanager
def open_folder(settings: Settings) -> Iterator[OperationContext]:
    registry = load_plugins(settings.extra_plugins, discover=False)
    with open_idle_folder(Configuration(settings), registry, by="benchmark", settings=settings) as context:
        yield context


def fill(context: OperationContext, count: int, happened: int) -> None:
    storage = context.core.storage
    with storage.write() as connection:
        connection.execute(sa.text(_EVENTS), {"events": happened, "automations": count})
        connection.execute(sa.text(_RARE), {"rare": max(count // 1_000, 1)})
    # What a server that lives does by itself; SQLite's planner is left as a node leaves it.
    if storage.shared:
        with storage.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.exec_driver_sql("VACUUM ANALYZE")


def _pages(context: OperationContext, happened: int) -> dict[str, Page]:
    with context.core.storage.read() as connection:
        ids = list(connection.scalars(sa.select(automations.c.id).order_by(automations.c.id)))

    def listed(context: OperationContext, dice: random.Random, **wanted: Any) -> object:
        return perform_named(context, "automations.list", {"limit": LIMIT, "cursor": dice.choice(ids), **wanted})

    def told(context: OperationContext, **wanted: Any) -> object:
        return perform_named(context, "events.list", {"limit": LIMIT, **wanted})

    return {
        "automations": listed,
        "automations, a rare status": lambda context, dice: listed(context, dice, status="paused"),
        "events after an id": lambda context, dice: told(context, after=dice.randrange(happened)),
        "events before an id": lambda context, dice: told(context, before=dice.randrange(1, happened)),
        "the newest events": lambda context, _: told(context),
        "events of an automation": lambda context, dice: told(context, automation=dice.choice(ids)),
        "the newest of a rare kind": lambda context, _: told(context, kind="automation.failed"),
        "baseline, automations by OFFSET": lambda context, dice: _skipped(
            context, automations, dice.randrange(len(ids))
        ),
        "baseline, events by OFFSET": lambda context, dice: _skipped(context, events_table, dice.randrange(happened)),
    }


def _skipped(context: OperationContext, table: sa.Table, skip: int) -> object:
    statement = sa.select(table).order_by(table.c.id).limit(LIMIT).offset(skip)
    with context.core.storage.read() as connection:
        return connection.execute(statement).all()


def _timed(page: Page, context: OperationContext, dice: random.Random, count: int) -> list[float]:
    page(context, dice)  # what is compiled at first use is not counted
    took = []
    for _ in range(count):
        began = time.perf_counter()
        page(context, dice)
        took.append((time.perf_counter() - began) * 1_000)
    return sorted(took)


if __name__ == "__main__":
    main()
