"""What waiting costs: N automations that wait, beside parked DBOS workflows: ``python -m benchmarks.waiting``.

Half wait for a time, half for a price as well. A node is started on them with one of them due: seconds from the start
of its process to that tick committed, then its memory and CPU while nothing happens, beside those of a node with one
automation. The evaluating process counts as the node. The baseline parks workflows in ``DBOS.recv``, where an event can
wake them as it can wake an automation, and takes its memory and CPU less those of the same process before.
"""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from benchmarks._baseline import create_in_chunks, launch_dbos, open_core
from benchmarks._common import (
    Usage,
    children,
    databases,
    empty_folder,
    in_fresh_process,
    parse_options,
    server_cpu,
    settings_for,
    usage,
    wait_until,
    write_numbers,
)
from octobot_node.engine.commands.commands import Commands, NewAccount, NewAutomation
from octobot_node.live.node import Node
from octobot_node.store.tables import automations, schedule

MEGA = 1_000_000
ACCOUNT = NewAccount("bench", "simulated", "hostile", {}, {"url": "http://127.0.0.1:9"})
#: Far above any price of the simulated market, each a little apart.
LEVEL = 1_000_000
DAY_MS = 86_400_000


def main() -> None:
    """Run all and print."""
    options = parse_options(__doc__, either=True, automations=100_000, parked=2_000, seconds=20)
    with empty_folder(options.keep) as folder, databases(options) as new:
        small, large = new(), new()
        in_fresh_process(create, folder / "empty", 1, small)
        empty = in_fresh_process(wait, time.monotonic(), folder / "empty", options.seconds, small)
        created = in_fresh_process(create, folder / "full", options.automations, large)
        full = in_fresh_process(wait, time.monotonic(), folder / "full", options.seconds, large)
        parked = in_fresh_process(park, folder / "parked", options.parked, options.seconds, new())
    memory = full["own"] - empty["own"]
    figures = {
        "database": options.database,
        "automations": options.automations,
        "created per second": created,
        "memory above an empty node, MB": memory / MEGA,
        "resident memory above an empty node, MB": (full["resident"] - empty["resident"]) / MEGA,
        "memory of the empty node, MB": empty["own"] / MEGA,
        "idle CPU, % of a core": full["cpu"],
        "idle CPU of the empty node, % of a core": empty["cpu"],
        **_of_server(full, empty, options.database),
        "restart to first tick, s": full["first"],
        "restart to first tick of the empty node, s": empty["first"],
        "baseline parked workflows": options.parked,
        "baseline memory each, kB": parked["own"] / options.parked / 1_000,
        "memory each, kB": memory / options.automations / 1_000,
        "baseline CPU of all, % of a core": parked["cpu"],
        "baseline extrapolated to as many, MB": parked["own"] / options.parked * options.automations / MEGA,
        "baseline extrapolated to as many, cores": parked["cpu"] / 100 / options.parked * options.automations,
        "the ratio": "memory each, the baseline's by ours",
    }
    write_numbers(options, figures, parked["own"] / options.parked / max(memory / options.automations, 1e-9))


def _of_server(full: Mapping[str, float], empty: Mapping[str, float], database: str) -> dict[str, float]:
    if database == "sqlite":
        return {}
    of = "idle CPU of the server, % of a core"
    return {of: full["server"], f"{of}, for the empty node": empty["server"]}


def create(folder: Path, count: int, database: str = "") -> float:
    """Create automations that wait, one of them due; return how many were created a second."""
    core = open_core(folder, database)
    new = [NewAutomation(f"sleeper-{i}", "bench_sleeper", "", {"USD": Decimal(1_000)}, {}) for i in range(count)]
    started = time.monotonic()
    ids = create_in_chunks(Commands(core), ACCOUNT, new)
    rate = count / (time.monotonic() - started)
    far = core.clock.now() + DAY_MS
    every_other = (
        schedule.update().where(schedule.c.automation_id == sa.bindparam("id")).values(levels=sa.bindparam("l"))
    )
    with core.storage.write() as connection:
        connection.execute(schedule.update().values(next_run_at=far, due_at=far))
        if count > 1:
            # Not in the order of their ids, as prices never are.
            levels = [{"id": id_, "l": _levels(i * 7_919 % count)} for i, id_ in enumerate(ids) if i % 2]
            connection.execute(every_other, levels)
        connection.execute(schedule.update().where(schedule.c.automation_id == ids[0]).values(next_run_at=0))
        waiting = {"wake": '{"at":null,"every":43200000,"offset":0,"daily":null,"cron":null,"tz":"UTC"}'}
        connection.execute(automations.update().values(waiting))
    core.storage.close()
    return rate


def _levels(number: int) -> str:
    return f'{{"above":{{"BTC/USD":"{LEVEL + number}.5"}},"below":{{}}}}'


def wait(started: float, folder: Path, seconds: int, database: str = "") -> Mapping[str, float]:
    """Start a node, take its first tick, then let it wait."""
    with Node(settings_for(folder, database)) as node:
        wait_until(lambda: node.core.counters.ticks >= 1, seconds=60, what="the first tick")
        first = time.monotonic() - started
        return {"first": first, **_idle(seconds, database)}


def _idle(seconds: int, database: str = "") -> dict[str, float]:
    time.sleep(3.0)
    pids = [os.getpid(), *children(os.getpid())]
    before, server_before, at = usage(pids), server_cpu(database), time.monotonic()
    time.sleep(seconds)
    after, server_after, took = usage(pids), server_cpu(database), time.monotonic() - at
    percent = 100 / took
    return {
        **_memory(after),
        "cpu": percent * (after.cpu - before.cpu),
        "server": percent * (server_after - server_before),
    }


def _memory(used: Usage) -> dict[str, float]:
    return {"own": used.own, "resident": used.resident}


def park(folder: Path, count: int, seconds: int, database: str = "") -> Mapping[str, float]:
    """Park asynchronous workflows, which cost no thread each; return what they cost above none."""
    core = open_core(folder, database)
    launch_dbos(core)
    import dbos

    @dbos.DBOS.workflow(name="parked")
    async def parked(_number: int) -> Any:
        return await dbos.DBOS.recv_async(timeout_seconds=3_600)

    dbos.DBOS.launch()

    async def run() -> Mapping[str, float]:
        await asyncio.to_thread(time.sleep, 2.0)
        before = await asyncio.to_thread(_idle, max(seconds // 4, 2))
        for number in range(count):
            await dbos.DBOS.start_workflow_async(parked, number)
        after = await asyncio.to_thread(_idle, seconds)
        return {name: after[name] - before[name] for name in after}

    return asyncio.run(run())


if __name__ == "__main__":
    main()
