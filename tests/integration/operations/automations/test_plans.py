"""A plan says what the next tick will do, and does nothing of it."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from octobot_node import (
    CancelOrder,
    Decision,
    LimitOrder,
    MarketOrder,
    Notify,
    PauseAutomation,
    Tick,
    Wake,
)
from octobot_node.engine.deciding.price_levels import take_levels
from octobot_node.errors import DataUnavailable, UsageError
from octobot_node.limits import Limits
from octobot_node.store import tables
from tests.integration.operations.conftest import Office
from tests.support.transitions import allow_any_transition

HOURLY = Wake(every=timedelta(hours=1), align=True)


def plain(price: Decimal) -> str:
    return format(price, "f")


def buy(price: str, amount: str = "1", **more: Any) -> LimitOrder:
    return LimitOrder("BTC/USDT", "buy", amount=Decimal(amount), price=Decimal(price), **more)


def busy(tick: Tick[Any, Any]) -> Decision:
    """Cancel what rests, order anew, tell, ask, remember."""
    last = tick.market.ticker("BTC/USDT").last
    tick.log(f"the price is {last}", "warning")
    return Decision(
        state={"last": str(last), "ticks": tick.number + 1},
        orders=[*(CancelOrder(order.id) for order in tick.open_orders), buy(f"{last - 10}", tag="low"), buy("1")],
        actions=[Notify("hello", "warning"), PauseAutomation("other")],
        wake=Wake(every=timedelta(hours=1), align=True, above={"BTC/USDT": last + 5}),
        figures={"grid profit": Decimal("1.5")},
        independent=True,
    )


def test_a_plan_is_what_the_next_tick_then_does_and_writes_nothing(office: Office) -> None:
    found = office.bench.automation("busy", busy, budget={"USDT": "150"}, candles=2)
    office.bench.settle()
    office.bench.market.prices["BTC/USDT"] = Decimal(120)
    office.bench.advance(250)
    before = office.database()
    plan = office.do("automations.plan", automation="busy", at_once=True)
    assert office.database() == before
    take_levels(office.bench.core)
    assert office.bench.core.hub.levels.each()[0][3] == Decimal(105)
    assert (list(office.bench.queue), office.hurried, set(office.bench.type.scripts)) == ([], [], {"busy"})

    told = plan.model_dump(mode="json")
    assert {key: told[key] for key in ("outcome", "status", "tick", "at", "scheduled", "next_run", "source")} == {
        "outcome": "decides",
        "status": "active",
        "tick": 1,
        "at": "2026-01-01T00:00:00.250000Z",
        "scheduled": False,
        "next_run": "2026-01-01T00:00:01.250000Z",
        "source": "fake",
    }
    first, second = office.bench.intents()
    assert [(o["kind"], o["status"], o["price"], o["reserves"], o["cancels"]) for o in told["orders"]] == [
        ("cancel", "planned", plain(first.price), "0", first.id),
        ("cancel", "planned", plain(second.price), "0", second.id),
        ("order", "refused", "110", "0", None),
        ("order", "planned", "1", "1", None),
    ]
    assert told["orders"][2]["reason"] == "110 USDT is needed, 59 is free in the automation's budget"
    assert told["needs_funds"] == {"USDT": "1"}
    assert told["free_funds"] == {"USDT": "59"}
    assert told["lacking_funds"] == {"USDT": "52"}
    # All tickers at once, one series of candles; two cancels and an order.
    assert told["requests_used"] == {"market_data": 2, "trading": 3}
    assert told["notices"] == [{"level": "warning", "message": "hello"}]
    assert told["requests"] == [{"automation": "other", "command": "pause"}]
    assert told["levels"] == {"above": {"BTC/USDT": "125"}, "below": {}}
    assert ([(row["label"], row["value"]) for row in told["figures"]], told["state"]) == (
        [("grid profit", "1.5")],
        {"last": "120", "ticks": 2},
    )
    assert [(ticker["symbol"], ticker["last"]) for ticker in told["tickers"]] == [("BTC/USDT", "120")]
    assert [(c["timeframe"], c["asked"], c["got"], c["stale"]) for c in told["candles"]] == [("1h", 2, 2, False)]

    # And so it is.
    office.do("automations.run_now", automation="busy")
    office.bench.advance(1_000)
    office.bench.tick()
    done = [row for row in office.bench.rows(tables.intents, tables.intents.c.id) if row.tick == 1]
    # What a cancel's plan shows is the order that it is about.
    assert [(row.kind, row.status, row.reason, row.price, row.reserved) for row in done] == [
        (each.kind, each.status, each.reason, None if each.kind == "cancel" else each.price, each.reserves)
        for each in plan.orders
    ]
    assert office.bench.row(found).state == '{"last":"120","ticks":2}'


def test_a_plan_is_told_the_time_at_which_the_tick_is_due(office: Office) -> None:
    def when(tick: Tick[Any, Any]) -> Decision:
        return Decision(state=[tick.now.isoformat(), tick.scheduled_at is not None], wake=HOURLY)

    office.bench.automation("clock", when)
    office.bench.settle()
    office.bench.advance(60_000)
    due = office.do("automations.plan", automation="clock")
    assert (due.scheduled, due.state) == (True, ["2026-01-01T01:00:00+00:00", True])
    assert due.next_run is not None
    assert due.next_run.isoformat() == "2026-01-01T02:00:00+00:00"
    woken = office.do("automations.plan", automation="clock", at_once=True)
    assert (woken.scheduled, woken.state) == (False, ["2026-01-01T00:01:00+00:00", False])
    office.bench.advance(3 * 3_600_000)
    late = office.do("automations.plan", automation="clock")
    assert (late.scheduled, late.missed, late.at.isoformat()) == (True, 2, "2026-01-01T03:01:00+00:00")


def test_a_plan_is_about_the_schedules_tick_while_something_wakes_the_automation_before_it(office: Office) -> None:
    office.bench.automation("clock", lambda tick: Decision(state=tick.scheduled_at is not None, wake=HOURLY))
    office.bench.settle()
    office.bench.advance(60_000)
    office.do("automations.run_now", automation="clock")
    due = office.do("automations.plan", automation="clock")
    assert (due.scheduled, due.state, due.at.isoformat()) == (True, True, "2026-01-01T01:00:00+00:00")
    assert office.do("automations.plan", automation="clock", at_once=True).state is False


def test_a_plan_respects_limits_of_automation_and_account(office: Office) -> None:
    office.bench.automation(
        "limited",
        lambda _: Decision(orders=[buy("50"), buy("40")], wake=HOURLY),
        limits=Limits(max_order_notional=Decimal(45)),
    )
    plan = office.do("automations.plan", automation="limited")
    assert [(order.status, order.reason) for order in plan.orders] == [
        ("refused", "50 USDT is above the limit of 45 an order"),
        ("skipped", "an order before it was refused"),
    ]
    assert plan.needs_funds == {}


def test_a_plan_says_why_a_tick_would_wait_fail_or_complete(office: Office) -> None:
    def wait(_tick: Tick[Any, Any]) -> Decision:
        raise DataUnavailable("not yet")

    office.bench.automation("waits", wait)
    office.bench.automation("fails", lambda tick: Decision(state=tick.config.nothing))
    office.bench.automation("done", lambda _: Decision(done=True))
    office.bench.automation("selling", lambda _: Decision(orders=[buy("50")], done=True))
    office.bench.automation("unlisted", lambda _: Decision(), symbols=("DOGE/USDT",))
    before = office.database()

    def planned(name: str) -> tuple[str, str, str]:
        plan = office.do("automations.plan", automation=name)
        return plan.outcome, plan.status, plan.reason.partition(" (")[0]

    assert planned("waits") == ("waits", "waiting", "not yet")
    assert planned("fails") == ("fails", "active", "AttributeError: 'ScriptedConfig' object has no attribute 'nothing'")
    assert planned("done") == ("decides", "completed", "")
    assert planned("selling") == ("decides", "completing", "")
    assert planned("unlisted") == ("waits", "waiting", "no price of DOGE/USDT")
    office.bench.market.fault = RuntimeError("down")
    office.bench.advance(61_000)
    assert planned("done") == ("waits", "waiting", "fake failed: down")
    assert office.database() == before


@pytest.mark.parametrize("status", ["paused", "failed"])
def test_what_is_paused_or_failed_is_planned_as_if_resumed(office: Office, status: str) -> None:
    found = office.bench.automation("a", busy)
    office.do("automations.pause", automation="a")
    with office.bench.core.storage.write() as connection:
        allow_any_transition(connection)
        connection.execute(tables.automations.update().values(status=status))
    plan = office.do("automations.plan", automation=found)
    assert (plan.outcome, [order.status for order in plan.orders]) == ("decides", ["planned", "planned"])


def test_a_plan_counts_a_budget_in_base_as_its_first_tick_would(office: Office) -> None:
    sell = MarketOrder("BTC/USDT", "sell", amount=Decimal(1))
    office.bench.automation("seller", lambda _: Decision(orders=[sell], wake=HOURLY), budget={"BTC": "2"})
    before = office.database()
    plan = office.do("automations.plan", automation="seller")
    assert ([order.status for order in plan.orders], plan.needs_funds) == (["planned"], {"BTC": Decimal(1)})
    assert office.database() == before


def test_what_all_orders_lack_is_told_by_asset_also_for_those_skipped_after_the_first(office: Office) -> None:
    def both(_tick: Tick[Any, Any]) -> Decision:
        sale = LimitOrder("BTC/USDT", "sell", amount=Decimal(2), price=Decimal(110))
        return Decision(orders=[buy("90"), buy("90"), sale, buy("5")])

    office.bench.automation("poor", both, budget={"USDT": "100", "BTC": "0.5"})
    plan = office.do("automations.plan", automation="poor")
    assert [order.status for order in plan.orders] == ["planned", "refused", "refused", "skipped"]
    assert plan.needs_funds == {"USDT": Decimal(90)}
    assert plan.lacking_funds == {"USDT": Decimal(85), "BTC": Decimal("1.5")}
    assert plan.requests_used.model_dump() == {"market_data": 1, "trading": 1}


def test_a_plan_that_fits_lacks_nothing_and_one_without_orders_costs_market_data_alone(office: Office) -> None:
    office.bench.automation("rich", lambda _: Decision(orders=[buy("90")]))
    office.bench.automation("idle", lambda _: Decision(wake=HOURLY), symbols=("BTC/USDT", "ETH/USDT"))
    assert office.do("automations.plan", automation="rich").lacking_funds == {}
    assert office.do("automations.plan", automation="idle").requests_used.model_dump() == {
        "market_data": 1,
        "trading": 0,
    }


def test_levels_that_a_replay_meets_at_closes_are_told_as_any_others(office: Office) -> None:
    def waits(_tick: Tick[Any, Any]) -> Decision:
        return Decision(wake=Wake(below={"BTC/USDT": Decimal(90)}, at_closes=True))

    office.bench.automation("waits", waits)
    office.bench.settle()
    expected = {"above": {}, "below": {"BTC/USDT": "90"}}

    assert office.do("automations.show", automation="waits").levels == expected
    assert office.do("automations.plan", automation="waits", at_once=True).levels == expected


def test_an_edit_is_planned_from_where_the_automation_stands_and_is_then_what_happens(office: Office) -> None:
    def follows(tick: Tick[Any, Any]) -> Decision:
        if tick.previous_config is None:
            return Decision(orders=[] if tick.open_orders else [buy("90")], wake=HOURLY)
        was, now = tick.previous_config.symbols, tick.config.symbols
        taken_back = [CancelOrder(order.id) for order in tick.open_orders]
        return Decision(orders=[*taken_back, buy("80", tag=f"{was[0]} then {now[1]}")], wake=HOURLY)

    found = office.bench.automation("one", follows, budget={"USDT": "500"}, type="tests.live_scripted")
    office.bench.settle()
    before, queued = office.database(), list(office.bench.queue)
    changes = {"symbols": ["BTC/USDT", "ETH/USDT"]}
    plan = office.do("automations.plan", automation="one", changes=changes)
    assert (office.database(), list(office.bench.queue)) == (before, queued)
    (resting,) = office.bench.intents()
    expected = [("cancel", resting.id, Decimal(90), ""), ("order", None, Decimal(80), "BTC/USDT then ETH/USDT")]
    assert [(each.kind, each.cancels, each.price, each.tag) for each in plan.orders] == expected
    whole = {"who": "one", **changes}
    assert office.do("automations.plan", automation="one", config=whole).orders == plan.orders

    # And so it is.
    office.do("automations.edit", automation="one", changes=changes)
    office.bench.tick()
    done = [row for row in office.bench.rows(tables.intents, tables.intents.c.id) if row.tick == 1]
    assert [(row.kind, row.parent, row.tag) for row in done] == [
        (kind, parent, tag) for kind, parent, _, tag in expected
    ]
    assert found == done[0].automation_id


def test_an_edit_that_would_be_refused_is_refused_as_a_plan(office: Office) -> None:
    office.bench.automation("one", busy)
    office.bench.settle()
    with pytest.raises(UsageError, match="either a whole config or changes"):
        office.do("automations.plan", automation="one", config={"who": "one"}, changes={"who": "two"})
    with pytest.raises(UsageError) as refused:
        office.do("automations.plan", automation="one", changes={"candles": "many"})
    assert [each.field for each in refused.value.mistakes] == ["config.candles"]
