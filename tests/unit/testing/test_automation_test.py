"""The driver of one automation: what an author's test sees of ticks, orders, money and time."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any, ClassVar

import pytest
from pydantic import BaseModel

from octobot_node import (
    Automation,
    CancelOrder,
    Decision,
    IntentStatus,
    LimitOrder,
    MarketOrder,
    Needs,
    Notify,
    Position,
    StopAutomation,
    StopOrder,
    Tick,
    Wake,
)
from octobot_node.errors import DataUnavailable
from octobot_node.limits import Limits
from octobot_node.testing import AutomationTest

D = Decimal
START = datetime(2026, 1, 1, tzinfo=UTC)


class Scripted(Automation["Scripted.Config", Any]):
    """Decide what the test says."""

    name = "scripted"

    class Config(BaseModel):
        symbol: str = "BTC/USD"
        size: Decimal = D(1)

    script: ClassVar[Callable[[Tick[Config, Any]], Decision]]

    def evaluate(self, tick: Tick[Config, Any]) -> Decision:
        return type(self).script(tick)


Config = Scripted.Config


def scripted(decide: Callable[[Tick[Config, Any]], Decision], **options: Any) -> AutomationTest:
    """Return a test of a type that decides so, with 1,000 USD and BTC at 100."""
    members = {"script": staticmethod(decide), **options.pop("members", {})}
    type_ = type("Script", (Scripted,), members)
    return AutomationTest(type_, {}, **{"budget": {"USD": 1000}, **options}).price("BTC/USD", 100)


def limit(side: Any = "buy", price: str = "90", **fields: Any) -> LimitOrder:
    return LimitOrder("BTC/USD", side, D(1), D(price), tag="rest", **fields)


def once(*orders: Any, **decision: Any) -> Callable[[Tick[Config, Any]], Decision]:
    return lambda tick: Decision(orders=() if tick.number else orders, **decision)


def test_a_limit_buy_reserves_its_cost_and_its_fill_is_settled_by_the_ledger() -> None:
    trade = scripted(once(limit()))
    trade.tick()
    assert (trade.balances["USD"], trade.reserved["USD"]) == (D(910), D(90))
    fill = trade.fill("rest", amount="0.4")
    assert (fill.amount, fill.price, fill.fee, fill.fee_asset, fill.liquidity) == (
        D("0.4"), D(90), D("0.0004"), "BTC", "maker",
    )  # fmt: skip
    assert [(order.filled, order.remaining) for order in trade.open_orders] == [(D("0.4"), D("0.6"))]
    trade.fill("rest")
    assert trade.open_orders == []
    assert trade.position("BTC/USD") == Position("BTC/USD", D("0.999"), D(90), D(0))
    assert (trade.balances["USD"], trade.reserved["USD"]) == (D(910), D(0))
    assert [(result.status, result.filled, result.average) for result in trade.results] == [
        (IntentStatus.FILLED, D(1), D(90))
    ]


def test_the_next_tick_is_told_once_of_fills_and_results() -> None:
    seen: list[tuple[int, int]] = []

    def decide(tick: Tick[Config, Any]) -> Decision:
        seen.append((len(tick.fills), len(tick.results)))
        return Decision(orders=[limit()] if tick.number == 0 else [])

    trade = scripted(decide)
    trade.tick()
    trade.fill("rest", amount="0.5")
    trade.fill("rest")
    trade.tick()
    trade.tick()
    assert seen == [(0, 0), (2, 1), (0, 0)]


def test_an_order_over_budget_is_refused_by_the_planner_with_its_reason() -> None:
    trade = scripted(once(limit(price="2000")))
    trade.tick()
    assert trade.has_news
    assert [(result.status, result.reason) for result in trade.results] == [
        ("refused", "2000 USD is needed, 1000 is free in the automation's budget")
    ]


def test_limits_hold() -> None:
    trade = scripted(once(limit()), limits=Limits(max_order_notional=D(50)))
    trade.tick()
    assert trade.results[0].reason == "90 USD is above the limit of 50 an order"


def test_after_a_refused_order_the_rest_is_skipped_unless_independent() -> None:
    for independent, statuses in ((False, ["refused", "skipped"]), (True, ["refused"])):
        trade = scripted(once(limit(price="2000"), limit(), independent=independent))
        trade.tick()
        assert [result.status for result in trade.results] == statuses


def test_a_market_order_by_spend_fills_at_the_ask() -> None:
    trade = scripted(once(MarketOrder("BTC/USD", "buy", spend=D(100), tag="in")))
    trade.price("BTC/USD", 100, bid=99, ask=125)
    trade.tick()
    fill = trade.fill("in")
    assert (fill.amount, fill.price, fill.liquidity) == (D("0.8"), D(125), "taker")
    assert trade.open_orders == []


def test_an_unknown_order_keeps_its_funds_until_something_is_known() -> None:
    trade = scripted(once(limit()))
    trade.tick()
    trade.unknown("rest")
    assert [order.status for order in trade.open_orders] == [IntentStatus.UNKNOWN]
    assert trade.reserved["USD"] == D(90)
    trade.tick()
    trade.fill("rest")
    assert (trade.open_orders, trade.reserved["USD"]) == ([], D(0))


@pytest.mark.parametrize(
    ("ending", "status"), [("cancelled", "cancelled"), ("refuse", "refused"), ("expire", "expired")]
)
def test_an_order_that_ends_gives_its_funds_back(ending: str, status: str) -> None:
    trade = scripted(once(limit()))
    trade.tick()
    getattr(trade, ending)(trade.open_orders[0])
    assert [result.status for result in trade.results] == [status]
    assert (trade.balances["USD"], trade.reserved["USD"]) == (D(1000), D(0))


def test_a_cancel_is_asked_for_until_the_test_says_that_it_happened() -> None:
    trade = scripted(
        lambda tick: Decision(orders=[CancelOrder(tick.open_orders[0].id)] if tick.open_orders else [limit()])
    )
    trade.tick()
    trade.tick()
    assert trade.cancelling == [trade.open_orders[0].id]
    trade.cancelled("rest")
    assert (trade.cancelling, trade.open_orders) == ([], [])


def test_an_order_that_is_not_there_is_named_with_those_that_are() -> None:
    trade = scripted(once(limit(), limit("buy", "80")))
    trade.tick()
    with pytest.raises(LookupError, match=r"no open order has the id or tag 'other'; open are: rest \(buy BTC/USD\)"):
        trade.fill("other")
    with pytest.raises(LookupError, match="several open orders have the tag 'rest'"):
        trade.fill("rest")


def test_what_the_author_s_code_raises_is_the_cause() -> None:
    def decide(tick: Tick[Config, Any]) -> Decision:
        raise KeyError("gone")

    trade = scripted(decide)
    with pytest.raises(AssertionError, match="tick 0 failed: KeyError: 'gone'") as failed:
        trade.tick()
    assert isinstance(failed.value.__cause__, KeyError)


def test_what_the_engine_refuses_fails_the_test() -> None:
    with pytest.raises(AssertionError, match=r"amount must be a positive Decimal, not 0.1"):
        scripted(once(MarketOrder("BTC/USD", "buy", amount=0.1))).tick()  # type: ignore[arg-type]


def test_a_tick_without_its_data_waits() -> None:
    trade = scripted(once())
    trade.market.no_price("BTC/USD")
    with pytest.raises(DataUnavailable, match="no price of BTC/USD"):
        trade.tick()
    assert (trade.status, trade.reason) == ("waiting", "no price of BTC/USD")
    trade.price("BTC/USD", 100).tick()
    assert trade.status == "active"


def test_candles_that_are_asked_for_must_be_enough() -> None:
    needs = {"needs": lambda self, config, state: Needs(candles={("BTC/USD", "1h"): 3})}
    trade = scripted(lambda tick: Decision(state=list(tick.market.candles("BTC/USD", "1h").close)), members=needs)
    trade.candles("BTC/USD", "1h", closes=[1, 2])
    with pytest.raises(DataUnavailable, match="warming up: 2 of 3 1h candles of BTC/USD"):
        trade.tick()
    trade.candles("BTC/USD", "1h", closes=[1, 2, 3, 4])
    trade.tick()
    assert trade.state == [2.0, 3.0, 4.0]


def test_plans_are_followed_and_missed_ones_counted() -> None:
    seen: list[tuple[datetime, datetime | None, int]] = []

    def decide(tick: Tick[Config, Any]) -> Decision:
        seen.append((tick.now, tick.scheduled_at, tick.missed))
        return Decision(wake=Wake(every=timedelta(hours=1), align=True))

    trade = scripted(decide)
    trade.run_until_idle(until=START + timedelta(hours=2))
    trade.advance(minutes=30)
    trade.tick()
    trade.advance(hours=3)
    trade.tick()
    hour = timedelta(hours=1)
    assert seen == [
        (START, None, 0),
        (START + hour, START + hour, 0),
        (START + 2 * hour, START + 2 * hour, 0),
        (START + 2.5 * hour, None, 0),
        (START + 5.5 * hour, START + 3 * hour, 2),
    ]
    assert trade.next_run == START + 6 * hour


def test_what_ticks_note_is_kept() -> None:
    def decide(tick: Tick[Config, Any]) -> Decision:
        tick.log(f"tick {tick.number}")
        return Decision()

    trade = scripted(decide)
    trade.tick()
    trade.tick()
    assert trade.logged == [("info", "tick 0"), ("info", "tick 1")]


def test_a_crossed_level_wakes() -> None:
    trade = scripted(lambda tick: Decision(wake=Wake(above={"BTC/USD": D(110)}, below={"BTC/USD": D(90)})))
    trade.tick()
    assert trade.levels == {"above": {"BTC/USD": D(110)}, "below": {"BTC/USD": D(90)}}
    assert len(trade.run_until_idle({"BTC/USD": [105, 110, 109, "89.5", 100]})) == 2


def test_prices_execute_orders_when_matching() -> None:
    orders = (limit(), limit("sell", "120"), StopOrder("BTC/USD", "sell", D(1), D(80), tag="stop"))
    trade = scripted(once(*orders, independent=True), budget={"USD": 1000, "BTC": 2})
    trade.run_until_idle({"BTC/USD": [95, 85, 79, 121]}, matching=True)
    assert [(fill.tag, fill.side, fill.price, fill.liquidity) for fill in trade.fills] == [
        ("rest", "buy", D(90), "maker"),
        ("stop", "sell", D(79), "taker"),
        ("rest", "sell", D(120), "maker"),
    ]


def test_what_cannot_fill_at_once_or_has_expired_ends() -> None:
    ending = (limit(tif="ioc"), limit(price="80", expires=START + timedelta(hours=1)))
    trade = scripted(once(*ending))
    trade.tick()
    trade.match()
    trade.advance(hours=1)
    trade.match()
    assert [result.status for result in trade.results] == ["expired", "cancelled"]


def test_a_storm_does_not_come_to_rest() -> None:
    trade = scripted(lambda tick: Decision(orders=[limit(price="2000")]))
    with pytest.raises(AssertionError, match="it does not come to rest"):
        trade.run_until_idle()


def test_a_budget_in_base_is_a_position_at_the_first_price() -> None:
    trade = scripted(once(), budget={"BTC": 2})
    trade.tick()
    assert trade.position("BTC/USD") == Position("BTC/USD", D(2), D(200), D(0))


def test_an_edit_is_told_and_cancels_what_rests_unless_the_type_lives_with_it() -> None:
    for live, left in ((False, 0), (True, 1)):
        told: list[Any] = []

        def decide(tick: Tick[Config, Any], told: list[Any] = told) -> Decision:
            told.append((tick.config.size, tick.previous_config and tick.previous_config.size))
            return Decision(orders=[limit()] if tick.number == 0 else [])

        trade = scripted(decide, members={"live_edit": live})
        trade.tick()
        trade.edit({"size": "2"})
        assert len(trade.open_orders) == left
        trade.tick()
        trade.tick()
        assert told == [(D(1), None), (D(2), D(1)), (D(2), None)]


def test_signals_notices_requests_and_figures_go_through() -> None:
    def decide(tick: Tick[Config, Any]) -> Decision:
        actions = [Notify(f"{signal.channel}: {signal.payload['say']}") for signal in tick.signals]
        return Decision(actions=[*actions, StopAutomation("other")], figures={"gain": D("1.50")}, done=True)

    trade = scripted(decide)
    trade.signal({"say": "hello"}, channel="tv")
    assert trade.tick().done
    assert trade.notices == [Notify("tv: hello")]
    assert trade.requests == [StopAutomation("other")]
    assert trade.figures == {"gain": "1.50"}
    assert trade.status == "completed"
    with pytest.raises(AssertionError, match="it is completed: it decides no more"):
        trade.tick()


def test_what_is_done_completes_when_its_orders_are_over() -> None:
    trade = scripted(once(limit(), done=True))
    trade.tick()
    assert trade.status == "completing"
    trade.fill("rest")
    assert trade.status == "completed"


def test_money_as_a_float_is_refused_with_the_cure() -> None:
    with pytest.raises(TypeError, match=r'the budget of USD is money.*write "0.1" or Decimal\("0.1"\)'):
        AutomationTest(Scripted, {}, budget={"USD": 0.1})  # type: ignore[dict-item]


class Empty(BaseModel):
    pass


class Rotating(Automation[Empty, str]):
    """Needs what its state says."""

    name, version = "rotating", 2
    Config = Empty

    def needs(self, config: Empty, state: str | None) -> Needs:
        return Needs(tickers=[state or "BTC/USD"])

    def upgrade(self, state: str, from_version: int) -> str:
        return state.replace("-", "/") if from_version == 1 else state

    def evaluate(self, tick: Tick[Empty, str]) -> Decision:
        tick.market.ticker(tick.state or "BTC/USD")
        return Decision(state="ETH/USD")


def test_an_edited_automation_is_asked_what_it_needs_with_its_state_as_a_node_asks_it() -> None:
    trade = AutomationTest(Rotating, {}).price("BTC/USD", 100).price("ETH/USD", 10)
    trade.tick()
    trade.edit({})
    assert tuple(trade.needs.symbols) == ("ETH/USD",)
    trade.tick()
    assert trade.status == "active"


def test_it_goes_on_from_what_an_earlier_release_left() -> None:
    trade = AutomationTest(Rotating, {}, state="ETH-USD", state_version=1).price("ETH/USD", 10)
    assert (trade.state, tuple(trade.needs.symbols)) == ("ETH/USD", ("ETH/USD",))
    trade.tick()
    assert (trade.state, trade.state_json) == ("ETH/USD", '"ETH/USD"')


def test_what_looks_at_a_symbol_that_it_does_not_need_fails_and_does_not_wait() -> None:
    class Straying(Rotating):
        def needs(self, config: Empty, state: str | None) -> Needs:
            return Needs(tickers=["BTC/USD"])

    trade = AutomationTest(Straying, {}).price("BTC/USD", 100).price("ETH/USD", 10)
    trade.tick()
    with pytest.raises(AssertionError, match="the ticker of ETH/USD is not here: add it to what needs"):
        trade.tick()
