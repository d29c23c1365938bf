"""The event log is read in pages that miss nothing and repeat nothing, on either database."""

from __future__ import annotations

import pytest
import sqlalchemy as sa

from octobot_node.contracts.storage import Storage
from octobot_node.store import events
from octobot_node.store.events import Event
from octobot_node.store.queries.event_cursor import Position, end, follow

START = Position(0, 0)


def happen(storage: Storage, *kinds: str) -> None:
    with storage.write() as connection:
        events.append(connection, [Event("o", "a", "one", kind, {}) for kind in kinds], 1)


def page(storage: Storage, after: Position, kinds: tuple[str, ...], limit: int) -> tuple[list[str], Position]:
    with storage.read() as connection:
        rows, position = follow(connection, after, kinds, limit)
    return [row.kind for row in rows], position


def test_pages_follow_each_other_also_in_the_middle_of_a_transaction(any_storage: Storage) -> None:
    happen(any_storage, "a", "b", "a", "c", "a")
    happen(any_storage, "a", "c")
    first, position = page(any_storage, START, ("a", "c"), 3)
    second, position = page(any_storage, position, ("a", "c"), 3)
    third, position = page(any_storage, position, ("a", "c"), 3)
    assert (first, second, third) == (["a", "a", "c"], ["a", "a", "c"], [])
    happen(any_storage, "a")
    assert page(any_storage, position, ("a", "c"), 3)[0] == ["a"]


def test_where_nothing_of_the_kinds_is_all_was_looked_at(any_storage: Storage) -> None:
    happen(any_storage, "a", "a")
    rows, position = page(any_storage, START, ("c",), 10)
    with any_storage.read() as connection:
        assert (rows, position) == ([], end(connection))


def test_an_empty_log_ends_where_it_begins(any_storage: Storage) -> None:
    assert page(any_storage, START, ("a",), 10) == ([], START)


@pytest.mark.parametrize("rolled_back", [False, True])
def test_what_is_committed_late_is_neither_missed_nor_passed(any_storage: Storage, rolled_back: bool) -> None:
    if not any_storage.shared:
        return  # one writer after another: nothing is late
    late = any_storage.engine.connect()
    transaction = late.begin()
    events.append(late, [Event("o", "a", "late", "a", {})], 1)
    happen(any_storage, "b")
    rows, position = page(any_storage, START, ("a", "b"), 10)
    assert (rows, position) == ([], START)
    (transaction.rollback if rolled_back else transaction.commit)()
    late.close()
    assert page(any_storage, position, ("a", "b"), 10)[0] == (["b"] if rolled_back else ["a", "b"])


def test_following_reads_by_the_index(any_storage: Storage) -> None:
    if not any_storage.shared:
        return  # by the primary key
    with any_storage.write() as connection:
        events.append(connection, [Event("o", "a", "one", "a", {}) for _ in range(5_000)], 1)
        connection.exec_driver_sql("ANALYZE events")
        plan = connection.execute(
            sa.text("EXPLAIN SELECT txid, id FROM events WHERE (txid, id) > (:txid, :id) ORDER BY txid, id LIMIT 10"),
            {"txid": 1, "id": 4_000},
        ).scalars()
        assert "ix_events_follow" in "\n".join(plan)
