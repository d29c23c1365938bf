"""Another server than before is looked at before anything is done on it."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator

import psycopg
import pytest

from octobot_node.errors import DatabaseChanged, StorageUnavailable
from octobot_plugins.postgres.identity import identity_of
from octobot_plugins.postgres.storage import PostgresStorage
from tests.support.postgres import Server
from tests.support.proxy import Proxy
from tests.support.standby import Standby

pytestmark = pytest.mark.process
Open = Callable[..., PostgresStorage]


@pytest.fixture
def server() -> Iterator[Server]:
    with Server(fsync=False) as server:
        yield server


def read(storage: PostgresStorage) -> int:
    with storage.read() as connection:
        return int(connection.exec_driver_sql("SELECT 1").scalar_one())


def write(storage: PostgresStorage) -> None:
    with storage.write() as connection:
        connection.exec_driver_sql("SELECT 1")


def test_a_server_that_was_started_anew_is_looked_at_once_whoever_comes(server: Server, open_storage: Open) -> None:
    storage = open_storage(server.create_database())
    looked: list[int] = []

    def check() -> None:
        # Whoever looks may do what nobody else may yet.
        write(storage)
        looked.append(read(storage))

    storage.review(check)
    for _ in range(2):
        read(storage)
        write(storage)
    assert looked == []
    server.stop("immediate")
    server.start()
    threads = [threading.Thread(target=read if number % 2 else write, args=(storage,)) for number in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert looked == [1]
    storage.close()


def test_what_looking_finds_is_told_to_everybody_until_the_end(server: Server, open_storage: Open) -> None:
    storage = open_storage(server.create_database())

    def check() -> None:
        raise DatabaseChanged("it is another one")

    storage.review(check)
    read(storage)
    server.stop()
    server.start()
    for do in (read, write, read):
        with pytest.raises(DatabaseChanged, match="it is another one"):
            do(storage)
    storage.close()


def test_a_server_behind_the_same_address_is_looked_at_though_no_transaction_failed(
    server: Server, postgres: Server, open_storage: Open
) -> None:
    name = postgres.create_database().rpartition("/")[2]
    server.create_database(name)
    with psycopg.connect(server.url(), autocommit=True) as connection:
        connection.execute(f"ALTER ROLE octobot PASSWORD '{postgres.password}'".encode())
    with Proxy(postgres.port) as network:
        storage = open_storage(f"postgresql://octobot:{postgres.password}@127.0.0.1:{network.port}/{name}")
        looked: list[int] = []
        storage.review(lambda: looked.append(read(storage)))
        read(storage)
        before = storage.identity()
        network._target = server.port
        storage.engine.dispose()
        assert (read(storage), looked) == (1, [1])
        assert storage.identity()["cluster"] != before["cluster"]
        storage.close()


def test_what_tells_databases_apart(server: Server, open_storage: Open) -> None:
    one, two = open_storage(server.create_database()), open_storage(server.create_database())
    first, second = one.identity(), two.identity()
    assert set(first) == {"cluster", "course", "database"}
    assert {part for part in first if first[part] != second[part]} == {"database"}
    assert one.identity() == first
    server.stop("immediate")
    server.start()
    assert one.identity() == first
    for each in (one, two):
        each.close()


def test_a_standby_is_no_database_to_look_at_and_another_course_of_it_once_it_is_promoted(
    server: Server, open_storage: Open
) -> None:
    url = server.create_database()
    storage = open_storage(url)
    before = storage.identity()
    with Standby(server) as standby:
        standby.catch_up()
        name = url.rpartition("/")[2]
        with psycopg.connect(standby.url(name), autocommit=True) as connection:
            with pytest.raises(StorageUnavailable, match="is a standby"):
                identity_of(connection, "it")  # type: ignore[arg-type]  # any connection of the driver's
            standby.promote()
            after = identity_of(connection, "it")  # type: ignore[arg-type]  # any connection of the driver's
    assert {part for part in before if before[part] != after[part]} == {"course"}
    storage.close()


def test_a_user_who_may_not_ask_for_the_cluster_knows_the_rest(server: Server, open_storage: Open) -> None:
    url = server.create_database()
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("CREATE ROLE poor LOGIN PASSWORD 'poor'")
        connection.execute(f"ALTER DATABASE {url.rpartition('/')[2]} OWNER TO poor".encode())
        connection.execute("REVOKE EXECUTE ON FUNCTION pg_control_system FROM PUBLIC")
    storage = open_storage(f"postgresql://poor:poor@{url.partition('@')[2]}")
    assert set(storage.identity()) == {"course", "database"}
    storage.close()
