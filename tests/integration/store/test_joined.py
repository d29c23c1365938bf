"""Joined transactions: on disk together or not at all, and one that fails is undone alone."""

from __future__ import annotations

from decimal import Decimal

import pytest
import sqlalchemy as sa

from octobot_node.contracts.storage import Storage
from octobot_node.errors import StorageUnavailable
from octobot_node.store import tables
from octobot_node.store.sql.joined_transactions import JoinedStorage

columns = tables.balances.c


def add(storage: Storage, asset: str) -> None:
    row = {"automation_id": "a", "asset": asset, "owner": "local", "account_id": "x", "shard": 0}
    with storage.write() as connection:
        connection.execute(tables.balances.insert(), [{**row, "free": Decimal(1), "reserved": Decimal(0)}])


def change_and_fail(storage: Storage, failure: BaseException) -> None:
    with storage.write() as connection:
        connection.execute(tables.balances.update().values(asset="USD"))
        raise failure


def lose_everything(storage: Storage) -> None:
    with storage.write() as connection:
        # What SQLite does by itself when the disk is full.
        connection.exec_driver_sql("ROLLBACK")
        connection.exec_driver_sql("SELECT * FROM nowhere")


def assets(storage: Storage) -> list[str]:
    with storage.read() as connection:
        return list(connection.scalars(sa.select(columns.asset).order_by(columns.asset)))


def test_joined_transactions_see_each_other_and_are_on_disk_when_all_are_over(storage: Storage) -> None:
    joined = JoinedStorage(storage)

    with joined.joined():
        add(joined, "BTC")
        add(joined, "ETH")
        seen_inside, seen_outside = assets(joined), assets(storage)

    assert (seen_inside, seen_outside, assets(storage)) == (["BTC", "ETH"], [], ["BTC", "ETH"])


def test_a_joined_transaction_that_fails_is_undone_alone(storage: Storage) -> None:
    joined = JoinedStorage(storage)

    with joined.joined():
        add(joined, "BTC")
        with pytest.raises(sa.exc.IntegrityError):
            add(joined, "BTC")
        with pytest.raises(ZeroDivisionError):
            change_and_fail(joined, ZeroDivisionError())
        add(joined, "ETH")

    assert assets(storage) == ["BTC", "ETH"]


def test_what_breaks_off_the_whole_leaves_the_transactions_that_were_over(storage: Storage) -> None:
    joined = JoinedStorage(storage)

    def interrupted() -> None:
        with joined.joined():
            add(joined, "BTC")
            change_and_fail(joined, KeyboardInterrupt())

    with pytest.raises(KeyboardInterrupt):
        interrupted()

    assert assets(storage) == ["BTC"]


def test_nothing_is_added_to_transactions_that_the_database_undid(storage: Storage) -> None:
    joined = JoinedStorage(storage)

    def go_on_as_if_nothing_had_happened() -> None:
        with joined.joined():
            add(joined, "BTC")
            with pytest.raises(sa.exc.OperationalError):
                lose_everything(joined)
            add(joined, "ETH")

    with pytest.raises(StorageUnavailable, match="see that its disk has room"):
        go_on_as_if_nothing_had_happened()

    assert assets(storage) == []


def test_a_writing_transaction_inside_another_is_refused_as_by_any_storage(storage: Storage) -> None:
    joined = JoinedStorage(storage)

    with joined.joined(), joined.write(), pytest.raises(RuntimeError, match="inside another"), joined.write():
        pass
    with joined.write(), pytest.raises(RuntimeError, match="inside another"), joined.write():
        pass


def test_it_counts_who_may_have_changed_something(storage: Storage) -> None:
    joined = JoinedStorage(storage)
    before = joined.writes

    with joined.joined():
        assets(joined)
        looked = joined.writes
        add(joined, "BTC")

    assert (looked - before, joined.writes - before) == (0, 1)
