"""A change of tables behind somebody who reads them: nobody stands still behind it, and who keeps them is named."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import psycopg
import pytest
import sqlalchemy as sa
from structlog.testing import capture_logs

from octobot_node.contracts.tables import PluginTables
from octobot_node.errors import StartInterrupted, StorageBusy
from octobot_node.store import migrate as migrating
from octobot_node.store.migrate import migrate
from octobot_plugins.postgres import storage as storage_module
from octobot_plugins.postgres.storage import PostgresStorage
from tests.integration.plugin_releases import COLOUR, FIRST, Telex
from tests.support.databases import Databases

pytestmark = pytest.mark.server
Open = Callable[..., PostgresStorage]


@pytest.fixture
def url(databases: Databases) -> Iterator[str]:
    url = databases.take()
    yield url
    databases.give_back(url)


@contextmanager
def reading(url: str, table: str) -> Iterator[psycopg.Connection[Any]]:
    """What a pg_dump does, or a backup: one transaction that has looked at a table, and goes on."""
    with psycopg.connect(url, application_name="pg_dump") as connection:
        connection.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
        connection.execute(f"SELECT 1 FROM {table}".encode())
        yield connection
        connection.rollback()


def until(condition: Callable[[], Any]) -> None:
    deadline = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def test_a_change_behind_a_long_reader_lets_others_work_names_it_and_is_made_when_it_ends(
    url: str, open_storage: Open, telex: Telex, monkeypatch: pytest.MonkeyPatch
) -> None:
    newer, older = open_storage(url), open_storage(url)
    migrate(newer, [telex.release(FIRST)])
    release = telex.release(FIRST, COLOUR)
    monkeypatch.setattr(migrating, "_LONGEST_PAUSE_S", 0.5)
    with capture_logs() as logs, reading(url, "telex_told") as reader:
        process = reader.info.backend_pid
        change = threading.Thread(target=migrate, args=(newer, [release]))
        change.start()
        waits: list[float] = []
        for number in range(1, 1_000):
            began = time.monotonic()
            telex.tell(older, number)
            waits.append(time.monotonic() - began)
            if max(waits) > 0.3 and [log for log in logs if log["event"] == "migration_waits"]:
                break
            time.sleep(0.02)
        reader.rollback()
        change.join(60)
    assert not change.is_alive()
    # One of them came behind the change that waited, for no longer than that did: lock_timeout is 20 s otherwise.
    assert 0.3 < max(waits) < 10
    (warned,) = [log for log in logs if log["event"] == "migration_waits"]
    assert f"the server's process {process} (pg_dump, user octobot at 127.0.0.1, its tr" in warned["why"]
    assert "idle in transaction)" in warned["why"]
    assert telex.stands_at(newer)[0] == "0002"


def test_what_never_ends_is_named_when_the_change_is_given_up(
    url: str, open_storage: Open, telex: Telex, monkeypatch: pytest.MonkeyPatch
) -> None:
    storage = open_storage(url)
    migrate(storage, [telex.release(FIRST)])
    monkeypatch.setattr(migrating, "_PATIENCE_S", 1.0)
    with reading(url, "telex_told") as reader:
        process = reader.info.backend_pid
        with pytest.raises(StorageBusy) as refused:
            migrate(storage, [telex.release(FIRST, COLOUR)])
    said = str(refused.value)
    assert said.startswith(
        f"{storage.shown} cannot be brought up to date while others keep its tables: the server's pro"
    )
    assert f"process {process} " in said
    assert said.endswith("; this was tried for 1 s")
    # Nothing of it is there, and it is made when the reader is gone.
    assert telex.stands_at(storage)[0] == "0001"
    migrate(storage, [telex.release(FIRST, COLOUR)])
    assert telex.stands_at(storage)[0] == "0002"


def test_a_prepared_transaction_in_the_way_is_said_to_be_one(
    url: str, open_storage: Open, telex: Telex, monkeypatch: pytest.MonkeyPatch
) -> None:
    storage = open_storage(url)
    migrate(storage, [telex.release(FIRST)])
    monkeypatch.setattr(migrating, "_PATIENCE_S", 1.0)
    with psycopg.connect(url, autocommit=True) as other:
        other.execute("BEGIN; INSERT INTO telex_told VALUES (9); PREPARE TRANSACTION 'forgotten'")
        try:
            with pytest.raises(StorageBusy, match=r"a prepared transaction \(see pg_prepared_xacts\)"):
                migrate(storage, [telex.release(FIRST, COLOUR)])
        finally:
            other.execute("ROLLBACK PREPARED 'forgotten'")


def test_dbos_s_changes_wait_no_longer_than_ours(url: str, open_storage: Open, monkeypatch: pytest.MonkeyPatch) -> None:
    storage = open_storage(url)
    found: list[str] = []

    def look(engine: sa.Engine, schema: str) -> None:
        del schema
        with engine.begin() as connection:
            found.append(connection.exec_driver_sql("SHOW lock_timeout").scalar_one())
        with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            # An index that is made beside others' work waits for all who have begun, and nobody waits behind it.
            found.append(connection.exec_driver_sql("SHOW lock_timeout").scalar_one())

    monkeypatch.setattr(storage_module, "migrate_queues", look)
    storage.migrate_dbos()
    assert found == ["1s", "20s"]
    with storage.write() as connection:
        assert connection.exec_driver_sql("SHOW lock_timeout").scalar_one() == "20s"


def test_two_nodes_that_migrate_at_once_wait_for_each_other(url: str, open_storage: Open, telex: Telex) -> None:
    release: PluginTables = telex.release(FIRST, COLOUR)
    one, two = open_storage(url), open_storage(url)
    threads = [threading.Thread(target=migrate, args=(each, [release])) for each in (one, two)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert telex.stands_at(two)[0] == "0002"


def test_whoever_is_asked_to_end_while_it_waits_does_not_wait_for_the_end_of_it(
    url: str, open_storage: Open, telex: Telex
) -> None:
    storage = open_storage(url)
    migrate(storage, [telex.release(FIRST)])
    with reading(url, "telex_told"), pytest.raises(StartInterrupted, match=r"asked to end while it waited: .*pg_dump"):
        migrate(storage, [telex.release(FIRST, COLOUR)], lambda: True)
    assert telex.stands_at(storage)[0] == "0001"
