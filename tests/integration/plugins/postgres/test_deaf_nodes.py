"""Announcements that do not arrive: said once, shown by the doctor, and over by themselves."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, cast

import psycopg
import pytest
from structlog.testing import capture_logs

from octobot_node.contracts.health import Health
from octobot_node.settings import Settings
from octobot_plugins.postgres import bus
from octobot_plugins.postgres.health import check_announcements, check_postgres
from octobot_plugins.postgres.storage import PostgresStorage
from tests.support.pgbouncer import PgBouncer
from tests.support.postgres import Server

pytestmark = pytest.mark.process
Open = Callable[..., PostgresStorage]


class Context:
    def __init__(self, storage: Any, settings: Settings) -> None:
        self.storage, self.settings = storage, settings


def until(condition: Callable[[], Any], seconds: float = 20) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def read(storage: PostgresStorage) -> int:
    with storage.read() as connection:
        return int(connection.exec_driver_sql("SELECT 1").scalar_one())


def listening(storage: PostgresStorage) -> list[str]:
    heard: list[str] = []
    storage.listen(heard.append)
    storage.announce("ready")
    until(lambda: "ready" in heard)
    return heard


def doctor(storage: PostgresStorage) -> Health:
    return check_announcements(cast("Any", Context(storage, Settings(data_dir=Path("/nowhere")))))


def said(logs: Any) -> list[str]:
    return [log["event"] for log in logs if log["log_level"] != "debug"]


def backends(server: Server, url: str) -> set[int]:
    with psycopg.connect(server.url()) as connection:
        query = "SELECT pid FROM pg_stat_activity WHERE datname = %s AND application_name LIKE 'octobot-node%%'"
        return {pid for (pid,) in connection.execute(query, [url.rpartition("/")[2]])}


@pytest.fixture
def deaf(postgres: Server) -> Iterator[str]:
    """The URL of a database and its owner, who is no superuser: what is forbidden, they may not."""
    url = postgres.create_database()
    with psycopg.connect(postgres.url(), autocommit=True) as connection:
        connection.execute("CREATE ROLE deaf LOGIN PASSWORD 'deaf'")
        connection.execute(f"ALTER DATABASE {url.rpartition('/')[2]} OWNER TO deaf".encode())
        yield f"postgresql://deaf:deaf@{url.partition('@')[2]}"
        postgres.drop_database(url)
        connection.execute("DROP ROLE deaf")


def test_a_server_that_takes_no_announcement_is_kept_and_asked_ever_less_often(
    postgres: Server, deaf: str, open_storage: Open
) -> None:
    storage = open_storage(deaf, lease_ttl=1)
    heard = listening(storage)
    read(storage)
    before = backends(postgres, deaf)
    with psycopg.connect(postgres.url(deaf.rpartition("/")[2]), autocommit=True) as connection:
        # As one does whose queue is full: an error, on a connection that goes on.
        connection.execute("REVOKE EXECUTE ON FUNCTION pg_notify FROM PUBLIC")
        with capture_logs() as logs:
            heard.clear()
            storage.announce("while it was refused")
            until(lambda: doctor(storage).status == "failed")
            until(lambda: "announcements_fail" in said(logs))
            time.sleep(3)
            # What others tell is heard all the while.
            connection.execute("SELECT pg_notify('octobot', '[\"theirs\"]')")
            until(lambda: heard == ["theirs"])
        assert said(logs) == ["announcements_fail"]
        assert "permission denied for function pg_notify" in doctor(storage).detail
        assert len(logs) < 8
        # Neither the connection nor the database is taken for lost.
        assert (backends(postgres, deaf), storage.lost()) == (before, "")
        connection.execute("GRANT EXECUTE ON FUNCTION pg_notify TO PUBLIC")
        with capture_logs() as logs:
            until(lambda: "while it was refused" in heard, 40)
            until(lambda: doctor(storage).status == "ok")
        assert said(logs) == ["announcements_work"]
    storage.close()


def test_a_node_that_gets_no_second_connection_says_that_it_hears_nothing(
    postgres: Server, deaf: str, open_storage: Open
) -> None:
    storage = open_storage(deaf, lease_ttl=1)
    listening(storage)
    read(storage)
    with psycopg.connect(postgres.url(), autocommit=True) as connection:
        connection.execute("ALTER ROLE deaf CONNECTION LIMIT 1")
        with capture_logs() as logs:
            listens = "usename = 'deaf' AND query ~ 'LISTEN|notify'"
            connection.execute(f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE {listens}".encode())
            until(lambda: doctor(storage).status == "failed")
            until(lambda: said(logs))
            assert read(storage) == 1
        assert said(logs) == ["announcements_fail"]
        assert "no connection left" in doctor(storage).detail
        connection.execute("ALTER ROLE deaf CONNECTION LIMIT -1")
        until(lambda: doctor(storage).status == "ok")
    storage.close()


def test_a_database_that_is_gone_is_not_said_twice(open_storage: Open, tmp_path: Path) -> None:
    with Server(fsync=False) as server:
        url = server.create_database()
        storage = open_storage(url, lease_ttl=1)
        listening(storage)
        with capture_logs() as logs:
            server.stop()
            until(lambda: _fails(storage))
            until(lambda: doctor(storage).status == "failed")
            time.sleep(1)
        assert said(logs) == ["database_lost"]
        context = Context(storage, Settings(data_dir=tmp_path, database_url=url))
        assert check_postgres(cast("Any", context)).status == "failed"
        storage.close()


def _fails(storage: PostgresStorage) -> bool:
    from octobot_node.errors import StorageUnavailable

    try:
        read(storage)
    except StorageUnavailable:
        return True
    return False


def test_a_connection_that_answers_and_hears_nothing_any_more_is_found_out_and_made_anew(
    postgres: Server, open_storage: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    # As after every half minute.
    monkeypatch.setattr(bus, "_MEASURE_S", 0.5)
    monkeypatch.setattr(bus, "_PING_S", 0.2)
    url = postgres.create_database()
    with PgBouncer(postgres, "session", default_pool_size=30) as pooler:
        storage = open_storage(pooler.url(url), lease_ttl=30)
        heard = listening(storage)
    # Its owner makes it another one, in which the session that listens is not the node's own.
    with PgBouncer(postgres, "transaction", port=pooler.port) as pooler:
        until(lambda: "" in heard)
        for _ in range(2):
            heard.clear()
            with capture_logs() as logs:
                pooler.command("RECONNECT")
                until(lambda: "" in heard)
            assert "_Deaf" in [log.get("error") for log in logs]
            storage.announce("heard again")
            until(lambda: "heard again" in heard)
        storage.close()
