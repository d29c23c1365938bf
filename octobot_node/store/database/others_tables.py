"""Names of ours that are taken: whether a database, before anything is made in it, is another program's."""

from __future__ import annotations

from collections.abc import Sequence

import sqlalchemy as sa

from octobot_node.contracts.tables import PluginTables
from octobot_node.errors import DatabaseNotOurs

__all__ = ["refuse_others_tables"]

#: Whatever a table or an index cannot be called any more; a type, because each table makes one of its name.
_NAMES: sa.BindParameter[list[str]] = sa.bindparam("names", expanding=True)
_TAKEN = {
    "postgresql": sa.text(
        "SELECT relname FROM pg_class JOIN pg_namespace ON pg_namespace.oid = relnamespace"
        " WHERE nspname = current_schema() AND relname IN :names"
        " UNION SELECT typname FROM pg_type JOIN pg_namespace ON pg_namespace.oid = typnamespace"
        " WHERE nspname = current_schema() AND typname IN :names"
    ).bindparams(_NAMES),
    "sqlite": sa.text("SELECT name FROM sqlite_master WHERE name IN :names").bindparams(_NAMES),
}
#: Those that look as where Alembic keeps a version, and no other way.
_OF_ALEMBIC = {
    "postgresql": sa.text(
        "SELECT relname FROM pg_class JOIN pg_namespace ON pg_namespace.oid = relnamespace"
        " JOIN pg_attribute ON attrelid = pg_class.oid AND attnum > 0 AND NOT attisdropped"
        " WHERE nspname = current_schema() AND relname IN :names"
        " GROUP BY relname HAVING array_agg(attname::text) = ARRAY['version_num']"
    ).bindparams(_NAMES),
    "sqlite": sa.text(
        "SELECT found.name FROM sqlite_master AS found, pragma_table_info(found.name) AS col"
        " WHERE found.name IN :names GROUP BY found.name HAVING group_concat(col.name) = 'version_num'"
    ).bindparams(_NAMES),
}


def refuse_others_tables(connection: sa.Connection, owners: Sequence[PluginTables], shown: str) -> None:
    """Raise DatabaseNotOurs where an owner has no tables yet, and one of their names is somebody else's."""
    dialect, versions = connection.dialect.name, {owner.name: f"{owner.name}_schema" for owner in owners}
    ours = set(connection.scalars(_OF_ALEMBIC[dialect], {"names": sorted(versions.values())}))
    for owner in owners:
        if versions[owner.name] in ours:
            continue
        names = _names(connection, owner) | {versions[owner.name]}
        taken = sorted(connection.scalars(_TAKEN[dialect], {"names": sorted(names)}))
        if taken:
            raise DatabaseNotOurs(
                f"{shown} is another program's: it has {_listed(taken)}, which this one would make; give the node a"
                " database of its own or, on PostgreSQL, a schema of its own (`CREATE SCHEMA octobot`, and"
                " ?options=-csearch_path%3Doctobot at the end of the URL); nothing was changed",
                tables=owner.name,
            )


def _names(connection: sa.Connection, owner: PluginTables) -> set[str]:
    written = connection.dialect.identifier_preparer
    names: set[str] = set()
    for table in owner.metadata.tables.values():
        names.add(table.name)
        names |= {str(index.name) for index in table.indexes}
        # On PostgreSQL each is an index, of its name.
        keys = (each for each in table.constraints if isinstance(each, sa.PrimaryKeyConstraint | sa.UniqueConstraint))
        formatted = (written.format_constraint(each) for each in keys if each.name is not None)
        names |= {name.strip('"') for name in formatted if name}
    return names


def _listed(names: list[str]) -> str:
    more = f" and {len(names) - 3} more" if len(names) > 3 else ""
    return ", ".join(repr(name) for name in names[:3]) + more
