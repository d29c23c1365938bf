"""Announcements: soon, gathered, whole, and told of when they may have been missed."""

from __future__ import annotations

import time
from collections.abc import Callable

import psycopg
import pytest

from octobot_plugins.postgres.storage import PostgresStorage
from tests.support.postgres import Server
from tests.support.proxy import Proxy

pytestmark = pytest.mark.server

Open = Callable[..., PostgresStorage]


def until(condition: Callable[[], bool], seconds: float = 10) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.002)


def listening(storage: PostgresStorage) -> list[str]:
    """Return what is heard from now on, once it is."""
    heard: list[str] = []
    storage.listen(heard.append)
    storage.announce("ready")
    until(lambda: "ready" in heard)
    # A quiet while, after which the next one is the first again.
    time.sleep(0.15)
    heard.clear()
    return heard


def test_the_first_announcement_after_a_quiet_while_goes_out_at_once(open_storage: Open, postgres: Server) -> None:
    storage = open_storage(postgres.create_database())
    heard = listening(storage)
    took = []
    for number in range(9):
        began = time.monotonic()
        storage.announce(f"topic {number}")
        until(lambda topic=f"topic {number}": topic in heard)  # type: ignore[misc]  # bound in its own turn
        took.append(time.monotonic() - began)
        time.sleep(0.15)
    # Well before the tenth of a second through which the others are gathered.
    # The best of them: the machine may be busy with something else.
    assert min(took) < 0.05


def test_a_busy_node_announces_ten_times_a_second_at_most(open_storage: Open, postgres: Server) -> None:
    storage = open_storage(postgres.create_database())
    heard = listening(storage)
    until_ = time.monotonic() + 1
    while time.monotonic() < until_:
        storage.announce("ticks")
        time.sleep(0.001)
    assert 5 <= len(heard) <= 11


def test_many_topics_are_told_in_parts_and_each_once(open_storage: Open, postgres: Server) -> None:
    storage = open_storage(postgres.create_database())
    heard = listening(storage)
    topics = [f"account {number} of somebody é" for number in range(1_000)]
    for topic in topics:
        storage.announce(topic)
    until(lambda: len(heard) >= len(topics))
    assert sorted(heard) == sorted(topics)


def test_a_topic_that_no_announcement_can_hold_is_refused(open_storage: Open, postgres: Server) -> None:
    storage = open_storage(postgres.create_database())
    with pytest.raises(ValueError, match="200 characters at most"):
        storage.announce("x" * 9_000)


def test_what_somebody_else_announces_is_ignored(open_storage: Open, postgres: Server) -> None:
    url = postgres.create_database()
    storage = open_storage(url)
    heard = listening(storage)
    with psycopg.connect(url, autocommit=True) as connection:
        for payload in ("rubbish", "7", ""):
            connection.execute("SELECT pg_notify('octobot', %s)", [payload])
    storage.announce("ticks")
    until(lambda: "ticks" in heard)
    assert heard == ["ticks"]


def test_a_listener_that_fails_keeps_nobody_else_from_hearing(open_storage: Open, postgres: Server) -> None:
    storage = open_storage(postgres.create_database())

    def fail(topic: str) -> None:
        raise LookupError(topic)

    storage.listen(fail)
    heard = listening(storage)
    storage.announce("ticks")
    until(lambda: heard == ["ticks"])


def test_a_connection_that_died_without_a_word_is_noticed_and_nothing_announced_is_lost(
    through: PostgresStorage, network: Proxy
) -> None:
    heard = listening(through)
    network.cut()
    through.announce("while it was dead")
    time.sleep(5)
    assert heard == []
    network.heal()
    until(lambda: "while it was dead" in heard)
    assert heard[0] == ""


def test_a_restarted_server_is_found_within_a_second_or_two(open_storage: Open) -> None:
    with Server(fsync=False) as server:
        storage = open_storage(server.create_database())
        heard = listening(storage)
        server.stop("immediate")
        server.start()
        until(lambda: heard == [""], 3)
        storage.close()


def test_a_storage_whose_server_is_gone_is_closed_soon(open_storage: Open) -> None:
    with Server(fsync=False) as server:
        storage = open_storage(server.create_database())
        listening(storage)
        server.stop("immediate")
        began = time.monotonic()
        storage.close()
        storage.close()
        assert time.monotonic() - began < 5
