"""Whatever a URL has in it, all connections get the same of it: the pool, announcements, migrations, backups."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import quote

import psycopg
import pytest
import sqlalchemy as sa
import trustme
from psycopg import sql

from octobot_node.errors import StorageUnavailable
from octobot_node.plugin_system.discovery import load_plugins
from octobot_node.settings import Settings
from octobot_node.store.migrate import migrate
from octobot_node.store.tables import installation
from octobot_node.transfer.backing_up import back_up
from octobot_plugins.postgres.storage import PostgresStorage
from tests.integration.plugins.postgres.tls import TlsServer
from tests.support.postgres import Server

Open = Callable[..., PostgresStorage]
#: Every character that means something in some URL, some connection string or some SQL.
ODD = "a b%+?#@:/ü'\"\\&=x"


def encoded(text: str) -> str:
    return quote(text, safe="")


@contextmanager
def odd(server: Server) -> Iterator[tuple[str, str]]:
    """Make a role and a database of odd names; yield how each is written into a URL."""
    role, database = sql.Identifier(f"role {ODD}"), sql.Identifier(f"database {ODD}")
    with psycopg.connect(server.url(), autocommit=True) as connection:
        connection.execute(sql.SQL("CREATE ROLE {} LOGIN PASSWORD {}").format(role, sql.Literal(ODD)))
        connection.execute(sql.SQL("CREATE DATABASE {} OWNER {}").format(database, role))
        try:
            yield encoded(f"role {ODD}"), encoded(f"database {ODD}")
        finally:
            connection.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(database))
            connection.execute(sql.SQL("DROP ROLE {}").format(role))


def hears_itself(storage: PostgresStorage) -> bool:
    heard: list[str] = []
    storage.listen(heard.append)
    storage.announce("told")
    until = time.monotonic() + 10
    while "told" not in heard and time.monotonic() < until:
        time.sleep(0.01)
    return "told" in heard


def test_every_part_of_the_node_connects_whatever_its_names_and_password_are(
    tmp_path: Path, postgres: Server, open_storage: Open
) -> None:
    registry = load_plugins(discover=False)
    with odd(postgres) as (role, database):
        url = f"postgresql://{role}@127.0.0.1:{postgres.port}/{database}"
        storage = open_storage(url, database_password=ODD)
        migrate(storage, registry.tables)
        assert hears_itself(storage)
        with storage.write() as connection:
            connection.execute(installation.insert().values(id="one", generation=0, created_at=0))
            who = "SELECT current_user, current_database()"
            assert connection.exec_driver_sql(who).one() == (f"role {ODD}", f"database {ODD}")
        # With the password in the URL, too.
        inside = url.replace(f"{role}@", f"{role}:{encoded(ODD)}@")
        backed_up = back_up(
            Settings(data_dir=tmp_path, database_url=inside), registry, tmp_path / "backup", lambda _done, _of: None
        )
        assert (backed_up.installation, backed_up.database) == ("one", storage.shown)
        # It can be given again as it is shown.
        assert hears_itself(open_storage(storage.shown, database_password=ODD))
        storage.close()


def test_options_of_the_url_reach_every_connection(open_storage: Open, postgres: Server) -> None:
    url = postgres.create_database()
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute('CREATE SCHEMA "my schema"')
    options = encoded('-c search_path="my\\ schema",public -c work_mem=5MB')
    storage = open_storage(f"{url}?options={options}&application_name=desk")
    migrate(storage, load_plugins(discover=False).tables)
    assert hears_itself(storage)
    with storage.read() as connection:
        assert connection.exec_driver_sql("SELECT current_schema(), current_setting('work_mem')").one() == (
            "my schema",
            "5MB",
        )
        assert "events" in sa.inspect(connection).get_table_names("my schema")
        assert sa.inspect(connection).get_table_names("public") == []
        names = connection.exec_driver_sql(
            "SELECT DISTINCT application_name FROM pg_stat_activity WHERE datname = current_database()"
        )
        # The node's connections are told from others by their name, whatever a URL calls them.
        assert names.scalars().all() == ["octobot-node desk"]


def test_the_schema_of_the_first_connection_is_that_of_all_that_follow(open_storage: Open, postgres: Server) -> None:
    url = postgres.create_database()
    storage = open_storage(url)
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("CREATE SCHEMA later")
        connection.execute("ALTER ROLE octobot IN DATABASE {} SET search_path = later".format(url.rpartition("/")[2]))
    storage.engine.dispose()
    with storage.read() as connection:
        assert connection.exec_driver_sql("SELECT current_schema()").scalar_one() == "public"


def test_the_root_certificate_may_be_in_a_folder_with_a_space(
    secure: TlsServer, authority: trustme.CA, postgres: Server, tmp_path: Path, open_storage: Open
) -> None:
    folder = tmp_path / "my certificates + more"
    folder.mkdir()
    authority.cert_pem.write_to_path(str(folder / "ca.crt"))
    url = postgres.create_database().replace(f":{postgres.port}/", f":{secure.port}/")
    storage = open_storage(f"{url}?sslmode=verify-full&sslrootcert={encoded(str(folder / 'ca.crt'))}")
    assert hears_itself(storage)


@pytest.mark.parametrize("form", ["HOSTS/DB", "/DB?host=HOST&host=HOST2", "/DB?host=NAMES&port=PORTS"])
def test_of_several_hosts_the_one_that_answers_and_writes_is_worked_with(
    form: str, open_storage: Open, postgres: Server
) -> None:
    url = postgres.create_database()
    gone, there = "127.0.0.1:1", f"127.0.0.1:{postgres.port}"
    written = (
        form.replace("HOSTS", f"{gone},{there}").replace("HOST2", there).replace("HOST", gone)
        .replace("NAMES", "127.0.0.1,127.0.0.1").replace("PORTS", f"1,{postgres.port}")
        .replace("DB", url.rpartition("/")[2])
    )  # fmt: skip
    storage = open_storage(f"postgresql://octobot:{postgres.password}@{written}")
    assert hears_itself(storage)
    assert storage.shown == f"postgresql://octobot@{gone},{there}/{url.rpartition('/')[2]}"


def test_a_standby_among_several_hosts_is_passed_by(open_storage: Open, postgres: Server) -> None:
    url = postgres.create_database()
    with Server(fsync=False) as other:
        standing_by = other.create_database(name=url.rpartition("/")[2])
        with psycopg.connect(other.url(), autocommit=True) as connection:
            connection.execute("ALTER SYSTEM SET default_transaction_read_only = on")
            connection.execute("SELECT pg_reload_conf()")
            # The same role, as on a standby.
            connection.execute("SET default_transaction_read_only = off")
            connection.execute(f"ALTER ROLE octobot PASSWORD '{postgres.password}'".encode())
        name = standing_by.rpartition("/")[2]
        hosts = f"127.0.0.1:{other.port},127.0.0.1:{postgres.port}"
        storage = open_storage(f"postgresql://octobot:{postgres.password}@{hosts}/{name}")
        with storage.read() as connection:
            assert connection.exec_driver_sql("SELECT inet_server_port()").scalar_one() == postgres.port
        with pytest.raises(StorageUnavailable, match="is read-only: point the URL at the primary"):
            open_storage(f"postgresql://octobot:{postgres.password}@127.0.0.1:{other.port}/{name}")
        storage.close()
