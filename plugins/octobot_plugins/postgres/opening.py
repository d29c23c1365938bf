"""What a server must be like before a node runs on it."""

from __future__ import annotations

from typing import Any, cast

import psycopg
import sqlalchemy as sa

from octobot_node.errors import StorageUnavailable

__all__ = ["check_server"]

#: The first with all that is used; older ones get no mending from their makers any more.
_OLDEST = 14


def check_server(connection: sa.Connection, shown: str) -> None:
    """Raise StorageUnavailable for a server that is too old, has another encoding, or cannot be written."""
    # As it was said when the connection was made: an old server may not know what is asked next.
    info = cast("psycopg.Connection[Any]", connection.connection.driver_connection).info
    if info.server_version < _OLDEST * 10_000:
        version = info.parameter_status("server_version")
        raise StorageUnavailable(f"{shown} is PostgreSQL {version}: version {_OLDEST} or newer is needed")
    row = connection.exec_driver_sql(
        "SELECT current_setting('server_encoding'), current_setting('transaction_read_only'), pg_is_in_recovery(),"
        " current_schema(), has_schema_privilege(current_schema(), 'CREATE'), current_database(), current_user,"
        " to_regnamespace('dbos') IS NOT NULL OR has_database_privilege(current_database(), 'CREATE')"
    ).one()
    encoding, read_only, standby, schema, may_create, database, user, has_dbos = row
    if encoding != "UTF8":
        raise StorageUnavailable(
            f"{shown} has the encoding {encoding}: make one with `CREATE DATABASE … ENCODING 'UTF8' TEMPLATE template0`"
        )
    if standby or read_only == "on":
        why = "a standby, which only reads" if standby else "read-only"
        raise StorageUnavailable(
            f"{shown} is {why}: point the URL at the primary, and set default_transaction_read_only to off"
        )
    if schema is None:
        raise StorageUnavailable(f"{shown} has no schema of this user's search_path: `CREATE SCHEMA public` makes one")
    if not may_create:
        raise StorageUnavailable(
            f"{shown}: this user may not make tables in the schema {schema!r}:"
            f' `GRANT CREATE ON SCHEMA "{schema}" TO "{user}"` allows it'
        )
    if not has_dbos:
        raise StorageUnavailable(
            f"{shown}: this user may not make the schema 'dbos', which holds the queues:"
            f' `GRANT CREATE ON DATABASE "{database}" TO "{user}"` allows it'
        )
