"""DBOS, our durable delivery: the only module that touches it, private calls included.

Measured behaviour behind the choices is in docs/engine.md, "DBOS". Each private call has a test in
tests/acceptance/engine/test_durable.py, and the version is pinned: they are what an upgrade must check.
"""

from __future__ import annotations

import json
import logging
import threading
from collections.abc import Callable, Mapping
from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa
import structlog

from octobot_node.errors import StorageUnavailable
from octobot_node.ids import new_id

if TYPE_CHECKING:
    from dbos import DBOSClient

    from octobot_node.contracts.storage import Storage
    from octobot_node.settings import Settings

__all__ = [
    "ORDERS",
    "QUEUES",
    "TICKS",
    "Durable",
    "Handler",
    "StoredError",
    "are_current",
    "depths",
    "give_back",
    "json_decode",
    "json_encode",
    "left_by",
    "migrate_queues",
    "queue_schema_of",
]

#: The queues. Their names are stored in rows: never rename one, add another.
TICKS, ORDERS = "ticks", "orders"
#: The workflows. A step order is frozen under its name; a new shape gets a new name.
_WORKFLOWS = {TICKS: "tick_batch", ORDERS: "send"}
#: Passed in every enqueue; bumped only when replaying an old workflow would be wrong.
_VERSION = "octobot-1"
_NAME = "octobot"
#: The option of a storage's engine that says in which schema DBOS's tables are; without it they have none.
QUEUES = "octobot_queues"

Handler = Callable[[str, str], Mapping[str, int]]
log = structlog.get_logger(__name__)


class StoredError(Exception):
    """A workflow's recorded failure: the name and message of an exception that is not rebuilt."""


def json_encode(data: Any) -> str:
    """Return ``data`` as JSON that ``json_decode`` reads back; raise TypeError for what has no exact JSON form."""
    return json.dumps(_encode(data), separators=(",", ":"), allow_nan=False, ensure_ascii=False)


def json_decode(text: str) -> Any:
    """Return what ``json_encode`` wrote; an exception comes back as a StoredError."""
    return _decode(json.loads(text))


def _encode(value: Any) -> Any:
    if value is None or type(value) in (bool, int, float, str):
        return value
    if isinstance(value, Decimal):
        return {"$": "decimal", "v": str(value)}
    if isinstance(value, datetime):
        return {"$": "time", "v": value.isoformat()}
    if isinstance(value, tuple):  # kept apart from lists: DBOS concatenates argument tuples
        return {"$": "tuple", "v": [_encode(item) for item in value]}
    if isinstance(value, list):
        return [_encode(item) for item in value]
    if isinstance(value, dict):
        if not all(type(key) is str for key in value):
            raise TypeError("only text can be a key in what is stored")
        pairs = {key: _encode(item) for key, item in value.items()}
        return {"$": "dict", "v": pairs} if "$" in pairs else pairs
    if isinstance(value, BaseException):
        return {"$": "error", "v": [type(value).__name__, str(value)]}
    raise TypeError(f"{type(value).__name__} cannot be stored")


def _decode(value: Any) -> Any:
    if isinstance(value, list):
        return [_decode(item) for item in value]
    if not isinstance(value, dict):
        return value
    if "$" not in value:
        return {key: _decode(item) for key, item in value.items()}
    return _TAGS[value["$"]](value["v"])


_TAGS: dict[str, Callable[[Any], Any]] = {
    "decimal": Decimal,
    "time": datetime.fromisoformat,
    "tuple": lambda items: tuple(_decode(item) for item in items),
    "dict": lambda pairs: {key: _decode(item) for key, item in pairs.items()},
    "error": lambda parts: StoredError(": ".join(parts)),
}


class Durable:
    """Hands batches and sends to DBOS queues inside our transactions, and runs them, at least once, until they end.

    A workflow's argument is its id and the database holds the rest, so that running one again is always safe.
    """

    def __init__(
        self,
        storage: Storage,
        settings: Settings,
        executor_id: str,
        handlers: Mapping[str, Handler],
        has_room: Callable[[str], None] | None = None,
    ) -> None:
        self._storage = storage
        self._schema = queue_schema_of(storage.engine)
        self._settings = settings
        self._executor_id = executor_id
        self._running = dict.fromkeys(_WORKFLOWS, 0)
        self._counting = threading.Lock()
        self._handlers = handlers
        self._kicks = {queue: threading.Lock() for queue in _WORKFLOWS}
        #: What was taken from each queue and has not ended, and whether more may be waiting than there was room for.
        self._taken = dict.fromkeys(_WORKFLOWS, 0)
        self._more = dict.fromkeys(_WORKFLOWS, False)
        #: Called when something ended and more may be waiting.
        self._has_room = has_room or self.kick
        self._client: DBOSClient | None = None
        self._live = False

    def start(self) -> None:
        """Launch DBOS; work that this node left unfinished runs again at once."""
        import dbos

        _switch_unpickling_off()
        serializer = _serializer()
        dbos.DBOS(
            config={
                "name": _NAME,
                "system_database_engine": self._storage.engine,
                "dbos_system_schema": self._schema,
                "executor_id": self._executor_id,
                "application_version": _VERSION,
                "serializer": serializer,
                "use_listen_notify": False,
                "run_migrations": False,
                "log_level": "WARNING",
                "scheduler_polling_interval_sec": 3600,
            }
        )
        _quiet_logger(self._storage)
        for queue, name in _WORKFLOWS.items():
            # No limit on attempts: an order must never be dropped because a node died often.
            dbos.DBOS.workflow(name=name, max_recovery_attempts=None)(_workflow(self._counted(queue)))
        # It is we who say when to take from them, and it takes from none by itself: it would look only now and then,
        # while places are free and work is waiting.
        dbos.DBOS.listen_queues([])
        dbos.DBOS.launch()
        self._client = dbos.DBOSClient(
            system_database_engine=self._storage.engine, serializer=serializer, application_name=_NAME,
            dbos_system_schema=self._schema,
        )  # fmt: skip
        for queue in _WORKFLOWS:
            dbos.DBOS.register_queue(
                queue,
                worker_concurrency=self._workers(queue),
                polling_interval_sec=self._settings.queue_poll_interval,
                on_conflict="always_update",
            )
        self._live = True

    def _counted(self, queue: str) -> Handler:
        handler = self._handlers[queue]

        def run(workflow_id: str, argument: str) -> Mapping[str, int]:
            with self._counting:
                self._running[queue] += 1
            try:
                return handler(workflow_id, argument)
            finally:
                with self._counting:
                    self._running[queue] -= 1

        return run

    def running(self) -> int:
        """Return how many batches and sends this process is at."""
        return sum(self._running.values())

    def act_as(self, executor_id: str) -> None:
        """Take work under another executor id from now on. Private: the id is a global of DBOS's."""
        from dbos._utils import GlobalParams

        self._executor_id = GlobalParams.executor_id = executor_id

    def enqueue(self, connection: sa.Connection, queue: str, argument: str) -> str:
        """Enqueue one workflow in the caller's transaction and return its id; it runs once that commits.

        Call ``kick`` after the commit, or the queue's own polling finds it within a second.
        """
        assert self._client is not None
        workflow_id = new_id()
        self._client.enqueue_in_transaction(
            connection,
            {
                "workflow_name": _WORKFLOWS[queue],
                "queue_name": queue,
                "workflow_id": workflow_id,
                "app_version": _VERSION,
            },
            argument,
        )
        return workflow_id

    def owns(self, connection: sa.Connection, workflow_id: str) -> bool:
        """Whether the running workflow is still this execution's to carry out, locked in the caller's transaction.

        DBOS checks ownership only after a step; a node that was frozen and replaced finds out here, before it acts.
        Private: ``owner_xid``.
        """
        from dbos._context import get_local_dbos_context

        context = get_local_dbos_context()
        token = getattr(context, "owner_xid", None)
        if token is None:
            return False
        row = self._statuses()
        statement = (
            sa.select(row.c.workflow_uuid)
            .where(row.c.workflow_uuid == workflow_id, row.c.owner_xid == token)
            .with_for_update(key_share=True)
        )
        return connection.execute(statement).first() is not None

    def carried(self, connection: sa.Connection, workflow_ids: set[str]) -> set[str]:
        """Return those of ``workflow_ids`` that still wait or run. Private: the status table."""
        if not workflow_ids:
            return set()
        row = self._statuses()
        statement = sa.select(row.c.workflow_uuid).where(
            row.c.workflow_uuid.in_(workflow_ids), row.c.status.in_(("ENQUEUED", "PENDING"))
        )
        return set(connection.scalars(statement))

    def kick(self, queue: str) -> None:
        """Claim and start what is enqueued now, as much as there is room for. Private throughout.

        At most one kick per queue and process: others would only find what this one takes. What finds no room is taken
        as soon as something ends.
        """
        if not self._live or not self._kicks[queue].acquire(blocking=False):
            return
        try:
            self._take(queue)
        except Exception as error:  # noqa: BLE001 - whoever calls this does so again, now and then
            log.warning("kick_failed", queue=queue, error=str(error))
        finally:
            self._kicks[queue].release()

    def _take(self, queue: str) -> None:
        from dbos._core import execute_dequeued_workflow
        from dbos._dbos import _get_dbos_instance
        from dbos._utils import GlobalParams

        instance, token = _get_dbos_instance(), new_id()
        # DBOS has no public way to take from a queue at once; docs/engine.md lists what of it is used so.
        system = instance._sys_db  # noqa: SLF001 - see above
        definition = system.get_queue(queue)
        if definition is None:
            return
        workers = self._workers(queue)
        with self._counting:
            # Ours, too: a workflow that was taken a moment ago may not have begun.
            active = instance._active_workflows_set.count_for_queue(queue)  # noqa: SLF001 - see above
            running = max(active, self._taken[queue])
            self._more[queue] = True
        ids, _ = system.start_queued_workflows(
            definition, GlobalParams.executor_id, GlobalParams.app_version, None, running, owner_xid=token
        )
        statuses = {row["workflow_uuid"]: row for row in system.get_workflow_statuses(ids)} if ids else {}
        with self._counting:
            self._more[queue] = running + len(ids) >= workers
            self._taken[queue] += len(ids)
        for workflow_id in ids:
            try:
                # It is given a thread, and so the handle has a future.
                handle: Any = execute_dequeued_workflow(instance, statuses[workflow_id], token)
                handle.future.add_done_callback(lambda _: self._ended(queue))
            except BaseException:
                self._ended(queue)
                raise

    def _ended(self, queue: str) -> None:
        with self._counting:
            self._taken[queue] -= 1
            more = self._more[queue]
        if more and self._live:
            self._has_room(queue)

    def _workers(self, queue: str) -> int:
        return {TICKS: self._settings.batch_workers, ORDERS: self._settings.send_workers}[queue]

    def prune(self, before: int, limit: int = 500) -> int:
        """Delete up to ``limit`` workflows that ended before ``before`` (ms UTC); return how many."""
        assert self._client is not None
        row = self._statuses()
        final = ("SUCCESS", "ERROR", "CANCELLED", "MAX_RECOVERY_ATTEMPTS_EXCEEDED")
        with self._storage.read() as connection:
            ids = list(
                connection.scalars(
                    sa.select(row.c.workflow_uuid)
                    # Of ours, also what has lost its queue on its way.
                    .where(row.c.status.in_(final), row.c.updated_at < before, row.c.application_name == _NAME)
                    .limit(limit)
                )
            )
        if ids:
            self._client.delete_workflows(ids)
        return len(ids)

    def stop(self, timeout: int = 5) -> None:
        """Stop taking work and wait up to ``timeout`` seconds for what runs; the rest runs again at the next start."""
        import dbos

        self._live = False
        # With what was registered: a node that begins anew in this process registers its own.
        dbos.DBOS.destroy(destroy_registry=True, workflow_completion_timeout_sec=timeout)

    def _statuses(self) -> sa.TableClause:
        return _table(self._storage.engine)


_COLUMNS = (
    *("workflow_uuid", "status", "owner_xid", "updated_at", "recovery_attempts"),
    *("executor_id", "queue_name", "started_at_epoch_ms", "application_name"),
)


def queue_schema_of(bind: sa.Engine | sa.Connection) -> str | None:
    """Return the schema of DBOS's tables, which the storage keeps as an option of its engine; None on SQLite."""
    schema: str | None = bind.get_execution_options().get(QUEUES)
    return schema


def _table(bind: sa.Engine | sa.Connection) -> sa.TableClause:
    return sa.table("workflow_status", *(sa.column(name) for name in _COLUMNS), schema=queue_schema_of(bind))


def _ours(row: sa.TableClause) -> sa.ColumnElement[bool]:
    """Whoever else uses DBOS in the same tables has queues and a name of its own."""
    return sa.and_(row.c.queue_name.in_(tuple(_WORKFLOWS)), row.c.application_name == _NAME)


def give_back(connection: sa.Connection, executor_id: str) -> int:
    """Put what an executor has begun and not ended back into its queues; return how much. Private: the status table.

    For one that is dead or leaves, in the transaction that says so. What a frozen session of it still has locked is
    left out: ``left_by`` finds it later.
    """
    row = _table(connection)
    theirs = (
        sa.select(row.c.workflow_uuid)
        .where(row.c.status == "PENDING", row.c.executor_id == executor_id, _ours(row))
        .with_for_update(skip_locked=True)
    )
    statement = row.update().where(row.c.workflow_uuid.in_(theirs))
    return connection.execute(statement.values(status="ENQUEUED", owner_xid=None, started_at_epoch_ms=None)).rowcount


#: Which of DBOS's migrations was the last one for SQLite, in the release that is pinned: a test holds it to that.
_SQLITE_REVISION = 125
_REVISION = sa.text("SELECT version FROM dbos_migrations")


def are_current(connection: sa.Connection) -> bool:
    """Whether DBOS's tables on SQLite are those of this release. Private: where DBOS keeps that."""
    there = sa.inspect(connection).has_table("dbos_migrations")
    return there and connection.scalar(_REVISION) == _SQLITE_REVISION


def migrate_queues(engine: sa.Engine, schema: str) -> None:
    """Create or migrate DBOS's tables on PostgreSQL. Private: what is public connects in a way of its own."""
    from dbos._serialization import DefaultSerializer
    from dbos._sys_db import SystemDatabase

    system = SystemDatabase.create(
        system_database_url="postgresql:", engine_kwargs={}, engine=engine, schema=schema,
        serializer=DefaultSerializer(), executor_id=None,
    )  # fmt: skip
    try:
        system.run_migrations()
    finally:
        system.destroy()


# In the words of DBOS's partial index, without which SQLite does not use it.
_IN_FLIGHT = sa.text("status IN ('ENQUEUED', 'PENDING')")


def depths(connection: sa.Connection) -> dict[tuple[str, str], int]:
    """Return (queue, waiting or running) -> how many. Private: the status table.

    Rides idx_workflow_status_in_flight_v2, which has no workflow that ended.
    """
    row = _table(connection)
    statement = sa.select(row.c.queue_name, row.c.status, sa.func.count()).where(_ours(row), _IN_FLIGHT)
    words = {"ENQUEUED": "waiting", "PENDING": "running"}
    found = {(queue, state): 0 for queue in _WORKFLOWS for state in words.values()}
    for queue, status, count in connection.execute(statement.group_by(row.c.queue_name, row.c.status)):
        found[queue, words[status]] = count
    return found


def left_by(connection: sa.Connection) -> set[str]:
    """Return the executors that have begun work. Private: the status table."""
    row = _table(connection)
    statement = sa.select(row.c.executor_id).where(
        row.c.status == "PENDING", _ours(row), row.c.executor_id.is_not(None)
    )
    return set(connection.scalars(statement.distinct()))


def _workflow(handler: Handler) -> Callable[[str], Any]:
    # A plain function per queue: DBOS registers by identity, and stores the name we give it.
    def run(argument: str) -> Any:
        from dbos import DBOS

        workflow_id = DBOS.workflow_id
        assert workflow_id is not None
        return dict(handler(workflow_id, argument))

    return run


def _serializer() -> Any:
    from dbos import Serializer

    class JsonSerializer(Serializer):
        def name(self) -> str:
            return "octobot_json"

        def serialize(self, data: Any) -> str:
            return json_encode(data)

        def deserialize(self, serialized_data: str) -> Any:
            return json_decode(serialized_data)

    return JsonSerializer()


def _switch_unpickling_off() -> None:
    """Refuse rows marked as pickled, whoever wrote them: unpickling one runs its code. Private."""
    import dbos._serialization

    def refuse(_self: Any, _text: str) -> Any:
        raise TypeError("pickle is disabled")

    dbos._serialization.DefaultSerializer.deserialize = refuse  # type: ignore[method-assign, assignment]  # noqa: SLF001


def _quiet_logger(storage: Storage) -> None:
    """Send DBOS's log through ours: by itself it writes to stderr, where a live table is drawn.

    What it says of a database that is gone, or became another one that knows none of its work, is left out: that is
    said once, by the storage and the node.
    """
    from dbos._error import DBOSNonExistentWorkflowError

    gone = (sa.exc.OperationalError, StorageUnavailable, DBOSNonExistentWorkflowError)
    logger = logging.getLogger("dbos")
    logger.handlers.clear()
    logger.propagate = True

    def worth_saying(record: logging.LogRecord) -> bool:
        error = record.exc_info[1] if record.exc_info else None
        lost = isinstance(error, gone) or "OperationalError" in record.getMessage()
        return not (storage.shared and (lost or storage.lost()))

    logger.filters.clear()
    logger.addFilter(worth_saying)
