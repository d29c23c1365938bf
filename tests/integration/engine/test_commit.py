"""What a batch decided is written exactly once, and one bad automation hurts nobody else."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
import sqlalchemy as sa
from pydantic import BaseModel

from octobot_node import (
    CancelOrder,
    Daily,
    Decision,
    LimitOrder,
    MarketOrder,
    Notify,
    SignalOutcome,
    StopOrder,
    Tick,
    Wake,
)
from octobot_node.engine.deciding.commit import Commit
from octobot_node.engine.deciding.tick_batch import TickBatch
from octobot_node.errors import DataUnavailable
from octobot_node.limits import Limits
from octobot_node.market import to_ms
from octobot_node.store import schedules, tables
from tests.support.bench import START, Bench

MINUTE = Wake(every=timedelta(minutes=1), align=True)
BUY = MarketOrder("BTC/USDT", "buy", spend=Decimal(50))


def idle(_tick: Tick[Any, Any]) -> Decision:
    return Decision(wake=MINUTE)


def buy(_tick: Tick[Any, Any]) -> Decision:
    return Decision(orders=[BUY], wake=MINUTE)


def buy_at(price: str) -> LimitOrder:
    return LimitOrder("BTC/USDT", "buy", Decimal(1), Decimal(price))


def claim(bench: Bench) -> tuple[str, str]:
    """Claim what is due and return (workflow, batch), not run yet."""
    bench.dispatcher.dispatch()
    _, workflow_id, batch = bench.queue.popleft()
    return workflow_id, batch


def outline(row: Any) -> dict[str, Any]:
    names = ("tick", "status", "reason", "next_run_at", "due_at", "failures", "runnable", "claim", "state")
    return {name: getattr(row, name) for name in names}


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


def test_a_failed_tick_advances_the_number_and_leaves_state_and_news_alone(bench: Bench) -> None:
    heard: list[tuple[int, list[Any]]] = []

    def decide(tick: Tick[Any, Any]) -> Decision:
        if tick.number == 1:
            raise RuntimeError("no idea")
        heard.append((tick.number, [signal.payload for signal in tick.signals]))
        return Decision(state={"n": tick.number}, wake=MINUTE)

    a = bench.automation("a", decide)
    bench.settle()
    bench.advance(10_000)
    bench.commands.signal(a, "hello")
    bench.settle()
    failed = bench.row(a)
    assert (failed.tick, failed.state, failed.failures, failed.status) == (2, '{"n":0}', 1, "active")
    assert failed.reason.startswith("RuntimeError: no idea")
    bench.run(2_000)
    assert heard == [(0, []), (2, ["hello"])]
    assert (bench.row(a).failures, bench.row(a).reason) == (0, "")


def test_failures_back_off_further_each_time_and_end_at_the_limit(bench: Bench) -> None:
    def decide(_tick: Tick[Any, Any]) -> Decision:
        raise ValueError("never works")

    a = bench.automation("a", decide)
    waits = []
    for _ in range(4):
        bench.settle()
        waits.append(bench.row(a).next_run_at - bench.clock.now())
        bench.clock.advance_to(bench.row(a).next_run_at)
    bench.settle()
    assert waits == [2_000, 4_000, 8_000, 16_000]
    row = bench.row(a)
    assert (row.status, row.runnable, row.next_run_at, row.failures) == ("failed", False, None, 5)
    assert bench.events(a) == ["automation.created", *["tick.failed"] * 5, "automation.failed"]


def test_a_type_that_is_not_installed_is_held_until_it_is(bench: Bench) -> None:
    a = bench.automation("a", idle)
    missing = bench.registry.automations["tests.scripted"]
    del bench.registry.automations["tests.scripted"]  # type: ignore[attr-defined]
    bench.settle()
    row = bench.row(a)
    assert (row.status, row.tick, row.failures, row.next_run_at) == ("held", 0, 0, None)
    assert row.reason == "no plugin provides the type 'tests.scripted'"
    bench.registry.automations["tests.scripted"] = missing  # type: ignore[index]
    bench.commands.resume(a)
    bench.settle()
    assert (bench.row(a).status, bench.row(a).tick) == ("active", 1)


def test_a_state_newer_than_its_type_is_held(bench: Bench) -> None:
    a = bench.automation("a", lambda _: Decision(state=1, wake=MINUTE))
    bench.settle()
    with bench.core.storage.write() as connection:
        connection.execute(tables.automations.update().values(state_version=2))
    bench.advance(60_000)
    bench.settle()
    row = bench.row(a)
    assert (row.status, row.state, row.reason) == (
        "held",
        "1",
        "its state was written by version 2, this is 1: upgrade",
    )


def test_waiting_for_data_is_no_failure_and_is_told_once(bench: Bench) -> None:
    a = bench.automation("a", idle)
    bench.market.fault = DataUnavailable("the exchange is down")
    bench.run(20_000, step=5_000)
    row = bench.row(a)
    assert (row.status, row.reason, row.tick, row.failures) == ("waiting", "the exchange is down", 0, 0)
    assert bench.events(a) == ["automation.created", "automation.waiting"]
    bench.market.fault = None
    bench.run(60_000, step=5_000)  # on a virtual clock: at the next close of a candle
    assert (bench.row(a).status, bench.row(a).reason, bench.row(a).tick) == ("active", "", 1)


def test_one_whose_symbol_is_not_listed_waits_alone(bench: Bench) -> None:
    a = bench.automation("a", idle, symbols=("NOPE/USDT",))
    b = bench.automation("b", idle)
    bench.settle()
    assert (bench.row(a).status, bench.row(a).reason) == ("waiting", "no price of NOPE/USDT")
    assert (bench.row(b).status, bench.row(b).tick) == ("active", 1)


def test_an_evaluation_that_says_it_lacks_data_waits(bench: Bench) -> None:
    def decide(_tick: Tick[Any, Any]) -> Decision:
        raise DataUnavailable("the index has no value yet")

    a = bench.automation("a", decide)
    bench.settle()
    assert (bench.row(a).status, bench.row(a).failures) == ("waiting", 0)


@pytest.mark.parametrize("look", ["ticker", "rules", "candles"])
def test_an_evaluation_that_looks_at_what_its_needs_did_not_ask_for_fails_and_says_so(bench: Bench, look: str) -> None:
    given = ("ETH/USDT", "1h") if look == "candles" else ("ETH/USDT",)
    a = bench.automation("a", lambda tick: Decision(state=str(getattr(tick.market, look)(*given))))
    bench.run(300_000, step=5_000)
    row = bench.row(a)
    assert (row.status, row.failures) == ("failed", 5)
    assert row.reason.startswith("NotAskedFor: ")
    assert "ETH/USDT is not here: add it to what needs() returns for the state that the tick is given (" in row.reason
    assert bench.events(a).count("automation.failed") == 1


def _wrong() -> dict[str, tuple[Callable[[Tick[Any, Any]], Any], str]]:
    class Odd(BaseModel):
        amount: float

    hour = datetime(2026, 1, 1, 1)  # noqa: DTZ001 - naive on purpose

    def order(**changes: Any) -> Callable[[Tick[Any, Any]], Decision]:
        values: dict[str, Any] = {"amount": Decimal(1), "price": Decimal(90), **changes}
        return lambda _: Decision(orders=[LimitOrder("BTC/USDT", "buy", **values)])

    return {
        "a state over 64 kB": (lambda _: Decision(state="x" * 64_001), "the state takes 64,003 characters"),
        "a NaN state": (lambda _: Decision(state=float("nan")), "the state is not JSON"),
        "a NaN in a model": (lambda _: Decision(state={"a": Odd(amount=1)}), "the state is not JSON"),
        "a float price": (order(price=90.0), "price must be a positive Decimal, not 90.0"),
        "a NaN price": (order(price=Decimal("NaN")), "price must be a positive Decimal"),
        "a price of nothing": (order(price=None), "price must be a positive Decimal, not None"),
        "an amount of nothing": (order(amount=None), "amount must be a positive Decimal, not None"),
        "a negative amount": (order(amount=Decimal(-1)), "amount must be a positive Decimal"),
        "an expiry as text": (order(expires="soon"), "expires must be an aware time, not 'soon'"),
        "a naive expiry": (order(expires=hour), "expires must be an aware time"),
        "an unknown tif": (order(tif="day"), "tif is 'gtc', 'ioc' or 'fok', not 'day'"),
        "a stop of nothing": (
            lambda _: Decision(orders=[StopOrder("BTC/USDT", "sell", Decimal(1), None)]),  # type: ignore[arg-type]
            "stop must be a positive Decimal, not None",
        ),
        "an amount and a spend": (
            lambda _: Decision(orders=[MarketOrder("BTC/USDT", "buy", amount=Decimal(1), spend=Decimal(1))]),
            "either amount or spend",
        ),
        "a sale by spend": (
            lambda _: Decision(orders=[MarketOrder("BTC/USDT", "sell", spend=Decimal(1))]),
            "spend is for buying",
        ),
        "an unasked symbol": (
            lambda _: Decision(orders=[MarketOrder("ETH/USDT", "buy", spend=Decimal(50))]),
            "an order for 'ETH/USDT', which needs() does not ask for",
        ),
        "a stranger's order cancelled": (lambda _: Decision(orders=[CancelOrder("another")]), "names no open order"),
        "no decision": (lambda _: None, "evaluate() returned NoneType, not a Decision"),
        "a naive wake": (lambda _: Decision(wake=Wake(at=hour)), "has no time zone"),
        "a wake every nothing": (lambda _: Decision(wake=Wake(every=timedelta(0))), "the shortest interval"),
        "a notice that is not text": (
            lambda _: Decision(actions=[Notify(object())]),  # type: ignore[arg-type]
            "",
        ),
        "half a surrogate pair": (lambda _: Decision(actions=[Notify("\ud800")]), "its decision cannot be stored"),
        "half a surrogate pair in an error": (_raise_surrogate, "RuntimeError: "),
    }


def _raise_surrogate(_tick: Tick[Any, Any]) -> Decision:
    raise RuntimeError("\ud800")


@pytest.mark.parametrize("what", sorted(_wrong()))
def test_only_the_automation_that_decides_wrongly_fails(bench: Bench, what: str) -> None:
    decide, reason = _wrong()[what]
    before = bench.automation("before", buy)
    wrong = bench.automation("wrong", decide)
    after = bench.automation("after", buy)
    bench.tick()
    row = bench.row(wrong)
    assert (row.status, row.tick, row.failures, row.state) == ("active", 1, 1, None)
    assert reason in row.reason
    assert [order.automation_id for order in bench.intents()] == [before, after]
    assert [bench.row(a).failures for a in (before, after)] == [0, 0]


def test_an_order_for_a_symbol_that_only_a_neighbour_asks_for_is_refused_too(bench: Bench) -> None:
    bench.automation("other", idle, symbols=("ETH/USDT",))
    a = bench.automation("a", lambda _: Decision(orders=[MarketOrder("ETH/USDT", "buy", spend=Decimal(50))]))
    bench.tick()
    assert (bench.row(a).failures, bench.intents()) == (1, [])


def test_a_tick_sees_what_it_asked_for_whoever_shares_its_batch(bench: Bench) -> None:
    seen: dict[str, Any] = {}

    def look(tick: Tick[Any, Any]) -> Decision:
        market = tick.market
        candles = {key: len(found) for key, found in market.all_candles.items()}
        seen[tick.config.who] = (sorted(market.tickers), sorted(market.all_rules), candles)
        return Decision()

    bench.automation("few", look, candles=3)
    bench.automation("many", look, candles=50, symbols=("BTC/USDT", "ETH/USDT"))
    bench.automation("none", look, symbols=("ETH/USDT",))
    bench.tick()
    both = ["BTC/USDT", "ETH/USDT"]
    assert seen == {
        "few": (["BTC/USDT"], ["BTC/USDT"], {("BTC/USDT", "1h"): 3}),
        "many": (both, both, {("BTC/USDT", "1h"): 50, ("ETH/USDT", "1h"): 50}),
        "none": (["ETH/USDT"], ["ETH/USDT"], {}),
    }


def test_a_row_that_the_database_refuses_is_split_from_its_neighbours(bench: Bench) -> None:
    """Whatever the checks before did not think of: the database has the last word, on that row alone."""
    ids = [bench.automation(f"n{n}", buy) for n in range(5)]
    with bench.core.storage.write() as connection:
        when = f"BEFORE INSERT ON intents {{}} WHEN (NEW.automation_id = '{ids[2]}')"
        if connection.dialect.name == "sqlite":
            connection.exec_driver_sql(
                f"CREATE TRIGGER no {when.format('')} BEGIN SELECT RAISE(ABORT, 'refused by a trigger'); END"
            )
        else:
            body = "BEGIN RAISE EXCEPTION 'refused by a trigger'; END"
            connection.exec_driver_sql(f"CREATE FUNCTION no() RETURNS trigger LANGUAGE plpgsql AS $${body}$$")
            connection.exec_driver_sql(f"CREATE TRIGGER no {when.format('FOR EACH ROW')} EXECUTE FUNCTION no()")
    bench.tick()
    assert [(bench.row(a).tick, bench.row(a).failures) for a in ids] == [(1, 0), (1, 0), (1, 1), (1, 0), (1, 0)]
    assert "refused by a trigger" in bench.row(ids[2]).reason
    assert [row.automation_id for row in bench.intents()] == [*ids[:2], *ids[3:]]
    assert bench.funds(ids[2]) == {"USDT": (Decimal(1000), Decimal(0))}


def test_an_account_whose_connector_is_gone_holds_its_own_automations_only(bench: Bench) -> None:
    with bench.core.storage.write() as connection:
        gone = {**dict(bench.rows(tables.accounts)[0]._mapping), "id": "gone", "name": "gone", "trading": "uninstalled"}
        connection.execute(tables.accounts.insert(), [gone])
    a = bench.automation("a", buy)
    b = bench.automation("b", buy, account="gone")
    bench.tick()
    assert [bench.row(id_).failures for id_ in (a, b)] == [0, 0]
    assert [bench.row(id_).status for id_ in (a, b)] == ["active", "held"]
    assert "no plugin registers the trading connector 'uninstalled'" in bench.row(b).reason


def test_signals_are_heard_once_in_order_and_marked_with_the_tick(bench: Bench) -> None:
    heard: list[list[Any]] = []

    def decide(tick: Tick[Any, Any]) -> Decision:
        heard.append([(signal.channel, signal.payload) for signal in tick.signals])
        return Decision(wake=MINUTE)

    a = bench.automation("a", decide)
    bench.commands.signal(a, {"n": Decimal("0.10")}, channel="tv")
    bench.commands.signal(a, [2])
    bench.settle()
    bench.run(60_000, step=60_000)
    assert heard == [[("tv", {"n": Decimal("0.10")}), ("default", [2])], []]
    rows = bench.rows(tables.inbox)
    assert [(row.status, row.consumed_tick) for row in rows] == [("consumed", 0), ("consumed", 0)]


def test_what_became_of_a_signal_is_kept_with_it_and_with_the_orders_that_follow(bench: Bench) -> None:
    def decide(tick: Tick[Any, Any]) -> Decision:
        if not tick.signals:
            return Decision()
        first, second, third, _ = tick.signals
        fine, dear = buy_at("1"), buy_at("100000")
        return Decision(
            orders=[fine, dear],
            independent=True,
            signals={
                first.id: SignalOutcome("traded", "as asked", [fine]),
                second.id: SignalOutcome("traded", "", [dear]),
                third.id: SignalOutcome("ignored", "it says \x1b[31m"),
            },
        )

    a = bench.automation("a", decide)
    bench.settle()
    for number in range(4):
        bench.commands.signal(a, number)
    bench.advance(1_000)
    bench.settle()
    orders = bench.intents()
    rows = bench.rows(tables.inbox, tables.inbox.c.id)
    assert [(row.outcome, row.reason, json.loads(row.orders)) for row in rows] == [
        ("traded", "as asked", [orders[0].id]),
        # None of its orders is to be sent: that is what became of it.
        ("refused", orders[1].reason, [orders[1].id]),
        ("ignored", "it says \\x1b[31m", []),
        ("", "", []),
    ]
    assert orders[1].reason.startswith("100000 USDT is needed")


@pytest.mark.parametrize(
    ("signals", "why"),
    [
        (lambda _tick: [1], "signals maps ids of signals to what became of them"),
        (lambda _tick: {"x": SignalOutcome("traded")}, "signals has 'x', which is no signal of this tick"),
        (lambda tick: {tick.signals[0].id: "traded"}, "what became of a signal is a SignalOutcome, not 'traded'"),
        (lambda tick: {tick.signals[0].id: SignalOutcome("")}, "the outcome of a signal is a word of at most 32"),
        (lambda tick: {tick.signals[0].id: SignalOutcome("x" * 33)}, "the outcome of a signal is a word of at most 32"),
        (
            lambda tick: {tick.signals[0].id: SignalOutcome("traded", "", [buy_at("1")])},
            "the orders that follow from a signal are among the decision's orders",
        ),
    ],
)
def test_an_outcome_that_cannot_be_kept_fails_the_tick_and_its_reason_is_kept_instead(
    bench: Bench, signals: Callable[[Any], Any], why: str
) -> None:
    a = bench.automation("a", lambda tick: Decision(signals=signals(tick)) if tick.signals else Decision())
    bench.settle()
    bench.commands.signal(a, "hello")
    bench.advance(1_000)
    bench.settle()
    ((row),) = bench.rows(tables.inbox)
    assert (row.status, row.outcome, why in row.reason) == ("waiting", "failed", True)
    bench.run(60_000, step=1_000)
    ((row),) = bench.rows(tables.inbox)
    assert (row.status, row.outcome, row.tries) == ("dead", "failed", 3)


def test_a_signal_that_arrives_during_the_evaluation_waits_for_the_next(bench: Bench) -> None:
    heard: list[list[Any]] = []

    def decide(tick: Tick[Any, Any]) -> Decision:
        if not heard:
            bench.commands.signal(a, "late")
        heard.append([signal.payload for signal in tick.signals])
        return Decision()

    a = bench.automation("a", decide)
    bench.run(1_000)
    assert heard == [[], ["late"]]


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
