"""Whose the queues are: one schema for each installation, and nobody else's rows touched."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psycopg
import pytest

from octobot_node.engine.base import open_base
from octobot_node.errors import DatabaseNotOurs
from octobot_node.plugin_system.discovery import load_plugins
from octobot_node.settings import Settings
from octobot_plugins.postgres.queues import queue_schema
from tests.support.postgres import Server

IN_SCHEMA = "?options=-csearch_path%3D"


@pytest.fixture
def start(tmp_path: Path) -> Callable[..., str]:
    """Begin an installation on a database, or go on with it; return its id.

    Each start has its own data folder: one that has worked on a database refuses another that is empty.
    """
    folders = itertools.count()

    def started(url: str, **more: Any) -> str:
        data = tmp_path / f"node-{next(folders)}"
        settings = Settings(data_dir=data, database_url=url, disk_reserve_mb=0, **more)
        base = open_base(settings, load_plugins(discover=False), now=0)
        base.close()
        return base.installation.id

    return started


def ask(url: str, statement: str) -> list[Any]:
    with psycopg.connect(url.partition("?")[0], autocommit=True) as connection:
        found = connection.execute(statement.encode())
        return found.fetchall() if found.description else []


def schemas(url: str) -> set[str]:
    names = ask(url, "SELECT nspname FROM pg_namespace WHERE nspname !~ '^pg_' AND nspname <> 'information_schema'")
    return {name for (name,) in names}


@pytest.mark.parametrize(
    ("wanted", "schema", "expected"),
    [
        ("", "public", "octobot_dbos"),
        ("", "app", "octobot_dbos_app"),
        ("", "octobot", "octobot_dbos_octobot"),
        ("queues", "app", "queues"),
    ],
)
def test_each_schema_has_queues_of_its_own(wanted: str, schema: str, expected: str) -> None:
    assert queue_schema(wanted, schema) == expected


@pytest.mark.parametrize("schema", ["my schema", "a:b", "Straße", "x" * 60])
def test_a_schema_of_an_odd_name_has_queues_of_a_plain_one(schema: str) -> None:
    name = queue_schema("", schema)
    assert name.isidentifier()
    assert len(name.encode()) <= 63
    assert name != queue_schema("", f"{schema[:-1]}_")


def test_a_node_finds_its_queues_again(start: Callable[..., str], postgres: Server) -> None:
    url = postgres.create_database()
    first = start(url)
    assert schemas(url) == {"public", "octobot_dbos"}
    assert (start(url), ask(url, "SELECT id FROM octobot_dbos.octobot_installation")) == (first, [(first,)])


def test_another_application_s_dbos_is_not_even_looked_at(start: Callable[..., str], postgres: Server) -> None:
    from dbos import DBOS

    url = postgres.create_database()
    DBOS.migrate(url, schema="dbos")
    ask(
        url,
        "INSERT INTO dbos.queues (name, application_name, polling_interval_sec) VALUES ('orders', 'shop', 1),"
        " ('ticks', 'shop', 1)",
    )
    before = ask(url, "SELECT * FROM dbos.queues")
    start(url)
    assert ask(url, "SELECT * FROM dbos.queues") == before
    assert schemas(url) == {"public", "dbos", "octobot_dbos"}


def test_two_installations_in_two_schemas_of_one_database_have_nothing_in_common(
    start: Callable[..., str], postgres: Server
) -> None:
    url = postgres.create_database()
    ask(url, "CREATE SCHEMA one")
    ask(url, 'CREATE SCHEMA "two + a bit"')
    one = start(f"{url}{IN_SCHEMA}one")
    two = start(f'{url}{IN_SCHEMA}"two\\%20%2B\\%20a\\%20bit"')
    third = start(url)
    assert len({one, two, third}) == 3
    ours = ask(url, "SELECT nspname FROM pg_class JOIN pg_namespace n ON n.oid = relnamespace WHERE relname = 'events'")
    assert {name for (name,) in ours} == {"one", "two + a bit", "public"}
    assert ask(url, "SELECT id FROM octobot_dbos_one.octobot_installation") == [(one,)]
    assert start(f"{url}{IN_SCHEMA}one") == one


def test_a_schema_further_down_a_search_path_is_not_ours(start: Callable[..., str], postgres: Server) -> None:
    url = postgres.create_database()
    first = start(url)
    ask(url, "CREATE SCHEMA app")
    # By name it would find the tables in public; they are another installation's.
    assert start(f"{url}{IN_SCHEMA}app,public") != first
    assert start(url) == first


def test_queues_of_another_installation_are_refused_with_the_cure(start: Callable[..., str], postgres: Server) -> None:
    url = postgres.create_database()
    first = start(url)
    ask(url, "CREATE SCHEMA app")
    with pytest.raises(
        DatabaseNotOurs, match=rf"those of another installation \({first}\): set OCTOBOT_DATABASE_QUEUES"
    ):
        start(f"{url}{IN_SCHEMA}app", database_queues="octobot_dbos")
    assert ask(url, "SELECT * FROM pg_tables WHERE schemaname = 'app'") == []
    # Its tables dropped and begun anew it is another one, too.
    ask(url, "DROP SCHEMA public CASCADE")
    ask(url, "CREATE SCHEMA public")
    with pytest.raises(DatabaseNotOurs, match='`DROP SCHEMA "octobot_dbos" CASCADE`'):
        start(url)
    ask(url, "DROP SCHEMA octobot_dbos CASCADE")
    assert start(url) != first


@pytest.mark.parametrize(
    "theirs",
    [
        "CREATE TABLE shop.baskets (id int)",
        "INSERT INTO shop.queues (name, application_name, polling_interval_sec) VALUES ('orders', 'shop', 1)",
        "INSERT INTO shop.workflow_status (workflow_uuid, application_name) VALUES ('one', 'shop')",
        "INSERT INTO shop.workflow_status (workflow_uuid, application_name) VALUES ('one', 'octobot')",
    ],
)
def test_a_schema_that_another_program_uses_is_refused_and_left_as_it_was(
    theirs: str, start: Callable[..., str], postgres: Server
) -> None:
    from dbos import DBOS

    url = postgres.create_database()
    ask(url, "CREATE SCHEMA shop")
    if "INSERT" in theirs:
        DBOS.migrate(url, schema="shop")
    ask(url, theirs)
    with pytest.raises(DatabaseNotOurs, match=r"schema 'shop' that another program uses: set OCTOBOT_DATABASE_QUEUES"):
        start(url, database_queues="shop")
    assert ask(url, "SELECT * FROM pg_tables WHERE schemaname = 'public'") == []
    assert schemas(url) == {"public", "shop"}


def test_a_schema_that_was_made_for_the_queues_beforehand_is_taken(start: Callable[..., str], postgres: Server) -> None:
    url = postgres.create_database()
    ask(url, "CREATE SCHEMA octobot_dbos")
    first = start(url)
    assert ask(url, "SELECT id FROM octobot_dbos.octobot_installation") == [(first,)]


def test_a_first_start_that_broke_off_is_gone_on_with(start: Callable[..., str], postgres: Server) -> None:
    from dbos import DBOS

    url = postgres.create_database()
    DBOS.migrate(url, schema="octobot_dbos")
    first = start(url)
    assert ask(url, "SELECT id FROM octobot_dbos.octobot_installation") == [(first,)]
