"""What a server must be like before a node runs on it."""

from __future__ import annotations

import sqlalchemy as sa

from octobot_node.errors import StorageUnavailable

__all__ = ["check_server"]

#: The first with all that is used; older ones get no mending from their makers any more.
_OLDEST = 14


def check_server(connection: sa.Connection, shown: str) -> None:
    """Raise StorageUnavailable for a server that is too old, has another encoding, or cannot be written."""
    row = connection.exec_driver_sql(
        "SELECT current_setting('server_version'), current_setting('server_version_num')::int / 10000,"
        " current_setting('server_encoding'), current_setting('transaction_read_only'), pg_is_in_recovery(),"
        " current_schema(), has_schema_privilege(current_schema(), 'CREATE')"
    ).one()
    version, major, encoding, read_only, standby, schema, may_create = row
    if major < _OLDEST:
        raise StorageUnavailable(f"{shown} is PostgreSQL {version}: version {_OLDEST} or newer is needed")
    if encoding != "UTF8":
        raise StorageUnavailable(
            f"{shown} has the encoding {encoding}: make one with `CREATE DATABASE … ENCODING 'UTF8' TEMPLATE template0`"
        )
    if standby or read_only == "on":
        why = "a standby, which only reads" if standby else "read-only"
        raise StorageUnavailable(
            f"{shown} is {why}: point the URL at the primary, and set default_transaction_read_only to off"
        )
    if not may_create:
        raise StorageUnavailable(
            f"{shown}: this user may not make tables in the schema {schema!r}:"
            f" `GRANT CREATE ON SCHEMA {schema or 'public'} TO …` allows it"
        )
