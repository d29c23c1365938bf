"""What a server must be like before a node runs on it."""

from __future__ import annotations

from dataclasses import dataclass

from octobot_node.errors import StorageUnavailable
from octobot_plugins.postgres.connecting import Connector, NodeConnection
from octobot_plugins.postgres.failures import SESSION_MODE
from octobot_plugins.postgres.queues import queue_schema

__all__ = ["Opened", "open_server"]

#: The first with all that is used; older ones get no mending from their makers any more.
_OLDEST = 14
#: Others may take from the same pooler meanwhile.
_TRIES = 3
_FACTS = """
SELECT current_setting('server_encoding'), current_setting('transaction_read_only') = 'on', pg_is_in_recovery(),
  current_schema(), has_schema_privilege(current_schema(), 'CREATE'), current_database(), current_user
"""
_MAY_MAKE_QUEUES = """
SELECT coalesce(
  (SELECT has_schema_privilege(oid, 'CREATE') AND has_schema_privilege(oid, 'USAGE')
   FROM pg_namespace WHERE nspname = %s),
  has_database_privilege(current_database(), 'CREATE'))
"""


@dataclass(frozen=True, slots=True)
class Opened:
    """What is known of a server that will do."""

    #: Where our tables are, or are to be made.
    schema: str
    #: Where DBOS's are.
    queues: str


def open_server(connection: NodeConnection, connector: Connector, wanted: str, shown: str) -> Opened:
    """Return what is to be known of the server; ``wanted`` is the schema of the queues, "" for the usual one.

    Raises StorageUnavailable for one that is too old, has another encoding, is behind a pooler that lends sessions for
    a transaction, does not get what the URL asks for, or cannot be written.
    """
    # As it was said when the connection was made: an old server may not know what is asked next.
    if connection.info.server_version < _OLDEST * 10_000:
        version = connection.info.parameter_status("server_version")
        raise StorageUnavailable(f"{shown} is PostgreSQL {version}: version {_OLDEST} or newer is needed")
    if not connector.options_arrived(connection):
        raise StorageUnavailable(
            f"{shown} does not get the URL's `options`, a pooler throws them away: connect directly, or take them out"
            " of the URL and set them for the role (`ALTER ROLE … SET search_path = …`)"
        )
    _refuse_transaction_pooler(connection, connector, shown)
    row = connection.execute(_FACTS).fetchone()
    assert row is not None
    encoding, read_only, standby, schema, may_create, database, user = row
    if encoding != "UTF8":
        raise StorageUnavailable(
            f"{shown} has the encoding {encoding}: make one with `CREATE DATABASE … ENCODING 'UTF8' TEMPLATE template0`"
        )
    if standby or read_only:
        why = "a standby, which only reads" if standby else "read-only"
        raise StorageUnavailable(
            f"{shown} is {why}: point the URL at the primary, and set default_transaction_read_only to off"
        )
    if schema is None:
        raise StorageUnavailable(f"{shown} has no schema of this user's search_path: `CREATE SCHEMA public` makes one")
    queues = queue_schema(wanted, schema)
    made = connection.execute(_MAY_MAKE_QUEUES, [queues]).fetchone()
    grants = []
    if not may_create:
        grants.append(f'GRANT CREATE ON SCHEMA "{schema}" TO "{user}"')
    if made is None or not made[0]:
        grants.append(f'CREATE SCHEMA "{queues}" AUTHORIZATION "{user}"')
    if grants:
        raise StorageUnavailable(
            f"{shown}: this user may not make the node's tables in the schema {schema!r}, or those of its queues in"
            f" {queues!r}: `{'; '.join(grants)}` allows it (so does, for the queues, and for more,"
            f' `GRANT CREATE ON DATABASE "{database}" TO "{user}"`)'
        )
    return Opened(str(schema), queues)


def _refuse_transaction_pooler(one: NodeConnection, connector: Connector, shown: str) -> None:
    """Raise StorageUnavailable where one connection is not one session of the server's.

    Announcements need a session that listens, migrations a lock that one holds. While another connection is in a
    transaction, a pooler that lends its sessions for a transaction has to give this one another, or gave that one ours.
    """
    with connector.connect(autocommit=True) as other:
        for _ in range(_TRIES):
            ours = _process(one)
            other.execute("BEGIN")
            # Where it was given ours, and there is no other, asking for ours would wait for its end.
            lent = _process(other) == ours or _process(one) != ours
            other.execute("COMMIT")
            if lent:
                raise StorageUnavailable(
                    f"{shown} is behind a pooler that lends a connection for one transaction, and the node needs it for"
                    f" longer, to hear of what others do: {SESSION_MODE}"
                )


def _process(connection: NodeConnection) -> int:
    row = connection.execute("SELECT pg_backend_pid()").fetchone()
    assert row is not None
    return int(row[0])
