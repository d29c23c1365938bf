"""What every baseline stands on: the node's own storage and tables, and DBOS as its documentation shows it.

Nothing of our delivery is used: no batches, no kicks. A queue is polled every 0.1 s and has 50 workers, which is the
best that DBOS did for single workflows (dozens of threads on one SQLite writer; more of them are slower).
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from benchmarks._common import settings_for, wait_until
from octobot_node.clock import SystemClock
from octobot_node.engine.assembly import assemble
from octobot_node.engine.base import Base, open_base
from octobot_node.engine.commands.commands import Commands, NewAccount, NewAutomation
from octobot_node.engine.core import Core
from octobot_node.engine.evaluating.evaluator import InlineEvaluator
from octobot_node.engine.workers.durable import queue_schema_of
from octobot_node.engine.workers.event_loop import ThreadedEventLoop
from octobot_node.ids import new_id
from octobot_node.plugin_system.discovery import load_plugins

__all__ = ["WORKERS", "create_in_chunks", "launch_dbos", "open_core", "run_steadily", "run_workflows"]

WORKERS = 50
POLL_S = 0.1
_VERSION = "baseline-1"
_CHUNK = 2_000


def open_core(folder: Path, database: str = "") -> Core:
    """Open a data folder as a node does, without its threads: tables, accounts, market data, and an I/O loop."""
    clock, settings = SystemClock(), settings_for(folder, database)
    registry = load_plugins(settings.extra_plugins)
    base: Base = open_base(settings, registry, clock.now())
    return assemble(
        base,
        clock=clock,
        event_loop=ThreadedEventLoop(),
        evaluator=InlineEvaluator(registry.automations, settings.evaluate_timeout),
        deliver=_undelivered,
        kick=lambda _queue: None,
        owns=lambda _connection, _workflow: True,
        carried=lambda _connection, _ids: set(),
    )


def _undelivered(_connection: sa.Connection, queue: str, _argument: str) -> str:
    raise RuntimeError(f"a baseline delivers nothing to {queue}")


def create_in_chunks(commands: Commands, account: NewAccount, automations: Sequence[NewAutomation]) -> list[str]:
    """Create an account and its automations; return the automations' ids."""
    account_id = commands.create_account(account)
    ids: list[str] = []
    for start in range(0, len(automations), _CHUNK):
        chunk = [
            NewAutomation(new.name, new.type, account_id, new.budget, new.config)
            for new in automations[start : start + _CHUNK]
        ]
        ids += commands.create_many(chunk)
    return ids


def launch_dbos(core: Core) -> None:
    """Launch DBOS on the node's own engine, so that it has the same settings, and on SQLite the same only writer."""
    import dbos

    dbos.DBOS(
        config={
            "name": "baseline",
            "system_database_engine": core.storage.engine,
            "dbos_system_schema": queue_schema_of(core.storage.engine),
            "application_version": _VERSION,
            "use_listen_notify": False,
            "run_migrations": False,
            "log_level": "ERROR",
            "scheduler_polling_interval_sec": 3600,
        }
    )


def run_workflows(core: Core, workflow: Callable[[str], Any], ids: Sequence[str]) -> float:
    """Run one workflow for each id through a queue; return the seconds from the commit that enqueues them all to the
    last end.
    """
    ended = _Ended(workflow)
    client, first = _warmed(core, ended, ids[0])
    with core.storage.write() as connection:
        others = [_enqueue(client, connection, each) for each in ids[1:]]
    started = time.monotonic()
    wait_until(lambda: ended.all_of(core, [first, *others]), seconds=600, what="the baseline's workflows")
    return time.monotonic() - started


def run_steadily(core: Core, workflow: Callable[[str], Any], ids: Sequence[str], rate: float) -> dict[str, int]:
    """Run one workflow for each id but the first, ``rate`` a second; return when each was due (ms).

    Who looks for what is due does so every 0.1 s, and enqueues all of it in one transaction.
    """
    ended = _Ended(workflow)
    client, first = _warmed(core, ended, ids[0])
    started = core.clock.now() + 500
    due = {each: started + int(number * 1_000 / rate) for number, each in enumerate(ids[1:])}
    waiting, enqueued = list(due), [first]
    while waiting:
        time.sleep(0.1)
        now = core.clock.now()
        found = [each for each in waiting if due[each] <= now]
        waiting = waiting[len(found) :]
        if found:
            with core.storage.write() as connection:
                enqueued += [_enqueue(client, connection, each) for each in found]
    wait_until(lambda: ended.all_of(core, enqueued), seconds=600, what="the baseline's workflows")
    return due


def _warmed(core: Core, ended: _Ended, argument: str) -> tuple[Any, str]:
    """Launch DBOS and run one workflow, so that what is imported and compiled at first use is not counted, as for a
    warm node; return what enqueues more, and the workflow's id.
    """
    import dbos

    @dbos.DBOS.workflow(name="baseline")
    def run(argument: str) -> Any:
        return ended.run(argument)

    dbos.DBOS.launch()
    engine = core.storage.engine
    client = dbos.DBOSClient(
        system_database_engine=engine, dbos_system_schema=queue_schema_of(engine), application_name="baseline"
    )
    dbos.DBOS.register_queue("baseline", worker_concurrency=WORKERS, polling_interval_sec=POLL_S)
    with core.storage.write() as connection:
        first = _enqueue(client, connection, argument)
    wait_until(lambda: ended.all_of(core, [first]), seconds=30, what="the first workflow")
    return client, first


def _enqueue(client: Any, connection: sa.Connection, argument: str) -> str:
    workflow_id = new_id()
    options = {
        "workflow_name": "baseline",
        "queue_name": "baseline",
        "workflow_id": workflow_id,
        "app_version": _VERSION,
    }
    client.enqueue_in_transaction(connection, options, argument)
    return workflow_id


class _Ended:
    """Counts ends here, and asks the database only then: asking must not cost the baseline more than it costs us."""

    def __init__(self, workflow: Callable[[str], Any]) -> None:
        self._workflow = workflow
        self._count = 0
        self._failure: Exception | None = None
        self._counting = threading.Lock()

    def run(self, argument: str) -> Any:
        try:
            return self._workflow(argument)
        except Exception as error:
            self._failure = error
            raise
        finally:
            with self._counting:
                self._count += 1

    def all_of(self, core: Core, workflow_ids: Sequence[str]) -> bool:
        time.sleep(0.02)
        if self._failure is not None:
            raise RuntimeError("a workflow of the baseline failed") from self._failure
        if self._count < len(workflow_ids):
            return False
        rows = sa.table(
            "workflow_status", sa.column("workflow_uuid"), sa.column("status"),
            schema=queue_schema_of(core.storage.engine),
        )  # fmt: skip
        done = sa.select(sa.func.count()).where(rows.c.workflow_uuid.in_(workflow_ids), rows.c.status == "SUCCESS")
        with core.storage.read() as connection:
            return connection.scalar(done) == len(workflow_ids)
