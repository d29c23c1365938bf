"""The node that is crashed: ``python -m benchmarks.crash.node JOB.json``, told more on stdin, telling on stdout."""

from __future__ import annotations

import json
import os
import signal
import sys
import threading
import time
from decimal import Decimal
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from pydantic import SecretStr

from benchmarks.crash.verify import IS_TRADER, looked_at
from octobot_node.automation import AutomationStatus
from octobot_node.cli.log_file import logging_to_stderr
from octobot_node.engine.commands.commands import NewAccount, NewAutomation
from octobot_node.live.node import Node
from octobot_node.settings import Settings
from octobot_node.store.tables import automations, intents, schedule


def main() -> None:
    job = json.loads(Path(sys.argv[1]).read_text())
    data_dir = Path(job["data_dir"])
    left = _in_flight(job["database_url"] or data_dir / "octobot.db")
    settings = Settings(
        data_dir=data_dir,
        database_url=job["database_url"],
        extra_plugins=tuple(job["plugins"]),
        egress_allow_private=job.get("allow_private", False),
        egress_routes=tuple(SecretStr(each) for each in job.get("egress_routes", ())),
        request_ttl=job["request_ttl"],
        request_timeout=3.0,
        unknown_after=job["unknown_after"],
        sweep_interval=0.25,
        disk_reserve_mb=0,
    )
    # Stdout is for what the harness reads.
    with logging_to_stderr("json"), Node(settings, checkpoint=_death_at(job["point"], job["nth"])) as node:
        _create(node, job)
        node.hurry()
        say(event="ready", seconds=time.monotonic() - job["crashed_at"])
        threading.Thread(target=_listen, daemon=True).start()
        _await_recovery(node, left, job["crashed_at"])
        while not _told("drain"):
            time.sleep(0.02)
        _drain(node)
        say(event="drained")
        while not _told("stop"):
            time.sleep(0.02)


def say(**line: Any) -> None:
    sys.stdout.write(json.dumps(line) + "\n")
    sys.stdout.flush()


#: What the harness told this process so far.
HEARD: set[str] = set()


def _listen() -> None:
    for line in sys.stdin:
        HEARD.add(line.strip())
    HEARD.add("stop")


def _told(what: str) -> bool:
    return what in HEARD or "stop" in HEARD


def _death_at(point: str | None, nth: int) -> Any:
    hits = 0

    def check(name: str) -> None:
        nonlocal hits
        if name == point:
            hits += 1
            if hits >= nth:
                os.kill(os.getpid(), signal.SIGKILL)

    return check


def _in_flight(database: Path | str) -> set[str]:
    """Return the intents that the last life left between decision and answer."""
    if isinstance(database, Path) and not database.exists():
        return set()
    with looked_at(database) as connection:
        if not sa.inspect(connection).has_table(intents.name):
            return set()
        return set(connection.scalars(sa.select(intents.c.id).where(intents.c.status.in_(("planned", "sent")))))


def _create(node: Node, job: dict[str, Any]) -> None:
    account = node.commands.create_account(
        NewAccount(
            "crash",
            job["connector"],
            job["connector"],
            job["market_data_settings"],
            job["trading_settings"],
            egress=job.get("egress", ""),
        )
    )
    with node.core.storage.read() as connection:
        existing = connection.scalar(sa.select(sa.func.count()).select_from(automations)) or 0
    if existing:
        return
    new = [
        NewAutomation(
            each["name"],
            each["type"],
            account,
            {asset: Decimal(amount) for asset, amount in each["budget"].items()},
            each["config"],
        )
        for each in job["automations"]
    ]
    node.commands.create_many(new)


def _await_recovery(node: Node, left: set[str], crashed_at: float) -> None:
    """Say when what the last life left in flight is resolved and a tick was committed."""
    while not _told("drain"):
        with node.core.storage.read() as connection:
            rows = connection.execute(sa.select(intents.c.id).where(intents.c.status.in_(("planned", "sent")))).all()
        if node.core.counters.ticks and not left & {row.id for row in rows}:
            say(event="recovered", seconds=time.monotonic() - crashed_at, left=len(left))
            return
        time.sleep(0.05)


def _drain(node: Node) -> None:
    """Let every automation tick twice more, then pause all and wait until nothing is in flight."""
    with node.core.storage.read() as connection:
        before = {row.automation_id: row.tick for row in connection.execute(sa.select(schedule))}
        # Others tick when something happens, and some are done.
        traders = set(connection.scalars(sa.select(automations.c.id).where(IS_TRADER)))
    while True:
        with node.core.storage.read() as connection:
            now = {row.automation_id: row.tick for row in connection.execute(sa.select(schedule))}
        if all(now[id_] >= tick + 2 for id_, tick in before.items() if id_ in traders):
            break
        time.sleep(0.2)
    with node.core.storage.read() as connection:
        rows = connection.execute(sa.select(automations.c.id, automations.c.status)).all()
    for row in rows:
        if AutomationStatus(row.status).pausable:
            node.commands.pause(row.id)
    while True:
        with node.core.storage.read() as connection:
            moving = intents.c.status.in_(("planned", "sent"))
            filling = (intents.c.status == "open") & ((intents.c.type == "market") | (intents.c.kind == "cancel"))
            count = connection.scalar(sa.select(sa.func.count()).where(moving | filling))
        if not count:
            break
        time.sleep(0.1)
    time.sleep(1.5)  # cancelled orders end a watcher's pass later


if __name__ == "__main__":
    main()
