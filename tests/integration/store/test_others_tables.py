"""A database that is somebody else's: refused before anything is made, and left as it was."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from octobot_node.contracts.storage import Storage
from octobot_node.errors import DatabaseNotOurs
from octobot_node.plugin_system.registry import Registry
from octobot_node.settings import Settings
from octobot_node.store.migrate import migrate

Make = Callable[[str], Storage]


@pytest.fixture(params=["sqlite", "postgres"])
def make(request: pytest.FixtureRequest, tmp_path: Path, registry: Registry) -> Iterator[Make]:
    """Make an empty database in which another program has done something first."""
    url = "" if request.param == "sqlite" else request.getfixturevalue("postgres").create_database()
    opened: list[Storage] = []

    def made(theirs: str) -> Storage:
        storage: Storage = registry.hook.open_storage(settings=Settings(data_dir=tmp_path, database_url=url))
        opened.append(storage)
        for statement in theirs.split("; "):
            with storage.write() as connection:
                connection.exec_driver_sql(statement)
        return storage

    yield made
    for each in opened:
        each.close()
    if url:
        request.getfixturevalue("postgres").drop_database(url)


def everything(storage: Storage) -> dict[str, Any]:
    with storage.read() as connection:
        inspector = sa.inspect(connection)
        schemas = [name for name in inspector.get_schema_names() if not name.startswith("pg_")]
        return {
            f"{schema}.{name}": connection.exec_driver_sql(f'SELECT * FROM "{schema}"."{name}"').all()
            for schema in schemas
            if schema != "information_schema"
            for name in [*inspector.get_table_names(schema), *inspector.get_view_names(schema)]
        }


@pytest.mark.parametrize(
    ("theirs", "named"),
    [
        ("CREATE TABLE accounts (id int); INSERT INTO accounts VALUES (7)", "'accounts'"),
        ("CREATE TABLE events (id int); CREATE TABLE fills (id int)", "'events', 'fills'"),
        ("CREATE VIEW intents AS SELECT 1 AS one", "'intents'"),
        ("CREATE TABLE orders (id int); CREATE INDEX ix_intents_live ON orders (id)", "'ix_intents_live'"),
        ("CREATE TABLE auth_users (name text)", "'auth_users'"),
        # Named as where Alembic's version is kept, and something else.
        ("CREATE TABLE octobot_schema (name text)", "'octobot_schema'"),
        (
            "; ".join(f"CREATE TABLE {name} (a int)" for name in ("accounts", "events", "fills", "intents", "leases")),
            "'accounts', 'events', 'fills' and 2 more",
        ),
    ],
)
def test_a_database_with_another_program_s_tables_is_left_as_it_was(
    theirs: str, named: str, make: Make, registry: Registry
) -> None:
    storage = make(theirs)
    before = everything(storage)
    with pytest.raises(DatabaseNotOurs, match=r"give the node a database of its own") as refused:
        migrate(storage, registry.tables)
    assert f"it has {named}, which this one would make" in str(refused.value)
    assert everything(storage) == before


@pytest.mark.parametrize("make", ["postgres"], indirect=True)
@pytest.mark.parametrize("theirs", ["CREATE TYPE events AS ENUM ('a')", "CREATE SEQUENCE fills"])
def test_whatever_has_a_name_of_ours_on_postgresql_counts(theirs: str, make: Make, registry: Registry) -> None:
    storage = make(theirs)
    with pytest.raises(DatabaseNotOurs, match="another program's"):
        migrate(storage, registry.tables)
    assert everything(storage) == {}


def test_tables_that_are_nobody_s_namesakes_are_worked_beside(make: Make, registry: Registry) -> None:
    storage = make("CREATE TABLE pets (id int); INSERT INTO pets VALUES (7)")
    migrate(storage, registry.tables)
    with storage.read() as connection:
        assert connection.exec_driver_sql("SELECT id FROM pets").scalar_one() == 7
    migrate(storage, registry.tables)
