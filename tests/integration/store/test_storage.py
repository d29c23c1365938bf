"""What a storage promises: exact money, one writer, readers that never wait, and when a commit survives a power cut."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from decimal import Decimal
from typing import Any

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from octobot_node.contracts.storage import Storage
from octobot_node.store import tables

KEY = {"automation_id": "a", "asset": "USDT", "owner": "local", "account_id": "x", "shard": 0}


def write_amount(storage: Storage, amount: Decimal) -> None:
    with storage.write() as connection:
        connection.execute(tables.balances.delete())
        connection.execute(tables.balances.insert(), [{**KEY, "free": amount, "reserved": Decimal(0)}])


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(amount=st.decimals(allow_nan=False, allow_infinity=False, min_value=Decimal("-1e25"), max_value=Decimal("1e25")))
def test_money_comes_back_exactly_as_it_was(storage: Storage, amount: Decimal) -> None:
    write_amount(storage, amount)
    with storage.read() as connection:
        found = connection.scalar(sa.select(tables.balances.c.free))
    assert found == amount


@pytest.mark.parametrize("amount", ["NaN", "Infinity", "-Infinity", "sNaN"])
def test_what_is_no_amount_of_money_is_refused(storage: Storage, amount: str) -> None:
    with pytest.raises(sa.exc.StatementError, match="is not an amount of money"):
        write_amount(storage, Decimal(amount))


def test_a_transaction_that_raises_leaves_nothing(storage: Storage) -> None:
    def fail_halfway() -> None:
        with storage.write() as connection:
            connection.execute(tables.balances.insert(), [{**KEY, "free": Decimal(1), "reserved": Decimal(0)}])
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail_halfway()
    with storage.read() as connection:
        assert connection.execute(sa.select(tables.balances)).all() == []


def test_a_reader_sees_one_moment_and_does_not_wait_for_a_writer(storage: Storage) -> None:
    write_amount(storage, Decimal(1))
    with storage.read() as reader, storage.write() as writer:
        assert reader.scalar(sa.select(tables.balances.c.free)) == 1
        writer.execute(tables.balances.update().values(free=Decimal(2)))
        assert reader.scalar(sa.select(tables.balances.c.free)) == 1
    with storage.read() as reader:
        assert reader.scalar(sa.select(tables.balances.c.free)) == 2


def test_a_reader_cannot_write(storage: Storage) -> None:
    with pytest.raises(sa.exc.OperationalError, match="readonly"), storage.read() as reader:
        reader.execute(tables.balances.delete())


def test_writers_take_turns(storage: Storage) -> None:
    write_amount(storage, Decimal(0))

    def add() -> None:
        for _ in range(25):
            with storage.write() as connection:
                free = connection.scalar(sa.select(tables.balances.c.free))
                assert free is not None
                connection.execute(tables.balances.update().values(free=free + 1))

    threads = [threading.Thread(target=add) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with storage.read() as connection:
        assert connection.scalar(sa.select(tables.balances.c.free)) == 100


@contextmanager
def synchronous(storage: Storage) -> Iterator[list[Any]]:
    """Note SQLite's own setting within each transaction that begins."""
    seen: list[Any] = []

    def note(connection: sa.Connection) -> None:
        seen.append(connection.exec_driver_sql("PRAGMA synchronous").scalar())

    sa.event.listen(storage.engine, "begin", note)
    yield seen
    sa.event.remove(storage.engine, "begin", note)


@pytest.mark.synced
def test_a_durable_commit_is_synced_and_others_are_not(storage: Storage) -> None:
    full, normal = 2, 1
    with synchronous(storage) as seen:
        for durable in (True, False, True):
            with storage.write(durable=durable):
                pass
        with storage.engine.begin():  # DBOS's own
            pass
    assert seen == [full, normal, full, normal]


def test_a_connection_in_hand_when_the_storage_is_closed_is_closed_when_it_is_given_back(any_storage: Storage) -> None:
    taken, closed = threading.Event(), threading.Event()
    drivers: list[Any] = []

    def read_on() -> None:
        with any_storage.read() as connection:
            drivers.append(connection.connection.driver_connection)
            taken.set()
            assert closed.wait(20)
            assert connection.scalar(sa.text("SELECT 1")) == 1

    late = threading.Thread(target=read_on)
    late.start()
    assert taken.wait(20)
    any_storage.close()
    closed.set()
    late.join(20)
    (driver,) = drivers
    with pytest.raises(Exception, match="closed"):
        driver.execute("SELECT 1")
