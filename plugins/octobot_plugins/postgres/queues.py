"""The schema of the queues: DBOS's tables for one installation, and nobody else's.

DBOS keeps all applications of a database in one schema, ``dbos``, unless told otherwise. Ours has one of its own, which
says whose it is: what we claim, give back and delete there is ours.
"""

from __future__ import annotations

import hashlib
import re

import sqlalchemy as sa

from octobot_node.errors import DatabaseNotOurs
from octobot_node.store.tables import installation

__all__ = ["claim_schema", "is_marked", "make_mark", "queue_schema", "refuse_others_queues"]

_NAME = "octobot_dbos"
_MARK = "octobot_installation"
#: Made by DBOS before any other.
_FIRST_OF_DBOS = "dbos_migrations"
#: What somebody's use of DBOS leaves.
_USED = ("workflow_status", "queues")


def queue_schema(wanted: str, schema: str) -> str:
    """Return the schema of the queues of an installation whose tables are in ``schema``: each has another."""
    if wanted:
        return wanted
    if schema == "public":
        return _NAME
    name = f"{_NAME}_{schema}"
    # DBOS writes it into SQL where a colon would be a parameter; PostgreSQL cuts off what is longer.
    plain = re.fullmatch("[a-z0-9_]+", name) and len(name) <= 63
    return name if plain else f"{_NAME}_{hashlib.sha256(schema.encode()).hexdigest()[:16]}"


def refuse_others_queues(connection: sa.Connection, schema: str, shown: str) -> None:
    """Raise DatabaseNotOurs where the schema has what is not this installation's, or no installation's at all."""
    there = _tables(connection, schema)
    if not there:
        return
    owner = _owner(connection, schema) if _MARK in there else None
    if owner is not None:
        _refuse_another(owner, _known(connection), schema, shown)
    elif _FIRST_OF_DBOS not in there or any(_has_rows(connection, schema, name) for name in there & set(_USED)):
        raise DatabaseNotOurs(
            f"{shown} has a schema {schema!r} that another program uses: set OCTOBOT_DATABASE_QUEUES to the name of one"
            " that is this installation's own; nothing was changed"
        )


def is_marked(connection: sa.Connection, schema: str) -> bool:
    """Whether the table is there that says whose the queues are."""
    return _MARK in _tables(connection, schema)


def make_mark(connection: sa.Connection, schema: str) -> None:
    """Make that table, where it is not there."""
    if not is_marked(connection, schema):
        connection.execute(sa.schema.CreateTable(_mark(schema)))


def claim_schema(connection: sa.Connection, schema: str, installation_id: str, shown: str) -> None:
    """Write down whose the queues are; raise DatabaseNotOurs where they are another installation's."""
    owner = _owner(connection, schema)
    if owner is None:
        connection.execute(_mark(schema).insert().values(id=installation_id))
    else:
        _refuse_another(owner, installation_id, schema, shown)


def _mark(schema: str) -> sa.Table:
    return sa.Table(_MARK, sa.MetaData(), sa.Column("id", sa.String(36), primary_key=True), schema=schema)


def _tables(connection: sa.Connection, schema: str) -> set[str]:
    names = sa.text(
        "SELECT relname FROM pg_class JOIN pg_namespace ON pg_namespace.oid = relnamespace"
        " WHERE nspname = :schema AND relkind IN ('r', 'p', 'v', 'm', 'f')"
    )
    return set(connection.scalars(names, {"schema": schema}))


def _owner(connection: sa.Connection, schema: str) -> str | None:
    return connection.scalar(sa.select(_mark(schema).c.id))


def _known(connection: sa.Connection) -> str | None:
    """Return the id of the installation in our own tables, if there is one."""
    if not sa.inspect(connection).has_table(installation.name):
        return None
    return connection.scalar(sa.select(installation.c.id))


def _has_rows(connection: sa.Connection, schema: str, name: str) -> bool:
    any_row = sa.select(sa.literal(1)).select_from(sa.table(name, schema=schema)).limit(1)
    return connection.scalar(any_row) is not None


def _refuse_another(owner: str, installation_id: str | None, schema: str, shown: str) -> None:
    if owner != installation_id:
        raise DatabaseNotOurs(
            f"{shown}: the queues in the schema {schema!r} are those of another installation ({owner}): set"
            " OCTOBOT_DATABASE_QUEUES to the name of another schema, or, where that installation is no more,"
            f' `DROP SCHEMA "{schema}" CASCADE`; nothing was changed'
        )
