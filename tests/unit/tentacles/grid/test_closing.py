"""A grid ends: at its exits, by what it sells, and by what it waits for."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from octobot_node import CancelOrder, IntentStatus, MarketOrder, Position, Wake
from tests.unit.tentacles.grid.deciding import (
    BUYS,
    IDLE,
    NOW,
    SELLS,
    SYMBOL,
    D,
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
