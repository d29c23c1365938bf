from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from random import Random
from typing import Any

import pytest

from octobot_node import (
    CancelOrder,
    Decision,
    Fill,
    IntentStatus,
    LimitOrder,
    Market,
    MarketOrder,
    MarketRules,
    Notify,
    OpenOrder,
    OrderResult,
    Position,
    Tick,
    Ticker,
    Wake,
)
from octobot_node.orders import Side
from octobot_tentacles.grid import register_automations
from octobot_tentacles.grid.automation import Grid
from octobot_tentacles.grid.config import GridConfig
from octobot_tentacles.grid.state import CellState, GridState

D = Decimal
SYMBOL = "BTC/USD"
NOW = datetime(2022, 1, 1, tzinfo=UTC)
RULES = MarketRules(SYMBOL, "BTC", "USD", min_amount=D("0.01"), min_notional=D(5), amount_step=D("0.001"))
#: Without a fee, so that what is bought is what is sold.
FREE = replace(RULES, taker_fee=D(0), maker_fee=D(0))
RICH = {"USD": D(10_000)}

BUYS = [LimitOrder(SYMBOL, "buy", D("1.000"), D(price), tag=f"buy-{n}") for n, price in enumerate((100, 110, 120))]
SELLS = [
    LimitOrder(SYMBOL, "sell", D("1.000"), D(price), tag=f"sell-{n}") for n, price in enumerate((110, 120, 130, 140))
]
BUY_3 = LimitOrder(SYMBOL, "buy", D("1.000"), D(130), tag="buy-3")


def config(**fields: Any) -> GridConfig:
    """Levels at 100, 110, 120, 130, 140."""
    given = {"symbol": SYMBOL, "lower": 100, "upper": 140, "levels": 5, "amount": 1}
    return GridConfig.model_validate({**given, **fields})


def buying(todo: str = "1", **fields: Any) -> CellState:
    return CellState.model_validate({"phase": "buy", "todo": todo, **fields})


def selling(todo: str = "1", held: str = "1", **fields: Any) -> CellState:
    return CellState.model_validate({"phase": "sell", "todo": todo, "held": held, **fields})


IDLE = CellState()


def running(*cells: CellState, settings: GridConfig | None = None, **fields: Any) -> GridState:
    layout = (settings or config()).layout
    return GridState.model_validate({"symbol": SYMBOL, "layout": layout, "built": True, "cells": cells, **fields})


def resting(
    order: LimitOrder, *, filled: str = "0", status: IntentStatus = IntentStatus.OPEN, amount: str | None = None
) -> OpenOrder:
    asked = order.amount if amount is None else D(amount)
    return OpenOrder(
        f"id-{order.tag}", SYMBOL, order.side, "limit", asked, order.price, None, D(filled), status, order.tag, NOW
    )


def at_market(side: Side, tag: str, status: IntentStatus = IntentStatus.OPEN, amount: str = "1") -> OpenOrder:
    return OpenOrder(f"id-{tag}", SYMBOL, side, "market", D(amount), None, None, D(0), status, tag, NOW)


def fill(side: Side, amount: str, price: str, tag: str, fee: str = "0", fee_asset: str = "") -> Fill:
    asset = fee_asset or ("BTC" if side == "buy" else "USD")
    cost = D(amount) * D(price)
    return Fill("fill", "order", SYMBOL, side, D(amount), D(price), cost, D(fee), asset, "maker", tag, NOW)


def result(
    tag: str, status: IntentStatus, *, order_id: str = "gone", side: Side = "buy", reason: str = "why"
) -> OrderResult:
    return OrderResult(order_id, SYMBOL, side, status, reason, D(0), None, tag)


def decide(
    settings: GridConfig,
    state: GridState | None = None,
    *,
    price: str = "125",
    now: datetime = NOW,
    due: bool = False,
    balances: dict[str, Decimal] | None = None,
    position: Position | None = None,
    open_orders: Sequence[OpenOrder] = (),
    fills: Sequence[Fill] = (),
    results: Sequence[OrderResult] = (),
    rules: MarketRules = FREE,
) -> Decision:
    """Evaluate one tick, of the automation's first if it remembers nothing."""
    last = D(price)
    tick: Tick[GridConfig, GridState] = Tick(
        automation_id="automation",
        number=0 if state is None else 7,
        now=now,
        scheduled_at=now if due else None,
        missed=0,
        config=settings,
        previous_config=None,
        # As the engine does: through JSON and back.
        state=None if state is None else GridState.model_validate_json(state.model_dump_json()),
        market=Market(now, {SYMBOL: Ticker(SYMBOL, last, last, last, now)}, all_rules={SYMBOL: rules}),
        positions={} if position is None else {SYMBOL: position},
        balances=RICH if balances is None else balances,
        open_orders=open_orders,
        fills=fills,
        results=results,
        signals=(),
        random=Random(0),
    )
    return Grid().evaluate(tick)


def told(decision: Decision) -> list[str]:
    return [action.message for action in decision.actions if isinstance(action, Notify)]


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


# Closing.


@pytest.mark.parametrize(
    ("fields", "price", "why"),
    [
        ({"stop_loss_price": 95}, "95", "stop-loss"),
        ({"stop_loss_percent": 5}, "97.5", "stop-loss"),
        ({"take_profit_price": 150}, "150", "take-profit"),
        ({"take_profit_percent": 5}, "142.5", "take-profit"),
    ],
)
def test_at_an_exit_all_is_cancelled_then_sold_then_done(fields: dict[str, Any], price: str, why: str) -> None:
    settings = config(**fields)
    state = running(buying(), buying(), selling(paid=120), IDLE, settings=settings, capital=450)
    position = Position(SYMBOL, D(1), D(120))
    open_orders = [resting(BUYS[0]), resting(SELLS[2])]
    began = decide(settings, state, price=price, position=position, open_orders=open_orders, balances={})
    assert began.orders == [CancelOrder("id-buy-0"), CancelOrder("id-sell-2")]
    assert (began.done, began.state.closing) == (False, why)
    assert told(began)[0].startswith(f"{why} of the grid on BTC/USD at {price}")
    gone = [result("buy-0", IntentStatus.CANCELLED, order_id="id-buy-0")]
    sold = decide(settings, began.state, price="110", position=position, results=gone, balances={"BTC": D(1)})
    assert sold.orders == [MarketOrder(SYMBOL, "sell", amount=D("1.000"), tag="close")]
    assert (sold.done, told(sold)) == (False, [])
    over = decide(settings, sold.state, price="110", fills=[fill("sell", "1", "109", "close")], balances={})
    assert (over.orders, over.done, over.state.inventory) == ([], True, 0)


@pytest.mark.parametrize(
    ("fields", "price"),
    [
        ({"stop_loss_price": 95}, "95.01"),
        ({"stop_loss_percent": 5}, "97.51"),
        ({"take_profit_price": 150}, "149.99"),
        ({"take_profit_percent": 5}, "142.49"),
    ],
)
def test_short_of_an_exit_it_waits_for_that_very_price(fields: dict[str, Any], price: str) -> None:
    settings = config(**fields)
    state = running(buying(), buying(), selling(paid=120), selling(paid=120), settings=settings, capital=450)
    position = Position(SYMBOL, D(1), D(120))
    decision = decide(settings, state, price=price, position=position, balances={})
    step = D("0.01") if "take_profit_price" in fields or "take_profit_percent" in fields else D("-0.01")
    assert decision.wake is not None
    assert {**decision.wake.above, **decision.wake.below} == {SYMBOL: D(price) + step}
    assert decision.state.closing == ""


def test_a_grid_whose_stop_is_past_already_never_begins() -> None:
    decision = decide(config(stop_loss_price=95), price="90")
    assert (decision.orders, decision.done) == ([], True)


def test_closing_never_sells_what_an_unknown_order_may_have_sold_and_waits_for_it() -> None:
    state = running(selling(paid=100), selling(paid=110), buying(), IDLE, closing="stop-loss")
    unknown = resting(SELLS[0], status=IntentStatus.UNKNOWN)
    decision = decide(config(), state, open_orders=[unknown], balances={"BTC": D(2)})
    assert decision.orders == [MarketOrder(SYMBOL, "sell", amount=D("1.000"), tag="close")]
    sold = decide(
        config(),
        decision.state,
        open_orders=[unknown],
        balances={"BTC": D(1)},
        fills=[fill("sell", "1", "110", "close")],
    )
    assert (sold.orders, sold.done) == ([], False)
    assert sold.wake == Wake(at=NOW + timedelta(minutes=1))


def test_a_refused_closing_sale_is_tried_again_after_a_minute_in_halves() -> None:
    state = running(selling("4", "4", paid=400), buying(), buying(), IDLE, closing="stop-loss")
    refused = decide(
        config(), state, balances={"BTC": D(4)}, results=[result("close", IntentStatus.REFUSED, side="sell")]
    )
    assert (refused.orders, refused.done) == ([], False)
    assert refused.wake == Wake(at=NOW + timedelta(minutes=1))
    later = decide(config(), refused.state, balances={"BTC": D(4)}, now=NOW + timedelta(minutes=1), due=True)
    assert later.orders == [MarketOrder(SYMBOL, "sell", amount=D("2.000"), tag="close")]


def test_a_cancel_that_got_lost_is_asked_again_after_a_minute() -> None:
    state = running(buying(), buying(), buying(), IDLE, closing="stop-loss", cancelling=("id-buy-0",))
    assert decide(config(), state, open_orders=[resting(BUYS[0])]).orders == []
    assert decide(config(), state, open_orders=[resting(BUYS[0])], due=True).orders == [CancelOrder("id-buy-0")]


# Edits.


def test_an_edited_range_cancels_first_and_keeps_what_it_holds_and_has_gained() -> None:
    settings = config(lower=110, upper=150)  # 110, 120, 130, 140, 150
    state = running(buying(), buying(), selling(paid=120), selling(opening=True), grid_profit=7, round_trips=2)
    open_orders = [resting(BUYS[0]), resting(BUYS[1]), resting(SELLS[2]), resting(SELLS[3])]
    position = Position(SYMBOL, D(2), D(250), D(7))
    edited = decide(settings, state, open_orders=open_orders, position=position, balances={"USD": D(500)})
    assert edited.orders == [CancelOrder(order.id) for order in open_orders]
    assert (edited.state.loose, edited.state.generation, edited.state.grid_profit) == (2, 1, 7)
    # One of them fills before it is cancelled.
    after = decide(
        settings,
        edited.state,
        position=Position(SYMBOL, D(1), D(125), D(12)),
        balances={"USD": D(840), "BTC": D(1)},
        fills=[fill("sell", "1", "130", "sell-2")],
    )
    assert after.orders == [MarketOrder(SYMBOL, "buy", amount=D("1.000"), tag="opening")]
    assert after.state.inventory == 1
    begun = decide(
        settings,
        after.state,
        position=Position(SYMBOL, D(2), D(250), D(12)),
        balances={"USD": D(715), "BTC": D(2)},
        fills=[fill("buy", "1", "125", "opening")],
    )
    assert [(order.tag, order.price) for order in begun.orders if isinstance(order, LimitOrder)] == [
        ("sell-2-g1", D(140)),
        ("sell-3-g1", D(150)),
        ("buy-1-g1", D(120)),
        ("buy-0-g1", D(110)),
    ]
    assert begun.figures["grid profit"] + begun.figures["trend"] == begun.figures["total profit"] == 12


def test_an_unknown_order_of_the_range_before_neither_holds_up_the_new_one_nor_is_sold_twice() -> None:
    settings = config(lower=110, upper=150, start="wait")
    state = running(generation=1, loose=2, settings=settings).model_copy(update={"built": False})
    unknown = resting(SELLS[2], status=IntentStatus.UNKNOWN)
    decision = decide(settings, state, open_orders=[unknown], balances={"USD": D(500), "BTC": D(1)})
    # Of the two BTC the unknown order may sell one.
    assert [order.tag for order in decision.orders if isinstance(order, LimitOrder)] == [
        "sell-2-g1",
        "buy-1-g1",
        "buy-0-g1",
    ]
    assert decision.state.loose == 1


def test_an_edit_of_a_stop_leaves_every_order_where_it_is() -> None:
    state = running(buying(), buying(), buying(), IDLE)
    open_orders = [resting(order) for order in BUYS]
    decision = decide(config(stop_loss_price=90, start="wait"), state, open_orders=open_orders)
    assert decision.orders == []
    assert decision.wake == Wake(above={SYMBOL: D("130.01")}, below={SYMBOL: D(90)})


def test_another_symbol_begins_anew_and_cancels_the_orders_in_the_old_one() -> None:
    state = running(selling(paid=100), buying(), buying(), IDLE, grid_profit=7)
    old = state.model_copy(update={"symbol": "ETH/USD"})
    order = replace(resting(BUYS[1]), symbol="ETH/USD")
    decision = decide(config(), old, open_orders=[order])
    assert decision.orders == [CancelOrder("id-buy-1")]
    assert (decision.state.inventory, decision.state.grid_profit, decision.state.generation) == (0, 0, 1)


def test_a_lost_cancel_of_the_range_before_is_asked_again_after_a_minute() -> None:
    settings = config(lower=110, upper=150)
    state = running(buying(), buying(), buying(), IDLE, cancelling=("id-buy-0",))
    edited = decide(settings, state, open_orders=[resting(BUYS[0])])
    assert edited.orders == []
    assert edited.wake == Wake(at=NOW + timedelta(minutes=1))
    later = decide(settings, edited.state, open_orders=[resting(BUYS[0])], now=NOW + timedelta(minutes=1), due=True)
    assert later.orders == [CancelOrder("id-buy-0")]


def test_a_grid_that_cannot_trade_wakes_for_nothing() -> None:
    narrow = config(lower=100, upper="100.5", stop_loss_percent=5, take_profit_percent=5)
    held = Position(SYMBOL, D(1), D(120))
    failed = running(IDLE, settings=narrow, retry_at=NOW - timedelta(minutes=5), built=False)
    assert decide(narrow, failed, rules=RULES, position=held).wake == Wake()


# Size.


def test_two_hundred_levels_fit_into_the_state() -> None:
    settings = config(lower="31234.5", upper="61234.5", levels=201, spacing="geometric", amount="0.01234567")
    rules = replace(RULES, amount_step=D("0.00000001"), min_amount=D(0))
    first = decide(settings, price="45000", rules=rules, balances={"USD": D(1_000_000)})
    (opening,) = first.orders
    assert isinstance(opening, MarketOrder)
    assert opening.amount is not None
    fee = opening.amount / 1000
    second = decide(
        settings,
        first.state,
        price="45000",
        rules=rules,
        balances={"USD": D(1_000_000), "BTC": opening.amount - fee},
        fills=[fill("buy", str(opening.amount), "45000", "opening", fee=str(fee))],
    )
    assert len(second.orders) == 200
    assert len(second.state.model_dump_json()) < 40_000


def around(percent: int = 16) -> GridConfig:
    return config(lower=None, upper=None, around=percent, levels=5)


def state_of(decision: Decision) -> GridState:
    assert isinstance(decision.state, GridState)
    return decision.state


def test_a_range_around_the_price_is_laid_out_where_the_price_is_at_the_start() -> None:
    fixed = decide(config(lower=105, upper=145, levels=5), price="125")
    relative = decide(around(), price="125")
    assert (relative.orders, relative.wake) == (fixed.orders, fixed.wake)
    assert (state_of(relative).center, state_of(relative).around) == (D(125), D(16))


def test_a_range_around_the_price_stays_where_it_was_laid_out() -> None:
    first = state_of(decide(around(), price="125"))
    later = state_of(decide(around(), first, price="500"))
    assert (later.center, later.layout, later.generation) == (D(125), first.layout, first.generation)


def test_an_edited_range_around_the_price_is_laid_out_anew() -> None:
    first = state_of(decide(around(), price="125"))
    edited = state_of(decide(around(20), first, price="130"))
    assert (edited.center, edited.generation) == (D(130), first.generation + 1)
    fixed = state_of(decide(config(), edited, price="130"))
    assert (fixed.center, fixed.around, fixed.generation) == (None, None, edited.generation + 1)
