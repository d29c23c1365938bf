"""Each execution is settled once, each order ends once, and what was sent into the dark is found out."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from octobot_node import Decision, LimitOrder, Tick
from octobot_node.contracts.exchanges import Lookup
from octobot_node.errors import NotSent, Unresolved
from octobot_node.store import tables
from octobot_node.testing.fakes import SURE
from tests.support.bench import START, Bench, Decide


def buy(price: int = 90, amount: str = "1") -> LimitOrder:
    return LimitOrder("BTC/USDT", "buy", amount=Decimal(amount), price=Decimal(price))


def once(*orders: Any, told: list[Any] | None = None) -> Decide:
    """Decide these orders at the first tick, and note what is told after."""

    def decide(tick: Tick[Any, Any]) -> Decision:
        if told is not None:
            told.extend(("fill", str(fill.amount)) for fill in tick.fills)
            told.extend((result.status.value, str(result.filled)) for result in tick.results)
        return Decision(orders=orders if tick.number == 0 else ())

    return decide


def fills(bench: Bench) -> list[tuple[str, str]]:
    rows = bench.rows(tables.fills, tables.fills.c.id)
    return [(row.exchange_trade_id, format(row.amount.normalize(), "f")) for row in rows]


def usdt(bench: Bench, automation_id: str) -> tuple[Decimal, Decimal]:
    return bench.funds(automation_id)["USDT"]


def test_a_trade_reported_in_every_overlap_is_settled_once(bench: Bench) -> None:
    told: list[Any] = []
    a = bench.automation("a", once(buy(), buy(50), told=told))
    bench.settle()
    bench.trading.fill("x1")
    bench.run(4_000, step=250)
    assert bench.trading.questions.count("trades") > 5
    assert fills(bench) == [("t1", "1")]
    assert told == [("fill", "1"), ("filled", "1")]
    assert bench.funds(a) == {"BTC": (Decimal(1), Decimal(0)), "USDT": (Decimal(860), Decimal(50))}


def test_a_trade_is_settled_once_though_the_node_restarts(bench: Bench) -> None:
    bench.automation("a", once(buy(), buy(50)))
    bench.settle()
    bench.trading.fill("x1")
    bench.settle()
    bench.build_stages()
    bench.run(2_000, step=500)
    assert fills(bench) == [("t1", "1")]


def test_partial_fills_add_up_and_the_last_one_ends_the_order(bench: Bench) -> None:
    told: list[Any] = []
    a = bench.automation("a", once(buy(), told=told))
    bench.settle()
    bench.trading.fill("x1", "0.25")
    bench.run(1_000)
    (row,) = bench.intents()
    assert (row.status, row.filled, row.cost, row.reserved) == (
        "open",
        Decimal("0.25"),
        Decimal("22.5"),
        Decimal("67.5"),
    )
    bench.trading.fill("x1", "0.50", price="89")
    bench.trading.fill("x1", "0.25")
    bench.run(2_000)
    (row,) = bench.intents()
    assert (row.status, row.filled, row.cost, row.reserved) == ("filled", Decimal(1), Decimal("89.5"), Decimal(0))
    assert told == [("fill", "0.25"), ("fill", "0.50"), ("fill", "0.25"), ("filled", "1.00")]
    assert usdt(bench, a) == (Decimal("910.5"), Decimal(0))


def test_partial_fills_wake_at_most_once_a_second(bench: Bench) -> None:
    bench.automation("a", once(buy()))
    bench.settle()
    ticks = bench.core.counters.ticks
    for _ in range(10):
        bench.trading.fill("x1", "0.1")
        bench.run(100, step=100)
    assert bench.core.counters.ticks - ticks <= 1


def test_a_fee_in_base_lowers_what_is_received(bench: Bench) -> None:
    a = bench.automation("a", once(buy()))
    bench.settle()
    bench.trading.fill("x1", fee="0.001", fee_asset="BTC")
    bench.settle()
    assert bench.funds(a) == {"BTC": (Decimal("0.999"), Decimal(0)), "USDT": (Decimal(910), Decimal(0))}
    (position,) = bench.rows(tables.positions)
    assert (position.amount, position.cost, position.realised) == (Decimal("0.999"), Decimal(90), Decimal(0))


def test_a_cancelled_order_gives_back_what_it_did_not_use(bench: Bench) -> None:
    a = bench.automation("a", once(buy()))
    bench.settle()
    bench.trading.fill("x1", "0.5")
    bench.trading.become("x1", "cancelled")
    bench.settle()
    assert (bench.statuses(), usdt(bench, a)) == (["cancelled"], (Decimal(955), Decimal(0)))


def test_an_order_ends_only_when_every_execution_the_exchange_counts_is_settled(bench: Bench) -> None:
    a = bench.automation("a", once(buy()))
    bench.settle()
    bench.trading.fill("x1", "0.5")
    hidden = bench.trading.executions.pop()
    bench.trading.become("x1", "cancelled")
    bench.run(1_000)
    assert (bench.statuses(), usdt(bench, a)) == (["open"], (Decimal(910), Decimal(90)))
    bench.trading.executions.append(hidden)
    bench.run(1_000)
    assert (bench.statuses(), usdt(bench, a)) == (["cancelled"], (Decimal(955), Decimal(0)))


def test_an_execution_whose_time_is_before_what_was_read_is_settled(bench: Bench) -> None:
    """As where a clock, the exchange's or this machine's, was wrong by some seconds and was set right."""
    bench.automation("a", once(buy(90)))
    bench.automation("b", once(buy(80)))
    bench.settle()
    bench.trading.fill("x1")
    ahead = bench.trading.executions[-1]
    bench.trading.executions[-1] = replace(ahead, at=ahead.at + 20_000)
    bench.settle()
    bench.trading.fill("x2")
    bench.run(10_000)
    assert bench.statuses() == ["filled", "open"]
    bench.run(60_000, step=5_000)
    assert (bench.statuses(), [amount for _, amount in fills(bench)]) == (["filled", "filled"], ["1", "1"])


def test_a_fill_after_the_cancel_is_settled_though_the_order_has_ended(bench: Bench) -> None:
    told: list[Any] = []
    a = bench.automation("a", once(buy(), buy(50), told=told))
    bench.settle()
    bench.trading.become("x1", "cancelled")
    bench.run(1_000)
    assert bench.statuses() == ["cancelled", "open"]
    bench.trading.fill("x1", "0.4")
    bench.run(2_000)
    assert (bench.statuses(), bench.intents()[0].filled) == (["cancelled", "open"], Decimal("0.4"))
    assert bench.funds(a) == {"BTC": (Decimal("0.4"), Decimal(0)), "USDT": (Decimal(914), Decimal(50))}
    assert told[:2] == [("cancelled", "0"), ("fill", "0.4")]


def test_an_order_that_fills_while_it_is_cancelled_is_filled(bench: Bench) -> None:
    a = bench.automation("a", once(buy()))
    bench.settle()
    bench.trading.fill("x1")
    bench.commands.stop(a)
    bench.run(2_000)
    assert (bench.statuses(), bench.row(a).status) == (["filled"], "stopped")
    assert bench.funds(a)["BTC"] == (Decimal(1), Decimal(0))


def test_orders_fill_whatever_the_automation_s_status(bench: Bench) -> None:
    a = bench.automation("a", once(buy()))
    bench.settle()
    bench.commands.pause(a)
    bench.trading.fill("x1")
    bench.settle()
    assert (bench.statuses(), bench.row(a).status, bench.row(a).tick) == (["filled"], "paused", 1)


def test_trades_of_strangers_are_left_alone(bench: Bench) -> None:
    a = bench.automation("a", once(buy()))
    bench.settle()
    bench.trading.trade_of_a_stranger()
    bench.run(2_000)
    assert (fills(bench), bench.statuses(), usdt(bench, a)) == ([], ["open"], (Decimal(910), Decimal(90)))


def test_an_account_without_live_orders_is_asked_nothing(bench: Bench) -> None:
    bench.automation("a", once(buy()))
    bench.settle()
    assert bench.live_accounts() == [bench.account]
    bench.trading.fill("x1")
    bench.settle()
    bench.trading.questions.clear()
    assert (bench.watch(), bench.live_accounts(), bench.trading.questions) == (None, [], [])


# -- sent into the dark


def test_an_order_whose_answer_was_lost_is_found_and_adopted(bench: Bench) -> None:
    bench.trading.will(bench.trading.accept_then_drop)
    bench.automation("a", once(buy()))
    bench.settle()
    assert bench.statuses() == ["sent"]
    bench.run(4_000)
    assert bench.statuses() == ["sent"]
    # Once its request has expired nobody is told of it by the answer, and it is among those that rest.
    bench.run(2_000)
    (row,) = bench.intents()
    assert (row.status, row.exchange_order_id, len(bench.trading.requests)) == ("open", "x1", 1)
    assert "find_order" not in bench.trading.questions


def test_one_that_ended_meanwhile_is_asked_about_when_the_exchange_has_to_show_it(bench: Bench) -> None:
    def cancel_then_drop(request: Any) -> Any:
        order = bench.trading.accept(request)
        bench.trading.become(order.id, "cancelled")
        raise Unresolved("the connection dropped")

    bench.trading.will(cancel_then_drop)
    bench.automation("a", once(buy()))
    bench.run(6_000)
    assert (bench.statuses(), bench.trading.questions.count("find_order")) == (["sent"], 0)
    bench.run(2_000)
    assert (bench.statuses(), len(bench.trading.requests)) == (["cancelled"], 1)


@pytest.mark.parametrize("many", [False, True])
def test_one_that_a_clock_dated_before_it_was_sent_is_found_and_not_sent_twice(bench: Bench, many: bool) -> None:
    """As where the exchange's clock, or this machine's, was wrong by some seconds and was set right."""
    bench.trading.looks_up_many = many

    def fill_then_drop(request: Any) -> Any:
        order = bench.trading.accept(request)
        bench.trading.redate(order.id, -50_000)
        bench.trading.fill(order.id, client_id=False)
        raise Unresolved("the connection dropped")

    bench.trading.will(fill_then_drop)
    bench.automation("a", once(buy()))
    bench.run(10_000)
    assert len(bench.trading.requests) == 1
    bench.run(60_000, step=5_000)
    assert (bench.statuses(), [amount for _, amount in fills(bench)]) == (["filled"], ["1"])


def test_one_that_is_unknown_is_not_sent_again_before_the_exchange_has_to_show_it(bench: Bench) -> None:
    """As where an exchange cannot be asked for half a minute, and may take a minute to show an order."""
    bench.trading.capabilities = replace(SURE, visibility_lag_ms=60_000)
    bench.trading.will(bench.trading.accept_then_drop_late(50_000))
    bench.trading.faults = {each: NotSent("not now") for each in ("open_orders", "trades", "find_order")}
    bench.automation("a", once(buy()))
    bench.run(40_000, step=1_000)
    assert bench.statuses() == ["unknown"]
    bench.trading.faults = {}
    bench.run(40_000, step=1_000)
    assert (bench.statuses(), len(bench.trading.requests)) == (["open"], 1)


def test_where_orders_show_up_very_late_one_is_looked_for_before_that_proves_anything(bench: Bench) -> None:
    bench.trading.capabilities = replace(SURE, visibility_lag_ms=60_000)

    def cancel_then_drop(request: Any) -> Any:
        order = bench.trading.accept(request)
        bench.trading.become(order.id, "cancelled")
        raise Unresolved("the connection dropped")

    bench.trading.will(cancel_then_drop, Unresolved("the connection dropped"))
    bench.automation("a", once(buy()))
    bench.automation("b", once(buy()))
    bench.run(7_000)
    assert sorted(bench.statuses()) == ["cancelled", "sent"]
    # Asked once for each, and that the second is not there says nothing yet.
    assert bench.trading.questions.count("find_order") == 2
    bench.run(60_000, step=1_000)
    assert (sorted(bench.statuses()), len(bench.trading.requests)) == (["cancelled", "open"], 3)


def test_orders_of_a_crash_are_asked_about_in_one_question_that_goes_before_polling(bench: Bench) -> None:
    bench.trading.looks_up_many = True

    def fill_then_drop(request: Any) -> Any:
        bench.trading.fill(bench.trading.accept(request).id, client_id=False)
        raise Unresolved("the connection dropped")

    bench.trading.will(*[fill_then_drop] * 10)
    for number in range(10):
        bench.automation(f"a{number}", once(buy()))
    bench.settle()
    assert bench.statuses() == ["sent"] * 10
    # What the exchange still lets be asked is kept for this: nothing else is answered.
    for question in ("open_orders", "trades"):
        bench.trading.faults[question] = NotSent("too much was asked")
    bench.trading.questions.clear()
    bench.run(8_000)
    assert bench.statuses() == ["open"] * 10
    assert (bench.trading.questions.count("look_up"), "find_order" in bench.trading.questions) == (1, False)
    bench.trading.faults.clear()
    bench.run(2_000)
    assert (bench.statuses(), len(bench.trading.requests)) == (["filled"] * 10, 10)


def test_an_order_whose_answer_was_lost_and_that_fills_is_settled_by_its_trade(bench: Bench) -> None:
    def fill_then_drop(request: Any) -> Any:
        bench.trading.fill_at_once(request)
        raise Unresolved("the connection dropped")

    bench.trading.will(fill_then_drop)
    a = bench.automation("a", once(buy()))
    bench.run(1_000)
    assert (bench.statuses(), fills(bench), len(bench.trading.requests)) == (["filled"], [("t1", "1")], 1)
    assert usdt(bench, a) == (Decimal(910), Decimal(0))


def test_an_order_that_shows_up_late_is_not_sent_twice(bench: Bench) -> None:
    bench.trading.will(bench.trading.accept_then_drop_late(5_900))
    bench.automation("a", once(buy()))
    bench.run(10_000, step=250)
    assert (bench.statuses(), len(bench.trading.requests)) == (["open"], 1)


def test_what_was_never_accepted_is_planned_and_sent_again_under_the_same_id(bench: Bench) -> None:
    bench.trading.will(Unresolved("the connection dropped"))
    bench.automation("a", once(buy()))
    bench.run(6_000)
    assert (bench.statuses(), len(bench.trading.requests)) == (["sent"], 1)
    bench.run(1_000)
    assert (bench.statuses(), len(bench.trading.requests)) == (["open"], 2)
    assert len({request.client_order_id for request in bench.trading.requests}) == 1
    assert (bench.intents()[0].attempt, bench.intents()[0].send_by) == (2, START + 11_500)


def test_a_recent_lookup_proves_an_order_s_absence_only_while_it_reaches_back(bench: Bench) -> None:
    bench.trading.capabilities = replace(SURE, lookup=Lookup("recent", recent_ms=60_000))
    bench.core.accounts._open.clear()
    bench.trading.will(Unresolved("the connection dropped"))
    bench.automation("a", once(buy()))
    bench.settle()
    bench.advance(61_000)
    bench.settle()
    assert (bench.statuses(), len(bench.trading.requests)) == (["unknown"], 1)


UNSURE = [
    replace(SURE, request_expiry=False),
    replace(SURE, lookup=Lookup("open")),
    replace(SURE, lookup=Lookup("none")),
]


@pytest.mark.parametrize("capabilities", UNSURE)
def test_where_absence_proves_nothing_an_order_becomes_unknown_and_is_never_sent_again(
    bench: Bench, capabilities: Any
) -> None:
    told: list[Any] = []
    bench.trading.capabilities = capabilities
    bench.trading.will(Unresolved("the connection dropped"))
    a = bench.automation("a", once(buy(), told=told))
    bench.run(29_500)
    assert bench.statuses() == ["sent"]
    bench.run(60_000, step=1_000)
    assert (bench.statuses(), len(bench.trading.requests)) == (["unknown"], 1)
    assert told == [("unknown", "0")]
    assert usdt(bench, a) == (Decimal(910), Decimal(90))
    assert bench.events(a)[-1] == "order.unknown"


def test_an_exchange_that_dedupes_for_ever_is_sent_the_same_order_again(bench: Bench) -> None:
    bench.trading.capabilities = replace(SURE, dedupe="forever", lookup=Lookup("open"), request_expiry=False)
    bench.trading.will(Unresolved("the connection dropped"))
    bench.automation("a", once(buy()))
    bench.run(8_000)
    assert (bench.statuses(), len(bench.trading.requests)) == (["open"], 2)


def test_an_unknown_order_found_later_is_open_and_settles(bench: Bench) -> None:
    bench.trading.capabilities = replace(SURE, request_expiry=False)
    bench.trading.will(bench.trading.accept_then_drop_late(45_000))
    a = bench.automation("a", once(buy()))
    bench.run(40_000, step=1_000)
    assert bench.statuses() == ["unknown"]
    bench.run(11_000, step=1_000)
    assert bench.statuses() == ["open"]
    bench.trading.fill("x1")
    bench.run(2_000)
    assert (bench.statuses(), usdt(bench, a)) == (["filled"], (Decimal(910), Decimal(0)))


def test_an_unknown_order_that_filled_before_it_was_found_is_settled(bench: Bench) -> None:
    """Its trade lies before the cursor, which other orders' trades have moved on."""
    bench.trading.capabilities = replace(SURE, request_expiry=False)
    bench.trading.will(bench.trading.accept_then_drop_late(45_000))
    a = bench.automation("a", once(buy()))
    b = bench.automation("b", once(buy(80)))
    bench.settle()
    bench.advance(100)
    bench.trading.fill("x1", client_id=False)
    bench.run(40_000, step=1_000)
    bench.trading.fill("x2")
    bench.run(15_000, step=1_000)
    assert bench.statuses() == ["filled", "filled"]
    assert [usdt(bench, id_) for id_ in (a, b)] == [(Decimal(910), Decimal(0)), (Decimal(920), Decimal(0))]


@pytest.mark.parametrize("question", ["open_orders", "trades"])
def test_while_the_exchange_cannot_be_asked_an_order_is_told_as_unknown(bench: Bench, question: str) -> None:
    told: list[Any] = []
    bench.trading.will(bench.trading.accept_then_drop)
    bench.automation("a", once(buy(), told=told))
    bench.settle()
    bench.trading.faults |= {question: NotSent("down"), "find_order": NotSent("down")}
    bench.run(29_000, step=1_000)
    assert bench.statuses() == ["sent"]
    bench.run(4_000, step=1_000)
    assert (bench.statuses(), told) == (["unknown"], [("unknown", "0")])
    assert bench.intents()[0].reason == "the exchange cannot be asked"
    bench.trading.faults.clear()
    bench.run(6_000, step=1_000)
    assert (bench.statuses(), len(bench.trading.requests)) == (["open"], 1)


def test_one_order_that_cannot_be_asked_about_does_not_hold_up_the_others(bench: Bench) -> None:
    bench.automation("a", once(buy()))
    bench.automation("b", once(buy(80)))
    bench.settle()
    bench.trading.fill("x2")
    bench.trading.become("x1", "cancelled")
    bench.trading.faults["order"] = Unresolved("500 for this order only")
    bench.run(2_000)
    assert (fills(bench), bench.statuses()) == ([("t1", "1")], ["open", "filled"])


def test_thousands_of_ends_are_asked_about_some_at_a_time_and_each_is_applied(bench: Bench) -> None:
    """More than a pass has time for: what was learnt of the first would be thrown away with the rest, for ever."""

    def many(tick: Tick[Any, Any]) -> Decision:
        return Decision(orders=[buy(20)] * 260 if tick.number == 0 else (), independent=True)

    for who in ("a", "b"):
        bench.automation(who, many, budget={"USDT": "20000"})
    bench.settle()
    for number in range(1, 521):
        bench.trading.become(f"x{number}", "cancelled")
    bench.trading.questions.clear()
    assert bench.watch() is True
    assert (bench.trading.questions.count("order"), bench.statuses().count("cancelled")) == (500, 500)
    bench.settle()
    assert bench.statuses() == ["cancelled"] * 520


def test_an_order_that_its_exchange_no_longer_knows_becomes_unknown_and_may_come_back(bench: Bench) -> None:
    bench.automation("a", once(buy()))
    bench.settle()
    known = bench.trading._orders["x1"]
    bench.trading.forget("x1")
    bench.run(29_000, step=1_000)
    assert bench.statuses() == ["open"]
    bench.run(5_000, step=1_000)
    assert [(row.status, row.reason) for row in bench.intents()] == [("unknown", "the exchange no longer knows it")]
    bench.trading._orders["x1"] = known
    bench.run(6_000, step=1_000)
    assert (bench.statuses(), len(bench.trading.requests)) == (["open"], 1)


def test_a_trade_seen_before_its_order_s_answer_is_settled_once_that_arrives(bench: Bench) -> None:
    """Where trades carry no client id, nothing says whose one is until its order's id is known."""

    def fill_and_be_watched(request: Any) -> Any:
        order = bench.trading.accept(request)
        bench.trading.fill(order.id, client_id=False)
        bench.advance(300)
        _watch_meanwhile(bench)
        return order

    bench.trading.will(fill_and_be_watched)
    a = bench.automation("a", once(buy()))
    bench.run(2_000)
    assert (fills(bench), bench.statuses(), usdt(bench, a)) == ([("t1", "1")], ["filled"], (Decimal(910), Decimal(0)))


def test_a_trade_seen_before_its_order_s_answer_is_not_lost_behind_later_trades(bench: Bench) -> None:
    """The same, while another order's trade ten seconds later moves the cursor on."""

    def slow(request: Any) -> Any:
        order = bench.trading.accept(request)
        bench.trading.fill(order.id, client_id=False)
        bench.advance(4_900)
        bench.trading.fill("x1")
        _watch_meanwhile(bench)
        return order

    bench.automation("first", once(buy(80)))
    bench.settle()
    bench.trading.will(slow)
    bench.automation("a", once(buy()))
    bench.run(2_000)
    assert (sorted(fills(bench)), bench.statuses()) == ([("t1", "1"), ("t2", "1")], ["filled", "filled"])


def _watch_meanwhile(bench: Bench) -> None:
    """Make a pass of the watcher while a request is under way: its own steps run one after the other, inline."""
    pass_ = bench.watcher.watch(bench.account)
    try:
        while True:
            pass_.send(None)
    except StopIteration:
        pass


def test_a_trade_proves_that_what_was_said_not_to_be_sent_was(bench: Bench) -> None:
    """The exchange says 429, and executes all the same: the order must not leave again."""

    def execute_then_deny(request: Any) -> Any:
        order = bench.trading.accept(request)
        bench.trading.fill(order.id)
        live = bench.watcher._read(bench.account)
        assert live is not None
        _read.append(live)
        raise NotSent("429")

    _read: list[Any] = []
    bench.trading.will(execute_then_deny)
    bench.automation("a", once(buy()))
    bench.tick()
    bench.drain()
    assert bench.statuses() == ["planned"]
    bench.watcher._read = lambda account_id: _read[0]  # type: ignore[method-assign]
    bench.watch()
    assert (bench.statuses(), fills(bench)) == (["filled"], [("t1", "1")])


def test_without_lookups_an_order_is_recognised_by_what_it_is(bench: Bench) -> None:
    bench.trading.capabilities = replace(SURE, lookup=Lookup("none"), request_expiry=False)

    def accept_nameless(request: Any) -> Any:
        bench.trading.accept(replace(request, client_order_id=""))
        raise Unresolved("the connection dropped")

    bench.trading.will(accept_nameless)
    bench.automation("a", once(buy()))
    bench.run(8_000)
    assert (bench.statuses(), bench.intents()[0].exchange_order_id) == (["open"], "x1")


def test_without_lookups_two_orders_that_fit_are_none(bench: Bench) -> None:
    bench.trading.capabilities = replace(SURE, lookup=Lookup("none"), request_expiry=False)

    def accept_twice(request: Any) -> Any:
        bench.trading.accept(replace(request, client_order_id=""))
        bench.trading.accept(replace(request, client_order_id="stranger"))
        raise Unresolved("the connection dropped")

    bench.trading.will(accept_twice)
    bench.automation("a", once(buy()))
    bench.run(40_000, step=1_000)
    assert bench.statuses() == ["unknown"]


def test_an_equity_point_counts_every_position_of_the_automation(bench: Bench) -> None:
    eth = LimitOrder("ETH/USDT", "buy", amount=Decimal(10), price=Decimal(10))
    bench.automation("a", once(buy(), eth), symbols=("BTC/USDT", "ETH/USDT"))
    bench.settle()
    bench.trading.fill("x1", fee="1")
    bench.run(1_000)
    bench.trading.fill("x2", fee="1")
    bench.settle()
    assert [row.equity for row in bench.rows(tables.equity, tables.equity.c.at)] == [Decimal(1000), Decimal(1000)]


def test_postings_add_up_to_the_balances(bench: Bench) -> None:
    a = bench.automation("a", once(buy(), buy(80, "0.5")))
    bench.settle()
    bench.trading.fill("x1", "0.3", fee="0.003", fee_asset="BTC")
    bench.trading.fill("x2", fee="0.4")
    bench.trading.fill("x1", fee="0.002", fee_asset="BNB")
    bench.run(1_000)
    sums: dict[str, Decimal] = {}
    for row in bench.rows(tables.postings):
        sums[row.asset] = sums.get(row.asset, Decimal(0)) + row.amount
    assert sums == {asset: free + reserved for asset, (free, reserved) in bench.funds(a).items()}


def test_a_restart_asks_at_once_for_what_was_sent_before(make_bench: Callable[..., Bench]) -> None:
    bench = make_bench()
    bench.trading.will(bench.trading.accept_then_drop)
    bench.automation("a", once(buy()))
    bench.settle()
    bench.build_stages()
    bench.advance(60_000)
    bench.settle()
    assert (bench.statuses(), len(bench.trading.requests)) == (["open"], 1)
