"""Accounts that only observe, go live, and are limited on their first day."""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from octobot_node import CancelOrder, Decision, LimitOrder, MarketOrder, Tick, Wake
from octobot_node.errors import CommandRefused, Conflict, OrderRefused
from octobot_node.market import from_ms
from octobot_node.store.tables import intents
from tests.integration.operations.conftest import Office

HOUR = 3_600_000
DCA = {"symbol": "BTC/USDT", "amount": 10, "every": "1h"}


def buying(_tick: Tick[Any, Any]) -> Decision:
    orders = [LimitOrder("BTC/USDT", "buy", amount=Decimal(1), price=Decimal(90))]
    return Decision(orders=orders, wake=Wake(every=timedelta(hours=1), align=True))


def now(office: Office) -> datetime:
    return from_ms(office.bench.clock.now())


def again(office: Office) -> list[tuple[str, str]]:
    office.bench.advance(HOUR)
    office.bench.settle()
    return [(row.status, row.reason) for row in office.bench.rows(intents, intents.c.id)]


def test_what_is_decided_on_an_account_that_observes_is_written_down_and_not_sent(office: Office) -> None:
    told = office.do("accounts.observe", account="main")
    assert (told.mode, told.changed) == ("observe", True)
    office.bench.automation("a", buying)
    office.bench.settle()
    assert [(row.status, row.reason) for row in office.bench.intents()] == [
        ("skipped", "the account only observes: nothing is sent")
    ]
    assert office.bench.trading.requests == []
    assert office.do("ledger.balances").balances[0].reserved == 0
    # It is asked again at its next time, and goes on from there.
    assert [status for status, _ in again(office)] == ["skipped", "skipped"]
    assert not office.do("accounts.observe", account="main").changed


def test_an_account_goes_live_once_it_was_said_what_that_means(office: Office) -> None:
    office.do("accounts.observe", account="main")
    office.bench.automation("a", buying)
    office.bench.settle()
    before = office.do("accounts.show", account="main")
    plan = office.do("accounts.plan_go_live", account="main", max_first_day="500")
    assert not plan.changed
    assert plan.will == [
        "Orders of 1 automation go to fake with real money, from their next decision on.",
        "Together they may use 1000 USDT.",
        (
            "In the first 24 hours they buy for at most 500 in each quote asset, and sell for at most that much more"
            " than they bought for; what goes beyond is refused."
        ),
    ]
    assert office.do("accounts.show", account="main") == before
    assert office.do("accounts.go_live", account="main", max_first_day="500", revision=before.revision).changed
    shown = office.do("accounts.show", account="main")
    assert (shown.mode, shown.limits["max_first_day"]) == ("live", "500")
    assert shown.live_since == now(office)
    assert [status for status, _ in again(office)] == ["skipped", "open"]
    kinds = [event.data for event in office.do("events.list", kind="account.mode_changed").events]
    assert [(data["before"], data["after"]) for data in kinds] == [("live", "observe"), ("observe", "live")]
    with pytest.raises(Conflict):
        office.do("accounts.observe", account="main", revision=before.revision)


def test_without_a_limit_for_the_first_day_that_is_said(office: Office) -> None:
    warnings = office.do("accounts.plan_go_live", account="main").warnings
    assert "No limit is set for the first day: `max_first_day` sets one." in warnings


def test_what_goes_beyond_the_first_days_limit_is_refused_until_the_day_is_over(office: Office) -> None:
    office.do("accounts.observe", account="main")
    office.do("accounts.go_live", account="main", max_first_day="200")
    until = now(office) + timedelta(days=1)
    office.bench.automation("a", buying, budget={"USDT": "10000"})
    office.bench.settle()
    assert again(office) == [("open", ""), ("open", "")]
    refused = again(office)[2]
    why = "with 180 USDT of buys since the account is live it is above the first day's limit of 200 USDT, which holds"
    assert refused == ("refused", f"{why} until {until:%Y-%m-%d %H:%M} UTC")
    while now(office) < until:
        last = again(office)[-1]
    assert last == ("open", "")


def test_a_market_order_counts_by_the_price_that_it_was_decided_at(office: Office) -> None:
    office.do("accounts.edit", account="main", limits={"max_first_day": 150})
    office.do("accounts.observe", account="main")
    office.do("accounts.go_live", account="main")

    def at_market(_tick: Tick[Any, Any]) -> Decision:
        orders = [MarketOrder("BTC/USDT", "buy", amount=Decimal(1)), MarketOrder("BTC/USDT", "buy", spend=Decimal(60))]
        return Decision(orders=orders, wake=Wake(every=timedelta(hours=1), align=True), independent=True)

    office.bench.automation("a", at_market, budget={"USDT": "10000"})
    office.bench.settle()
    assert sorted(row.status for row in office.bench.intents()) == ["open", "refused"]


def test_what_was_bought_on_the_first_day_can_be_sold_again(office: Office) -> None:
    office.do("accounts.observe", account="main")
    office.do("accounts.go_live", account="main", max_first_day="100")

    def in_and_out(tick: Tick[Any, Any]) -> Decision:
        amount = [Decimal(1), Decimal(1), Decimal(3)][min(tick.number, 2)]
        side: Any = "sell" if tick.number else "buy"
        price = Decimal(110) if tick.number else Decimal(90)
        return Decision(orders=[LimitOrder("BTC/USDT", side, amount, price)], wake=Wake(every=timedelta(hours=1)))

    office.bench.automation("a", in_and_out, budget={"USDT": "1000", "BTC": "9"})
    office.bench.settle()
    # More than the limit, and than what the buy cost: the price rose.
    assert again(office) == [("open", ""), ("open", "")]
    status, why = again(office)[2]
    assert (status, why.partition(" since")[0]) == ("refused", "with 110 USDT of sales, beside 90 USDT of buys,")


def test_orders_that_rest_when_an_account_begins_to_observe_can_be_cancelled(office: Office) -> None:
    def once(tick: Tick[Any, Any]) -> Decision:
        wake = Wake(every=timedelta(hours=1), align=True)
        if tick.open_orders:
            return Decision(orders=[CancelOrder(order.id) for order in tick.open_orders], wake=wake)
        return Decision(orders=buying(tick).orders, wake=wake)

    office.bench.automation("a", once)
    office.bench.settle()
    told = office.do("accounts.observe", account="main")
    assert told.warnings == [
        "1 order rests at the exchange and may still fill: cancels are sent, and the kill switch cancels all of them."
    ]
    assert [status for status, _ in again(office)] == ["cancelled", "done"]


def test_a_run_file_and_an_export_have_the_mode(office: Office) -> None:
    spec = {"market_data": {"use": "fake"}, "trading": {"use": "fake"}, "mode": "observe"}
    made = office.do("accounts.create", name="shy", **spec)
    assert (made.mode, made.live_since) == ("observe", None)
    office.do("automations.create", name="a", type="dca", account="shy", budget={"USDT": 10}, config=DCA, start=False)
    exported = office.do("automations.export", automations=["a"])
    assert "mode: observe" in exported.text


def test_who_waits_for_what_became_of_an_order_is_woken_when_the_account_goes_live(office: Office) -> None:
    """A grid, say, plans nothing by the clock: it was told nothing of what was not sent."""

    def once(tick: Tick[Any, Any]) -> Decision:
        return Decision() if tick.open_orders else Decision(orders=buying(tick).orders)

    office.do("accounts.observe", account="main")
    office.bench.automation("a", once)
    office.bench.settle()
    assert [row.status for row in office.bench.intents()] == ["skipped"]
    office.do("accounts.go_live", account="main")
    office.bench.run(2_000)
    assert [row.status for row in office.bench.intents()] == ["skipped", "open"]


def test_an_account_whose_exchange_says_that_something_is_not_well_does_not_go_live(office: Office) -> None:
    office.do("accounts.observe", account="main")
    office.bench.trading.faults["balances"] = OrderRefused("invalid key")
    with pytest.raises(
        CommandRefused,
        match=r"balances is not well: invalid key.*`--unchecked`, or `check: false` of the API, goes live",
    ):
        office.do("accounts.go_live", account="main")
    assert office.do("accounts.show", account="main").mode == "observe"
    assert office.do("accounts.go_live", account="main", check=False).changed


def test_going_live_names_the_exchange_and_not_only_the_connector_to_many(office: Office) -> None:
    keys = {"api_key": "k3y", "secret": "s3cret"}
    spec = {"market_data": {"use": "fake"}, "trading": {"use": "ccxt", "exchange": "okx", "password": "w0rd", **keys}}
    office.do("accounts.create", name="real", **spec, mode="observe")
    said = office.do("accounts.plan_go_live", account="real").will[0]
    assert said == "Orders of 0 automations go to OKX with real money, from their next decision on."
    # A test network's is none.
    trading = {**spec["trading"], "sandbox": True}
    office.do("accounts.create", name="test", market_data={"use": "fake"}, trading=trading, mode="observe")
    plan = office.do("accounts.plan_go_live", account="test")
    assert plan.will[0] == "Orders of 0 automations go to OKX with play money, from their next decision on."
