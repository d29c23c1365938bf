"""Bring the tables of the core and of plugins to today's shape, with Alembic."""

from __future__ import annotations

import functools
import importlib.resources
import math
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import sqlalchemy as sa
import structlog
from alembic.config import Config
from alembic.runtime.environment import EnvironmentContext
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory

from octobot_node.contracts.tables import PluginTables
from octobot_node.errors import (
    DatabaseInUse,
    DatabaseTooNew,
    DatabaseTooOld,
    MigrationFailed,
    NodeError,
    StartInterrupted,
    StorageBusy,
)
from octobot_node.store import tables
from octobot_node.store.database.others_tables import refuse_others_tables

if TYPE_CHECKING:
    from octobot_node.contracts.storage import Storage

__all__ = ["BEFORE_RELEASE", "CORE", "known_revisions", "migrate", "readable_revisions"]

log = structlog.get_logger(__name__)
#: For how long a change of tables is tried that others are in the way of, and how long others are left alone between.
_PATIENCE_S = 300.0
_PAUSE_S, _LONGEST_PAUSE_S = 0.5, 8.0
CORE = PluginTables("octobot", tables.metadata, "octobot_node.store.migrations")
_SAID_MAX = 500
#: The core's revisions before the first release, which became one: no revision may have one of these names again, or a
#: database of that time would be taken for what it is not.
BEFORE_RELEASE = frozenset(f"{number:04}" for number in range(1, 12))


def migrate(
    storage: Storage, plugins: Iterable[PluginTables] = (), asked_to_end: Callable[[], bool] = lambda: False
) -> None:
    """Run every migration that the database lacks, each owner's in one transaction.

    ``asked_to_end`` is asked while others are waited for: StartInterrupted is raised where somebody wants that.

    Raises DatabaseTooNew, before changing anything, when the database has a revision that this version does not know,
    unless that revision only adds to what this version knows (``expands = True`` in its file): then both run on it.
    Raises DatabaseNotOurs, as early, when another program's tables have names of ours, or the queues are another's.
    Raises DatabaseTooOld, as early, when it is from before the first release.
    Raises DatabaseInUse where a revision does more than add, and nodes of before are at work.
    Raises StorageBusy, with their names, where others keep what has to change for minutes.
    Raises MigrationFailed, naming the tables, for whatever else an owner's migrations raise; nothing of theirs is done.
    """
    owners = [CORE, *plugins]
    scripts = {}
    for owner in owners:
        with _naming(owner):
            scripts[owner.name] = _scripts(owner)
    with storage.read() as connection:
        refuse_others_tables(connection, owners, storage.shown)
        pending = []
        for owner in owners:
            with _naming(owner):
                if _is_current(connection, owner, scripts[owner.name]):
                    continue
                pending.append(owner)
                _refuse_unknown(connection, owner, scripts[owner.name], storage.shown)
                _refuse_while_in_use(connection, owner, scripts[owner.name], storage, owners)
    _again_while_busy(storage, storage.migrate_dbos, asked_to_end)
    for owner in pending:
        with _naming(owner):
            bring_up = functools.partial(_bring_up, storage, owner, scripts[owner.name], owners)
            _again_while_busy(storage, bring_up, asked_to_end)


def _bring_up(storage: Storage, owner: PluginTables, script: ScriptDirectory, owners: list[PluginTables]) -> None:
    with storage.migrating() as connection:
        # Once more, now that nobody else migrates: who waited for the lock may find other tables than before.
        _refuse_unknown(connection, owner, script, storage.shown)
        _refuse_while_in_use(connection, owner, script, storage, owners)
        if _is_known(connection, owner, script):
            _upgrade(connection, owner, script)
            _raise_floor(connection, owner, script)


def _again_while_busy(storage: Storage, step: Callable[[], None], asked_to_end: Callable[[], bool]) -> None:
    """Take a step that waits for others' locks only briefly, again and again: everybody waits behind one that waits.

    Where one node has the database, nobody waits behind it, and it waits as long as it likes.
    """
    until, pause, said = time.monotonic() + _PATIENCE_S, _PAUSE_S, ""
    while True:
        try:
            return step()
        except StorageBusy as error:
            why = str(error)
            if not storage.shared:
                raise
            if time.monotonic() + pause > until:
                raise StorageBusy(f"{why}; this was tried for {_PATIENCE_S:g} s") from None
        if why != said:
            log.warning("migration_waits", why=why, cure="end that, or let it end: it is tried again by itself")
            said = why
        # In pieces, for a Ctrl-C that may be given to another thread.
        for _ in range(math.ceil(pause / _PAUSE_S)):
            if asked_to_end():
                raise StartInterrupted(f"it was asked to end while it waited: {why}")
            time.sleep(_PAUSE_S)
        pause = min(pause * 2, _LONGEST_PAUSE_S)


@contextmanager
def _naming(owner: PluginTables) -> Iterator[None]:
    """Let what an owner's migrations raise be known as that owner's."""
    try:
        yield
    except NodeError:
        raise
    except Exception as error:
        if owner is CORE:
            raise
        said = " ".join(f"{type(error).__name__}: {error}".split())
        raise MigrationFailed(
            f"the migration of the tables {owner.name!r} failed ({said[:_SAID_MAX]})", tables=owner.name
        ) from error


def known_revisions(owner: PluginTables) -> frozenset[str]:
    """Return every revision of an owner's tables that this version knows."""
    with _naming(owner):
        return frozenset(revision.revision for revision in _scripts(owner).walk_revisions())


def readable_revisions(owner: PluginTables) -> frozenset[str]:
    """Return every revision whose rows this version reads: what it lacks of a table gets its default."""
    known = known_revisions(owner)
    return known | BEFORE_RELEASE if owner.name == CORE.name else known


def _scripts(owner: PluginTables) -> ScriptDirectory:
    return _read_scripts(str(importlib.resources.files(owner.migrations)))


@functools.cache
def _read_scripts(folder: str) -> ScriptDirectory:
    return ScriptDirectory(folder)


def _version_table(owner: PluginTables) -> str:
    return f"{owner.name}_schema"


def _refuse_unknown(connection: sa.Connection, owner: PluginTables, script: ScriptDirectory, shown: str) -> None:
    context = MigrationContext.configure(connection, opts={"version_table": _version_table(owner)})
    known = {revision.revision for revision in script.walk_revisions()}
    for current in context.get_current_heads():
        if owner.name == CORE.name and current in BEFORE_RELEASE:
            raise DatabaseTooOld(
                f"{shown} was made by a development version before the first release ({owner.name} revision"
                f" {current!r}), whose tables are not brought up to date: `octobot-node db backup` it and `octobot-node"
                " db restore` that into another data folder or database, or start with an empty one"
            )
        if current not in known and _floor(connection, owner) not in known:
            newest = f"({owner.name} revision {current!r}; newest known here: {script.get_current_head()!r})"
            raise DatabaseTooNew(
                f"{shown} was written by a newer version {newest}: upgrade octobot-node, or use another data folder",
                tables=owner.name,
            )


def _refuse_while_in_use(
    connection: sa.Connection,
    owner: PluginTables,
    script: ScriptDirectory,
    storage: Storage,
    owners: list[PluginTables],
) -> None:
    breaking = _breaking(connection, owner, script) if storage.shared else []
    now = storage.open_clock().now() if breaking else 0
    users = [user for each in owners if breaking and each.in_use for user in each.in_use(connection, now)]
    if users:
        raise DatabaseInUse(
            f"{storage.shown} must change in a way that nodes of the release before cannot live with"
            f" ({owner.name} revision {breaking[0]!r}), and they are at work: {', '.join(users)}; end them first, with"
            " `octobot-node nodes drain ID` of their release"
        )


def _breaking(connection: sa.Connection, owner: PluginTables, script: ScriptDirectory) -> list[str]:
    """Return the revisions still to be run that do more than add; none where an owner has no tables yet."""
    context = MigrationContext.configure(connection, opts={"version_table": _version_table(owner)})
    heads = context.get_current_heads()
    if not heads or not _is_known(connection, owner, script):
        return []
    pending = [each for each in script.iterate_revisions("heads", heads) if each.revision not in heads]
    return [each.revision for each in reversed(pending) if not getattr(each.module, "expands", False)]


def _floor(connection: sa.Connection, owner: PluginTables) -> str | None:
    """Return the oldest revision that may still run on the database, where a newer release wrote it down."""
    floors = tables.schema_floors
    if not sa.inspect(connection).has_table(floors.name):
        return None
    found: str | None = connection.scalar(sa.select(floors.c.revision).where(floors.c.owner == owner.name))
    return found


def _is_current(connection: sa.Connection, owner: PluginTables, script: ScriptDirectory) -> bool:
    """Whether the tables are just as this release wants them."""
    context = MigrationContext.configure(connection, opts={"version_table": _version_table(owner)})
    return set(context.get_current_heads()) == set(script.get_heads())


def _is_known(connection: sa.Connection, owner: PluginTables, script: ScriptDirectory) -> bool:
    """Whether the tables are of this release or an earlier one; on a newer one's this release may run, no more."""
    context = MigrationContext.configure(connection, opts={"version_table": _version_table(owner)})
    return {revision.revision for revision in script.walk_revisions()}.issuperset(context.get_current_heads())


def _raise_floor(connection: sa.Connection, owner: PluginTables, script: ScriptDirectory) -> None:
    """Write down the newest revision that does more than add: what knows that one can run beside this release."""
    # From the newest on: an expanding revision leaves the floor where the ones before it put it.
    floor = next(
        (each.revision for each in script.walk_revisions() if not getattr(each.module, "expands", False)), None
    )
    floors = tables.schema_floors
    if floor is None or not sa.inspect(connection).has_table(floors.name):
        return
    here = floors.c.owner == owner.name
    if connection.execute(floors.update().where(here).values(revision=floor)).rowcount == 0:
        connection.execute(floors.insert().values(owner=owner.name, revision=floor))


def _upgrade(connection: sa.Connection, owner: PluginTables, script: ScriptDirectory) -> None:
    environment = EnvironmentContext(
        Config(),
        script,
        fn=lambda revision, _context: script._upgrade_revs("head", revision),  # noqa: SLF001 - what `alembic upgrade` does
    )
    environment.configure(
        connection=connection,
        target_metadata=owner.metadata,
        version_table=_version_table(owner),
        transactional_ddl=False,
    )
    environment.run_migrations()
