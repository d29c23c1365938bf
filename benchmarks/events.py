"""Readers of live events beside a steady load: ``python -m benchmarks.events``.

A node, ``octobot-node start`` with its API on either database, ticks so many times a second, and orders so often on the
hostile exchange that there are events to read. Measured without readers, and then with N readers of the stream over
HTTP in a process of their own, and some more that never read what they asked for. Late is from an event's own time,
which is before its commit, to the moment a reader has it. Every reader must have every event between its first and
last, once and in order.

The ratio is ticks a second with readers by those without.
"""

from __future__ import annotations

import asyncio
import json
import os
import socket
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from benchmarks import orders, ticks
from benchmarks._baseline import create_in_chunks, open_core
from benchmarks._common import (
    PLUGINS,
    Options,
    Usage,
    children,
    databases,
    empty_folder,
    in_fresh_process,
    parse_options,
    quantile,
    usage,
    wait_until,
    write_numbers,
)
from benchmarks.chaos.cluster import Node
from benchmarks.latency import EVERY_S
from octobot_node.engine.commands.commands import Commands, NewAccount, NewAutomation
from octobot_node.live.control_client import ask
from octobot_node.store.tables import events, schedule
from octobot_node.testing.hostile_exchange.process import HostileExchange

_ASK = "GET /api/v1/events HTTP/1.1\r\nHost: node\r\nAccept: text/event-stream\r\nAuthorization: Bearer {token}\r\n\r\n"
_MEGABYTE = 1_000_000


def main() -> None:
    """Run it and print."""
    options = parse_options(__doc__, either=True, ticks=1_000, orders=20, readers=100, silent=10, seconds=30)
    with empty_folder(options.keep) as folder, databases(options) as new:
        figures = run(folder, new(), options)
    write_numbers(options, figures, float(str(figures["ticks a second, with readers"])) / _before(figures))


def _before(figures: Mapping[str, object]) -> float:
    return float(str(figures["ticks a second, without"]))


def run(folder: Path, database: str, options: Options) -> dict[str, object]:
    with HostileExchange.start(folder / "exchange", request_expiry=True) as exchange:
        in_fresh_process(_create, folder / "node", database, orders.account_at(exchange), options.ticks, options.orders)
        with _started(folder, database, options) as (node, port):
            token = ask(node.data, "keys.create", {"user": "admin", "name": "b", "scopes": ["events:read"]})["token"]
            log = _Log(node.data, database)
            wait_until(lambda: log.ticks() >= options.ticks * EVERY_S, seconds=300, what="the first ticks")
            # All were due at once at their creation: what is measured is a node that has caught up.
            wait_until(lambda: not log.overdue(), seconds=300, what="the node catching up")
            without = _measure(node, log, options.seconds)
            with _silent(port, token, options.silent):
                read = _Readers(port, token, options.readers, options.seconds, folder / "readers-began")
                read.wait_begun()
                reading = _measure(node, log, options.seconds)
                late = read.result(log)
            return {"database": options.database, "readers": options.readers, "and who never read": options.silent} | (
                _figures(without, reading, late)
            )


def _create(folder: Path, database: str, account: NewAccount, rate: int, ordering: int) -> None:
    """Create what ticks and what orders; a node finds them when it starts."""
    commands, amount = Commands(open_core(folder, database)), str(orders.AMOUNT)
    for where, count, config in (
        (replace(ticks.ACCOUNT, name="ticks"), (rate - ordering) * EVERY_S, {"every": EVERY_S}),
        (account, ordering * EVERY_S, {"every": EVERY_S, "amount": amount}),
    ):
        new = [
            NewAutomation(f"{where.name}-{i}", "bench_steady", "", {"USD": orders.BUDGET}, config) for i in range(count)
        ]
        create_in_chunks(commands, where, new)


@contextmanager
def _started(folder: Path, database: str, options: Options) -> Iterator[tuple[Node, int]]:
    port, most = _free_port(), str(options.readers + options.silent)
    environment = {
        "OCTOBOT_EXTRA_PLUGINS": ",".join(PLUGINS),
        "OCTOBOT_API": "true",
        "OCTOBOT_API_PORT": str(port),
        "OCTOBOT_EVENTS_STREAMS": most,
        "OCTOBOT_EVENTS_STREAMS_PER_USER": most,
    }
    node = Node("node", folder, database, (), **environment)
    try:
        node.start()
        node.wait_started(120)
        # The first user is made before the API listens.
        wait_until(lambda: node.said("api_started"), seconds=60, what="the API")
        yield node, port
        node.stop()
    finally:
        node.kill()


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        found: int = listening.getsockname()[1]
        return found


class _Log:
    """What the database has, as anybody may look at it."""

    def __init__(self, folder: Path, database: str) -> None:
        url = sa.make_url(database or f"sqlite:///{folder / 'octobot.db'}")
        if database:
            url = url.set(drivername="postgresql+psycopg")
        self._engine = sa.create_engine(url)

    def ticks(self) -> int:
        with self._engine.connect() as connection:
            return int(connection.scalar(sa.select(sa.func.sum(schedule.c.tick))) or 0)

    def overdue(self) -> int:
        """Return how many have waited for their tick for a second."""
        late = schedule.c.next_run_at < int(time.time() * 1_000) - 1_000
        with self._engine.connect() as connection:
            return connection.scalar(sa.select(sa.func.count()).where(late)) or 0

    def newest(self) -> int:
        with self._engine.connect() as connection:
            return connection.scalar(sa.select(sa.func.max(events.c.id))) or 0

    def ids(self, first: int, last: int) -> list[int]:
        """Return the ids from one event to another, in the order in which they are followed."""
        columns = events.c
        order = (columns.txid, columns.id) if self._engine.dialect.name == "postgresql" else (columns.id,)
        with self._engine.connect() as connection:
            found = list(connection.scalars(sa.select(columns.id).order_by(*order)))
        return found[found.index(first) : found.index(last) + 1]


def _measure(node: Node, log: _Log, seconds: int) -> dict[str, Any]:
    assert node.process is not None
    before, cpu, newest, began = log.ticks(), _cost(node).cpu, log.newest(), time.monotonic()
    time.sleep(seconds)
    took = time.monotonic() - began
    cost = _cost(node)
    return {
        "ticks": (log.ticks() - before) / took,
        "events": (log.newest() - newest) / took,
        "cpu": (cost.cpu - cpu) / took,
        "own": usage([node.process.pid]).own / _MEGABYTE,
    }


def _cost(node: Node) -> Usage:
    assert node.process is not None
    return usage([node.process.pid, *children(node.process.pid)])


@contextmanager
def _silent(port: int, token: str, count: int) -> Iterator[None]:
    """Ask for the stream and never read it."""
    open_ones = [socket.create_connection(("127.0.0.1", port)) for _ in range(count)]
    try:
        for each in open_ones:
            each.sendall(_ASK.format(token=token).encode())
        yield
    finally:
        for each in open_ones:
            each.close()


class _Readers:
    """Readers in a process of their own, and a thread that waits for what it says."""

    def __init__(self, port: int, token: str, count: int, seconds: int, mark: Path) -> None:
        self._mark = mark
        self._found: list[Mapping[str, Any]] = []
        self._thread = threading.Thread(target=self._run, args=(port, token, count, seconds))
        self._thread.start()

    def wait_begun(self) -> None:
        """Wait until all of them read."""
        wait_until(self._mark.exists, seconds=60, what="all readers reading")

    def _run(self, port: int, token: str, count: int, seconds: int) -> None:
        self._found.append(in_fresh_process(_read_all, port, token, count, seconds, self._mark))

    def result(self, log: _Log) -> list[float]:
        """Return how late (s) each event was at each reader; raise RuntimeError where one lacks an event."""
        self._thread.join()
        (found,) = self._found
        whole = log.ids(min(ids[0] for ids in found["ids"]), max(ids[-1] for ids in found["ids"]))
        for ids in found["ids"]:
            start = whole.index(ids[0])
            if whole[start : start + len(ids)] != ids:
                raise RuntimeError("a reader lacks an event, or has one twice: these figures would be wrong")
        return sorted(found["late"])


def _read_all(port: int, token: str, count: int, seconds: int, mark: Path) -> Mapping[str, Any]:
    return asyncio.run(_read_for(port, token, count, seconds, mark))


async def _read_for(port: int, token: str, count: int, seconds: int, mark: Path) -> Mapping[str, Any]:
    ids: list[list[int]] = [[] for _ in range(count)]
    late: list[float] = []
    everybody = asyncio.Barrier(count + 1)
    tasks = [asyncio.create_task(_read(port, token, each, late, everybody)) for each in ids]
    async with asyncio.timeout(60):
        await everybody.wait()
    await asyncio.to_thread(mark.touch)
    late.clear()
    await asyncio.sleep(seconds)
    for task in tasks:
        if task.done():
            task.result()
        task.cancel()
    return {"ids": ids, "late": late}


async def _read(port: int, token: str, ids: list[int], late: list[float], everybody: asyncio.Barrier) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(_ASK.format(token=token).encode())
    status = await reader.readline()
    if b"200" not in status:
        await everybody.abort()
        raise RuntimeError(f"a reader was answered {status!r}")
    await everybody.wait()
    while line := await reader.readline():
        if line.startswith(b"data: "):
            event = json.loads(line[6:])
            ids.append(event["id"])
            late.append(time.time() - datetime.fromisoformat(event["at"]).timestamp())
    raise RuntimeError("the node ended a stream")


def _figures(without: Mapping[str, Any], reading: Mapping[str, Any], late: Sequence[float]) -> dict[str, object]:
    return {
        "ticks a second, without": without["ticks"],
        "ticks a second, with readers": reading["ticks"],
        "events a second": reading["events"],
        "events delivered": len(late),
        "written to read, p50, s": quantile(late, 0.5),
        "written to read, p95, s": quantile(late, 0.95),
        "written to read, worst, s": late[-1],
        "memory of the node, without, MB": without["own"],
        "memory of the node, with readers, MB": reading["own"],
        "cores, without": without["cpu"],
        "cores, with readers": reading["cpu"],
        "cores of the machine": os.cpu_count() or 0,
    }


if __name__ == "__main__":
    main()
