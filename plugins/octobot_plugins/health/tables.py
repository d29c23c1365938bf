"""The tables of the core and of plugins: each of them has to be there, with every column."""

from __future__ import annotations

from collections.abc import Iterator

import sqlalchemy as sa

from octobot_node.contracts.context import PluginContext
from octobot_node.contracts.health import Health
from octobot_node.store.tables import metadata

__all__ = ["check_tables"]


def check_tables(context: PluginContext) -> Health:
    """Say which tables or columns are missing."""
    wanted = [metadata, *(owned.metadata for owned in context.tables)]
    with context.storage.read() as connection:
        missing = sorted(name for each in wanted for name in _missing(connection, each))
    if missing:
        cure = "restore a backup, or start a node of this version once, which makes them"
        return Health("failed", f"there is no {', '.join(missing)}", cure)
    return Health("ok", f"{sum(len(each.tables) for each in wanted)} tables are as this version needs them")


def _missing(connection: sa.Connection, wanted: sa.MetaData) -> Iterator[str]:
    inspector = sa.inspect(connection)
    for name, table in wanted.tables.items():
        if not inspector.has_table(name):
            yield name
            continue
        there = {column["name"] for column in inspector.get_columns(name)}
        yield from (f"{name}.{column.name}" for column in table.columns if column.name not in there)
