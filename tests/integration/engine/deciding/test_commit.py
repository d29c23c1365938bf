"""What a batch decided is written exactly once, with what follows of it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import sqlalchemy as sa

from octobot_node import Daily, Decision, MarketOrder, Notify, Tick, Wake
from octobot_node.engine.deciding.commit import Commit
from octobot_node.engine.deciding.tick_batch import TickBatch
from octobot_node.limits import Limits
from octobot_node.market import to_ms
from octobot_node.store import schedules, tables
from tests.integration.engine.committing import BUY, MINUTE, buy, claim, idle, outline
from tests.support.bench import START, Bench


def test_a_tick_advances_the_number_and_plans_the_next_run(bench: Bench) -> None:
    a = bench.automation("a", lambda tick: Decision(state={"seen": tick.number}, wake=MINUTE))
    bench.settle()
    assert outline(bench.row(a)) == {
        "tick": 1,
        "status": "active",
        "reason": "",
        "next_run_at": START + 60_000,
        "due_at": START + 60_000,
        "failures": 0,
        "runnable": True,
        "claim": None,
        "state": '{"seen":0}',
    }


def test_an_uneventful_tick_leaves_no_event(bench: Bench) -> None:
    a = bench.automation("a", idle)
    bench.run(180_000, step=60_000)
    assert (bench.row(a).tick, bench.events()) == (4, ["automation.created"])


def test_the_same_batch_run_twice_does_nothing_the_second_time(bench: Bench) -> None:
    a = bench.automation("a", buy)
    workflow_id, batch = claim(bench)
    assert bench.batches.run(workflow_id, batch) == {"ticks": 1, "intents": 1, "waiting": 0}
    assert bench.batches.run(workflow_id, batch) == {"ticks": 0}
    assert (bench.row(a).tick, len(bench.intents())) == (1, 1)


def test_a_batch_evaluated_twice_at_once_commits_once(bench: Bench) -> None:
    a = bench.automation("a", buy)
    workflow_id, batch = claim(bench)
    stage = TickBatch(bench.core)
    loaded = stage._load(batch)
    evaluated, market = stage._evaluate(loaded, suspects=False)
    commit = Commit(bench.core)
    assert commit.run(workflow_id, batch, evaluated, market)["ticks"] == 1
    assert commit.run(workflow_id, batch, evaluated, market)["ticks"] == 0
    assert (bench.row(a).tick, len(bench.intents())) == (1, 1)


def test_a_row_whose_revision_moved_meanwhile_is_dropped_and_its_neighbour_commits(bench: Bench) -> None:
    def decide_while_paused(_tick: Tick[Any, Any]) -> Decision:
        bench.commands.pause(a)
        return Decision(state="never", orders=[BUY])

    a = bench.automation("a", decide_while_paused)
    b = bench.automation("b", buy)
    bench.tick()
    assert outline(bench.row(a)) == {
        "tick": 0,
        "status": "paused",
        "reason": "",
        "next_run_at": None,
        "due_at": START,
        "failures": 0,
        "runnable": False,
        "claim": None,
        "state": None,
    }
    assert [row.automation_id for row in bench.intents()] == [b]


def test_a_workflow_that_no_longer_owns_its_batch_writes_nothing(bench: Bench) -> None:
    a = bench.automation("a", buy)
    workflow_id, batch = claim(bench)
    bench.owned = False
    assert bench.batches.run(workflow_id, batch) == {"ticks": 0, "intents": 0, "waiting": 0}
    assert (bench.row(a).tick, bench.row(a).claim, bench.intents()) == (0, batch, [])


def test_an_automation_woken_while_it_is_evaluated_runs_again_a_second_later(bench: Bench) -> None:
    def decide(tick: Tick[Any, Any]) -> Decision:
        if tick.number == 0:
            bench.commands.signal(a, {"n": 1})
        return Decision(wake=Wake(every=timedelta(hours=1), align=True))

    a = bench.automation("a", decide)
    bench.settle()
    assert (bench.row(a).next_run_at, bench.row(a).due_at) == (START + 1_000, START + 3_600_000)


def test_a_planned_time_that_passes_between_evaluation_and_commit_is_not_lost(bench: Bench) -> None:
    nine = to_ms(datetime(2026, 1, 1, 9, tzinfo=UTC))

    def decide(tick: Tick[Any, Any]) -> Decision:
        if tick.number == 1:
            bench.advance(2_000)
        return Decision(wake=Wake(daily=Daily("09:00")))

    a = bench.automation("a", decide)
    bench.settle()
    bench.clock.advance_to(nine - 1_000)
    bench.commands.run_now(a)
    bench.settle()
    assert (bench.row(a).due_at, bench.row(a).next_run_at) == (nine, nine + 2_000)


def test_planned_times_that_downtime_swallowed_become_one_tick_that_counts_them(bench: Bench) -> None:
    seen: list[tuple[int | None, int]] = []

    def decide(tick: Tick[Any, Any]) -> Decision:
        seen.append((None if tick.scheduled_at is None else to_ms(tick.scheduled_at) - START, tick.missed))
        return Decision(wake=MINUTE)

    a = bench.automation("a", decide)
    bench.settle()
    bench.advance(330_000)
    bench.settle()
    assert seen == [(0, 0), (60_000, 4)]
    assert (bench.row(a).next_run_at, bench.events(a)) == (START + 360_000, ["automation.created", "tick.missed"])


def test_a_tick_that_something_else_woke_has_no_scheduled_time_and_leaves_the_plan(bench: Bench) -> None:
    seen: list[Any] = []

    def decide(tick: Tick[Any, Any]) -> Decision:
        seen.append(tick.scheduled_at)
        return Decision(wake=MINUTE)

    a = bench.automation("a", decide)
    bench.settle()
    bench.advance(20_000)
    bench.commands.run_now(a)
    bench.settle()
    assert (seen[1], bench.row(a).next_run_at) == (None, START + 60_000)


def test_done_without_orders_completes_at_once(bench: Bench) -> None:
    a = bench.automation("a", lambda _: Decision(done=True, actions=[Notify("bye")]))
    bench.settle()
    row = bench.row(a)
    assert (row.status, row.runnable, row.next_run_at) == ("completed", False, None)
    assert bench.events(a) == ["automation.created", "automation.completed", "notice.told"]
    assert [(n.message, n.status) for n in bench.rows(tables.notices)] == [("bye", "waiting")]


def test_done_with_orders_completes_once_they_are_settled(bench: Bench) -> None:
    a = bench.automation("a", lambda _: Decision(done=True, orders=[BUY]))
    bench.settle()
    assert (bench.row(a).status, bench.statuses()) == ("completing", ["open"])
    bench.trading.fill("x1")
    bench.settle()
    assert (bench.row(a).status, bench.statuses(), bench.row(a).tick) == ("completed", ["filled"], 1)
    assert bench.events(a)[-1] == "automation.completed"


def test_a_refusal_is_told_in_the_next_tick_a_second_later(bench: Bench) -> None:
    told: list[list[tuple[str, str]]] = []

    def decide(tick: Tick[Any, Any]) -> Decision:
        told.append([(result.status, result.reason) for result in tick.results])
        orders = [MarketOrder("BTC/USDT", "buy", spend=Decimal(5_000))] if tick.number == 0 else []
        return Decision(orders=orders, wake=MINUTE)

    a = bench.automation("a", decide)
    bench.run(1_000)
    assert told == [
        [],
        [("refused", "4994.5000 USDT is needed, 1000 is free in the automation's budget")],
    ]
    assert bench.events(a) == ["automation.created", "order.refused"]
    bench.run(60_000, step=10_000)
    assert len(told) == 3
    assert told[2] == []


def test_an_order_skipped_after_a_refusal_is_told_as_skipped(bench: Bench) -> None:
    orders = [MarketOrder("BTC/USDT", "buy", spend=Decimal(5_000)), BUY]
    a = bench.automation("a", lambda tick: Decision(orders=orders if tick.number == 0 else []))
    bench.tick()
    assert bench.statuses() == ["refused", "skipped"]
    assert bench.events(a) == ["automation.created", "order.refused", "order.skipped"]


def test_the_account_s_room_for_open_orders_is_shared_by_a_batch(bench: Bench) -> None:
    with bench.core.storage.write() as connection:
        limits = Limits(max_open_orders=2).model_dump(mode="json", exclude_none=True)
        connection.execute(tables.accounts.update().values(limits=limits))
    for n in range(3):
        bench.automation(f"n{n}", lambda _: Decision(orders=[BUY]))
    bench.tick()
    assert bench.statuses() == ["planned", "planned", "refused"]
    assert bench.intents()[2].reason == "the account has as many open orders as its limit allows"


def test_a_budget_in_base_is_opened_as_a_position_once_and_on_its_own_symbol_only(bench: Bench) -> None:
    bench.automation("other", idle, symbols=("BTC/EUR",), budget={"EUR": "10"})
    a = bench.automation("a", idle, budget={"BTC": "2", "USDT": "10"})
    bench.settle()
    rows = [(r.symbol, r.amount, r.cost, r.opening_cost) for r in bench.rows(tables.positions) if r.automation_id == a]
    assert rows == [("BTC/USDT", Decimal(2), Decimal(200), Decimal(200))]


def test_a_budget_in_base_is_opened_by_the_first_tick_that_succeeds(bench: Bench) -> None:
    def decide(tick: Tick[Any, Any]) -> Decision:
        if tick.number == 0:
            raise RuntimeError("not yet")
        return Decision(wake=MINUTE)

    bench.automation("a", decide, budget={"BTC": "2"})
    bench.run(3_000)
    assert [(row.symbol, row.opening_cost) for row in bench.rows(tables.positions)] == [("BTC/USDT", Decimal(200))]


def test_levels_wake_when_crossed_and_survive_a_restart(bench: Bench) -> None:
    ticks: list[int] = []

    def decide(tick: Tick[Any, Any]) -> Decision:
        ticks.append(tick.number)
        return Decision(wake=Wake(above={"BTC/USDT": Decimal(110)}, below={"BTC/USDT": Decimal(90)}))

    a = bench.automation("a", decide)
    bench.settle()
    assert bench.crossed() == []
    with bench.core.storage.read() as connection:
        assert schedules.levels(connection) == [(a, "fake", '{"above":{"BTC/USDT":"110"},"below":{"BTC/USDT":"90"}}')]
    bench.market.prices["BTC/USDT"] = Decimal(110)
    bench.advance(1)
    assert bench.crossed() == [a]
    assert bench.crossed() == []
    assert ticks == [0]


def test_an_automation_that_is_done_waits_for_no_price(bench: Bench) -> None:
    bench.automation("a", lambda _: Decision(done=True, wake=Wake(above={"BTC/USDT": Decimal(110)})))
    bench.settle()
    assert bench.core.hub.levels.each() == []
    with bench.core.storage.read() as connection:
        assert connection.scalar(sa.select(tables.schedule.c.levels)) is None
