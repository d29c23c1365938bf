"""How long a page of a list takes: ``python -m benchmarks.lists``.

N automations and M events in one database, one in a thousand of either of a rare kind; half of the automations hold
something, each another amount, and have traded. Pages of the operations that the command line and the API are made of,
in process, each at a random place, as an API asks for them: the rows, their orders' counts, and the models that are
told; sums, and courses over time. "After a change" is what costs most: an automation changed since the page before. The
baseline asks the same database for the same rows by OFFSET.
"""

from __future__ import annotations

import json
import os
import random
import time
from collections.abc import Callable, Iterator
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
    usage,
    write_numbers,
)
from octobot_node.configuration import Configuration
from octobot_node.engine.commands.commands import NewAccount, NewAutomation
from octobot_node.ids import new_id
from octobot_node.live.idle_folder import open_idle_folder
from octobot_node.market import from_ms
from octobot_node.operations.context import OperationContext
from octobot_node.operations.perform import perform_named
from octobot_node.plugin_system.discovery import load_plugins
from octobot_node.settings import Settings
from octobot_node.store.sql.bulk_statements import insert_many
from octobot_node.store.standings.standing_changes import note_changed
from octobot_node.store.tables import automations, equity, fills, positions, price_samples, results, schedule
from octobot_node.store.tables import events as events_table

ACCOUNT = NewAccount("bench", "simulated", "hostile", {}, {"url": "http://127.0.0.1:9"})
LIMIT = 50
#: Both databases understand it.
_EVENTS = (
    "INSERT INTO events (owner, account_id, automation_id, kind, data, at)"
    " WITH RECURSIVE numbers (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < :events),"
    " places AS (SELECT id, account_id, row_number() OVER (ORDER BY id) - 1 AS place FROM automations)"
    " SELECT 'local', account_id, id, CASE WHEN n % 1000 = 0 THEN 'automation.failed' ELSE 'order.filled' END,"
    ' \'{"tag":"","amount":"0.001","price":"50000"}\', :first + CAST(n AS BIGINT) * :apart'
    " FROM numbers JOIN places ON place = (CAST(n AS BIGINT) * 7919) % :automations"
)
_RARE = "UPDATE automations SET status = 'paused' WHERE id IN (SELECT id FROM automations ORDER BY id LIMIT :rare)"
Page = Callable[[OperationContext, random.Random], object]
DAY_MS = 86_400_000
#: Prices of a week, one in a quarter of an hour.
_SAMPLES = 7 * 96
_FILLS_EACH = 4


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
        "the first look, which reads all automations, s of CPU": found.pop(_FIRST)[0][1],
        "memory of what is kept of them, MB": found.pop(_MEMORY)[0][0],
    }
    waited, used = ({name: sorted(each[of] for each in took) for name, took in found.items()} for of in (0, 1))
    for name in found:
        figures |= {f"{name}, p50, ms": quantile(waited[name], 0.5), f"{name}, p95, ms": quantile(waited[name], 0.95)}
        # Where the machine is busy with something else.
        figures[f"{name}, p95, ms of CPU"] = quantile(used[name], 0.95)
    ours, theirs = (quantile(waited[name], 0.95) for name in ("events after an id", "baseline, events by OFFSET"))
    figures["the ratio"] = "p95 of a page of events, the baseline's by ours"
    write_numbers(options, figures, theirs / ours)


def measured(
    folder: Path, database: str, count: int, happened: int, pages: int
) -> dict[str, list[tuple[float, float]]]:
    """Return for each kind of page how long (ms, and ms of CPU) each of some took."""
    with open_folder(settings_for(folder, database, disk_reserve_mb=0)) as context:
        new = [
            NewAutomation(f"sleeper-{i}", "bench_sleeper", "", {"USD": Decimal(1_000 + i)}, {}) for i in range(count)
        ]
        create_in_chunks(context.commands, ACCOUNT, new)
        fill(context, count, happened)
        make_them_differ(context)
        dice = random.Random(7)
        first, memory = _first_look(context)
        found = {name: _timed(page, context, dice, pages) for name, page in _pages(context, happened).items()}
        found |= {
            f"{name}, after a change": _timed(page, context, dice, pages, before=_change_one)
            for name, page in _kept_pages(context).items()
        }
        return {_FIRST: [(0.0, first)], _MEMORY: [(memory, 0.0)], **found}


_FIRST, _MEMORY = "the first look", "memory"


def _first_look(context: OperationContext) -> tuple[float, float]:
    """Return how much CPU (s) reading every automation takes, and how much memory keeping them does (MB)."""
    pids = [os.getpid()]
    before, began = usage(pids), time.process_time()
    context.core.standings.board.refresh()
    took = time.process_time() - began
    return took, (usage(pids).own - before.own) / 1_000_000


def _change_one(context: OperationContext, dice: random.Random) -> None:
    """Change something of an automation that lists and sums tell."""
    with context.core.storage.write() as connection:
        ids = connection.scalars(sa.select(automations.c.id).offset(dice.randrange(1_000)).limit(1)).all()
        note_changed(connection, ids)


def make_them_differ(context: OperationContext) -> None:
    """Let half of the automations hold something, each another amount, have traded for it, and realised something."""
    storage, now, dice = context.core.storage, context.core.clock.now(), random.Random(3)
    with storage.read() as connection:
        rows = connection.execute(
            sa.select(automations.c.id, automations.c.account_id).order_by(automations.c.id)
        ).all()
    for start in range(0, len(rows), 10_000):
        some = [row for number, row in enumerate(rows[start : start + 10_000]) if number % 2]
        owned = {row.id: {"automation_id": row.id, "owner": "local", "account_id": row.account_id} for row in some}
        amounts = {row.id: Decimal(dice.randint(1, 10_000)) / 1_000_000 for row in some}
        with storage.write() as connection:
            insert_many(connection, positions, [_position(owned[id_], amount, dice) for id_, amount in amounts.items()])
            insert_many(
                connection, fills, [_fill(owned[row.id], now, dice) for row in some for _ in range(_FILLS_EACH)]
            )
            insert_many(connection, equity, [_point(owned[id_], amount, now) for id_, amount in amounts.items()])
            day = now // DAY_MS * DAY_MS
            insert_many(
                connection,
                results,
                [
                    {
                        **each,
                        "day": day,
                        "asset": "USD",
                        "realised": Decimal(dice.randint(-9, 9)),
                        "fees": Decimal(0),
                        "fills": 1,
                    }
                    for each in owned.values()
                ],
            )
    with storage.write() as connection:
        source = connection.scalar(sa.select(schedule.c.source).limit(1))
        times = [now // 900_000 * 900_000 - number * 900_000 for number in range(_SAMPLES)]
        price = {"source": source, "symbol": "BTC/USD"}
        insert_many(
            connection, price_samples, [{**price, "at": at, "price": Decimal(40_000 + at % 977)} for at in times]
        )
    if storage.shared:
        with storage.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.exec_driver_sql("VACUUM ANALYZE")


def _position(owned: dict[str, Any], amount: Decimal, dice: random.Random) -> dict[str, Any]:
    cost = amount * dice.randint(39_000, 45_000)
    more = dict.fromkeys(("fees", "opening_cost", "carried", "opening_carried"), Decimal(0))
    realised = Decimal(dice.randint(-90, 90))
    return {
        **owned,
        "symbol": "BTC/USD",
        "amount": amount,
        "cost": cost,
        "realised": realised,
        "invested": cost,
        "fills": 1,
        **more,
    }


def _fill(owned: dict[str, Any], now: int, dice: random.Random) -> dict[str, Any]:
    at, id_ = now - dice.randrange(30 * DAY_MS), new_id()
    figures = {"amount": 1, "price": 40_000, "cost": 40_000, "fee": 1, "realised": 0}
    money = {name: Decimal(value) for name, value in figures.items()}
    names = {
        "fee_asset": "USD",
        "liquidity": "taker",
        "exchange_order_id": "x",
        "tag": "",
        "symbol": "BTC/USD",
        "side": "buy",
    }
    told = {"exchange_trade_id": id_, "generation": 0, "at": at, "settled_at": at, "news": False}
    return {"id": id_, "intent_id": id_, **owned, **money, **names, **told}


def _point(owned: dict[str, Any], amount: Decimal, now: int) -> dict[str, Any]:
    held = json.dumps([["BTC/USD", "", str(amount)]])
    worth = {"equity": Decimal(1_000), "realised": Decimal(0), "money": Decimal(900)}
    return {**owned, "at": now - 3 * DAY_MS, "asset": "USD", "held": held, **worth}


@contextmanager
def open_folder(settings: Settings) -> Iterator[OperationContext]:
    registry = load_plugins(settings.extra_plugins, discover=False)
    with open_idle_folder(Configuration(settings), registry, by="benchmark", settings=settings) as context:
        yield context


def fill(context: OperationContext, count: int, happened: int) -> None:
    storage = context.core.storage
    with storage.write() as connection:
        # Those of ninety days.
        apart = max(90 * DAY_MS // happened, 1)
        first = context.core.clock.now() - happened * apart
        given = {"events": happened, "automations": count, "first": first, "apart": apart}
        connection.execute(sa.text(_EVENTS), given)
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
        **_kept_pages(context),
        "orders of a period": lambda context, dice: perform_named(context, "orders.list", _month(context, dice)),
        "fills of a period": lambda context, dice: perform_named(context, "fills.list", _month(context, dice)),
        "events of a period": lambda context, dice: told(context, **{**_month(context, dice), "limit": LIMIT}),
        "an automation's log, searched": lambda context, dice: perform_named(
            context, "automations.log", {"automation": dice.choice(ids), "search": "bought", "level": "info"}
        ),
        "the course of an automation": lambda context, dice: perform_named(
            context, "equity.course", {"automation": dice.choice(ids)}
        ),
        "sparklines of a page": lambda context, dice: perform_named(
            context, "equity.sparklines", {"ids": dice.sample(ids, min(LIMIT, len(ids)))}
        ),
        "what needs somebody": lambda context, _: perform_named(context, "attention.show", {}),
        "baseline, automations by OFFSET": lambda context, dice: _skipped(
            context, automations, dice.randrange(len(ids))
        ),
        "baseline, events by OFFSET": lambda context, dice: _skipped(context, events_table, dice.randrange(happened)),
    }


def _kept_pages(context: OperationContext) -> dict[str, Page]:
    """Return pages of what is told out of memory."""

    def anchors(**wanted: Any) -> list[str]:
        page: Any = perform_named(context, "automations.list", {"limit": 1, "anchors": True, **wanted})
        return page.anchors or [page.next_cursor]

    by_pnl, by_name = anchors(sort="pnl", descending=True), anchors(sort="name")

    def listed(context: OperationContext, **wanted: Any) -> object:
        return perform_named(context, "automations.list", {"limit": LIMIT, **wanted})

    return {
        "automations by PnL": lambda context, dice: listed(
            context, sort="pnl", descending=True, cursor=dice.choice(by_pnl)
        ),
        "automations by name": lambda context, dice: listed(context, sort="name", cursor=dice.choice(by_name)),
        "automations by the day's result, with anchors": lambda context, _: listed(context, sort="today", anchors=True),
        "automations of several statuses": lambda context, _: listed(context, status=["active", "paused"]),
        "automations searched for": lambda context, dice: listed(
            context, search=f"sleeper {dice.randrange(1_000)}", sort="equity"
        ),
        "sums by type, status and account": lambda context, _: perform_named(
            context, "totals.show", {"by": ["type", "status", "account"]}
        ),
        "the day's results": lambda context, _: perform_named(context, "results.show", {}),
    }


def _month(context: OperationContext, dice: random.Random) -> dict[str, Any]:
    since = context.core.clock.now() - dice.randrange(30 * DAY_MS)
    return {"limit": LIMIT, "since": from_ms(since), "until": from_ms(since + DAY_MS)}


def _skipped(context: OperationContext, table: sa.Table, skip: int) -> object:
    statement = sa.select(table).order_by(table.c.id).limit(LIMIT).offset(skip)
    with context.core.storage.read() as connection:
        return connection.execute(statement).all()


def _timed(
    page: Page, context: OperationContext, dice: random.Random, count: int, *, before: Page | None = None
) -> list[tuple[float, float]]:
    """Return (ms, ms of this process's CPU) for each of some pages."""
    page(context, dice)  # what is compiled at first use is not counted
    took = []
    for _ in range(count):
        if before is not None:
            before(context, dice)
        began, used = time.perf_counter(), time.process_time()
        page(context, dice)
        took.append(((time.perf_counter() - began) * 1_000, (time.process_time() - used) * 1_000))
    return took


if __name__ == "__main__":
    main()
