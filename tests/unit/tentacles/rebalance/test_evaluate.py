from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal, localcontext
from random import Random
from typing import Any

import pytest

from octobot_node import (
    Decision,
    Fill,
    IntentStatus,
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
from octobot_tentacles.rebalance import register_automations
from octobot_tentacles.rebalance.automation import Rebalance
from octobot_tentacles.rebalance.config import RebalanceConfig
from octobot_tentacles.rebalance.state import RebalanceState

D = Decimal
START = datetime(2018, 1, 10, tzinfo=UTC)
LATER = START + timedelta(hours=5)
PRICES = {"BTC/USD": "1000", "ETH/USD": "100"}
PAIR = {"weights": {"BTC": 50, "USD": 50}, "quote": "USD"}
THREE = {"weights": {"BTC": 50, "ETH": 30, "USD": 20}, "quote": "USD"}


def config(base: Mapping[str, Any] = PAIR, **fields: Any) -> RebalanceConfig:
    return RebalanceConfig.model_validate({**base, **fields})


def remembered(**fields: Any) -> RebalanceState:
    return RebalanceState.model_validate({"anchor": START, "quote": "USD", **fields})


def sell(asset: str, amount: str) -> MarketOrder:
    return MarketOrder(f"{asset}/USD", "sell", amount=D(amount), tag="rebalance")


def buy(asset: str, spend: str) -> MarketOrder:
    return MarketOrder(f"{asset}/USD", "buy", spend=D(spend), tag="rebalance")


def open_order(side: Side, status: IntentStatus = IntentStatus.OPEN, symbol: str = "BTC/USD") -> OpenOrder:
    return OpenOrder("id", symbol, side, "market", D(1), None, None, D(0), status, "rebalance", START)


def fill(side: Side, amount: str, price: str, symbol: str = "BTC/USD") -> Fill:
    cost = D(amount) * D(price)
    return Fill("fill", "id", symbol, side, D(amount), D(price), cost, D(0), "USD", "taker", "rebalance", LATER)


def result(status: IntentStatus, symbol: str = "BTC/USD", side: Side = "sell") -> OrderResult:
    return OrderResult("id", symbol, side, status, "too little", D(0), None, "rebalance")


def rules_of(symbol: str, **fields: Any) -> MarketRules:
    base, _, quote = symbol.partition("/")
    return MarketRules(symbol, base, quote, **fields)


def decide(
    settings: RebalanceConfig,
    held: Mapping[str, str],
    state: RebalanceState | None = None,
    *,
    prices: Mapping[str, str] = PRICES,
    due: bool = False,
    edited_from: RebalanceConfig | None = None,
    open_orders: Sequence[OpenOrder] = (),
    fills: Sequence[Fill] = (),
    results: Sequence[OrderResult] = (),
    **rules: Any,
) -> Decision:
    """Evaluate one tick: the automation's first if it remembers nothing; woken early unless it is ``due``."""
    now = START if state is None else LATER
    needed = Rebalance().needs(settings, state).symbols
    last = {symbol: D(prices[symbol]) for symbol in needed}
    tickers = {symbol: Ticker(symbol, price, price, price, now) for symbol, price in last.items()}
    all_rules = {symbol: rules_of(symbol, **rules) for symbol in needed}
    tick: Tick[RebalanceConfig, RebalanceState] = Tick(
        automation_id="automation",
        number=0 if state is None else 7,
        now=now,
        scheduled_at=now if due else None,
        missed=0,
        config=settings,
        previous_config=edited_from,
        # As the engine does: through JSON and back.
        state=None if state is None else RebalanceState.model_validate_json(state.model_dump_json()),
        market=Market(as_of=now, tickers=tickers, all_rules=all_rules),
        positions={},
        balances={asset: D(amount) for asset, amount in held.items()},
        open_orders=open_orders,
        fills=fills,
        results=results,
        signals=(),
        random=Random(0),
    )
    return Rebalance().evaluate(tick)


def levels(decision: Decision) -> dict[str, list[str]]:
    """Return the wake levels (below, above) by symbol, to twelve decimals."""
    assert decision.wake is not None
    return {
        symbol: [f"{decision.wake.below[symbol]:.12f}", f"{decision.wake.above[symbol]:.12f}"]
        for symbol in decision.wake.above
    }


def test_the_package_offers_the_type_rebalance() -> None:
    offered: list[Any] = []
    register_automations(offered.append)
    assert offered == [Rebalance]
    assert Rebalance.name == "rebalance"
    assert Rebalance().needs(config(THREE), None).symbols == {"BTC/USD", "ETH/USD"}


# When to rebalance.


def test_within_the_threshold_it_waits_for_the_prices_at_which_it_is_reached() -> None:
    # 1 BTC at p and 1000 USD: p / (p + 1000) is 45 % at 818.18 and 55 % at 1222.22.
    decision = decide(config(), {"BTC": "1", "USD": "1000"})
    assert decision.orders == []
    assert levels(decision) == {"BTC/USD": ["818.181818181818", "1222.222222222222"]}
    assert decision == Decision(
        state=remembered(),
        orders=[],
        actions=[],
        wake=decision.wake,
        independent=True,
        figures={
            "rebalances": 0,
            "turnover, USD": D(0),
            "largest drift, points": D("0.00"),
            "BTC weight": "50.00 % of 50 % (+0.00)",
            "USD weight": "50.00 % of 50 % (+0.00)",
        },
    )


@pytest.mark.parametrize("side", ["above", "below"])
def test_the_level_is_the_first_price_at_which_it_trades(side: str) -> None:
    held = {"BTC": "0.7", "USD": "1234.56"}
    wake = decide(config(), held, prices={"BTC/USD": "1763"}).wake
    assert wake is not None
    level, inside = (wake.above, -1) if side == "above" else (wake.below, 1)
    price = level["BTC/USD"]
    hair = D("1e-30")
    assert decide(config(), held, remembered(), prices={"BTC/USD": format(price, "f")}).orders != []
    nearly = f"{price + inside * hair:.30f}"
    assert decide(config(), held, remembered(), prices={"BTC/USD": nearly}).orders == []


def test_at_the_threshold_is_past_it() -> None:
    # 1 BTC at 1500 beside 1000 USD is 60 % to the last digit.
    held, ten = {"BTC": "1", "USD": "1000"}, config(threshold=10)
    assert levels(decide(ten, held)) == {"BTC/USD": ["666.666666666667", "1500.000000000000"]}
    assert decide(ten, held, remembered(), prices={"BTC/USD": "1500"}).orders == [sell("BTC", "0.16666666")]
    assert decide(ten, held, remembered(), prices={"BTC/USD": "1499.99999999"}).orders == []


def test_an_asset_that_is_worth_too_much_is_sold_down_to_its_weight() -> None:
    # 1300 and 1000 USD: 150 too much, 0.11538461... BTC.
    decision = decide(config(), {"BTC": "1", "USD": "1000"}, remembered(), prices={"BTC/USD": "1300"})
    assert decision.orders == [sell("BTC", "0.11538461")]
    assert decision.state == remembered(counted=False)
    assert decision.wake == Wake(at_closes=True)


def test_an_asset_that_is_worth_too_little_is_bought_with_what_there_is_too_much_of_the_quote() -> None:
    decision = decide(config(), {"BTC": "1", "USD": "1000"}, remembered(), prices={"BTC/USD": "800"})
    assert decision.orders == [buy("BTC", "100")]


def test_a_first_tick_buys_the_basket() -> None:
    decision = decide(config(THREE), {"USD": "1000"})
    assert decision.orders == [buy("BTC", "500"), buy("ETH", "300")]


def test_a_quote_outside_the_basket_is_spent() -> None:
    outside = config({"weights": {"BTC": 60, "ETH": 40}, "quote": "USD"})
    assert decide(outside, {"USD": "1000"}).orders == [buy("BTC", "600"), buy("ETH", "400")]


def test_a_weight_of_zero_is_sold_whole() -> None:
    gone = config({"weights": {"BTC": 0, "USD": 100}, "quote": "USD"})
    assert decide(gone, {"BTC": "1.234567891", "USD": "10"}).orders == [sell("BTC", "1.23456789")]


def test_an_empty_basket_waits_without_levels() -> None:
    decision = decide(config(THREE), {})
    assert (decision.orders, decision.wake) == ([], Wake(at_closes=True))


def test_a_negative_balance_counts_as_nothing() -> None:
    assert decide(config(THREE), {"USD": "-0.00000001"}).orders == []


# Schedules.


def test_an_interval_rebalances_at_once_and_at_its_times_however_small_the_drift() -> None:
    every = config(every="4h")
    held = {"BTC": "1", "USD": "1000"}
    schedule = Wake(at_closes=True, every=timedelta(hours=4), anchor=START)
    assert decide(every, {"BTC": "1", "USD": "1010"}).orders == [buy("BTC", "5")]
    woken = decide(every, held, remembered(), prices={"BTC/USD": "1300"})
    assert (woken.orders, woken.wake) == ([], schedule)
    due = decide(every, held, remembered(), prices={"BTC/USD": "1002"}, due=True)
    assert (due.orders, due.wake) == ([sell("BTC", "0.00099800")], schedule)


def test_a_daily_time_waits_for_that_time() -> None:
    daily = config(daily={"at": "09:00"})
    assert decide(daily, {"USD": "1000"}).orders == []
    assert decide(daily, {"USD": "1000"}, remembered(), due=True).orders == [buy("BTC", "500")]


def test_threshold_and_schedule_both_rebalance() -> None:
    both = config(threshold=5, every="4h")
    held = {"BTC": "1", "USD": "1000"}
    assert decide(both, held, remembered(), prices={"BTC/USD": "1300"}).orders == [sell("BTC", "0.11538461")]
    waiting = decide(both, held, remembered(), prices={"BTC/USD": "1100"})
    assert waiting.wake is not None
    assert replace(waiting.wake, above={}, below={}) == Wake(at_closes=True, every=timedelta(hours=4), anchor=START)
    assert levels(waiting) == {"BTC/USD": ["818.181818181818", "1222.222222222222"]}


def test_a_time_that_comes_while_orders_are_open_counts_afterwards() -> None:
    every = config(every="4h")
    waiting = decide(every, {"USD": "400"}, remembered(), due=True, open_orders=[open_order("sell")])
    assert waiting.state == remembered(due=True)
    assert decide(every, {"BTC": "1", "USD": "1020"}, waiting.state).orders == [buy("BTC", "10")]


# Sales first.


def test_buys_wait_for_the_proceeds_of_sales() -> None:
    uneven = decide(config(THREE), {"BTC": "0.3", "ETH": "5", "USD": "200"})
    assert uneven.orders == [sell("ETH", "2")]
    assert uneven.state == remembered(to_buy=("BTC",), counted=False)
    waiting = decide(config(THREE), {"BTC": "0.3", "ETH": "3"}, uneven.state, open_orders=[open_order("sell")])
    assert waiting.orders == ()
    assert waiting.state == uneven.state
    sold = fill("sell", "2", "100", "ETH/USD")
    paid = decide(config(THREE), {"BTC": "0.3", "ETH": "3", "USD": "399.8"}, waiting.state, fills=[sold])
    # The fee came out of the quote: 20 % of 999.8 stay, the rest is spent.
    assert paid.orders == [buy("BTC", "199.84")]
    assert paid.state == remembered(rebalances=1, turnover="200")


def test_what_was_not_lacking_when_it_began_is_not_bought_for_the_dust_that_selling_leaves() -> None:
    sold = decide(config(), {"BTC": "1", "USD": "1000"}, remembered(), prices={"BTC/USD": "1300"})
    after = decide(
        config(), {"BTC": "0.88461539", "USD": "1160"}, sold.state, prices={"BTC/USD": "1300"},
        fills=[fill("sell", "0.11538461", "1386")],
    )  # fmt: skip
    assert after.orders == []
    assert set(levels(after)) == {"BTC/USD"}


def test_buys_share_what_there_is_when_it_is_not_enough() -> None:
    # 750 are lacking, but only 350 are there: the sale of the third brought nothing.
    three = config({"weights": {"BTC": 50, "ETH": 25, "XRP": 0, "USD": 25}, "quote": "USD"})
    prices = {**PRICES, "XRP/USD": "1"}
    state = remembered(to_buy=("BTC", "ETH"), counted=False)
    decision = decide(three, {"BTC": "0.2", "ETH": "1", "XRP": "400", "USD": "700"}, state, prices=prices)
    assert decision.orders == [buy("BTC", "233.33333333"), buy("ETH", "116.66666666")]


def test_a_fee_on_top_is_left_room_for() -> None:
    fees: dict[str, Any] = {"fee_in": "quote", "taker_fee": D("0.01")}
    outside = config({"weights": {"BTC": 60, "ETH": 40}, "quote": "USD"})
    orders = decide(outside, {"USD": "1000"}, **fees).orders
    assert orders == [buy("BTC", "594.05940594"), buy("ETH", "396.03960396")]
    assert sum(order.spend for order in orders) * D("1.01") <= 1000


# What is not worth it.


def test_a_smallest_trade_leaves_out_what_is_worth_less() -> None:
    held = {"BTC": "0.5", "ETH": "3.1", "USD": "190"}
    assert decide(config(THREE, every="1d"), held).orders == [sell("ETH", "0.1")]
    assert decide(config(THREE, every="1d", min_trade=11), held).orders == []


@pytest.mark.parametrize("rules", [{"min_notional": D(101)}, {"min_amount": D("0.126")}])
def test_what_the_exchange_would_refuse_is_not_ordered(rules: dict[str, Any]) -> None:
    held = {"BTC": "1", "USD": "1000"}
    decision = decide(config(), held, remembered(), prices={"BTC/USD": "800"}, **rules)
    assert decision.orders == []
    # It looks again once the price has moved by 1 %.
    assert decision.state == remembered(stuck_at={"BTC/USD": "800"})
    assert levels(decision) == {"BTC/USD": ["792.079207920792", "808.000000000000"]}


def test_what_is_stuck_is_tried_again_when_a_price_has_moved_or_a_time_has_come() -> None:
    held, stuck = {"BTC": "1", "USD": "1000"}, remembered(stuck_at={"BTC/USD": "800"})
    near = decide(config(), held, stuck, prices={"BTC/USD": "807"})
    assert (near.orders, near.state) == ([], stuck)
    assert decide(config(), held, stuck, prices={"BTC/USD": "790"}).orders == [buy("BTC", "105")]
    assert decide(config(), held, stuck, prices={"BTC/USD": "808"}).orders == [buy("BTC", "96")]
    both = config(threshold=5, daily={"at": "09:00"})
    assert decide(both, held, stuck, prices={"BTC/USD": "807"}, due=True).orders == [buy("BTC", "96.5")]


def test_a_drift_that_went_away_is_not_stuck_any_more() -> None:
    stuck = remembered(stuck_at={"BTC/USD": "818"})
    decision = decide(config(), {"BTC": "1", "USD": "1000"}, stuck, prices={"BTC/USD": "820"})
    assert decision.state == remembered()
    assert levels(decision) == {"BTC/USD": ["818.181818181818", "1222.222222222222"]}


# What goes wrong.


@pytest.mark.parametrize("status", [IntentStatus.PLANNED, IntentStatus.SENT, IntentStatus.OPEN, IntentStatus.UNKNOWN])
def test_nothing_is_decided_while_the_fate_of_an_order_is_open(status: IntentStatus) -> None:
    held, state = {"BTC": "1", "USD": "1000"}, remembered(to_buy=("BTC",), counted=False)
    told = [result(IntentStatus.UNKNOWN)] if status is IntentStatus.UNKNOWN else []
    decision = decide(config(), held, state, open_orders=[open_order("sell", status)], results=told)
    assert decision == Decision(state=state, wake=Wake())


def test_a_part_that_filled_is_counted_and_the_rest_waited_for() -> None:
    state, part = remembered(counted=False), fill("sell", "0.05", "1300")
    decision = decide(config(), {"BTC": "0.9", "USD": "1065"}, state, open_orders=[open_order("sell")], fills=[part])
    assert decision == Decision(state=remembered(rebalances=1, turnover="65"), wake=Wake())


def test_an_order_that_was_cancelled_after_a_part_is_made_up_for() -> None:
    state = remembered(counted=True, rebalances=1, turnover="65")
    decision = decide(
        config(), {"BTC": "0.95", "USD": "1000"}, state, prices={"BTC/USD": "1300"},
        fills=[fill("sell", "0.05", "1300")], results=[result(IntentStatus.CANCELLED)],
    )  # fmt: skip
    assert decision.orders == [sell("BTC", "0.09038461")]


@pytest.mark.parametrize("status", [IntentStatus.REFUSED, IntentStatus.CANCELLED, IntentStatus.EXPIRED])
def test_a_failed_order_is_told_and_not_repeated_before_a_price_has_moved(status: IntentStatus) -> None:
    held, state = {"BTC": "1", "USD": "1000"}, remembered(counted=False)
    failed = decide(config(), held, state, prices={"BTC/USD": "1300"}, results=[result(status)])
    assert failed.orders == []
    assert failed.actions == [
        Notify(
            f"rebalance: the order to sell BTC/USD was {status.value} (too little): it is tried again once a price has"
            " moved by 1 % or a scheduled time comes",
            "warning",
        )
    ]
    assert failed.state == remembered(counted=False, stuck_at={"BTC/USD": "1300"})
    assert levels(failed) == {"BTC/USD": ["1287.128712871287", "1313.000000000000"]}
    again = decide(config(), held, failed.state, prices={"BTC/USD": "1313"})
    assert again.orders == [sell("BTC", "0.11919268")]


def test_a_failed_order_of_a_schedule_waits_for_its_next_time() -> None:
    every = config(every="4h")
    failed = decide(every, {"BTC": "1", "USD": "1100"}, remembered(), results=[result(IntentStatus.REFUSED)])
    assert failed.orders == []
    assert failed.actions == [
        Notify(
            "rebalance: the order to sell BTC/USD was refused (too little): it is tried again when it is time to"
            " rebalance again",
            "warning",
        )
    ]
    assert failed.wake == Wake(at_closes=True, every=timedelta(hours=4), anchor=START)


def test_refused_sales_do_not_keep_the_money_that_is_there_from_buying() -> None:
    state = remembered(to_buy=("BTC",), counted=False)
    held = {"BTC": "0.3", "ETH": "5", "USD": "300"}
    decision = decide(config(THREE), held, state, results=[result(IntentStatus.REFUSED, "ETH/USD")])
    # 20 % of 1100 stay.
    assert decision.orders == [buy("BTC", "80")]


# Several assets.


def test_levels_of_several_assets_are_where_the_worst_combination_reaches_the_threshold() -> None:
    held = {"BTC": "0.51", "ETH": "2.9", "USD": "200"}
    wake = decide(config(THREE), held).wake
    assert wake is not None
    assert set(wake.above) == set(wake.below) == {"BTC/USD", "ETH/USD"}
    factor = wake.above["BTC/USD"] / 1000
    assert abs(factor - wake.above["ETH/USD"] / 100) < D("1e-20")
    assert abs(factor * wake.below["BTC/USD"] - 1000) < D("1e-20")
    corners = [
        {"BTC/USD": bitcoin["BTC/USD"], "ETH/USD": ether["ETH/USD"]}
        for bitcoin in (wake.above, wake.below)
        for ether in (wake.above, wake.below)
    ]
    worst = max(_largest_drift(held, corner) for corner in corners)
    assert abs(worst - 5) < D("1e-20")


def _largest_drift(held: Mapping[str, str], prices: Mapping[str, Decimal]) -> Decimal:
    values = {"BTC": D(held["BTC"]) * prices["BTC/USD"], "ETH": D(held["ETH"]) * prices["ETH/USD"], "USD": D(200)}
    weights = {"BTC": 50, "ETH": 30, "USD": 20}
    return max(abs(100 * value / sum(values.values()) - weights[asset]) for asset, value in values.items())


@pytest.mark.parametrize("seed", range(40))
def test_inside_the_levels_no_basket_can_be_off(seed: int) -> None:
    dice = Random(seed)
    names = ["A", "B", "C", "D"][: dice.randint(2, 4)]
    cuts = sorted(dice.sample(range(1, 100), len(names)))
    shares = [after - before for before, after in zip([0, *cuts], [*cuts, 100], strict=True)]
    weights = dict(zip([*names, "USD"], shares, strict=True))
    settings = RebalanceConfig.model_validate({"weights": weights, "quote": "USD", "threshold": dice.choice([1, 3, 9])})
    prices = {f"{name}/USD": str(dice.randint(1, 5_000)) for name in names}
    held = {name: f"{D(weights[name]) / D(prices[f'{name}/USD']):.20f}" for name in names}
    held["USD"] = str(weights["USD"])
    wake = decide(settings, held, remembered(), prices=prices).wake
    assert wake is not None
    for _ in range(25):
        inside = {
            symbol: f"{wake.below[symbol] + (wake.above[symbol] - wake.below[symbol]) * D(dice.random()):.18f}"
            for symbol in prices
        }
        assert decide(settings, held, remembered(), prices=inside).orders == []


# Edits.


def test_new_weights_count_from_the_next_tick_and_a_stuck_drift_is_tried_again() -> None:
    edited = config(weights={"BTC": 70, "USD": 30})
    decision = decide(
        edited, {"BTC": "1", "USD": "1000"}, remembered(stuck_at={"BTC/USD": "1000"}, turnover="7", rebalances=2),
        edited_from=config(),
    )  # fmt: skip
    assert decision.orders == [buy("BTC", "400")]
    assert decision.state == remembered(turnover="7", rebalances=2, counted=False)


def test_another_quote_begins_another_turnover() -> None:
    edited = config({"weights": {"BTC": 50, "EUR": 50}, "quote": "EUR"})
    decision = decide(
        edited, {"BTC": "1", "EUR": "900", "USD": "500"}, remembered(turnover="7", rebalances=2),
        edited_from=config(), prices={"BTC/EUR": "900"},
    )  # fmt: skip
    assert decision.orders == []
    assert decision.state == remembered(quote="EUR", rebalances=2)


def test_the_same_tick_is_decided_the_same_whatever_the_caller_s_precision() -> None:
    held, prices = {"BTC": "0.333333333333333333", "USD": "777.7777777777"}, {"BTC/USD": "3333.333333333333333"}
    decision = decide(config(), held, remembered(), prices=prices)
    with localcontext(prec=5):
        assert decide(config(), held, remembered(), prices=prices) == decision
