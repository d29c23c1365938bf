"""A smart trade enters, and takes profits."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from octobot_node import CancelOrder, IntentStatus, LimitOrder, MarketOrder, Notify
from octobot_tentacles.smart_trade import register_automations
from octobot_tentacles.smart_trade.automation import SmartTrade
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
    entering,
    fill,
    resting,
    result,
    trade,
    wake,
)


def test_the_package_offers_the_type_smart_trade() -> None:
    offered: list[Any] = []
    register_automations(offered.append)
    assert offered == [SmartTrade]
    assert SmartTrade.name == "smart_trade"
    assert SmartTrade().needs(config(**LADDER), None).symbols == {SYMBOL}
    assert SmartTrade().needs(config(**LADDER), trade(symbol="ETH/USD")).symbols == {"ETH/USD"}


# The entry.


def test_it_buys_at_once_by_spend_or_by_amount_rounded_down() -> None:
    assert decide(config(**LADDER)).orders == [MarketOrder(SYMBOL, "buy", spend=D(1000), tag="entry")]
    by_amount = config(amount="0.123456789", **LADDER)
    assert decide(by_amount).orders == [MarketOrder(SYMBOL, "buy", amount=D("0.12345678"), tag="entry")]


def test_the_first_decision_remembers_the_entry_and_waits_for_its_fill_alone() -> None:
    decision = decide(config(**LADDER))
    assert (decision.state, decision.wake, decision.done) == (entering(), None, False)
    assert decision.figures == {"phase": "entering"}


def test_an_entry_is_decided_once_whatever_is_heard_of_it() -> None:
    unknown = resting(MarketOrder(SYMBOL, "buy", spend=D(1000), tag="entry"), status=IntentStatus.UNKNOWN)
    decision = decide(config(**LADDER), entering(), open_orders=[unknown])
    assert (decision.orders, decision.done) == ([], False)


def test_a_limit_entry_spends_at_its_price_and_is_cancelled_when_it_expires() -> None:
    settings = config(entry={"limit": 990, "expires": "4h"}, **LADDER)
    order = LimitOrder(SYMBOL, "buy", D("1.01010101"), D("990.00"), tag="entry")
    first = decide(settings)
    assert first.orders == [order]
    assert first.wake == wake(at=START + timedelta(hours=4), below="989.99")

    late = decide(settings, entering(), now=START + timedelta(hours=4), open_orders=[resting(order)])
    assert late.orders == [CancelOrder("id-entry")]
    over = decide(settings, entering(), now=SOON, results=[result("entry", IntentStatus.CANCELLED, "buy")])
    assert over.done
    assert over.figures == {"phase": "not entered: the entry was cancelled: why"}
    assert over.actions == [Notify("BTC/USD: not entered: the entry was cancelled: why", "warning")]


@pytest.mark.parametrize(("level", "far", "near"), [("above", "1004", "1005"), ("below", "1006", "1005")])
def test_a_level_is_waited_for_and_bought_at(level: str, far: str, near: str) -> None:
    settings = config(entry={level: 1005}, **LADDER)
    waiting = decide(settings, price=far)
    assert (waiting.orders, waiting.wake) == ([], wake(**{level: 1005}))
    assert waiting.figures == {"phase": f"waiting for {level} 1005"}
    assert decide(settings, waiting.state, price=near).orders == [
        MarketOrder(SYMBOL, "buy", spend=D(1000), tag="entry")
    ]


def test_a_level_with_a_limit_places_the_limit_once_it_is_reached() -> None:
    settings = config(entry={"above": 1005, "limit": 1000}, **LADDER)
    order = LimitOrder(SYMBOL, "buy", D(1), D(1000), tag="entry")
    assert decide(settings, price="1006").orders == [order]


def test_a_level_that_is_not_reached_in_time_ends_the_trade() -> None:
    settings = config(entry={"above": 1005, "expires": "3h"}, **LADDER)
    waiting = decide(settings)
    assert waiting.wake == wake(above=1005, at=LATER)
    over = decide(settings, waiting.state, price="1005")
    assert (list(over.orders), over.done) == ([], True)
    assert over.figures == {"phase": "not entered: the entry expired"}


def test_it_does_not_buy_what_its_own_stop_would_sell_at_once() -> None:
    over = decide(config(stop_loss={"price": 1000}))
    assert (list(over.orders), over.done) == ([], True)
    assert over.figures == {"phase": "not entered: the stop-loss 1000 is not below the entry at 1000"}


def test_a_refused_entry_ends_the_trade_instead_of_being_repeated() -> None:
    over = decide(config(**LADDER), entering(), results=[result("entry", IntentStatus.REFUSED, "buy")])
    assert (list(over.orders), over.done, over.wake) == ([], True, None)


def test_less_than_the_smallest_amount_is_not_ordered() -> None:
    over = decide(config(amount="0.000000001", **LADDER))
    assert over.figures == {"phase": "not entered: the size is less than the market's smallest amount, 0.00000001"}


# What is there already.


def test_base_of_the_budget_is_managed_without_buying() -> None:
    settings = config(existing={"price": 1000}, **LADDER)
    decision = decide(settings, price="1005", balances={"BTC": D(1)})
    assert decision.orders == [FIRST, SECOND]
    assert decision.wake == wake(below="980")


def test_base_that_is_not_there_ends_the_trade() -> None:
    over = decide(config(existing={"amount": 2}, **LADDER), balances={"BTC": D(1)})
    assert over.figures == {"phase": "not entered: 2 BTC is to be managed, and the budget has 1 BTC"}
    assert decide(config(existing={}, **LADDER)).done


# Take-profits.


def test_take_profits_share_what_was_received_and_the_last_takes_the_rest() -> None:
    settings = config(take_profits=[{"percent": p, "share": s} for p, s in ((1, 33), (2, 33), (3, 34))])
    bought = fill("buy", "1", "1000", fee="0.001")
    decision = decide(settings, entering(), fills=[bought])
    # Cost 1000 for 0.999 BTC: the average is 1001.001...
    assert decision.orders == [
        LimitOrder(SYMBOL, "sell", D("0.32967"), D("1011.02"), tag="take-profit-1"),
        LimitOrder(SYMBOL, "sell", D("0.32967"), D("1021.03"), tag="take-profit-2"),
        LimitOrder(SYMBOL, "sell", D("0.33966"), D("1031.04"), tag="take-profit-3"),
    ]
    assert sum(order.amount for order in decision.orders if isinstance(order, LimitOrder)) == D("0.999")
    assert decision.wake is None


def test_a_fee_in_quote_raises_the_average_and_leaves_the_base_whole() -> None:
    decision = decide(
        config(take_profits=[{"percent": 1}]),
        entering(),
        fills=[fill("buy", "1", "1000", fee="1", fee_asset="USD")],
    )
    assert decision.orders == [LimitOrder(SYMBOL, "sell", D(1), D("1011.01"), tag="take-profit-1")]


def test_what_rests_is_kept_and_what_was_taken_is_not_ordered_again() -> None:
    rest = [resting(FIRST), resting(SECOND)]
    assert decide(config(**LADDER), trade(), open_orders=rest).orders == []
    sold = fill("sell", "0.5", "1010", tag="take-profit-1")
    assert decide(config(**LADDER), trade(), open_orders=rest[1:], fills=[sold]).orders == []


def test_a_partly_filled_take_profit_keeps_resting() -> None:
    partly = resting(FIRST, filled="0.49999")
    sold = fill("sell", "0.49999", "1010", tag="take-profit-1")
    decision = decide(config(**LADDER), trade(), open_orders=[partly, resting(SECOND)], fills=[sold])
    assert decision.orders == []


def test_a_piece_below_the_minimum_is_sold_with_its_neighbour() -> None:
    # 24 USD in three: each piece alone is below 10.
    small = {"received": D("0.024"), "paid": D(24)}
    settings = config(take_profits=[{"percent": p, "share": s} for p, s in ((1, 30), (2, 30), (3, 40))])
    assert decide(settings, trade(**small)).orders == [
        LimitOrder(SYMBOL, "sell", D("0.024"), D("1020.00"), tag="take-profit-2")
    ]


def test_a_runner_is_left_without_a_take_profit() -> None:
    settings = config(take_profits=[{"percent": 1, "share": 30}], runner=70, trailing={"percent": 5})
    decision = decide(settings, trade())
    assert decision.orders == [LimitOrder(SYMBOL, "sell", D("0.3"), D(1010), tag="take-profit-1")]
    assert decision.wake == wake(above="1000.01", below="950")


def test_entry_fills_that_come_in_parts_are_managed_as_they_come() -> None:
    settings = config(entry={"limit": 1000}, **LADDER)
    entry = resting(LimitOrder(SYMBOL, "buy", D(1), D(1000), tag="entry"), filled="0.4")
    first = decide(settings, entering(), open_orders=[entry], fills=[fill("buy", "0.4", "1000")])
    half = LimitOrder(SYMBOL, "sell", D("0.2"), D(1010), tag="take-profit-1")
    other = LimitOrder(SYMBOL, "sell", D("0.2"), D(1020), tag="take-profit-2")
    assert first.orders == [half, other]

    more = decide(
        settings, first.state, open_orders=[resting(half), resting(other)], fills=[fill("buy", "0.6", "1000")]
    )
    assert more.orders == [CancelOrder("id-take-profit-1"), CancelOrder("id-take-profit-2")]
    # Asked once; the successors come when both are known to be gone.
    waiting = decide(settings, more.state, open_orders=[resting(half), resting(other)])
    assert waiting.orders == []
    gone = [result(f"take-profit-{place}", IntentStatus.CANCELLED) for place in (1, 2)]
    assert decide(settings, waiting.state, results=gone).orders == [FIRST, SECOND]


def test_an_entry_that_was_cancelled_half_bought_goes_on_with_the_half() -> None:
    half = entering(received=D("0.5"), paid=D(500), opened_at=START)
    decision = decide(config(**LADDER), half, results=[result("entry", IntentStatus.CANCELLED, "buy")])
    assert not decision.done
    assert [order.amount for order in decision.orders if isinstance(order, LimitOrder)] == [D("0.25"), D("0.25")]


def test_selling_ends_the_entry() -> None:
    entry = resting(LimitOrder(SYMBOL, "buy", D(2), D(1000), tag="entry"), filled="1")
    sold = fill("sell", "0.5", "1010", tag="take-profit-1")
    decision = decide(config(**LADDER), trade(), open_orders=[entry, resting(SECOND)], fills=[sold])
    assert decision.orders == [CancelOrder("id-entry")]
    assert decision.wake == wake(at=SOON, below="980")


def test_an_unknown_take_profit_is_not_replaced_and_its_base_is_not_sold_again() -> None:
    unknown = resting(FIRST, status=IntentStatus.UNKNOWN)
    moved = config(take_profits=[{"percent": 3, "share": 50}, {"percent": 4, "share": 50}], stop_loss={"percent": 2})
    decision = decide(moved, trade(), before=config(**LADDER), open_orders=[unknown])
    assert decision.orders == [LimitOrder(SYMBOL, "sell", D("0.5"), D(1040), tag="take-profit-2")]

    stopped = decide(config(**LADDER), trade(), price="980", open_orders=[unknown, resting(SECOND)])
    assert stopped.orders == [CancelOrder("id-take-profit-2")]
    rest = decide(
        config(**LADDER),
        stopped.state,
        price="970",
        open_orders=[unknown],
        results=[result("take-profit-2", IntentStatus.CANCELLED)],
    )
    assert rest.orders == [MarketOrder(SYMBOL, "sell", amount=D("0.5"), tag="stop-loss")]
    # It turns out to have been filled: nothing is left.
    found = [fill("sell", "0.5", "1010", tag="take-profit-1"), fill("sell", "0.5", "970", tag="stop-loss")]
    over = decide(config(**LADDER), rest.state, price="970", fills=found)
    assert (over.done, list(over.orders)) == (True, [])


def test_a_take_profit_waits_for_the_base_that_an_unknown_one_may_have_sold() -> None:
    unknown = resting(SECOND, status=IntentStatus.UNKNOWN)
    whole = config(take_profits=[{"percent": 1}], stop_loss={"percent": 2})
    decision = decide(whole, trade(), before=config(**LADDER), open_orders=[resting(FIRST), unknown])
    assert decision.orders == [CancelOrder("id-take-profit-1")]
    gone = result("take-profit-1", IntentStatus.CANCELLED)
    assert decide(whole, decision.state, open_orders=[unknown], results=[gone]).orders == []
    found = decide(whole, decision.state, results=[result("take-profit-2", IntentStatus.CANCELLED)])
    assert decide(whole, found.state, now=LATER + timedelta(seconds=5)).orders == [
        LimitOrder(SYMBOL, "sell", D(1), D(1010), tag="take-profit-1")
    ]


def test_a_stop_sells_at_once_what_an_unknown_take_profit_turns_out_not_to_have_sold() -> None:
    selling = trade(exit="stop-loss", sold=D("0.5"), proceeds=D(485))
    decision = decide(config(**LADDER), selling, results=[result("take-profit-1", IntentStatus.CANCELLED)])
    assert decision.orders == [MarketOrder(SYMBOL, "sell", amount=D("0.5"), tag="stop-loss")]


def test_a_refused_take_profit_waits_longer_each_time_and_says_so_once() -> None:
    refused = result("take-profit-1", IntentStatus.REFUSED)
    first = decide(config(**LADDER), trade(), open_orders=[resting(SECOND)], results=[refused])
    retry = LATER + timedelta(seconds=5)
    assert (first.orders, first.wake) == ([], wake(below="980", at=retry))
    assert first.actions == [Notify("the take-profit-1 order was refused: why; it is tried again", "warning")]
    early = decide(config(**LADDER), first.state, open_orders=[resting(SECOND)], now=retry - timedelta(seconds=1))
    assert early.orders == []
    again = decide(config(**LADDER), first.state, open_orders=[resting(SECOND)], now=retry)
    assert again.orders == [FIRST]
    second = decide(config(**LADDER), again.state, open_orders=[resting(SECOND)], results=[refused], now=retry)
    assert second.wake == wake(below="980", at=retry + timedelta(seconds=10))
    assert second.actions == []
    sold = fill("sell", "0.5", "1020", tag="take-profit-2")
    assert decide(config(**LADDER), second.state, fills=[sold]).state.failures == 0
