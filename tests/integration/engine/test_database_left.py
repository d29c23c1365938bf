"""A database that is not the one a node left: seen, and seen to as a restored one is."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest
import sqlalchemy as sa
from structlog.testing import capture_logs

from octobot_node import Decision, LimitOrder
from octobot_node.contracts.exchanges import OrderRequest
from octobot_node.engine.commands.restore_reconciliation import RestoreReconciliation
from octobot_node.engine.database_left import DatabaseWatch
from octobot_node.errors import DatabaseChanged, NodeError
from octobot_node.store import tables
from octobot_node.store.queries.event_cursor import Position, follow
from tests.support.bench import START, Bench

HERE = {"cluster": "7", "course": "00000001", "database": "5"}


class Elsewhere:
    """The storage, as if it were on another server."""

    def __init__(self, bench: Bench, **identity: str) -> None:
        self._storage, self._identity = bench.core.storage, identity

    def __getattr__(self, name: str) -> Any:
        return getattr(self._storage, name)

    def identity(self) -> Mapping[str, str]:
        return self._identity


def watch(bench: Bench, **identity: str) -> DatabaseWatch:
    """Look at the bench's database as its data folder's next process does."""
    return DatabaseWatch(Elsewhere(bench, **{**HERE, **identity}), bench.settings.data_dir, bench.base.node_id)


def begin(bench: Bench, count: int = 3) -> DatabaseWatch:
    """Work on it for a while."""
    began = watch(bench)
    began.take_up(START, 5.0)
    for number in range(count):
        began.pulse(START + 1_000 * number)
    return began


def change(bench: Bench, statement: str) -> None:
    with bench.core.storage.write() as connection:
        connection.exec_driver_sql(statement)


def generation(bench: Bench) -> int:
    return int(bench.rows(tables.installation)[0].generation)


def rest(_tick: Any) -> Decision:
    return Decision(orders=[LimitOrder("BTC/USDT", "buy", amount=Decimal(1), price=Decimal(90))], state={})


@pytest.fixture
def worked(bench: Bench) -> Bench:
    """A database with an automation that has ordered, and whose order is about to be sent."""
    bench.automation("one", rest)
    bench.tick()
    assert bench.statuses() == ["planned"]
    # As before anything was known of it.
    change(bench, "UPDATE installation SET identity = ''")
    return bench


def seen_to(bench: Bench, why: str) -> None:
    """Assert that everything was done that restoring a backup does, once, and is remembered."""
    (automation,) = bench.rows(tables.automations)
    assert (automation.status, automation.reason) == (
        "held",
        "the database came back as of 2026-01-01 00:00:02 UTC: its accounts are being compared with their exchanges",
    )
    (schedule,) = bench.rows(tables.schedule)
    assert (schedule.runnable, schedule.next_run_at, schedule.claim) == (False, None, None)
    (intent,) = bench.rows(tables.intents)
    assert (intent.status, intent.send_by, intent.carrier) == ("sent", START + 65_000, None)
    assert [row.reconcile_since for row in bench.rows(tables.accounts)] == [START + 2_000]
    (event,) = [row for row in bench.rows(tables.events) if row.kind == "database.changed"]
    assert json.loads(event.data) == {
        "why": why, "since": START + 2_000, "generation": generation(bench), "held": 1, "asked_about": 1,
    }  # fmt: skip
    (notice,) = bench.rows(tables.notices)
    assert (notice.level, notice.status) == ("error", "waiting")
    assert f"is not as it was left: {why}. It is as of 2026-01-01 00:00:02 UTC" in notice.message


def test_a_database_as_it_was_left_is_gone_on_with(worked: Bench) -> None:
    begin(worked)
    before = worked.events()
    with capture_logs() as logs:
        taken = watch(worked).take_up(START + 60_000, 5.0)
    assert (taken, generation(worked), worked.events(), logs) == (worked.core.installation, 0, before, [])
    assert worked.rows(tables.automations)[0].status == "active"


@pytest.mark.parametrize(
    ("part", "why"),
    [
        ("cluster", "it is on another server than before"),
        ("database", "it is a copy of the one before, on the same server"),
        ("course", "a standby of its server was promoted, or its server was brought back to an earlier moment"),
    ],
)
def test_another_database_and_another_course_of_it_are_seen_to_by_whoever_comes_first(
    part: str, why: str, worked: Bench
) -> None:
    begin(worked)
    with capture_logs() as logs:
        taken = watch(worked, **{part: "other"}).take_up(START + 60_000, 5.0)
    assert (taken.generation, generation(worked)) == (1, 1)
    seen_to(worked, why)
    assert [log["event"] for log in logs] == ["database_not_as_left"]
    # The next one finds it so, whether it remembers the time before or nothing.
    assert watch(worked, **{part: "other"}).take_up(START + 61_000, 5.0).generation == 1
    (worked.settings.data_dir / "database-left.json").unlink()
    assert watch(worked, **{part: "other"}).take_up(START + 61_000, 5.0).generation == 1


def test_what_cannot_be_known_is_not_compared(worked: Bench) -> None:
    begin(worked)
    unknown = DatabaseWatch(Elsewhere(worked, database="5"), worked.settings.data_dir, worked.base.node_id)
    assert unknown.take_up(START, 5.0).generation == 0
    assert watch(worked, cluster="8").take_up(START, 5.0).generation == 0


@pytest.mark.parametrize(
    "brought_back",
    [
        "UPDATE pulses SET number = number - 1",
        "DELETE FROM pulses",
        # Of another node, which this one has seen further.
        "UPDATE pulses SET number = 1 WHERE node_id = 'other'",
    ],
)
def test_a_database_that_is_older_than_it_was_left_is_seen_to(brought_back: str, worked: Bench) -> None:
    change(worked, f"INSERT INTO pulses (node_id, number, at) VALUES ('other', 7, {START})")
    begin(worked)
    change(worked, brought_back)
    if "DELETE" in brought_back:
        change(worked, f"INSERT INTO pulses (node_id, number, at) VALUES ('older', 1, {START + 2_000})")
    assert watch(worked).take_up(START + 60_000, 5.0).generation == 1
    seen_to(worked, "it is older than this node left it: a copy or a snapshot of it was brought back")
    assert watch(worked).take_up(START + 60_000, 5.0).generation == 1


def test_one_that_was_restored_since_was_seen_to_already(worked: Bench) -> None:
    begin(worked)
    change(worked, "DELETE FROM pulses")
    change(worked, "UPDATE installation SET generation = 4, identity = ''")
    assert watch(worked).take_up(START, 5.0).generation == 4
    assert worked.rows(tables.automations)[0].status == "active"


def test_a_generation_that_was_begun_in_what_is_lost_is_not_begun_again(worked: Bench) -> None:
    change(worked, "UPDATE installation SET generation = 3")
    begin(worked)
    change(worked, "UPDATE installation SET generation = 1")
    assert watch(worked).take_up(START + 60_000, 5.0).generation == 4


def test_no_life_of_a_node_gets_an_epoch_that_was_given_in_what_is_lost(worked: Bench) -> None:
    change(worked, "DELETE FROM leases")
    change(worked, "INSERT INTO leases (name, holder, epoch, taken_at) VALUES ('epochs', '', 7, 0)")
    begin(worked)
    watch(worked, course="00000002").take_up(START + 60_000, 5.0)
    assert worked.rows(tables.leases)[0].epoch == 1_000_007


@pytest.mark.parametrize("damage", ["", "{", "[]", '{"pulses": 7}', '{"node": "", "database": "", "pulses": 1}'])
def test_what_a_folder_remembers_may_be_damaged(damage: str, worked: Bench) -> None:
    begin(worked)
    (worked.settings.data_dir / "database-left.json").write_text(damage)
    assert watch(worked).take_up(START, 5.0).generation == 0


def test_a_folder_that_worked_on_a_database_begins_none_in_an_empty_one(worked: Bench) -> None:
    begin(worked)
    change(worked, "DELETE FROM installation")
    with pytest.raises(NodeError, match=r"is empty, and this data folder has worked on .*: name that one, restore a"):
        watch(worked).refuse_empty()
    # Without its node-id it is a folder that has worked on nothing.
    DatabaseWatch(worked.core.storage, worked.settings.data_dir, "another").refuse_empty()


# While a node runs ----------------------------------------------------------------------------------------------------


def test_a_node_that_finds_another_database_says_so_once_and_does_nothing_on_it(worked: Bench) -> None:
    running = begin(worked)
    told: list[str] = []
    running.on_change = told.append
    running.check()
    change(worked, "UPDATE pulses SET number = 1")
    with capture_logs() as logs:
        for _ in range(3):
            with pytest.raises(DatabaseChanged, match="is not as this node left it: it is older"):
                running.check()
    assert (len(told), [log["event"] for log in logs]) == (1, ["database_changed"])
    # It is the next start that sees to it.
    assert (generation(worked), worked.rows(tables.automations)[0].status) == (0, "active")


@pytest.mark.parametrize(
    ("statement", "why"),
    [
        ("UPDATE installation SET generation = 1", "it came back, and another node has seen to it"),
        ("UPDATE installation SET id = 'other'", "it came back, and another node has seen to it"),
        ("DELETE FROM installation", "it is empty"),
    ],
)
def test_a_node_that_finds_what_another_has_seen_to_begins_anew_too(statement: str, why: str, worked: Bench) -> None:
    running = begin(worked)
    change(worked, statement)
    with pytest.raises(DatabaseChanged, match=why):
        running.check()


def test_a_generation_that_moved_is_seen_by_counting_on(worked: Bench) -> None:
    running = begin(worked)
    told: list[str] = []
    running.on_change = told.append
    change(worked, "UPDATE installation SET generation = 1")
    running.pulse(START)
    assert told == ["it came back, and another node has seen to it"]


# What it comes to -----------------------------------------------------------------------------------------------------


def a_person_s(bench: Bench, opened: int) -> str:
    request = OrderRequest("", "me", "BTC/USDT", "buy", "limit", Decimal(2), None, Decimal(80), None, "gtc", False, 0)
    order = bench.trading.accept(request)
    known = bench.trading._orders[order.id]
    bench.trading._orders[order.id] = replace(known, order=replace(order, created_at=opened))
    return order.id


def test_what_a_person_has_had_open_for_long_is_no_reason_to_hold_anything(worked: Bench) -> None:
    a_person_s(worked, START - 3_600_000)
    begin(worked)
    watch(worked, course="00000002").take_up(START, 5.0)
    worked.advance(60_000)
    worked.settle()
    assert RestoreReconciliation(worked.core).step() == 1
    assert worked.rows(tables.automations)[0].status == "active"


def test_what_was_ordered_since_keeps_everything_held_on_the_account(worked: Bench) -> None:
    order_id = a_person_s(worked, START + 30_000)
    begin(worked)
    watch(worked, course="00000002").take_up(START, 5.0)
    worked.advance(60_000)
    worked.settle()
    assert RestoreReconciliation(worked.core).step() == 0
    (row,) = worked.rows(tables.automations)
    assert row.status == "held"
    assert f"00:00:02 UTC, and 'main' has what it does not know: open order {order_id}: buy 2 BTC/USDT" in row.reason


@pytest.mark.parametrize("make_bench", ["postgres"], indirect=True)
def test_positions_of_another_server_are_forgotten_and_followers_miss_nothing(worked: Bench) -> None:
    begin(worked)
    with worked.core.storage.read() as connection:
        known, _ = follow(connection, Position(0, 0), ["automation.created"], 10)
    first = max(row.id for row in known)
    change(worked, "UPDATE events SET txid = 4000000000 + id")
    change(
        worked,
        f"INSERT INTO cursors (name, txid, position, updated_at) VALUES ('f', {4_000_000_000 + first}, {first}, 0)",
    )
    assert watch(worked).take_up(START, 5.0).generation == 1
    (cursor,) = worked.rows(tables.cursors)
    assert (cursor.txid, cursor.position) == (0, first)
    assert {row.txid for row in worked.rows(tables.events) if row.kind != "database.changed"} >= {0}
    change(worked, "UPDATE accounts SET reconcile_since = NULL")
    with worked.core.storage.read() as connection:
        rows, _ = follow(
            connection, Position(cursor.txid, cursor.position), ["automation.held", "database.changed"], 10
        )
        assert [row.kind for row in rows] == ["automation.held", "database.changed"]
        numbers = connection.scalars(sa.select(tables.events.c.txid)).all()
    assert max(numbers) < 4_000_000_000
