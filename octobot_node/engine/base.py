"""What is open before there is an engine: the data folder, the database, and the right to act on it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
import structlog

from octobot_node.configuration import Configuration
from octobot_node.contracts.coordinator import Coordinator
from octobot_node.contracts.storage import Storage
from octobot_node.engine.data_folder import FolderLock, node_id_of, refuse_full_disk
from octobot_node.engine.database_left import DatabaseWatch
from octobot_node.engine.ledger.planning import Installation
from octobot_node.engine.market.account import source_key
from octobot_node.errors import DatabaseMoved, NodeError, SecretsLocked, UnknownStorage
from octobot_node.ids import new_id
from octobot_node.installing.published import publish
from octobot_node.plugin_system.plugin_migrations import migrate_with_plugins
from octobot_node.plugin_system.plugin_set import plugin_parts, plugin_set
from octobot_node.plugin_system.registry import Registry
from octobot_node.plugin_system.secret_places import open_sealing
from octobot_node.sealing.first_time import first_sealing
from octobot_node.sealing.sealing import Sealing
from octobot_node.settings import Settings
from octobot_node.store import schedules
from octobot_node.store.database.database_file import database_file, newest_rescued
from octobot_node.store.migrate import CORE
from octobot_node.store.rows.node import AccountRow
from octobot_node.store.tables import installation, kill_switches

log = structlog.get_logger(__name__)

__all__ = ["Base", "open_base", "open_beside"]


@dataclass(slots=True)
class Base:
    """What is open before there is an engine."""

    settings: Settings
    registry: Registry
    storage: Storage
    #: None beside a node that holds the folder.
    lock: FolderLock | None
    node_id: str
    coordinator: Coordinator
    installation: Installation
    sealing: Sealing
    #: None where nobody acts on what the database says: beside a node, and for a command.
    watch: DatabaseWatch | None

    def close(self) -> None:
        """Close the storage and let the folder go."""
        self.coordinator.stop()
        if not self.storage.lost():
            # How often what was used is not worth an error.
            with suppress(NodeError, sa.exc.SQLAlchemyError):
                self.sealing.uses.write()
        self.storage.close()
        if self.lock is not None:
            self.lock.release()


@dataclass(frozen=True, slots=True)
class _Opening:
    settings: Settings
    storage: Storage
    node_id: str
    plugin_set: str
    plugin_parts: Mapping[str, str]
    asked_to_end: Callable[[], bool]


def open_base(
    settings: Settings,
    registry: Registry,
    now: int,
    *,
    visiting: bool = False,
    looking: bool = False,
    configuration: Configuration | None = None,
    asked_to_end: Callable[[], bool] = lambda: False,
) -> Base:
    """Lock the data folder, open and migrate the database, take the right to act.

    A third party's plugin whose tables cannot be brought up to date is left out: ``Base.registry`` is without it.
    ``visiting`` is for a command where no node runs: on a database that other nodes work on it takes no part.
    ``looking`` is for one that changes nothing: it needs no room, also below the reserve.
    ``configuration`` has the settings of plugins; without one, what the environment says.
    ``asked_to_end`` is asked while others are waited for, to migrate or to lead; StartInterrupted is raised then.

    Raises DataFolderInUse, UnknownStorage, StorageUnavailable, DatabaseTooNew, DatabaseMoved, DatabaseNotOurs,
    SecretsLocked or DiskNearlyFull; what was opened is closed again.
    """
    if not looking:
        refuse_full_disk(settings)
    lock = FolderLock(settings.data_dir)
    try:
        _refuse_missing_database(settings)
        storage = _open_storage(settings, registry)
        try:
            storage.hold()
            _refuse_emptied(settings, storage)
            registry = migrate_with_plugins(storage, registry, asked_to_end)
            # What a copy of the file would have is not left beside it, where a copy would forget it.
            storage.fold()
            # Not before there is a database: who has an id was used.
            node_id = node_id_of(settings.data_dir)
            watch = DatabaseWatch(storage, settings.data_dir, node_id)
            opened = _installation(storage, watch, now)
            if not visiting:
                opened = watch.take_up(now if not storage.shared else storage.open_clock().now(), settings.request_ttl)
                storage.review(watch.check)
            sealing = open_sealing(storage, registry, configuration or Configuration(settings))
            if not visiting:
                _see_to_secrets(storage, registry, sealing)
            coordinator: Coordinator = registry.hook.open_coordinator(
                node=_Opening(settings, storage, node_id, plugin_set(registry), plugin_parts(registry), asked_to_end)
            )
            if not (visiting and storage.shared):
                coordinator.start()
            if not visiting and coordinator.role != "consumer":
                publish(storage, registry.installed)
        except BaseException:
            storage.close()
            raise
    except BaseException:
        lock.release()
        raise
    return Base(settings, registry, storage, lock, node_id, coordinator, opened, sealing, None if visiting else watch)


def open_beside(settings: Settings, registry: Registry) -> Base:
    """Open the database of a node that holds the data folder and does not answer, past the folder's lock.

    For the kill switch alone. It needs nothing of what the node has in memory, and the node nothing of what it
    writes: the send fence reads the switches from the database each time. SQLite lets a second process write, in turn;
    what has to be decided by one process only (who sends, who migrates, who leads) is not touched.
    """
    storage = _open_storage(settings, registry)
    try:
        with storage.read() as connection:
            if not sa.inspect(connection).has_table(kill_switches.name):
                raise NodeError(
                    f"the node on {settings.data_dir} does not answer, and its release has no kill switch: end it with"
                    " kill -9, then give this command again"
                )
            known = _known_installation(connection, storage)
        assert known is not None
        node_id = node_id_of(settings.data_dir)
        opening = _Opening(settings, storage, node_id, plugin_set(registry), plugin_parts(registry), lambda: False)
        coordinator = registry.hook.open_coordinator(node=opening)
    except BaseException:
        storage.close()
        raise
    sealing = open_sealing(storage, registry, Configuration(settings))
    return Base(settings, registry, storage, None, node_id, coordinator, known, sealing, None)


def _see_to_secrets(storage: Storage, registry: Registry, sealing: Sealing) -> None:
    """Seal what a release before left in clear, where the key is there.

    Without the key to what is sealed a node that has its database to itself goes on, since not everything has secrets;
    one of several raises SecretsLocked: the others have the key, and what this one took up would fail.
    """
    problem = sealing.problem()
    if problem and storage.shared:
        raise SecretsLocked(problem)
    if problem:
        log.error("secrets_locked", why=problem)
        return
    first_sealing(storage, registry.tables, registry.settings_model, _move, sealing)


def _move(connection: sa.Connection, row: AccountRow, changes: Mapping[str, Any]) -> None:
    """Have automations take their prices from where an account has them under its settings as they are kept now."""
    settings = changes.get("market_data_settings", row.market_data_settings)
    schedules.move(connection, row.id, source_key(row.market_data, settings, row.market_data_egress))


def _refuse_missing_database(settings: Settings) -> None:
    """Raise NodeError where the folder was used, and its database is gone: beginning anew would forget everything."""
    path = database_file(settings)
    if path is not None and not path.exists() and (settings.data_dir / "node-id").exists():
        rescued = newest_rescued(path)
        cure = _CURE_FOR_NO_DATABASE if rescued is None else f"rename {rescued} to it, which a node left as it ended"
        raise NodeError(f"{path} is not there, though a node used {settings.data_dir}: {cure}")


def _refuse_emptied(settings: Settings, storage: Storage) -> None:
    path = database_file(settings)
    if path is None or not (settings.data_dir / "node-id").exists():
        return
    with storage.read() as connection:
        if not sa.inspect(connection).has_table(f"{CORE.name}_schema"):
            raise NodeError(
                f"nothing is in {path}, though a node used {settings.data_dir}; a database that was copied without its"
                f" {path.name}-wal looks so: {_CURE_FOR_NO_DATABASE}"
            )


_CURE_FOR_NO_DATABASE = (
    "put the database back with its -wal file, move it away and restore a backup (`octobot-node db restore FILE`), set"
    " OCTOBOT_DATABASE_URL if it is elsewhere, or delete the file node-id to begin anew"
)


def _open_storage(settings: Settings, registry: Registry) -> Storage:
    storage: Storage | None = registry.hook.open_storage(settings=settings)
    if storage is None:
        raise UnknownStorage(f"no plugin opens the database URL {settings.url().partition(':')[0]!r}")
    return storage


def _installation(storage: Storage, watch: DatabaseWatch, now: int) -> Installation:
    with storage.write(durable=True) as connection:
        # Two nodes that start on an empty database at once must not begin an installation each.
        storage.lock_migrations(connection)
        known = _known_installation(connection, storage)
        if known is None:
            watch.refuse_empty()
            known = Installation(new_id(), 0)
            new = {"id": known.id, "generation": 0, "created_at": now, "clear_secrets": 0}
            connection.execute(installation.insert().values(new))
        storage.claim_queues(connection, known.id)
        return known


def _known_installation(connection: sa.Connection, storage: Storage) -> Installation | None:
    row = connection.execute(sa.select(installation.c.id, installation.c.generation, installation.c.moved_to)).first()
    if row is None:
        return None
    if row.moved_to:
        raise DatabaseMoved(
            f"{storage.shown} moved to {row.moved_to}: start the node there, with OCTOBOT_DATABASE_URL; if the copy"
            " was interrupted, `octobot-node db copy --to` that database finishes it and `--abandon` takes it back"
        )
    return Installation(row.id, row.generation)
