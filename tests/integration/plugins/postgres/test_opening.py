"""Servers that will not do, each with its cause and cure, and the health check."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, cast

import psycopg
import pytest

from octobot_node.contracts.health import HealthCheck
from octobot_node.errors import StorageUnavailable
from octobot_node.plugin_system.discovery import load_plugins
from octobot_node.settings import Settings
from octobot_node.store.migrate import migrate
from octobot_plugins.postgres import register_health_checks
from octobot_plugins.postgres.health import check_postgres
from octobot_plugins.postgres.storage import PostgresStorage
from octobot_plugins.sqlite.storage import SqliteStorage
from tests.support.postgres import Server
from tests.support.proxy import Proxy

pytestmark = pytest.mark.server

Open = Callable[..., PostgresStorage]


class Older(Proxy):
    """A server that says it is version 12."""

    def answered(self, data: bytes) -> bytes:
        return data.replace(b"server_version\x0016.", b"server_version\x0012.")


class Context:
    def __init__(self, storage: Any, settings: Settings) -> None:
        self.storage, self.settings = storage, settings


def run(postgres: Server, *statements: str) -> None:
    with psycopg.connect(postgres.url(), autocommit=True) as connection:
        for statement in statements:
            connection.execute(statement.encode())


def as_user(url: str, name: str) -> str:
    return f"postgresql://{name}:{name}@{url.partition('@')[2]}"


def test_a_server_that_is_too_old_is_refused(open_storage: Open, postgres: Server) -> None:
    with Older(postgres.port) as older:
        url = postgres.create_database().replace(f":{postgres.port}/", f":{older.port}/")
        with pytest.raises(StorageUnavailable, match=r"is PostgreSQL 12\.\d+: version 14 or newer is needed"):
            open_storage(url)


def test_a_user_without_the_rights_is_told_which_to_grant(open_storage: Open, postgres: Server) -> None:
    url = postgres.create_database()
    database = url.rpartition("/")[2]
    run(postgres, "DROP ROLE IF EXISTS poor", "CREATE ROLE poor LOGIN PASSWORD 'poor'")
    with pytest.raises(StorageUnavailable) as refused:
        open_storage(as_user(url, "poor"))
    # All of them at once, and none that is not needed.
    said = str(refused.value)
    allows = 'GRANT CREATE ON SCHEMA "public" TO "poor"; CREATE SCHEMA "octobot_dbos" AUTHORIZATION "poor"'
    assert f"`{allows}` allows it" in said
    assert f'`GRANT CREATE ON DATABASE "{database}" TO "poor"`' in said
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(allows.encode())
    storage = open_storage(as_user(url, "poor"))
    migrate(storage, load_plugins(discover=False).tables)
    storage.close()
    postgres.drop_database(url)
    run(postgres, "DROP ROLE poor")


def test_a_search_path_without_a_schema_is_refused(open_storage: Open, postgres: Server) -> None:
    url = postgres.create_database()
    run(postgres, f'ALTER DATABASE "{url.rpartition("/")[2]}" SET search_path = nowhere')
    with pytest.raises(StorageUnavailable, match="no schema of this user's search_path"):
        open_storage(url)


def test_a_server_without_a_free_connection_says_so(open_storage: Open, postgres: Server) -> None:
    url = postgres.create_database()
    run(postgres, "CREATE ROLE \"none_left\" LOGIN PASSWORD 'none_left' CONNECTION LIMIT 0")
    with pytest.raises(StorageUnavailable, match="no connection left: raise max_connections"):
        open_storage(as_user(url, "none_left"))
    run(postgres, "DROP ROLE none_left")


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://octobot:geheim",
        "postgresql://octobot:ge@heim@HOST/db",
        "postgresql://octobot:ge/heim@geheim@HOST/db",
        "postgresql://octobot:geheim?@heim@HOST/db",
        "postgresql://octobot:geheim#1@HOST/db",
        "postgresql://octobot:geheim@HOST:geheim/db",
        "postgresql://octobot:geheim@HOST/db?sslmode=nonsense",
        "postgresql://octobot:geheim@HOST/db?nonsense=1",
        "postgresql://octobot@HOST/db?password=geheim",
        "postgresql://octobot:100%geheim@HOST/db",
    ],
)
def test_no_way_to_mistype_a_url_shows_its_password(url: str, open_storage: Open, postgres: Server) -> None:
    with pytest.raises(StorageUnavailable) as caught:
        open_storage(url.replace("HOST", "127.0.0.1:1" if "HOST:" not in url else "127.0.0.1"))
    shown = f"{caught.value!r} {caught.value.__cause__!r}"
    assert "geheim" not in shown
    assert "heim@" not in shown


def test_the_health_check_says_how_the_server_is(open_storage: Open, postgres: Server, tmp_path: Path) -> None:
    url = postgres.create_database()
    storage = open_storage(url)
    health = check_postgres(cast("Any", Context(storage, Settings(data_dir=tmp_path, database_url=url))))
    assert health.status in ("ok", "warning")
    assert storage.shown in health.detail
    assert postgres.password not in health.detail


def test_the_health_check_says_that_the_server_is_gone(open_storage: Open, tmp_path: Path) -> None:
    with Server(fsync=False) as server:
        url = server.create_database()
        storage = open_storage(url)
        server.stop()
        health = check_postgres(cast("Any", Context(storage, Settings(data_dir=tmp_path, database_url=url))))
        storage.close()
    assert (health.status, "refuses connections" in health.detail) == ("failed", True)


def test_the_health_check_leaves_another_database_to_its_plugin(tmp_path: Path) -> None:
    settings = Settings(data_dir=tmp_path)
    storage = SqliteStorage(settings)
    checks: list[HealthCheck] = []
    register_health_checks(checks.append)
    answers = {each.name: each.check(cast("Any", Context(storage, settings))) for each in checks}
    storage.close()
    assert answers == {"postgres": None, "announcements": None, "horizon": None}
