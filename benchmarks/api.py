"""The REST API beside a large database: ``python -m benchmarks.api``.

N automations and M events in one database. Requests go through the whole application, in process (ASGI, no network):
the key that is looked up, scopes, the operation, JSON; at random places, one after another. The baseline is the same
operation called without HTTP. Then 100 readers of the event stream beside a node that ticks 1,000 times a second
(``benchmarks.events``, which has it alone).

The ratio is the p95 of a page of automations by that of the operation alone.
"""

from __future__ import annotations

import asyncio
import os
import random
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import httpx2
import sqlalchemy as sa

from benchmarks import events
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
from benchmarks.lists import ACCOUNT, fill, open_folder
from octobot_node.api.app import create_app
from octobot_node.engine.commands.commands import NewAutomation
from octobot_node.operations.automations.listing import list_automations
from octobot_node.operations.automations.models.automations import ListAutomations
from octobot_node.operations.context import OperationContext
from octobot_node.operations.perform import perform_named
from octobot_node.store.tables import automations
from octobot_plugins.auth import first_admin

LIMIT = 50
_SCOPES = ("automations:read", "events:read", "orders:read", "node:read")
Address = Callable[[random.Random], str]


def main() -> None:
    """Fill a database, ask, and print."""
    options = parse_options(
        __doc__,
        either=True,
        automations=100_000,
        happened=1_000_000,
        requests=300,
        ticks=1_000,
        orders=20,
        readers=100,
        silent=10,
        seconds=30,
    )
    figures: dict[str, object] = {"automations": options.automations, "events": options.happened}
    with empty_folder(options.keep) as folder, databases(options) as new:
        given = (folder / "node", new(), options.automations, options.happened, options.requests)
        took, memory = in_fresh_process(measured, *given)
        figures["memory of the process, MB"] = memory
        for name, each in took.items():
            figures |= {f"{name}, p50, ms": quantile(each, 0.5), f"{name}, p95, ms": quantile(each, 0.95)}
        if options.readers:
            figures |= events.run(folder / "events", new(), options)
    ratio = quantile(took["GET /automations"], 0.95) / quantile(took["baseline, the operation alone"], 0.95)
    write_numbers(options, figures, ratio)


def measured(
    folder: Path, database: str, count: int, happened: int, requests: int
) -> tuple[dict[str, Sequence[float]], float]:
    """Return for each kind of request how long (ms) each took, in order, and the process's own memory (MB)."""
    _quiet()
    with open_folder(settings_for(folder, database, disk_reserve_mb=0)) as context:
        new = [NewAutomation(f"sleeper-{i}", "bench_sleeper", "", {"USD": Decimal(1_000)}, {}) for i in range(count)]
        create_in_chunks(context.commands, ACCOUNT, new)
        fill(context, count, happened)
        first_admin.prepare(context.plugin_context)
        made: Any = perform_named(context, "keys.create", {"user": "admin", "name": "bench", "scopes": list(_SCOPES)})
        found = asyncio.run(_ask_all(replace(context, live=True), made.token, requests))
        found["baseline, the operation alone"] = _alone(context, requests)
        return found, round(usage([os.getpid()]).own / 1_000_000, 1)


def _quiet() -> None:
    """Log only what goes wrong: a line for each request would be measured, too."""
    import logging

    import structlog

    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING))


def _ids(context: OperationContext) -> list[str]:
    with context.core.storage.read() as connection:
        return list(connection.scalars(sa.select(automations.c.id).order_by(automations.c.id)))


def _addresses(ids: Sequence[str]) -> dict[str, Address]:
    return {
        "GET /automations": lambda dice: f"/automations?limit={LIMIT}&cursor={dice.choice(ids)}",
        "GET /automations?status=": lambda _: f"/automations?limit={LIMIT}&status=paused",
        "GET /automations/{id}": lambda dice: f"/automations/{dice.choice(ids)}",
        "GET /events": lambda _: f"/events?limit={LIMIT}",
        "GET /automations/{id}/events": lambda dice: f"/automations/{dice.choice(ids)}/events?limit={LIMIT}",
        "GET /orders": lambda _: f"/orders?limit={LIMIT}",
        "GET /node": lambda _: "/node",
    }


async def _ask_all(context: OperationContext, token: str, requests: int) -> dict[str, Sequence[float]]:
    app = create_app(context)
    transport = httpx2.ASGITransport(app=app, client=("127.0.0.1", 1))
    headers = {"authorization": f"Bearer {token}", "accept": "application/json"}
    dice = random.Random(7)
    found: dict[str, Sequence[float]] = {}
    async with httpx2.AsyncClient(transport=transport, base_url="http://node/api/v1", headers=headers) as client:
        for name, address in _addresses(_ids(context)).items():
            await _asked(client, address(dice))  # what is compiled at first use is not counted
            found[name] = sorted([await _asked(client, address(dice)) for _ in range(requests)])
    return found


async def _asked(client: httpx2.AsyncClient, address: str) -> float:
    began = time.perf_counter()
    answer = await client.get(address)
    took = (time.perf_counter() - began) * 1_000
    assert answer.status_code == 200, f"{address}: {answer.text}"
    return took


def _alone(context: OperationContext, requests: int) -> Sequence[float]:
    ids, dice, took = _ids(context), random.Random(7), []
    for _ in range(requests):
        began = time.perf_counter()
        list_automations(context, ListAutomations(limit=LIMIT, cursor=dice.choice(ids)))
        took.append((time.perf_counter() - began) * 1_000)
    return sorted(took)


if __name__ == "__main__":
    main()
