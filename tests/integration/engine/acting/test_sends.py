"""The send fence: what leaves, in which order, and what each answer means."""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any, NamedTuple

import pytest
import sqlalchemy as sa

from octobot_node import CancelOrder, Decision, LimitOrder, Tick, Wake
from octobot_node.engine.acting.order_sender import Breaker
from octobot_node.errors import NotSent, OrderRefused, RequestExpired, Unresolved
from octobot_node.limits import Limits
from octobot_node.store import tables
from tests.support.bench import START, Bench, Decide


def buy(price: int, tag: str = "") -> LimitOrder:
    return LimitOrder("BTC/USDT", "buy", amount=Decimal(1), price=Decimal(price), tag=tag)


def once(*orders: Any, independent: bool = False) -> Decide:
    """Decide these orders at the first tick, and nothing after."""

    def decide(tick: Tick[Any, Any]) -> Decision:
        return Decision(orders=orders if tick.number == 0 else (), independent=independent)

    return decide


def prices(bench: Bench) -> list[int]:
    return [int(request.price or 0) for request in bench.trading.requests]


def test_an_order_leaves_as_it_was_planned_and_is_open_once_acknowledged(bench: Bench) -> None:
    bench.automation("a", once(buy(90, tag="first")))
    bench.settle()
    (row,) = bench.intents()
    (request,) = bench.trading.requests
    assert (request.intent_id, request.client_order_id, request.symbol, request.side, request.type) == (
        row.id,
        row.client_order_id,
        "BTC/USDT",
        "buy",
        "limit",
    )
    assert (request.amount, request.price, request.spend, request.expires_at) == (
        Decimal(1),
        Decimal(90),
        None,
        START + 5_000,
    )
    assert (row.status, row.exchange_order_id, row.attempt, row.send_by, row.epoch) == (
        "open",
        "x1",
        1,
        START + 5_000,
        1,
    )


def test_a_decision_s_orders_leave_one_after_the_other(bench: Bench) -> None:
    seen: list[list[str]] = []

    def spy(request: Any) -> Any:
        seen.append(bench.statuses())
        return bench.trading.accept(request)

    bench.trading.will(spy, spy, spy)
    bench.automation("a", once(buy(90), buy(91), buy(92)))
    bench.settle()
    assert seen == [["sent", "planned", "planned"], ["open", "sent", "planned"], ["open", "open", "sent"]]


def test_independent_orders_leave_together(bench: Bench) -> None:
    seen: list[list[str]] = []

    def spy(request: Any) -> Any:
        seen.append(bench.statuses())
        return bench.trading.accept(request)

    bench.trading.will(spy, spy)
    bench.automation("a", once(buy(90), buy(91), independent=True))
    bench.settle()
    assert seen == [["sent", "sent"], ["sent", "sent"]]


def test_decisions_of_many_automations_leave_in_waves(bench: Bench) -> None:
    bench.automation("a", once(buy(90), buy(91)))
    bench.automation("b", once(buy(80), buy(81)))
    bench.settle()
    assert prices(bench) == [90, 80, 91, 81]


def test_cancels_leave_first(bench: Bench) -> None:
    def decide(tick: Tick[Any, Any]) -> Decision:
        if tick.number == 0:
            return Decision(orders=[buy(90)])
        if tick.number == 1:
            return Decision(orders=[buy(80), CancelOrder(tick.open_orders[0].id)])
        return Decision()

    a = bench.automation("a", decide)
    bench.settle()
    bench.advance(1_000)
    bench.commands.run_now(a)
    bench.tick()
    bench.drain()
    assert (bench.trading.cancels, prices(bench)) == (["x1"], [90, 80])
    bench.settle()
    assert bench.statuses() == ["cancelled", "open"]
    assert [row.status for row in bench.intents("cancel")] == ["done"]


def test_an_order_that_is_being_cancelled_is_not_cancelled_again(bench: Bench) -> None:
    def decide(tick: Tick[Any, Any]) -> Decision:
        if tick.number == 0:
            return Decision(orders=[buy(90)])
        return Decision(orders=[CancelOrder(order.id) for order in [*tick.open_orders, *tick.open_orders]])

    bench.trading.cancel_faults.append(NotSent("rate limited", retry_after=5))
    a = bench.automation("a", decide)
    bench.settle()
    for _ in range(3):
        bench.commands.run_now(a)
        bench.run(1_000)
    assert [row.status for row in bench.intents("cancel")] == ["planned"]
    bench.run(6_000)
    assert ([row.status for row in bench.intents("cancel")], bench.statuses()) == (["done"], ["cancelled"])


def test_after_a_refusal_the_rest_of_the_decision_is_skipped_and_its_funds_come_back(bench: Bench) -> None:
    bench.trading.will(bench.trading.rest, OrderRefused("insufficient balance"))
    a = bench.automation("a", once(buy(90), buy(91), buy(92)))
    bench.settle()
    assert [(row.status, row.reason) for row in bench.intents()] == [
        ("open", ""),
        ("refused", "insufficient balance"),
        ("skipped", "an order before it failed"),
    ]
    assert bench.funds(a) == {"USDT": (Decimal(910), Decimal(90))}
    assert bench.events(a)[-2:] == ["order.refused", "order.skipped"]


def test_after_a_refusal_independent_orders_leave_all_the_same(bench: Bench) -> None:
    bench.trading.will(OrderRefused("no"))
    bench.automation("a", once(buy(90), buy(91), independent=True))
    bench.settle()
    assert bench.statuses() == ["refused", "open"]


def test_a_refusal_wakes_the_automation_with_its_result(bench: Bench) -> None:
    told: list[Any] = []

    def decide(tick: Tick[Any, Any]) -> Decision:
        told.extend((r.status.value, r.reason, r.tag) for r in tick.results)
        return Decision(orders=[buy(90, tag="t")] if tick.number == 0 else [])

    bench.trading.will(OrderRefused("post only would cross"))
    bench.automation("a", decide)
    bench.run(1_000)
    assert told == [("refused", "post only would cross", "t")]


def test_what_was_not_sent_is_tried_again_ever_later(bench: Bench) -> None:
    bench.trading.will(*[NotSent("no route")] * 3)
    bench.automation("a", once(buy(90)))
    bench.settle()
    waits = []
    for _ in range(3):
        (row,) = bench.intents()
        assert (row.status, row.reason) == ("planned", "no route")
        waits.append(row.retry_at - bench.clock.now())
        bench.clock.advance_to(row.retry_at)
        bench.settle()
    assert waits == [1_000, 2_000, 5_000]
    assert bench.statuses() == ["open"]
    assert len({request.client_order_id for request in bench.trading.requests}) == 1
    assert bench.intents()[0].attempt == 4


def test_an_exchange_that_says_when_to_come_back_is_obeyed(bench: Bench) -> None:
    bench.trading.will(NotSent("429", retry_after=30))
    bench.automation("a", once(buy(90)))
    bench.settle()
    assert bench.intents()[0].retry_at == START + 30_000
    bench.run(29_500)
    assert len(bench.trading.requests) == 1
    bench.run(500)
    assert bench.statuses() == ["open"]


def test_a_request_that_expired_is_planned_again(bench: Bench) -> None:
    bench.trading.will(RequestExpired("outside recvWindow"))
    bench.automation("a", once(buy(90)))
    bench.settle()
    assert bench.statuses() == ["planned"]
    bench.run(1_000)
    assert (bench.statuses(), len(bench.trading.requests)) == (["open"], 2)


@pytest.mark.parametrize("error", [Unresolved("502"), RuntimeError("a connector's own bug"), TimeoutError()])
def test_what_is_unresolved_stays_sent_and_is_not_sent_again(bench: Bench, error: Exception) -> None:
    bench.trading.will(error)
    bench.automation("a", once(buy(90), buy(91)))
    bench.run(5_000)
    assert (bench.statuses(), len(bench.trading.requests)) == (["sent", "planned"], 1)


def test_an_unanswered_request_is_given_up_after_its_time_out(make_bench: Callable[..., Bench]) -> None:
    bench = make_bench(request_timeout=0.02)

    async def never(request: Any) -> Any:
        import asyncio

        await asyncio.sleep(60)

    bench.trading.create_order = never  # type: ignore[method-assign]
    bench.automation("a", once(buy(90)))
    bench.tick()
    bench.drain()
    assert [(row.status, row.reason) for row in bench.intents()] == [("sent", "no answer within 0.02 s")]


def switch(bench: Bench, table: sa.Table, *, on: bool) -> None:
    with bench.core.storage.write() as connection:
        connection.execute(table.update().values(sending=on))


@pytest.mark.parametrize(
    ("table", "reason"),
    [
        (tables.installation, "the kill switch is thrown"),
        (tables.accounts, "the kill switch is thrown for the account main"),
        (tables.automations, "the kill switch is thrown for the automation"),
    ],
)
def test_what_is_decided_while_sending_is_off_ends_unsent_and_does_not_leave_when_it_is_on_again(
    bench: Bench, table: sa.Table, reason: str
) -> None:
    told: list[tuple[str, str]] = []

    def again(tick: Any) -> Decision:
        told.extend((result.status, result.reason) for result in tick.results)
        # Aligned: spread by its id, the next minute might begin at once.
        wake = Wake(every=timedelta(minutes=1), align=True)
        return Decision(orders=[buy(90)] if tick.number == 0 else [], wake=wake)

    a = bench.automation("a", again)
    switch(bench, table, on=False)
    bench.run(3_000)
    assert [(row.status, row.reason) for row in bench.intents()] == [("skipped", reason)]
    # It is not woken for that, or whoever orders anew at once would do so every second.
    assert (bench.row(a).tick, told) == (1, [])
    assert bench.funds(a) == {"USDT": (Decimal(1000), Decimal(0))}
    switch(bench, table, on=True)
    bench.run(60_000, step=5_000)
    assert (bench.statuses(), bench.trading.requests, told) == (["skipped"], [], [("skipped", reason)])


def test_cancels_leave_though_sending_is_off(bench: Bench) -> None:
    a = bench.automation("a", once(buy(90)))
    bench.settle()
    switch(bench, tables.installation, on=False)
    bench.commands.stop(a)
    bench.settle()
    assert (bench.trading.cancels, bench.row(a).status) == (["x1"], "stopped")


class _Usage(NamedTuple):
    total: int
    used: int
    free: int


def test_on_a_nearly_full_disk_nothing_leaves(
    make_bench: Callable[..., Bench], monkeypatch: pytest.MonkeyPatch
) -> None:
    bench = make_bench(disk_reserve_mb=1)
    monkeypatch.setattr(shutil, "disk_usage", lambda _path: _Usage(1, 1, 1_000))
    bench.automation("a", once(buy(90)))
    bench.settle()
    assert [row.reason for row in bench.intents()] == ["the disk is nearly full: 0 MB left, 1 are reserved"]
    assert bench.trading.requests == []


def until_heard(bench: Bench) -> None:
    """Wait for the node's first heartbeat, where it has any."""
    deadline = time.monotonic() + 10
    while bench.core.storage.shared:
        with bench.core.storage.read() as connection:
            if connection.exec_driver_sql("SELECT beat FROM replica_nodes").scalar_one() > 0:
                return
        assert time.monotonic() < deadline
        time.sleep(0.01)


def test_a_node_that_lost_its_lease_sends_nothing(make_bench: Callable[..., Bench]) -> None:
    # One heartbeat, its first: the next would find out that it was declared dead, and take part anew.
    bench = make_bench(lease_ttl=3_600)
    until_heard(bench)
    with bench.core.storage.write() as connection:
        connection.execute(tables.leases.update().where(tables.leases.c.name == "node").values(epoch=2))
        connection.exec_driver_sql("UPDATE replica_nodes SET status = 'dead'")
    bench.automation("a", once(buy(90)))
    bench.tick()
    bench.drain()
    assert [row.reason for row in bench.intents()] == ["this node no longer holds its lease"]
    assert bench.trading.requests == []


def test_a_workflow_that_no_longer_owns_its_sends_ends_without_a_word(bench: Bench) -> None:
    bench.automation("a", once(buy(90)))
    bench.tick()
    _, workflow_id, account = bench.queue.popleft()
    bench.owned = False
    assert bench.sends.run(workflow_id, account) == {"sent": 0}
    assert (bench.trading.requests, bench.statuses()) == ([], ["planned"])


def test_a_send_run_again_sends_only_what_was_never_sent(bench: Bench) -> None:
    bench.automation("a", once(buy(90)))
    bench.tick()
    _, workflow_id, account = bench.queue.popleft()
    assert bench.sends.run(workflow_id, account) == {"sent": 1}
    assert bench.sends.run(workflow_id, account) == {"sent": 0}
    assert len(bench.trading.requests) == 1


def limited(bench: Bench, **limits: Any) -> None:
    with bench.core.storage.write() as connection:
        values = Limits(**limits).model_dump(mode="json", exclude_none=True)
        connection.execute(tables.accounts.update().values(limits=values))


def test_orders_per_minute_hold_back_what_is_too_much_for_the_automation(bench: Bench) -> None:
    bench.automation("a", once(buy(90), buy(91), buy(92)), limits=Limits(max_orders_per_minute=2))
    bench.settle()
    assert bench.statuses() == ["open", "open", "planned"]
    assert bench.intents()[2].reason == "2 orders in the last minute; the limit is 2"
    bench.run(61_000)
    assert bench.statuses() == ["open", "open", "open"]
    assert bench.intents()[2].sent_at > START + 60_000


def test_orders_per_minute_of_an_account_count_all_its_automations(bench: Bench) -> None:
    limited(bench, max_orders_per_minute=1)
    bench.automation("a", once(buy(90)))
    bench.automation("b", once(buy(91)))
    bench.settle()
    assert bench.statuses() == ["open", "planned"]


def test_an_order_decided_too_long_ago_is_refused(bench: Bench) -> None:
    bench.trading.will(NotSent("not now", retry_after=11))
    bench.automation("a", once(buy(90)), limits=Limits(max_data_age=timedelta(seconds=10)))
    bench.run(13_000)
    assert [(row.status, row.reason) for row in bench.intents()] == [
        ("refused", "decided more than 10 s ago: too old to be sent")
    ]


def test_an_order_that_expires_before_it_can_be_sent_ends_unsent(bench: Bench) -> None:
    soon = datetime.fromtimestamp(START / 1000 + 5, tz=UTC)
    order = LimitOrder("BTC/USDT", "buy", amount=Decimal(1), price=Decimal(90), expires=soon)
    bench.trading.will(NotSent("not now", retry_after=6))
    a = bench.automation("a", once(order))
    bench.run(7_000)
    assert (bench.statuses(), bench.trading.orders) == (["expired"], [])
    assert bench.funds(a) == {"USDT": (Decimal(1000), Decimal(0))}


def test_an_open_order_that_expires_is_cancelled(bench: Bench) -> None:
    soon = datetime.fromtimestamp(START / 1000 + 5, tz=UTC)
    order = LimitOrder("BTC/USDT", "buy", amount=Decimal(1), price=Decimal(90), expires=soon)
    a = bench.automation("a", once(order))
    bench.run(4_500)
    assert bench.statuses() == ["open"]
    bench.run(1_000)
    assert (bench.statuses(), bench.trading.cancels) == (["cancelled"], ["x1"])
    assert bench.funds(a) == {"USDT": (Decimal(1000), Decimal(0))}


def test_planned_orders_of_a_stopping_automation_are_skipped(bench: Bench) -> None:
    a = bench.automation("a", once(buy(90)))
    bench.tick()
    bench.commands.stop(a)
    bench.run(2_000)
    assert (bench.statuses(), bench.trading.requests, bench.row(a).status) == (["skipped"], [], "stopped")


def test_an_order_waiting_for_its_retry_is_skipped_when_its_automation_stops_and_so_is_its_cancel(
    bench: Bench,
) -> None:
    bench.trading.will(NotSent("no route"))
    a = bench.automation("a", once(buy(90)))
    bench.settle()
    bench.commands.stop(a)
    bench.run(10_000)
    assert (bench.statuses(), bench.row(a).status, bench.trading.cancels) == (["skipped"], "stopped", [])
    # What is planned is provably not at the exchange: nothing needs to be asked to cancel it.
    assert bench.intents("cancel") == []
    assert bench.funds(a) == {"USDT": (Decimal(1000), Decimal(0))}


def test_a_cancel_of_an_order_that_turns_out_refused_ends(bench: Bench) -> None:
    """The order was under way without an id when it was cancelled, and never came to be."""

    def refuse_after_a_cancel(_request: Any) -> Any:
        bench.commands.stop(a)
        raise OrderRefused("no")

    bench.trading.will(refuse_after_a_cancel)
    a = bench.automation("a", once(buy(90)))
    bench.run(5_000)
    assert (bench.statuses(), bench.row(a).status) == (["refused"], "stopped")


def test_a_cancel_waits_for_the_exchange_s_id_of_its_order(bench: Bench) -> None:
    def stop_meanwhile(request: Any) -> Any:
        bench.commands.stop(a)
        return bench.trading.accept(request)

    bench.trading.will(stop_meanwhile)
    a = bench.automation("a", once(buy(90)))
    bench.run(5_000)
    assert (bench.statuses(), bench.trading.cancels, bench.row(a).status) == (["cancelled"], ["x1"], "stopped")


@pytest.mark.parametrize("error", [Unresolved("502"), NotSent("429")])
def test_a_cancel_without_an_answer_is_repeated(bench: Bench, error: Exception) -> None:
    bench.trading.cancel_faults.append(error)
    a = bench.automation("a", once(buy(90)))
    bench.settle()
    bench.commands.stop(a)
    bench.run(3_000)
    assert (bench.trading.cancels, bench.statuses(), bench.row(a).status) == (["x1", "x1"], ["cancelled"], "stopped")


def test_a_lost_cancel_goes_again_though_nothing_can_be_asked(bench: Bench) -> None:
    """Where more was executed than may be read at once, looks at an account fail, and its cancels need not."""
    a = bench.automation("a", once(buy(90)))
    bench.settle()
    bench.commands.stop(a)
    _die_at(bench, "before-request")
    bench.trading.faults["trades"] = NotSent("nothing more may be asked", retry_after=9)
    bench.run(10_000)
    assert (bench.trading.cancels, [row.status for row in bench.intents("cancel")]) == (["x1"], ["done"])


def test_a_cancel_whose_node_died_before_the_request_is_repeated(bench: Bench) -> None:
    a = bench.automation("a", once(buy(90)))
    bench.settle()
    bench.commands.stop(a)
    _die_at(bench, "before-request")
    assert [row.status for row in bench.intents("cancel")] == ["sent"]
    bench.run(10_000)
    assert (bench.trading.cancels, bench.statuses(), bench.row(a).status) == (["x1"], ["cancelled"], "stopped")


class _Killed(BaseException):
    pass


def _die_at(bench: Bench, point: str) -> None:
    """Run what was delivered up to a named point, then forget everything that is not on disk."""

    def kill(reached: str) -> None:
        if reached == point:
            raise _Killed

    bench.core.checkpoint = kill
    with pytest.raises(_Killed):
        bench.drain()
    bench.core.checkpoint = lambda _point: None
    bench.queue.clear()
    bench.build_stages()


POINTS = ["before-fence", "after-fence", "before-request", "after-request", "before-record", "after-record"]


@pytest.mark.parametrize("point", POINTS)
def test_killed_at_any_point_of_the_fence_an_order_is_neither_lost_nor_sent_twice(bench: Bench, point: str) -> None:
    a = bench.automation("a", once(buy(90)))
    bench.tick()
    _die_at(bench, point)
    bench.run(15_000)
    assert bench.statuses() == ["open"]
    accepted = [known.order.client_order_id for known in bench.trading._orders.values()]
    assert accepted == [bench.intents()[0].client_order_id]
    bench.trading.fill("x1")
    bench.run(2_000)
    assert bench.statuses() == ["filled"]
    assert bench.funds(a) == {"BTC": (Decimal(1), Decimal(0)), "USDT": (Decimal(910), Decimal(0))}


def test_an_exchange_that_keeps_failing_is_left_alone_for_a_while(bench: Bench) -> None:
    bench.trading.will(*[NotSent("down")] * 5)
    for n in range(6):
        bench.automation(f"n{n}", once(buy(90)))
    bench.settle()
    assert len(bench.trading.requests) == 6
    late = bench.automation("late", once(buy(80)))
    bench.trading.will(*[NotSent("down")] * 50)
    bench.run(1_000)
    asked = len(bench.trading.requests)
    bench.run(3_500)
    assert len(bench.trading.requests) == asked
    assert [row.reason for row in bench.intents() if row.automation_id == late] == ["the exchange keeps failing"]
    bench.trading.behaviours.clear()
    bench.run(20_000)
    assert set(bench.statuses()) == {"open"}


def test_a_breaker_opens_at_its_limit_and_one_success_closes_it() -> None:
    breaker = Breaker(limit=2, pause_ms=100)
    breaker.record(failed=True, now=0)
    assert not breaker.is_open(0)
    breaker.record(failed=True, now=10)
    assert [breaker.is_open(now) for now in (10, 109, 110)] == [True, True, False]
    breaker.record(failed=True, now=110)
    assert breaker.is_open(111)
    breaker.record(failed=False, now=210)
    breaker.record(failed=True, now=211)
    assert not breaker.is_open(211)


def test_retries_are_not_starved_by_a_long_queue_of_another_account(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("octobot_node.engine.sweeper._LIMIT", 3)
    from octobot_node.engine.commands.commands import NewAccount

    other = bench.commands.create_account(NewAccount("other", "fake", "fake", {}, {}))
    orders: Sequence[Any] = [buy(90 + n) for n in range(5)]
    bench.automation("a", once(*orders, independent=True))
    bench.tick()
    waiting = list(bench.queue)
    bench.queue.clear()
    b = bench.automation("b", once(buy(50)), account=other)
    bench.tick()
    bench.queue.clear()
    bench.queue.extend(waiting)
    assert bench.sweeper.carry_adrift() == 1
    assert {row.automation_id for row in bench.intents() if row.carrier == bench.queue[-1][1]} == {b}
