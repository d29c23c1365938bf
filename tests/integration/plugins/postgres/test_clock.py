"""The time that all nodes on a server agree on."""

from __future__ import annotations

import time

import psycopg

from octobot_plugins.postgres.clock import ServerClock
from tests.support.postgres import Server


def test_a_clock_that_was_ahead_stands_still_until_the_server_has_caught_up(postgres: Server) -> None:
    clock = ServerClock()
    with psycopg.connect(postgres.url(), autocommit=True) as connection:
        clock.measure(connection)
        clock._offset += 0.3
        ahead = clock.now()
        clock.measure(connection)
        assert ahead <= clock.now() <= ahead + 1
        time.sleep(0.4)
        row = connection.execute("SELECT extract(epoch FROM clock_timestamp()) * 1000").fetchone()
    assert row is not None
    assert abs(clock.now() - int(row[0])) < 100
    assert clock.now() > ahead


def test_a_clock_that_was_behind_goes_forward_at_once(postgres: Server) -> None:
    clock = ServerClock()
    with psycopg.connect(postgres.url(), autocommit=True) as connection:
        clock.measure(connection)
        clock._offset -= 3_600
        behind = clock.now()
        clock.measure(connection)
    assert clock.now() - behind >= 3_599_000


def test_a_server_whose_clock_was_set_back_is_followed_at_once(postgres: Server) -> None:
    clock = ServerClock()
    with psycopg.connect(postgres.url(), autocommit=True) as connection:
        clock.measure(connection)
        clock._offset += 3_600
        ahead = clock.now()
        clock.measure(connection)
    assert 3_590_000 <= ahead - clock.now() <= 3_600_000


def test_its_seconds_go_on_while_the_machine_sleeps() -> None:
    if hasattr(time, "CLOCK_BOOTTIME"):
        assert abs(ServerClock().monotonic() - time.clock_gettime(time.CLOCK_BOOTTIME)) < 0.1
