"""Bring the tables of the core and of plugins to today's shape, with Alembic."""

from __future__ import annotations

import importlib.resources
from collections.abc import Iterable
from typing import TYPE_CHECKING

import sqlalchemy as sa
from alembic.config import Config
from alembic.runtime.environment import EnvironmentContext
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory

from octobot_node.errors import DatabaseTooNew
from octobot_node.store import tables
from octobot_node.store.plugin_tables import PluginTables

if TYPE_CHECKING:
    from octobot_node.store.storage import Storage

__all__ = ["CORE", "migrate"]

CORE = PluginTables("octobot", tables.metadata, "octobot_node.store.migrations")


def migrate(storage: Storage, plugins: Iterable[PluginTables] = ()) -> None:
    """Run every migration that the database lacks, each owner's in one transaction.

    Raises DatabaseTooNew, before changing anything, when the database has a revision that this version does not know.
    """
    owners = [CORE, *plugins]
    scripts = {owner.name: _scripts(owner) for owner in owners}
    with storage.read() as connection:
        for owner in owners:
            _refuse_newer(connection, owner, scripts[owner.name], storage.shown)
    storage.migrate_dbos()
    for owner in owners:
        with storage.write(durable=True) as connection:
            _upgrade(connection, owner, scripts[owner.name])


def _scripts(owner: PluginTables) -> ScriptDirectory:
    folder = importlib.resources.files(owner.migrations)
    return ScriptDirectory(str(folder))


def _version_table(owner: PluginTables) -> str:
    return f"{owner.name}_schema"


def _refuse_newer(connection: sa.Connection, owner: PluginTables, script: ScriptDirectory, shown: str) -> None:
    context = MigrationContext.configure(connection, opts={"version_table": _version_table(owner)})
    known = {revision.revision for revision in script.walk_revisions()}
    for current in context.get_current_heads():
        if current not in known:
            raise DatabaseTooNew(
                f"{shown} was written by a newer version ({owner.name} revision {current!r}; newest known here:"
                f" {script.get_current_head()!r}): upgrade octobot-node, or use another data folder"
            )


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
