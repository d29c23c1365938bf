"""A process with DBOS in it, for the tests of durable delivery: DBOS is one per process.

``python -m tests.acceptance.engine.durable_program SCENARIO FOLDER`` prints what it saw, one JSON value a line.
"""

from __future__ import annotations

import json
import sys
import threading
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from octobot_node.contracts.storage import Storage
from octobot_node.engine.workers.durable import ORDERS, TICKS, Durable, give_back, left_by
from octobot_node.engine.workers.durable import depths as queue_depths
from octobot_node.plugin_system.discovery import load_plugins
from octobot_node.settings import Settings
from octobot_node.store.migrate import migrate

Runs = list[tuple[str, str, str]]


class Program:
    """One life of a process: what it runs is noted, and can be waited for."""

    def __init__(self, folder: Path, *, poll: float = 30.0, node: str = "node-1") -> None:
        registry = load_plugins(discover=False)
        self.settings = Settings(data_dir=folder, queue_poll_interval=poll)
        self.storage: Storage = registry.hook.open_storage(settings=self.settings)
        migrate(self.storage)
        self.runs: Runs = []
        self.ran = threading.Condition()
        self.on_run: Callable[[str, str], None] = lambda _workflow, _argument: None
        self.durable = Durable(
            self.storage, self.settings, node, {TICKS: self._handler(TICKS), ORDERS: self._handler(ORDERS)}
        )
        self.durable.start()

    def _handler(self, queue: str) -> Callable[[str, str], Mapping[str, int]]:
        def handle(workflow_id: str, argument: str) -> Mapping[str, int]:
            self.on_run(workflow_id, argument)
            with self.ran:
                self.runs.append((queue, workflow_id, argument))
                self.ran.notify_all()
            return {"done": 1}

        return handle

    def enqueue(self, queue: str, argument: str, *, kick: bool = True) -> str:
        with self.storage.write(durable=True) as connection:
            workflow_id = self.durable.enqueue(connection, queue, argument)
        if kick:
            self.durable.kick(queue)
        return workflow_id

    def wait(self, count: int, timeout: float = 20.0) -> list[str]:
        """Wait for so many runs; return the arguments of those there were."""
        with self.ran:
            self.ran.wait_for(lambda: len(self.runs) >= count, timeout)
            return [argument for _, _, argument in self.runs]

    def quiet(self) -> None:
        """Wait until nothing runs: a workflow's end is written a moment after its function returns."""
        while any(status == "PENDING" for _, status, _ in self.statuses()):
            time.sleep(0.02)

    def forget(self) -> None:
        """Leave nothing to the next scenario."""
        self.quiet()
        self.runs.clear()
        self.on_run = lambda _workflow, _argument: None
        with self.storage.write() as connection:
            connection.execute(sa.text("DELETE FROM workflow_status"))

    def statuses(self) -> list[list[Any]]:
        with self.storage.read() as connection:
            rows = connection.exec_driver_sql(
                "SELECT name, status, serialization FROM workflow_status ORDER BY created_at"
            )
            return [list(row) for row in rows]


def say(value: Any) -> None:
    print(json.dumps(value), flush=True)  # noqa: T201


def delivery(program: Program) -> None:
    """A kick runs at once what a long poll would leave; what was rolled back never runs."""
    began = time.monotonic()
    program.enqueue(TICKS, "kicked")
    say(program.wait(1))
    say(time.monotonic() - began < 10)
    try:
        with program.storage.write() as connection:
            program.durable.enqueue(connection, TICKS, "rolled back")
            raise RuntimeError
    except RuntimeError:
        program.durable.kick(TICKS)
    program.enqueue(ORDERS, "after")
    program.enqueue(TICKS, "last")
    say(sorted(program.wait(3)))
    program.quiet()
    say(sorted(program.statuses()))


def ownership(program: Program) -> None:
    """A workflow is ours until somebody else claims it."""
    seen: list[bool] = []

    def look(workflow_id: str, _argument: str) -> None:
        with program.storage.write() as connection:
            seen.append(program.durable.owns(connection, workflow_id))
            seen.append(program.durable.owns(connection, "another workflow"))
        with program.storage.write() as connection:
            connection.execute(sa.text("UPDATE workflow_status SET owner_xid = 'another node'"))
        with program.storage.write() as connection:
            seen.append(program.durable.owns(connection, workflow_id))
            connection.execute(sa.text("UPDATE workflow_status SET owner_xid = :mine"), {"mine": _own_token()})

    program.on_run = look
    workflow_id = program.enqueue(TICKS, "x")
    program.wait(1)
    with program.storage.write() as connection:
        seen.append(program.durable.owns(connection, workflow_id))
    say(seen)


def _own_token() -> str:
    from dbos._context import get_local_dbos_context

    context: Any = get_local_dbos_context()
    token: str = context.owner_xid
    return token


def carried(program: Program) -> None:
    """What waits or runs is carried; what has ended is not."""
    during: list[bool] = []

    def look(workflow_id: str, _argument: str) -> None:
        with program.storage.read() as connection:
            during.append(program.durable.carried(connection, {workflow_id}) == {workflow_id})

    program.on_run = look
    workflow_id = program.enqueue(TICKS, "x", kick=False)
    with program.storage.read() as connection:
        say(program.durable.carried(connection, {workflow_id, "nobody"}) == {workflow_id})
        say(program.durable.carried(connection, set()) == set())
    program.durable.kick(TICKS)
    program.wait(1)
    program.quiet()
    with program.storage.read() as connection:
        say([*during, program.durable.carried(connection, {workflow_id}) == set()])


def depths(program: Program) -> None:
    """What waits and what runs is counted by queue; what ended is not."""
    during: list[list[int]] = []

    def found() -> list[int]:
        with program.storage.read() as connection:
            depth = queue_depths(connection)
        return [depth[queue, state] for queue in (TICKS, ORDERS) for state in ("waiting", "running")]

    program.on_run = lambda _workflow, _argument: during.append(found())
    program.enqueue(TICKS, "a", kick=False)
    program.enqueue(ORDERS, "b", kick=False)
    program.enqueue(ORDERS, "c", kick=False)
    say(found())
    program.durable.kick(TICKS)
    program.wait(1)
    say(during[0])
    program.durable.kick(ORDERS)
    program.wait(3)
    program.quiet()
    say(found())


def begin_and_hang(folder: Path) -> None:
    """Claim a workflow, say so, and wait to be killed."""
    program = Program(folder)

    def hang(_workflow: str, argument: str) -> None:
        say(argument)
        time.sleep(600)

    program.on_run = hang
    program.enqueue(TICKS, "interrupted")
    time.sleep(600)


def resume(folder: Path, node: str = "node-1") -> None:
    """Start again with the same node id, or another, and say what runs."""
    program = Program(folder, poll=0.2, node=node)
    program.enqueue(TICKS, "new")
    say(sorted(program.wait(2 if node == "node-1" else 1)))
    if node != "node-1":
        time.sleep(1)
        say([argument for _, _, argument in program.runs])
    program.durable.stop(1)


def resume_elsewhere(folder: Path) -> None:
    """Start with another node's id."""
    resume(folder, "node-2")


def pickled(folder: Path) -> None:
    """A row that says it is pickled is not unpickled, whoever wrote it."""
    import base64
    import pickle

    class Bomb:
        def __reduce__(self) -> tuple[Any, ...]:
            return (Path.touch, (folder / "exploded",))

    program = Program(folder, poll=0.2)
    workflow_id = program.enqueue(TICKS, "x", kick=False)
    bomb = base64.b64encode(pickle.dumps(Bomb())).decode()
    with program.storage.write() as connection:
        parameters = {"bomb": bomb, "id": workflow_id}
        for statement in (
            "UPDATE workflow_input SET inputs = :bomb WHERE workflow_uuid = :id",
            "UPDATE workflow_status SET serialization = 'py_pickle' WHERE workflow_uuid = :id",
        ):
            assert connection.execute(sa.text(statement), parameters).rowcount == 1
    program.durable.kick(TICKS)
    program.enqueue(TICKS, "healthy")
    say(program.wait(1))
    time.sleep(0.5)
    program.durable.stop(1)
    say((folder / "exploded").exists())
    say(sorted(status for _, status, _ in program.statuses()))


def pruning(program: Program) -> None:
    """What ended is deleted, what waits stays."""
    for n in range(3):
        program.enqueue(TICKS, str(n))
    program.wait(3)
    program.quiet()
    program.enqueue(ORDERS, "waits", kick=False)
    later = int(time.time() * 1000) + 60_000
    say([program.durable.prune(0), program.durable.prune(later, limit=2), program.durable.prune(later)])
    say([status for _, status, _ in program.statuses()])


def others(program: Program) -> None:
    """What another program has in the same tables is neither counted, given back nor deleted."""
    theirs = (
        "INSERT INTO workflow_status (workflow_uuid, status, name, executor_id, queue_name, application_name,"
        " created_at, updated_at) VALUES (:id, :status, 'pay', :executor, :queue, :name, 1, 1)"
    )
    rows = [
        {"id": f"{name}-{status}-{queue}", "status": status, "executor": "gone", "queue": queue, "name": name}
        for name in ("shop", None)
        for status in ("PENDING", "SUCCESS", "ERROR")
        for queue in (TICKS, "basket")
    ]
    with program.storage.write() as connection:
        connection.execute(sa.text(theirs), rows)
    with program.storage.write() as connection:
        say([give_back(connection, "gone"), sorted(left_by(connection)), sum(queue_depths(connection).values())])
    say([program.durable.prune(int(time.time() * 1000) + 60_000)])
    say(sorted(status for _, status, _ in program.statuses()) == sorted(str(row["status"]) for row in rows))
    with program.storage.write() as connection:
        connection.execute(sa.text("DELETE FROM workflow_status WHERE name = 'pay'"))


def calm(folder: Path) -> None:
    """Play the scenarios that leave the process as it was, in one life: starting DBOS takes a while."""
    program = Program(folder)
    for scenario in (delivery, ownership, carried, depths, pruning, others):
        say(scenario.__name__)
        scenario(program)
        program.forget()
    program.durable.stop(1)


if __name__ == "__main__":
    globals()[sys.argv[1]](Path(sys.argv[2]))
