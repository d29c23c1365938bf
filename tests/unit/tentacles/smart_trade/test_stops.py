"""The stops of a smart trade: loss, trailing, break-even, time."""

from __future__ import annotations

from datetime import timedelta

from octobot_node import CancelOrder, IntentStatus, LimitOrder, MarketOrder
from tests.unit.tentacles.smart_trade.deciding import (
    FIRST,
    LADDER,
    LATER,
    SECOND,
    SOON,
    START,
    SYMBOL,
    D,
    config,
    decide,
    fill,
    resting,
    result,
    trade,
    wake,
)

# Stops.


def test_the_stop_loss_cancels_first_and_sells_what_is_known_to_be_left() -> None:
    rest = [resting(FIRST), resting(SECOND)]
    stopped = decide(config(**LADDER), trade(), price="980", open_orders=rest)
    assert stopped.orders == [CancelOrder("id-take-profit-1"), CancelOrder("id-take-profit-2")]
    assert stopped.wake == wake(at=SOON)
    assert stopped.figures["phase"] == "selling: stop-loss"

    # One was filled while it was being cancelled; the price is back, which changes nothing.
    half = decide(
        config(**LADDER),
        stopped.state,
        price="1011",
        open_orders=rest[1:],
        fills=[fill("sell", "0.5", "1010", tag="take-profit-1")],
    )
    assert half.orders == []
    gone = result("take-profit-2", IntentStatus.CANCELLED)
    sale = MarketOrder(SYMBOL, "sell", amount=D("0.5"), tag="stop-loss")
    sold = decide(config(**LADDER), half.state, price="1011", results=[gone])
    assert sold.orders == [sale]
    assert decide(config(**LADDER), sold.state, price="1011", open_orders=[resting(sale)]).orders == []


def test_a_cancel_that_got_lost_is_asked_for_again_at_its_time() -> None:
    stopped = decide(config(**LADDER), trade(), price="980", open_orders=[resting(FIRST), resting(SECOND)])
    again = decide(config(**LADDER), stopped.state, price="980", now=SOON, due=True, open_orders=[resting(SECOND)])
    assert CancelOrder("id-take-profit-2") in again.orders


def test_what_no_order_holds_is_sold_at_once() -> None:
    settings = config(take_profits=[{"percent": 1, "share": 30}], runner=70, stop_loss={"percent": 2})
    rest = resting(LimitOrder(SYMBOL, "sell", D("0.3"), D(1010), tag="take-profit-1"))
    assert decide(settings, trade(), price="900", open_orders=[rest]).orders == [
        CancelOrder("id-take-profit-1"),
        MarketOrder(SYMBOL, "sell", amount=D("0.7"), tag="stop-loss"),
    ]


def test_above_the_stop_nothing_is_sold() -> None:
    assert decide(config(stop_loss={"percent": 2}), trade(), price="980.01").orders == []
    assert decide(config(stop_loss={"price": 980}), trade(), price="980").orders == [
        MarketOrder(SYMBOL, "sell", amount=D(1), tag="stop-loss")
    ]


def test_a_refused_stop_is_tried_again_and_a_partly_filled_one_at_once() -> None:
    settings = config(stop_loss={"percent": 2})
    selling = trade(exit="stop-loss")
    refused = decide(settings, selling, results=[result("stop-loss", IntentStatus.REFUSED)])
    assert (refused.orders, refused.wake) == ([], wake(at=LATER + timedelta(seconds=5)))
    retry = decide(settings, refused.state, now=LATER + timedelta(seconds=5))
    assert retry.orders == [MarketOrder(SYMBOL, "sell", amount=D(1), tag="stop-loss")]
    some = fill("sell", "0.4", "970", tag="stop-loss")
    partly = decide(settings, selling, fills=[some], results=[result("stop-loss", IntentStatus.EXPIRED)])
    assert partly.orders == [MarketOrder(SYMBOL, "sell", amount=D("0.6"), tag="stop-loss")]


def test_a_stop_does_not_wait_for_what_a_take_profit_was_refused_for() -> None:
    waiting = trade(failures=5, retry_at=LATER + timedelta(minutes=5))
    decision = decide(config(stop_loss={"percent": 2}), waiting, price="970")
    assert decision.orders == [MarketOrder(SYMBOL, "sell", amount=D(1), tag="stop-loss")]


def test_the_trailing_stop_follows_the_highest_price_and_never_falls() -> None:
    settings = config(trailing={"percent": 5})
    first = decide(settings, trade(), price="1000")
    assert first.wake == wake(above="1000.01", below="950")
    higher = decide(settings, first.state, price="1100")
    assert higher.wake == wake(above="1100.01", below="1045")
    lower = decide(settings, higher.state, price="1050")
    assert lower.wake == higher.wake
    assert lower.figures == {
        "phase": "open",
        "entry average": D(1000),
        "stop": D(1045),
        "stop kind": "trailing-stop",
        "peak": D(1100),
    }
    fired = decide(settings, lower.state, price="1045")
    assert fired.orders == [MarketOrder(SYMBOL, "sell", amount=D(1), tag="trailing-stop")]


def test_a_trailing_stop_that_is_to_be_activated_waits_for_its_level() -> None:
    settings = config(trailing={"percent": 5, "activate_at": {"percent": 10}}, stop_loss={"percent": 20})
    waiting = decide(settings, trade(), price="1099")
    assert (waiting.state.peak, waiting.wake) == (None, wake(above="1100", below="800"))
    active = decide(settings, waiting.state, price="1100")
    assert (active.state.peak, active.wake) == (D(1100), wake(above="1100.01", below="1045"))


def test_break_even_moves_the_stop_to_where_selling_returns_what_was_paid() -> None:
    settings = config(**LADDER, break_even={"after_take_profit": 1})
    before = decide(settings, trade(), open_orders=[resting(FIRST), resting(SECOND)])
    assert before.wake == wake(below="980")
    sold = fill("sell", "0.5", "1010", tag="take-profit-1")
    moved = decide(settings, before.state, price="1005", open_orders=[resting(SECOND)], fills=[sold])
    assert moved.wake == wake(below=D(1000) / D("0.999"))
    assert moved.figures["stop kind"] == "break-even"
    fired = decide(settings, moved.state, price="1001", open_orders=[resting(SECOND)])
    assert (fired.orders, fired.state.exit) == ([CancelOrder("id-take-profit-2")], "break-even")


def test_break_even_at_a_percent_stays_when_the_price_falls_again() -> None:
    settings = config(stop_loss={"percent": 5}, break_even={"percent": 2})
    waiting = decide(settings, trade(), price="1010")
    assert waiting.wake == wake(above="1020", below="950")
    moved = decide(settings, waiting.state, price="1020")
    assert (moved.state.break_even, moved.wake) == (True, wake(below=D(1000) / D("0.999")))
    assert decide(settings, moved.state, price="1010").wake == moved.wake


def test_the_time_limit_counts_from_the_first_fill() -> None:
    settings = config(time_limit="4h")
    assert decide(settings, trade()).wake == wake(at=START + timedelta(hours=4))
    over = decide(settings, trade(), now=START + timedelta(hours=4), due=True)
    assert over.orders == [MarketOrder(SYMBOL, "sell", amount=D(1), tag="time-limit")]


def test_a_stop_that_was_missed_while_the_node_was_down_fires_at_the_next_tick() -> None:
    settings = config(stop_loss={"percent": 2}, time_limit="1h")
    decision = decide(settings, trade(), price="500", now=START + timedelta(days=9))
    assert decision.orders == [MarketOrder(SYMBOL, "sell", amount=D(1), tag="stop-loss")]
