from __future__ import annotations

from collections.abc import Sequence
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
    Tick,
    Ticker,
    Wake,
)
from octobot_node.orders import Side
from octobot_tentacles.smart_trade import register_automations
from octobot_tentacles.smart_trade.automation import SmartTrade
from octobot_tentacles.smart_trade.config import SmartTradeConfig
from octobot_tentacles.smart_trade.state import Trade

D = Decimal
SYMBOL = "BTC/USD"
START = datetime(2022, 1, 1, tzinfo=UTC)
LATER = START + timedelta(hours=3)
SOON = LATER + timedelta(seconds=30)
RULES = MarketRules(SYMBOL, "BTC", "USD", min_amount=D("0.0001"), min_notional=D(10))
#: Halves at 1010 and 1020, all of it below 980.
LADDER: dict[str, Any] = {
    "take_profits": [{"percent": 1, "share": 50}, {"percent": 2, "share": 50}],
    "stop_loss": {"percent": 2},
}
FIRST = LimitOrder(SYMBOL, "sell", D("0.5"), D("1010.00"), tag="take-profit-1")
SECOND = LimitOrder(SYMBOL, "sell", D("0.5"), D("1020.00"), tag="take-profit-2")


def config(**fields: Any) -> SmartTradeConfig:
    size = {} if fields.keys() & {"amount", "existing"} else {"spend": 1000}
    return SmartTradeConfig.model_validate({"symbol": SYMBOL, **size, **fields})


def trade(**fields: Any) -> Trade:
    """A trade that bought 1 BTC for 1000 USD without a fee."""
    bought = {"entered": True, "received": D(1), "paid": D(1000), "opened_at": START}
    return Trade.model_validate({"symbol": SYMBOL, "started_at": START, **bought, **fields})


def entering(**fields: Any) -> Trade:
    return Trade.model_validate({"symbol": SYMBOL, "started_at": START, "entered": True, **fields})


def resting(
    order: LimitOrder | MarketOrder, *, filled: str = "0", status: IntentStatus = IntentStatus.OPEN
) -> OpenOrder:
    price = order.price if isinstance(order, LimitOrder) else None
    kind = "market" if price is None else "limit"
    return OpenOrder(
        f"id-{order.tag}",
        order.symbol,
        order.side,
        kind,
        order.amount,
        price,
        None,
        D(filled),
        status,
        order.tag,
        START,
    )


def fill(side: Side, amount: str, price: str, *, tag: str = "entry", fee: str = "0", fee_asset: str = "BTC") -> Fill:
    cost = D(amount) * D(price)
    return Fill("fill", "order", SYMBOL, side, D(amount), D(price), cost, D(fee), fee_asset, "taker", tag, LATER)


def result(tag: str, status: IntentStatus, side: Side = "sell", order_id: str = "") -> OrderResult:
    return OrderResult(order_id or f"id-{tag}", SYMBOL, side, status, "why", D(0), None, tag)


def decide(
    settings: SmartTradeConfig,
    state: Trade | None = None,
    *,
    price: str = "1000",
    now: datetime = LATER,
    due: bool = False,
    before: SmartTradeConfig | None = None,
    balances: dict[str, Decimal] | None = None,
    open_orders: Sequence[OpenOrder] = (),
    fills: Sequence[Fill] = (),
    results: Sequence[OrderResult] = (),
    rules: MarketRules = RULES,
    symbol: str = SYMBOL,
) -> Decision:
    moment = START if state is None else now
    tick: Tick[SmartTradeConfig, Trade] = Tick(
        automation_id="automation",
        number=0 if state is None else 7,
        now=moment,
        scheduled_at=moment if due or state is None else None,
        missed=0,
        config=settings,
        previous_config=before,
        # As the engine does: through JSON and back.
        state=None if state is None else Trade.model_validate_json(state.model_dump_json()),
        market=Market(
            as_of=moment,
            tickers={symbol: Ticker(symbol, D(price), D(price), D(price), moment)},
            all_rules={symbol: rules},
        ),
        positions={},
        balances=balances or {},
        open_orders=open_orders,
        fills=fills,
        results=results,
        signals=(),
        random=Random(0),
    )
    return SmartTrade().evaluate(tick)


def wake(**levels: Any) -> Wake:
    above, below = levels.pop("above", None), levels.pop("below", None)
    return Wake(
        above={} if above is None else {SYMBOL: D(above)},
        below={} if below is None else {SYMBOL: D(below)},
        **levels,
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
