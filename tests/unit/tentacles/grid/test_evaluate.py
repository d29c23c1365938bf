"""A grid begins, goes round by round, and lives with orders that fail."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from octobot_node import CancelOrder, IntentStatus, LimitOrder, MarketOrder, Position, Wake
from octobot_node.orders import Side
from octobot_tentacles.grid import register_automations
from octobot_tentacles.grid.automation import Grid
from tests.unit.tentacles.grid.deciding import (
    BUY_3,
    BUYS,
    IDLE,
    NOW,
    RULES,
    SELLS,
    SYMBOL,
    D,
    at_market,
    buying,
    config,
    decide,
    fill,
    resting,
    result,
    running,
    selling,
    told,
)

# Beginning.


def test_it_is_registered() -> None:
    found: list[type[Any]] = []
    register_automations(found.append)
    assert found == [Grid]


def test_it_begins_by_buying_what_the_levels_above_the_price_are_to_sell() -> None:
    decision = decide(config())
    assert decision.orders == [MarketOrder(SYMBOL, "buy", amount=D("1.000"), tag="opening")]
    assert decision.state == running(buying(), buying(), buying(), IDLE, capital=100 + 110 + 120 + 125)
    assert decision.independent
    assert told(decision) == []


def test_the_opening_buy_makes_up_for_a_fee_in_base() -> None:
    decision = decide(config(), rules=RULES)
    # The cell sells 0.999; 0.999 / 0.999 = 1.
    assert decision.orders == [MarketOrder(SYMBOL, "buy", amount=D("1.000"), tag="opening")]


def test_nothing_else_is_ordered_while_the_opening_buy_is_open() -> None:
    state = running(buying(), buying(), buying(), IDLE)
    waiting = decide(config(), state, open_orders=[at_market("buy", "opening")], fills=[])
    assert waiting.orders == []
    assert waiting.state == state


def test_once_it_has_bought_every_level_gets_its_order_nearest_first() -> None:
    state = running(buying(), buying(), buying(), IDLE)
    decision = decide(
        config(), state, fills=[fill("buy", "1", "125", "opening")], balances={"USD": D(1000), "BTC": D(1)}
    )
    assert decision.orders == [SELLS[3], BUYS[2], BUYS[1], BUYS[0]]
    assert decision.state == running(buying(), buying(), buying(), selling(opening=True))


def test_base_in_the_budget_is_used_before_more_is_bought() -> None:
    enough = decide(config(), balances={"USD": D(1000), "BTC": D(3)})
    assert enough.orders == [SELLS[3], BUYS[2], BUYS[1], BUYS[0]]
    assert enough.state.loose == 0
    some = decide(config(), balances={"USD": D(1000), "BTC": D("0.4")})
    assert some.orders == [MarketOrder(SYMBOL, "buy", amount=D("0.600"), tag="opening")]


def test_a_refused_opening_leaves_its_levels_waiting_for_the_price_and_says_so() -> None:
    state = running(buying(), buying(), buying(), IDLE)
    decision = decide(config(), state, results=[result("opening", IntentStatus.REFUSED, reason="too large")])
    assert decision.orders == [BUYS[2], BUYS[1], BUYS[0]]
    assert decision.wake == Wake(above={SYMBOL: D("130.01")})
    (message,) = told(decision)
    assert "could not buy what its levels above the price are to sell (too large)" in message


def test_told_to_wait_it_buys_nothing_and_arms_levels_as_the_price_rises_past_them() -> None:
    first = decide(config(start="wait"), price="110")
    assert first.orders == [BUYS[0]]
    assert first.wake == Wake(above={SYMBOL: D("110.01")})
    later = decide(config(start="wait"), first.state, price="125", open_orders=[resting(BUYS[0])])
    assert later.orders == [BUYS[2], BUYS[1]]
    assert later.wake == Wake(above={SYMBOL: D("130.01")})


def test_above_the_range_it_only_buys_and_below_it_it_first_gets_all() -> None:
    assert decide(config(), price="150").orders == [BUY_3, BUYS[2], BUYS[1], BUYS[0]]
    assert decide(config(), price="90").orders == [MarketOrder(SYMBOL, "buy", amount=D("4.000"), tag="opening")]


def test_money_for_some_levels_goes_to_those_nearest_to_the_price_and_is_told_once() -> None:
    first = decide(config(), price="150", balances={"USD": D(260)})
    assert first.orders == [BUY_3, BUYS[2]]
    (message,) = told(first)
    assert message == (
        "all levels of the grid together need about 460.00 USD and 260.00 USD is free: those nearest to the price, on"
        " both sides of it, come first, the others wait until there is money; raise the budget, or lower"
        " amount or spend"
    )
    second = decide(
        config(), first.state, balances={"USD": D(10)}, open_orders=[resting(BUY_3), resting(BUYS[2])], price="150"
    )
    assert (second.orders, told(second)) == ([], [])


def test_a_level_further_away_does_not_take_the_money_that_a_nearer_one_waits_for() -> None:
    assert decide(config(), price="150", balances={"USD": D(115)}).orders == []


def test_an_opening_beyond_the_budget_buys_for_the_lowest_levels_it_reaches() -> None:
    # Two of four cells: 2 x 90 and 1 % more for slippage.
    decision = decide(config(), price="90", balances={"USD": D(200)})
    assert decision.orders == [MarketOrder(SYMBOL, "buy", amount=D("2.000"), tag="opening")]


def test_money_for_some_levels_is_shared_between_both_sides_of_the_price() -> None:
    # Levels at 100, 110, 120, 130, 140 and a price of 115: 130 to sell above cost 115 each, buys below 110 and 100.
    both = decide(config(), price="115", balances={"USD": D(226)})
    assert both.orders == [MarketOrder(SYMBOL, "buy", amount=D("1.000"), tag="opening")]
    # For one more above there would be enough, and then nothing for the level below.
    only_one = decide(config(), price="115", balances={"USD": D(300)})
    assert only_one.orders == [MarketOrder(SYMBOL, "buy", amount=D("1.000"), tag="opening")]
    two = decide(config(), price="115", balances={"USD": D(340)})
    assert two.orders == [MarketOrder(SYMBOL, "buy", amount=D("2.000"), tag="opening")]


def test_levels_that_cannot_earn_are_told_once_and_not_traded() -> None:
    narrow = config(lower=100, upper="100.5", levels=5)
    first = decide(narrow, rules=RULES)
    assert first.orders == []
    (message,) = told(first)
    assert message.startswith("the grid does not trade: the gap between the levels 100.0 and 100.12 does not cover")
    assert first.figures["problem"] in message
    again = decide(narrow, first.state, rules=RULES)
    assert (again.orders, told(again)) == ([], [])
    mended = decide(config(), again.state, rules=RULES, price="150")
    assert [order if isinstance(order, CancelOrder) else order.tag for order in mended.orders] == [
        "buy-3-g1",
        "buy-2-g1",
        "buy-1-g1",
        "buy-0-g1",
    ]
    assert mended.state.problem == ""


# Rounds.


def test_a_filled_buy_places_its_sell_one_level_above_for_what_the_fee_left() -> None:
    state = running(buying(), buying(), buying(), IDLE)
    decision = decide(
        config(),
        state,
        rules=RULES,
        price="119",
        balances={"USD": D(0), "BTC": D("0.999")},
        open_orders=[resting(BUYS[0]), resting(BUYS[1])],
        fills=[fill("buy", "1", "120", "buy-2", fee="0.001")],
    )
    assert decision.orders == [LimitOrder(SYMBOL, "sell", D("0.999"), D(130), tag="sell-2")]
    assert decision.state.cells[2] == selling("0.999", "0.999", paid=120)
    assert decision.figures["round trips"] == 0


def test_a_filled_sell_books_the_round_trip_and_places_its_buy_again() -> None:
    state = running(buying(), buying(), selling("0.999", "0.9995", paid=120), IDLE, grid_profit=5, round_trips=3)
    decision = decide(
        config(),
        state,
        rules=RULES,
        price="131",
        position=Position(SYMBOL, D("0.0005"), D("0.06"), D(12)),
        open_orders=[resting(BUYS[0]), resting(BUYS[1])],
        fills=[fill("sell", "0.999", "130", "sell-2", fee="0.12987")],
    )
    assert decision.orders == [BUY_3, BUYS[2]]  # the price has also risen past 130
    # The dust of 0.0005 stays, at its share of the cost.
    kept = (D(120) * D("0.0005") / D("0.9995")).quantize(D("1e-18"))
    gained = D("0.999") * 130 - D("0.12987") - (120 - kept)
    assert decision.state.cells[2] == buying(held="0.0005", paid=kept)
    assert decision.state.grid_profit == 5 + gained
    total = D(12) + D("0.0005") * 131 - D("0.06")
    assert decision.figures == {
        "grid profit": 5 + gained,
        "trend": total - 5 - gained,
        "total profit": total,
        "round trips": 4,
        "inventory": D("0.0005"),
        "at price": D(131),
    }


def test_the_sale_of_what_was_bought_at_the_start_is_trend() -> None:
    state = running(buying(), buying(), buying(), selling(opening=True))
    decision = decide(
        config(),
        state,
        price="141",
        position=Position(SYMBOL, realised=D(15)),
        open_orders=[resting(order) for order in BUYS],
        fills=[fill("sell", "1", "140", "sell-3")],
    )
    assert decision.orders == [BUY_3]
    assert (decision.figures["grid profit"], decision.figures["trend"]) == (0, 15)


def test_a_buy_and_its_sell_that_fill_between_two_ticks_make_a_round_trip() -> None:
    state = running(buying(), buying(), selling(paid=120), IDLE)
    several = [fill("sell", "0.4", "130", "sell-2"), fill("sell", "0.6", "130", "sell-2")]
    decision = decide(config(), state, fills=several, open_orders=[resting(BUYS[0]), resting(BUYS[1])])
    assert decision.orders == [BUYS[2]]
    assert (decision.state.grid_profit, decision.state.round_trips) == (10, 1)


def test_a_partial_fill_changes_nothing_that_rests() -> None:
    state = running(buying(), buying(), buying(), IDLE)
    open_orders = [resting(BUYS[0]), resting(BUYS[1]), resting(BUYS[2], filled="0.3")]
    decision = decide(config(), state, open_orders=open_orders, fills=[fill("buy", "0.3", "120", "buy-2")])
    assert decision.orders == []
    assert decision.state.cells[2] == buying("0.7", held="0.3", paid=36)


def test_a_remainder_too_small_to_order_is_given_up_for_the_sell() -> None:
    state = running(buying(), buying(), buying("0.005", held="0.995", paid="119.4"), IDLE)
    balances = {"USD": D(0), "BTC": D("0.995")}
    open_orders = [resting(BUYS[0]), resting(BUYS[1])]
    stays = resting(BUYS[2], filled="0.995")
    assert decide(config(), state, balances=balances, open_orders=[*open_orders, stays]).orders == []
    gone = decide(config(), state, balances=balances, open_orders=open_orders)
    assert gone.orders == [replace(SELLS[2], amount=D("0.995"))]


def test_it_never_sells_more_than_is_free() -> None:
    state = running(selling(paid=100), selling(paid=110), selling(paid=120), IDLE)
    decision = decide(config(), state, balances={"USD": D(0), "BTC": D("2.5")}, price="105")
    assert decision.orders == [SELLS[0], SELLS[1]]


# Orders that fail, or nobody knows of.


@pytest.mark.parametrize("side", ["buy", "sell"])
def test_a_level_whose_order_is_unknown_is_left_alone(side: Side) -> None:
    cell, order = (buying(), BUYS[1]) if side == "buy" else (selling(paid=110), SELLS[1])
    state = running(buying(), cell, buying(), IDLE)
    unknown = resting(order, status=IntentStatus.UNKNOWN)
    decision = decide(config(), state, open_orders=[unknown], balances={"USD": D(1000), "BTC": D(5)})
    assert decision.orders == [BUYS[2], BUYS[0]]


def test_an_unknown_order_that_turns_out_filled_goes_on_like_any_other() -> None:
    state = running(buying(), buying(), buying(), IDLE)
    decision = decide(
        config(),
        state,
        open_orders=[resting(BUYS[0]), resting(BUYS[1])],
        fills=[fill("buy", "1", "120", "buy-2")],
        balances={"BTC": D(1)},
    )
    assert decision.orders == [SELLS[2]]


def test_an_unknown_opening_keeps_the_levels_above_idle_and_the_others_trade() -> None:
    state = running(buying(), buying(), buying(), IDLE)
    opening = at_market("buy", "opening", IntentStatus.UNKNOWN)
    decision = decide(config(), state, open_orders=[opening], price="135")
    assert decision.orders == [BUYS[2], BUYS[1], BUYS[0]]
    assert decision.state.cells[3] == IDLE


@pytest.mark.parametrize(
    "status", [IntentStatus.REFUSED, IntentStatus.SKIPPED, IntentStatus.EXPIRED, IntentStatus.CANCELLED]
)
def test_a_failed_order_is_tried_again_after_an_hour_and_not_before(status: IntentStatus) -> None:
    state = running(buying(), buying(), buying(), IDLE)
    others = [resting(BUYS[0]), resting(BUYS[1])]
    failed = decide(config(), state, open_orders=others, results=[result("buy-2", status)])
    assert failed.orders == []
    assert failed.wake == Wake(at=NOW + timedelta(hours=1), above={SYMBOL: D("130.01")})
    soon = decide(config(), failed.state, open_orders=others, now=NOW + timedelta(minutes=59))
    assert soon.orders == []
    then = decide(config(), soon.state, open_orders=others, now=NOW + timedelta(hours=1))
    assert then.orders == [BUYS[2]]
    assert then.state.retry_at is None


# Fewer orders than levels.


def test_only_the_nearest_orders_rest_and_the_window_moves_with_the_fills() -> None:
    settings = config(max_orders_per_side=1)
    state = running(buying(), buying(), selling(paid=120), selling(paid=130))
    balances = {"USD": D(1000), "BTC": D(2)}
    first = decide(settings, state, balances=balances)
    assert first.orders == [SELLS[2], BUYS[1]]
    moved = decide(
        settings,
        first.state,
        balances={"USD": D(890), "BTC": D(2)},
        open_orders=[resting(SELLS[2])],
        fills=[fill("buy", "1", "110", "buy-1")],
    )
    assert moved.orders == [CancelOrder("id-sell-2"), SELLS[1], BUYS[0]]
    # That it was cancelled is no failure.
    settled = decide(
        settings,
        moved.state,
        open_orders=[resting(SELLS[1]), resting(BUYS[0])],
        results=[result("sell-2", IntentStatus.CANCELLED, order_id="id-sell-2", side="sell")],
    )
    assert (settled.orders, settled.state.held_back) == ([], ())
