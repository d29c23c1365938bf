"""DCA buys on its schedule and sells with a profit, also once its config is edited."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from octobot_node import CancelOrder, Daily, Decision, IntentStatus, LimitOrder, MarketRules, Position, Wake
from octobot_tentacles.dca import register_automations
from octobot_tentacles.dca.automation import Dca
from octobot_tentacles.dca.state import DcaState
from tests.unit.tentacles.dca.deciding import (
    BUY,
    FIRST,
    LADDER,
    SECOND,
    START,
    SYMBOL,
    THIRD,
    D,
    averaging,
    config,
    deal,
    decide,
    fill,
    held,
    remembered,
    resting,
    result,
    scheduled,
    take_profit,
)


def test_the_package_offers_the_type_dca() -> None:
    offered: list[Any] = []
    register_automations(offered.append)
    assert offered == [Dca]
    assert Dca.name == "dca"
    assert Dca().needs(config(), None).symbols == {SYMBOL}


# The schedule.


def test_an_interval_buys_at_once_and_then_counts_from_there() -> None:
    assert decide(config(every="4h")) == Decision(
        state=remembered(),
        orders=[BUY],
        wake=Wake(every=timedelta(hours=4), anchor=START),
        independent=True,
    )


def test_a_due_tick_buys() -> None:
    assert decide(config(), remembered(), due=True).orders == [BUY]


def test_a_tick_that_something_else_woke_does_not_buy_and_keeps_the_schedule() -> None:
    assert decide(config(every="4h"), remembered()) == Decision(
        state=remembered(), wake=Wake(every=timedelta(hours=4), anchor=START), orders=[], independent=True
    )


def test_a_daily_time_waits_for_that_time_instead_of_buying_at_creation() -> None:
    daily = config(daily={"at": "09:00", "tz": "Europe/Paris"})
    first = decide(daily)
    assert first == Decision(
        state=remembered(), wake=Wake(daily=Daily("09:00", "Europe/Paris")), orders=[], independent=True
    )
    assert decide(daily, remembered(), due=True).orders == [BUY]


def test_missed_times_are_bought_once() -> None:
    assert decide(config(), remembered(), due=True, missed=5).orders == [BUY]


def test_a_refused_scheduled_buy_waits_for_the_next_time() -> None:
    refused = result("scheduled", IntentStatus.REFUSED, side="buy")
    assert decide(config(), remembered(), results=[refused]).orders == []


def test_a_scheduled_buy_of_unknown_outcome_is_not_made_up_for() -> None:
    unknown = result("scheduled", IntentStatus.UNKNOWN, side="buy")
    decision = decide(config(), remembered(), open_orders=[scheduled(IntentStatus.UNKNOWN)], results=[unknown])
    assert decision.orders == []


def test_without_take_profit_it_only_accumulates() -> None:
    decision = decide(config(), remembered(), position=held("0.1", "100"), fills=[fill("buy", "0.1", "1000")])
    assert decision.orders == []
    assert decision.state == remembered(spent=100)


# Take-profit.


@pytest.mark.parametrize(
    ("position", "wanted"),
    [
        (held("0.1", "100"), take_profit("0.10000000", "1020.00")),
        # A fee in base leaves digits the exchange does not take; the price rounds up, never below what was asked.
        (held("0.09990999", "100"), take_profit("0.09990999", "1020.92")),
        (held("0.0999000009", "100"), take_profit("0.09990000", "1021.03")),
        # Averages are rarely exact: the last of 28 digits must not move the price by a step.
        (held("0.3", "300.0000000000000000000000001"), take_profit("0.30000000", "1020.00")),
    ],
)
def test_take_profit_sells_the_whole_position_above_its_average_cost(position: Position, wanted: LimitOrder) -> None:
    assert decide(config(take_profit=2), remembered(), position=position).orders == [wanted]


def test_a_take_profit_that_fits_is_left_alone() -> None:
    standing = resting(take_profit("0.1", "1020"))
    assert decide(config(take_profit=2), remembered(), position=held("0.1", "100"), open_orders=[standing]).orders == []


def test_a_partly_sold_take_profit_is_left_alone() -> None:
    standing = resting(take_profit("0.1", "1020"), filled="0.04")
    decision = decide(
        config(take_profit=2),
        remembered(),
        position=held("0.06", "60"),
        open_orders=[standing],
        fills=[fill("sell", "0.04", "1020", tag="take-profit")],
    )
    assert decision.orders == []


def test_a_buy_replaces_the_partly_sold_take_profit_once_that_is_known_to_be_gone() -> None:
    settings, position = config(take_profit=2), held("0.16", "150")
    standing = resting(take_profit("0.1", "1020"), order_id="old", filled="0.04")
    grown = decide(
        settings,
        remembered(spent=100),
        position=position,
        open_orders=[standing],
        fills=[fill("buy", "0.1", "900")],
    )
    assert grown.orders == [CancelOrder("old")]
    assert grown.state == remembered(spent=190, cancelling=["old"])

    still_there = decide(settings, grown.state, position=position, open_orders=[standing])
    assert still_there.orders == []
    assert still_there.state == grown.state
    # Should the cancel have been lost, the schedule repeats it.
    due = decide(settings, grown.state, position=position, open_orders=[standing], due=True)
    assert due.orders == [CancelOrder("old"), BUY]

    gone = [result("take-profit", IntentStatus.CANCELLED, order_id="old")]
    replaced = decide(settings, grown.state, position=position, results=gone)
    assert replaced.orders == [take_profit("0.16000000", "956.25")]
    assert replaced.state == remembered(spent=190)


def test_a_take_profit_of_unknown_outcome_is_never_replaced() -> None:
    standing = resting(take_profit("0.1", "1020"), status=IntentStatus.UNKNOWN)
    decision = decide(
        config(take_profit=2),
        remembered(),
        position=held("0.2", "200"),
        open_orders=[standing],
        fills=[fill("buy", "0.1", "1000")],
        results=[result("take-profit", IntentStatus.UNKNOWN, order_id=standing.id)],
    )
    assert decision.orders == []


@pytest.mark.parametrize(
    "status", [IntentStatus.REFUSED, IntentStatus.SKIPPED, IntentStatus.EXPIRED, IntentStatus.CANCELLED]
)
def test_a_failed_take_profit_is_tried_again_on_the_schedule_or_a_fill_and_not_at_once(status: IntentStatus) -> None:
    settings, position, failed = config(take_profit=2), held("0.1", "100"), [result("take-profit", status)]
    wanted = take_profit("0.10000000", "1020.00")
    assert decide(settings, remembered(), position=position, results=failed).orders == []
    assert decide(settings, remembered(), position=position, results=failed, due=True).orders == [wanted, BUY]
    filled = decide(settings, remembered(), position=position, results=failed, fills=[fill("buy", "0.1", "1000")])
    assert filled.orders == [wanted]


@pytest.mark.parametrize("position", [held("0.00009", "90"), held("0.009", "9"), held("0.000000009", "0.01")])
def test_a_position_below_the_exchanges_minimum_is_not_offered(position: Position) -> None:
    assert decide(config(take_profit=2), remembered(), position=position).orders == []


def test_a_remainder_below_the_minimum_goes_on_resting() -> None:
    standing = resting(take_profit("0.1", "1020"), filled="0.099")
    assert decide(config(take_profit=2), remembered(), position=held("0.001", "1"), open_orders=[standing]).orders == []


def test_a_take_profit_for_more_than_is_held_is_cancelled() -> None:
    standing = resting(take_profit("0.1", "1020"))
    assert decide(config(take_profit=2), remembered(), open_orders=[standing]).orders == [CancelOrder(standing.id)]


# Editing.


def test_a_changed_take_profit_takes_effect_at_once() -> None:
    standing = resting(take_profit("0.1", "1020"))
    decision = decide(config(take_profit=5), remembered(), position=held("0.1", "100"), open_orders=[standing])
    assert decision.orders == [CancelOrder("id-take-profit")]
    gone = [result("take-profit", IntentStatus.CANCELLED, order_id="id-take-profit")]
    replaced = decide(config(take_profit=5), decision.state, position=held("0.1", "100"), results=gone)
    assert replaced.orders == [take_profit("0.10000000", "1050.00")]


def test_a_removed_take_profit_is_cancelled() -> None:
    standing = resting(take_profit("0.1", "1020"))
    decision = decide(config(), remembered(), position=held("0.1", "100"), open_orders=[standing])
    assert decision.orders == [CancelOrder("id-take-profit")]


def test_a_deal_keeps_the_ladder_it_began_with() -> None:
    edited = config(take_profit=2, safety_orders={**LADDER, "count": 5, "step": 3})
    standing = [resting(take_profit("0.1", "1020")), resting(FIRST), resting(SECOND), resting(THIRD)]
    decision = decide(edited, remembered(deal=deal()), position=held("0.1", "100"), open_orders=standing)
    assert decision.orders == []


def test_removed_safety_orders_are_cancelled_and_the_take_profit_stays() -> None:
    standing = [resting(take_profit("0.1", "1020")), resting(FIRST)]
    decision = decide(config(take_profit=2), remembered(deal=deal()), position=held("0.1", "100"), open_orders=standing)
    assert decision.orders == [CancelOrder("id-safety-1")]
    assert decision.state == remembered(cancelling=["id-safety-1"])


@pytest.mark.parametrize(("symbol", "spent"), [("ETH/USD", 100), ("ETH/EUR", 0)])
def test_another_symbol_begins_anew_and_cancels_the_orders_of_the_old(symbol: str, spent: int) -> None:
    edited = averaging().model_copy(update={"symbol": symbol})
    decision = decide(
        edited,
        remembered(spent=100, deal=deal()),
        position=held("0.1", "100"),
        open_orders=[resting(take_profit("0.1", "1020")), resting(FIRST)],
        fills=[fill("buy", "0.1", "990", tag="safety-2")],
        rules=MarketRules(symbol, base="ETH", quote=symbol[-3:]),
    )
    assert decision.orders == [CancelOrder("id-take-profit"), CancelOrder("id-safety-1")]
    assert decision.state == DcaState(
        anchor=START, symbol=symbol, spent=D(spent), cancelling=("id-safety-1", "id-take-profit")
    )
