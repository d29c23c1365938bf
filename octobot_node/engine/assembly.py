"""Build an engine's parts in the right order; shared by the live node and the replay."""

from __future__ import annotations

import fcntl
import os
import shutil
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO

import sqlalchemy as sa

from octobot_node.clock import Clock
from octobot_node.configuration import Configuration
from octobot_node.contracts.coordinator import Coordinator
from octobot_node.contracts.storage import Storage
from octobot_node.engine.core import Core
from octobot_node.engine.counters import Counters
from octobot_node.engine.evaluating.evaluator import Evaluator
from octobot_node.engine.evaluating.order_checks import OrderChecks
from octobot_node.engine.ledger.planning import Installation
from octobot_node.engine.market.hub import MarketHub
from octobot_node.engine.market.opened_accounts import Accounts
from octobot_node.engine.workers.event_loop import EventLoop
from octobot_node.errors import DatabaseMoved, DataFolderInUse, DiskNearlyFull, NodeError, UnknownStorage
from octobot_node.ids import new_id
from octobot_node.plugin_system.node_context import NodePluginContext
from octobot_node.plugin_system.plugin_failures import PluginFailures
from octobot_node.plugin_system.plugin_set import plugin_set
from octobot_node.plugin_system.registry import Registry
from octobot_node.settings import Settings
from octobot_node.store import schedules
from octobot_node.store.migrate import migrate
from octobot_node.store.tables import installation, kill_switches

__all__ = ["Base", "FolderLock", "assemble", "load_levels", "open_base", "open_beside"]


class FolderLock:
    """Holds a data folder for this process; it goes with the process, however that ends."""

    def __init__(self, folder: Path) -> None:
        try:
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            self._file: IO[str] = (folder / "node.lock").open("a+")
        except OSError as error:
            raise NodeError(
                f"the data folder {folder} cannot be used ({error.strerror}): give another --data-dir"
            ) from None
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            self._file.seek(0)
            holder = self._file.read().strip() or "another process"
            self._file.close()
            raise DataFolderInUse(
                f"the data folder {folder} is in use by {holder}: stop that node, or give another --data-dir"
            ) from None
        # Who holds it is a courtesy: on a full disk the lock holds without it.
        with suppress(OSError):
            self._file.truncate(0)
            self._file.write(f"process {os.getpid()}")
            self._file.flush()

    def release(self) -> None:
        """Let the folder go."""
        with suppress(OSError):
            self._file.close()


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

    def close(self) -> None:
        """Close the storage and let the folder go."""
        self.coordinator.stop()
        self.storage.close()
        if self.lock is not None:
            self.lock.release()


@dataclass(frozen=True, slots=True)
class _Opening:
    settings: Settings
    storage: Storage
    node_id: str
    plugin_set: str


def open_base(settings: Settings, registry: Registry, now: int, *, visiting: bool = False) -> Base:
    """Lock the data folder, open and migrate the database, take the right to act.

    ``visiting`` is for a command where no node runs: on a database that other nodes work on it takes no part.

    Raises DataFolderInUse, UnknownStorage, StorageUnavailable, DatabaseTooNew, DatabaseMoved or DiskNearlyFull; what
    was opened is closed again.
    """
    _refuse_full_disk(settings)
    lock = FolderLock(settings.data_dir)
    try:
        node_id = _node_id(settings.data_dir)
        storage = _open_storage(settings, registry)
        try:
            migrate(storage, registry.tables)
            opened = _installation(storage, now)
            coordinator: Coordinator = registry.hook.open_coordinator(
                node=_Opening(settings, storage, node_id, plugin_set(registry))
            )
            if not (visiting and storage.shared):
                coordinator.start()
        except BaseException:
            storage.close()
            raise
    except BaseException:
        lock.release()
        raise
    return Base(settings, registry, storage, lock, node_id, coordinator, opened)


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
        node_id = _node_id(settings.data_dir)
        coordinator = registry.hook.open_coordinator(node=_Opening(settings, storage, node_id, plugin_set(registry)))
    except BaseException:
        storage.close()
        raise
    return Base(settings, registry, storage, None, node_id, coordinator, known)


def _open_storage(settings: Settings, registry: Registry) -> Storage:
    storage: Storage | None = registry.hook.open_storage(settings=settings)
    if storage is None:
        raise UnknownStorage(f"no plugin opens the database URL {settings.url().partition(':')[0]!r}")
    return storage


def assemble(
    base: Base,
    *,
    clock: Clock,
    event_loop: EventLoop,
    evaluator: Evaluator,
    deliver: Callable[[sa.Connection, str, str], str],
    kick: Callable[[str], None],
    owns: Callable[[sa.Connection, str], bool],
    carried: Callable[[sa.Connection, set[str]], set[str]],
    configuration: Configuration | None = None,
) -> Core:
    """Return an engine over an opened base; plugins read their settings from ``configuration``."""
    settings = base.settings
    context = NodePluginContext(
        configuration or Configuration(settings), settings, base.storage, clock, base.registry, base.node_id
    )
    plugin_failures = PluginFailures(clock, lambda message, level: context.tell(message, level=level))
    counters = Counters()
    accounts = Accounts(base.storage, clock, base.settings, base.registry, counters)
    core = Core(
        settings=base.settings,
        storage=base.storage,
        clock=clock,
        registry=base.registry,
        event_loop=event_loop,
        accounts=accounts,
        hub=MarketHub(accounts, clock, event_loop, base.settings.hub_deadline, counters),
        evaluator=evaluator,
        coordinator=base.coordinator,
        installation=base.installation,
        context=context,
        plugin_failures=plugin_failures,
        order_checks=OrderChecks(base.registry, plugin_failures, settings.evaluate_timeout),
        deliver=deliver,
        kick=kick,
        owns=owns,
        carried=carried,
        counters=counters,
    )
    load_levels(core)
    return core


def load_levels(core: Core) -> None:
    """Watch every price level that the store has."""
    with core.storage.read() as connection:
        for automation_id, source, levels in schedules.levels(connection):
            core.hub.set_levels(automation_id, source, levels)


def _refuse_full_disk(settings: Settings) -> None:
    folders = (settings.data_dir, *settings.data_dir.absolute().parents)
    existing = next(folder for folder in folders if folder.exists())
    free = shutil.disk_usage(existing).free // 1_048_576
    if free < settings.disk_reserve_mb:
        raise DiskNearlyFull(
            f"only {free} MB are free for the data folder {settings.data_dir}, {settings.disk_reserve_mb} MB are kept"
            " in reserve: free some, give another --data-dir, or lower OCTOBOT_DISK_RESERVE_MB"
        )


def _node_id(folder: Path) -> str:
    """Return this folder's node id, made at its first start: DBOS recovers a node's work by it."""
    path = folder / "node-id"
    try:
        known = path.read_text().strip() if path.exists() else ""
        if known:
            return known
        made = new_id()
        # Whole or not at all: half an id would be another node's.
        draft = folder / "node-id.new"
        draft.write_text(made)
        draft.replace(path)
    except OSError as error:
        raise NodeError(
            f"the data folder {folder} cannot be written ({error.strerror}): make room, or give another --data-dir"
        ) from None
    return made


def _installation(storage: Storage, now: int) -> Installation:
    with storage.write(durable=True) as connection:
        # Two nodes that start on an empty database at once must not begin an installation each.
        storage.lock_migrations(connection)
        known = _known_installation(connection, storage)
        if known is None:
            known = Installation(new_id(), 0)
            connection.execute(installation.insert().values(id=known.id, generation=0, created_at=now))
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
