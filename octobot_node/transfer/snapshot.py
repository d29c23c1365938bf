"""One moment of a database, read without disturbing a node that works on it."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import sqlalchemy as sa
from sqlalchemy.pool import NullPool

from octobot_node.clock import SystemClock
from octobot_node.contracts.storage import Storage
from octobot_node.contracts.tables import PluginTables
from octobot_node.engine.data_folder import LOCK
from octobot_node.errors import StorageUnavailable, UnknownStorage, UsageError
from octobot_node.plugin_system.registry import Registry
from octobot_node.settings import Settings
from octobot_node.store.database.database_file import is_replaced, read_only_uri, rescued_file
from octobot_node.store.database.read_only_folder import copied_to_read, is_read_only
from octobot_node.store.migrate import CORE
from octobot_node.transfer.content import Content, contents, owners_of
from octobot_node.transfer.loading import unhurried

__all__ = ["Snapshot", "revision_of", "snapshot", "strangers"]

#: How long a node that starts may take from its folder's lock to its database's, in seconds.
_STARTING_S = 10.0


@dataclass(frozen=True, slots=True)
class Snapshot:
    """A database as it stood at ``at`` (ms UTC)."""

    connection: sa.Connection
    shown: str
    at: int
    #: Owner of tables -> the revision that they have.
    revisions: dict[str, str]
    contents: list[Content]
    left_out: list[str]


@contextmanager
def snapshot(settings: Settings, registry: Registry) -> Iterator[Snapshot]:
    """Yield the database of ``settings`` as it stands now. Nothing is written, migrated or locked.

    Raises UsageError where there is none, StorageUnavailable where it cannot be read.
    """
    url = sa.make_url(settings.url()) if settings.url().startswith("sqlite:") else None
    if url is not None:
        if Path(url.database or "").is_file() and is_read_only(settings):
            with copied_to_read(settings) as copied, snapshot(copied, registry) as taken:
                yield replace(taken, shown=f"sqlite:///{url.database}")
            return
        _refuse_replaced(Path(url.database or ""), settings)
        # Not the storage's own way of opening it: that prepares the file for a node, and makes one where there is none.
        with _reading_file(Path(url.database or "")) as connection:
            at = SystemClock().now()
            yield _taken(connection, f"sqlite:///{url.database}", at, registry)
        return
    storage: Storage | None = registry.hook.open_storage(settings=settings)
    if storage is None:
        raise UnknownStorage(f"no plugin opens the database URL {settings.url().partition(':')[0]!r}")
    try:
        at = storage.open_clock().now()
        with storage.read() as connection:
            unhurried(connection)
            yield _taken(connection, storage.shown, at, registry)
    finally:
        storage.close()


def _refuse_replaced(path: Path, settings: Settings) -> None:
    """Raise UsageError for a file that took the place of the one that a node works on: nobody wants that backed up."""
    lock, deadline = settings.data_dir / LOCK, time.monotonic() + _STARTING_S
    while is_replaced(path, lock):
        # A node that starts takes its folder first, and its database after that.
        if time.monotonic() > deadline:
            raise UsageError(
                f"{path} was replaced while a node has another file open: end the node, which leaves what it knows in"
                f" {rescued_file(path).name}, and back that up under the name {path.name}"
            )
        time.sleep(0.1)


@contextmanager
def _reading_file(path: Path) -> Iterator[sa.Connection]:
    if not path.is_file():
        raise UsageError(
            f"there is no database {path}: give its --data-dir; a node that has it open still leaves it in"
            f" {rescued_file(path).name} when it ends"
        )
    import sqlite3

    def connect() -> sqlite3.Connection:
        return sqlite3.connect(read_only_uri(path), uri=True, timeout=30, isolation_level=None)

    engine = sa.create_engine("sqlite://", creator=connect, poolclass=NullPool)
    # The snapshot begins with the first read, which is the next line's caller's.
    sa.event.listen(engine, "begin", lambda connection: connection.exec_driver_sql("BEGIN"))
    try:
        with engine.begin() as connection:
            yield connection
    except sa.exc.DatabaseError as error:
        raise StorageUnavailable(f"{path} cannot be read ({error.orig}): `octobot-node doctor` says more") from None
    finally:
        engine.dispose()


def _taken(connection: sa.Connection, shown: str, at: int, registry: Registry) -> Snapshot:
    inspector = sa.inspect(connection)
    names = set(inspector.get_table_names())
    revisions = {
        owner.name: revision
        for owner in owners_of(registry.tables)
        if (revision := revision_of(connection, names, owner.name))
    }
    if CORE.name not in revisions:
        raise UsageError(f"{shown} has nothing to back up: no node ever ran on it")
    found = []
    for content in contents(registry.tables):
        if content.name in names:
            # A release before this one may have made it: what it lacks gets its default where it is restored.
            there = {column["name"] for column in inspector.get_columns(content.name)}
            found.append(replace(content, columns=tuple(name for name in content.columns if name in there)))
    return Snapshot(connection, shown, at, revisions, found, strangers(connection, registry.tables))


def revision_of(connection: sa.Connection, names: set[str], owner: str) -> str:
    """Return the revision of an owner's tables, or "" where there are none; ``names`` are the tables there are."""
    versions = f"{owner}_schema"
    if versions not in names:
        return ""
    found: str | None = connection.execute(sa.select(sa.column("version_num")).select_from(sa.table(versions))).scalar()
    return found or ""


def strangers(connection: sa.Connection, plugins: Iterable[PluginTables]) -> list[str]:
    """Return plugins that have tables in the database and are not loaded: what they have is not ours to read."""
    known = {f"{owner.name}_schema" for owner in owners_of(plugins)}
    inspector = sa.inspect(connection)
    return sorted(
        name.removesuffix("_schema")
        for name in inspector.get_table_names()
        if name.endswith("_schema")
        and name not in known
        and [column["name"] for column in inspector.get_columns(name)] == ["version_num"]
    )
