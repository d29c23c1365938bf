"""Migrated databases of one PostgreSQL server for test after test: emptied, not made anew, which takes far longer."""

from __future__ import annotations

from pathlib import Path

import psycopg
from psycopg import sql

from octobot_node.plugin_system.discovery import load_plugins
from octobot_node.settings import Settings
from octobot_node.store.migrate import migrate
from tests.support.postgres import Server

__all__ = ["Databases"]

_OURS = "NOT IN ('pg_catalog', 'information_schema', 'pg_toast')"
#: Whoever is still connected; each is waited for.
_END_OTHERS = """
SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity
WHERE datname = current_database() AND pid <> pg_backend_pid()
"""
#: Every column, index, sequence, trigger and setting there is.
_SHAPE = f"""
SELECT md5(string_agg(each, ';' ORDER BY each)) FROM (
  SELECT format('%s.%s.%s.%s', nspname, relname, attname, atttypid::regtype) AS each FROM pg_attribute
  JOIN pg_class ON pg_class.oid = attrelid JOIN pg_namespace ON pg_namespace.oid = relnamespace
  WHERE nspname {_OURS} AND NOT attisdropped
  UNION ALL SELECT format('%s on %s', tgname, tgrelid::regclass) FROM pg_trigger WHERE NOT tgisinternal
  UNION ALL SELECT setconfig::text FROM pg_db_role_setting
  JOIN pg_database ON pg_database.oid = setdatabase WHERE datname = current_database()
) AS all_of_it
"""
_TABLES = f"SELECT schemaname, tablename FROM pg_tables WHERE schemaname {_OURS} ORDER BY 1, 2"
#: The replica's role runs no trigger: neither foreign keys nor the audit log hold it up.
_EMPTY = f"""
DO $$ DECLARE each record; BEGIN
  PERFORM set_config('session_replication_role', 'replica', true);
  FOR each IN {_TABLES} LOOP
    EXECUTE format('DELETE FROM %I.%I', each.schemaname, each.tablename);
  END LOOP;
  FOR each IN SELECT * FROM pg_sequences WHERE last_value IS NOT NULL LOOP
    PERFORM setval(format('%I.%I', each.schemaname, each.sequencename), each.start_value, false);
  END LOOP;
END $$
"""


class Databases:
    """Lends databases, each migrated and without a row; whoever is done gives theirs back."""

    def __init__(self, server: Server, folder: Path) -> None:
        self._server = server
        self._free: list[str] = []
        registry, url = load_plugins(discover=False), server.create_database()
        storage = registry.hook.open_storage(settings=Settings(data_dir=folder, database_url=url))
        migrate(storage, registry.tables)
        storage.close()
        #: The name of the one that all others are copies of; nobody is connected to it.
        self.template = url.rpartition("/")[2]
        with psycopg.connect(url) as connection:
            self._shape = _shape(connection)
            self._rows = [(table, rows) for table in _tables(connection) if (rows := _copied(connection, table))]

    def take(self) -> str:
        """Return the URL of one that nobody else has."""
        return self._free.pop() if self._free else self._server.create_database(template=self.template)

    def give_back(self, url: str) -> None:
        """Empty one; one whose tables a test has changed is dropped."""
        with psycopg.connect(url) as connection:
            connection.execute(_END_OTHERS)
            kept = _shape(connection) == self._shape
            if kept:
                connection.execute(_EMPTY.encode())
                # What migrations leave: their revisions, most of it.
                for table, rows in self._rows:
                    with connection.cursor().copy(sql.SQL("COPY {} FROM STDIN").format(table)) as copy:
                        copy.write(rows)
        if kept:
            self._free.append(url)
        else:
            self._server.drop_database(url)


def _shape(connection: psycopg.Connection[tuple[str]]) -> str:
    found = connection.execute(_SHAPE.encode()).fetchone()
    assert found is not None
    return str(found[0])


def _tables(connection: psycopg.Connection[tuple[str, str]]) -> list[sql.Identifier]:
    return [sql.Identifier(*row) for row in connection.execute(_TABLES.encode()).fetchall()]


def _copied(connection: psycopg.Connection[tuple[str]], table: sql.Identifier) -> bytes:
    with connection.cursor().copy(sql.SQL("COPY {} TO STDOUT").format(table)) as copy:
        return b"".join(bytes(part) for part in copy)
