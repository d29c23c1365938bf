"""A smart trade ends, or its config is edited."""

from __future__ import annotations

from octobot_node import CancelOrder, IntentStatus, LimitOrder, MarketOrder, Notify, Wake
from tests.unit.tentacles.smart_trade.deciding import (
    FIRST,
    LADDER,
    LATER,
    SECOND,
    SOON,
    SYMBOL,
    D,
    config,
    decide,
    entering,
    fill,
    resting,
    result,
    trade,
    wake,
)

# The end.


def test_it_completes_once_everything_is_sold() -> None:
    sold = fill("sell", "1", "1020", tag="take-profit-1", fee="1.02", fee_asset="USD")
    over = decide(config(take_profits=[{"percent": 2}]), trade(), price="1021", fills=[sold])
    assert (list(over.orders), over.done, over.wake) == ([], True, None)
    assert over.actions == [Notify("BTC/USD: closed: take-profit", "info")]
    assert over.figures == {
        "phase": "closed: take-profit",
        "entry average": D(1000),
        "exit average": D("1018.98"),
        "sold %": D(100),
        "PnL": D("18.98"),
    }


def test_it_says_what_the_exchange_does_not_let_it_sell() -> None:
    selling = trade(exit="stop-loss", sold=D("0.995"), proceeds=D(975))
    over = decide(config(stop_loss={"percent": 2}), selling, price="980")
    assert over.done
    assert over.figures["phase"] == "closed: stop-loss; 0.005 BTC left, below the market's minimum"


def test_a_dip_below_the_minimum_does_not_end_a_trade_that_is_worth_more() -> None:
    small = trade(received=D("0.011"), paid=D(11))
    assert not decide(config(trailing={"percent": 50}), small, price="800").done


# Edits.


def test_an_edit_moves_the_levels_of_a_running_trade() -> None:
    before = config(**LADDER)
    after = config(take_profits=[{"percent": 1, "share": 50}, {"percent": 3, "share": 50}], stop_loss={"percent": 1})
    decision = decide(after, trade(), before=before, open_orders=[resting(FIRST), resting(SECOND)])
    assert decision.orders == [CancelOrder("id-take-profit-2")]
    assert decision.wake == wake(below="990", at=SOON)
    gone = result("take-profit-2", IntentStatus.CANCELLED)
    assert decide(after, decision.state, open_orders=[resting(FIRST)], results=[gone]).orders == [
        LimitOrder(SYMBOL, "sell", D("0.5"), D(1030), tag="take-profit-2")
    ]


def test_an_edit_that_puts_the_stop_above_the_price_sells() -> None:
    decision = decide(config(stop_loss={"price": 1005}), trade(), before=config(stop_loss={"percent": 2}))
    assert decision.orders == [MarketOrder(SYMBOL, "sell", amount=D(1), tag="stop-loss")]


def test_without_a_trailing_stop_in_the_config_its_peak_is_forgotten() -> None:
    before = config(trailing={"percent": 5}, stop_loss={"percent": 20})
    decision = decide(config(stop_loss={"percent": 20}), trade(peak=D(2000)), before=before, price="1500")
    assert (decision.state.peak, decision.wake) == (None, wake(below="800"))


def test_an_entry_that_has_bought_nothing_is_moved() -> None:
    before, after = (config(entry={"limit": limit}, **LADDER) for limit in (990, 995))
    entry = resting(LimitOrder(SYMBOL, "buy", D("1.01010101"), D(990), tag="entry"))
    edited = decide(after, entering(), before=before, open_orders=[entry])
    assert edited.orders == [CancelOrder("id-entry")]
    anew = decide(after, edited.state, results=[result("entry", IntentStatus.CANCELLED, "buy")])
    assert anew.orders == [LimitOrder(SYMBOL, "buy", D("1.00502512"), D(995), tag="entry")]
    # It was filled before the cancel arrived: that is the trade.
    filled = decide(after, edited.state, fills=[fill("buy", "1", "990")])
    assert [order.side for order in filled.orders if isinstance(order, LimitOrder)] == ["sell", "sell"]


def test_what_has_been_bought_keeps_its_symbol_and_says_so() -> None:
    before, after = config(**LADDER), config(**LADDER).model_copy(update={"symbol": "ETH/USD"})
    edited = decide(after, trade(), before=before, symbol="ETH/USD")
    assert (list(edited.orders), edited.wake) == ([], Wake(at=LATER))
    text = "the trade in BTC/USD has begun: its symbol, size and entry stay, the other changes take effect"
    assert edited.actions == [Notify(text, "warning")]
    assert decide(after, edited.state).orders == [FIRST, SECOND]


def test_a_waiting_trade_follows_an_edit_entirely() -> None:
    before = config(entry={"above": 2000}, **LADDER)
    waiting = decide(before)
    decision = decide(config(amount=2, **LADDER), waiting.state, before=before)
    assert decision.orders == [MarketOrder(SYMBOL, "buy", amount=D(2), tag="entry")]
