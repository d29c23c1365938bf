"""A grid whose config is edited, the largest there is, and a range that is laid out around the price."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from octobot_node import CancelOrder, Decision, IntentStatus, LimitOrder, MarketOrder, Position, Wake
from octobot_tentacles.grid.config import GridConfig
from octobot_tentacles.grid.state import GridState
from tests.unit.tentacles.grid.deciding import (
    BUYS,
    IDLE,
    NOW,
    RULES,
    SELLS,
    SYMBOL,
    D,
    buying,
    config,
    decide,
    fill,
    resting,
    running,
    selling,
)

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
