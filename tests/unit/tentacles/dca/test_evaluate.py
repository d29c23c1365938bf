from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from random import Random
from typing import Any

import pytest

from octobot_node import (
    CancelOrder,
    Daily,
    Decision,
    Fill,
    IntentStatus,
    LimitOrder,
    Market,
    MarketOrder,
    MarketRules,
    OpenOrder,
    OrderResult,
    Position,
    Tick,
    Wake,
)
from octobot_node.orders import Side
from octobot_tentacles.dca import register_automations
from octobot_tentacles.dca.automation import Dca
from octobot_tentacles.dca.config import DcaConfig, SafetyOrders
from octobot_tentacles.dca.state import DcaState, Deal

D = Decimal
SYMBOL = "BTC/USD"
START = datetime(2022, 1, 1, tzinfo=UTC)
LATER = START + timedelta(days=3)
RULES = MarketRules(SYMBOL, "BTC", "USD", min_amount=D("0.0001"), min_notional=D(10))
LADDER = {"count": 3, "step": 1, "step_scale": 2, "amount": 100, "volume_scale": 2}
SAFETY = SafetyOrders.model_validate(LADDER)
BUY = MarketOrder(SYMBOL, "buy", spend=D(100), tag="scheduled")

FIRST = LimitOrder(SYMBOL, "buy", D("0.10101010"), D("990.00"), tag="safety-1")
SECOND = LimitOrder(SYMBOL, "buy", D("0.20618556"), D("970.00"), tag="safety-2")
THIRD = LimitOrder(SYMBOL, "buy", D("0.43010752"), D("930.00"), tag="safety-3")


def config(**fields: Any) -> DcaConfig:
    return DcaConfig.model_validate({"symbol": SYMBOL, "amount": 100, **fields})


def averaging(**fields: Any) -> DcaConfig:
    return config(take_profit=2, safety_orders=LADDER, **fields)


def remembered(**fields: Any) -> DcaState:
    return DcaState.model_validate({"anchor": START, "symbol": SYMBOL, **fields})


def deal(placed: int = 3, entry: str = "1000") -> Deal:
    return Deal(entry=D(entry), safety_orders=SAFETY, placed=placed)


def held(amount: str, cost: str) -> Position:
    return Position(SYMBOL, D(amount), D(cost))


def resting(
    order: LimitOrder,
    *,
    order_id: str = "",
    filled: str = "0",
    status: IntentStatus = IntentStatus.OPEN,
) -> OpenOrder:
    return OpenOrder(
        id=order_id or f"id-{order.tag}",
        symbol=order.symbol,
        side=order.side,
        type="limit",
        amount=order.amount,
        price=order.price,
        stop=None,
        filled=D(filled),
        status=status,
        tag=order.tag,
        created_at=START,
    )


def scheduled(status: IntentStatus = IntentStatus.OPEN) -> OpenOrder:
    return OpenOrder("id-scheduled", SYMBOL, "buy", "market", None, None, None, D(0), status, "scheduled", START)


def fill(side: Side, amount: str, price: str, *, tag: str = "scheduled", fee: str = "0", symbol: str = SYMBOL) -> Fill:
    cost = D(amount) * D(price)
    fee_asset = "BTC" if side == "buy" else "USD"
    return Fill("fill", "order", symbol, side, D(amount), D(price), cost, D(fee), fee_asset, "taker", tag, LATER)


def result(
    tag: str, status: IntentStatus, *, order_id: str = "gone", side: Side = "sell", symbol: str = SYMBOL
) -> OrderResult:
    return OrderResult(order_id, symbol, side, status, "why", D(0), None, tag)


def take_profit(amount: str, price: str) -> LimitOrder:
    return LimitOrder(SYMBOL, "sell", D(amount), D(price), tag="take-profit")


def decide(
    settings: DcaConfig,
    state: DcaState | None = None,
    *,
    due: bool = False,
    missed: int = 0,
    position: Position | None = None,
    open_orders: Sequence[OpenOrder] = (),
    fills: Sequence[Fill] = (),
    results: Sequence[OrderResult] = (),
    rules: MarketRules = RULES,
) -> Decision:
    """Evaluate one tick: the automation's first if it remembers nothing; woken early unless it is ``due``."""
    now = START if state is None else LATER
    tick: Tick[DcaConfig, DcaState] = Tick(
        automation_id="automation",
        number=0 if state is None else 7,
        now=now,
        scheduled_at=now if due or state is None else None,
        missed=missed,
        config=settings,
        previous_config=None,
        # As the engine does: through JSON and back.
        state=None if state is None else DcaState.model_validate_json(state.model_dump_json()),
        market=Market(as_of=now, all_rules={settings.symbol: rules}),
        positions={} if position is None else {SYMBOL: position},
        balances={},
        open_orders=open_orders,
        fills=fills,
        results=results,
        signals=(),
        random=Random(0),
    )
    return Dca().evaluate(tick)


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


# Deals and safety orders.


def test_the_first_fill_opens_a_deal_with_its_ladder_and_take_profit() -> None:
    decision = decide(
        averaging(), remembered(), position=held("0.0999", "100"), fills=[fill("buy", "0.1", "1000", fee="0.0001")]
    )
    assert decision.orders == [take_profit("0.09990000", "1021.03"), FIRST, SECOND, THIRD]
    assert decision.state == remembered(spent=100, deal=deal())
    assert decision.independent


def test_a_first_buy_that_fills_in_parts_opens_one_deal_at_its_first_price() -> None:
    first = decide(
        averaging(),
        remembered(),
        position=held("0.05", "50"),
        open_orders=[scheduled()],
        fills=[fill("buy", "0.05", "1000")],
    )
    assert first.orders == [take_profit("0.05000000", "1020.00"), FIRST, SECOND, THIRD]
    second = decide(
        averaging(),
        first.state,
        position=held("0.1", "100.1"),
        open_orders=[resting(take_profit("0.05", "1020")), *map(resting, (FIRST, SECOND, THIRD))],
        fills=[fill("buy", "0.05", "1002")],
    )
    assert second.orders == [CancelOrder("id-take-profit")]
    assert second.state == remembered(spent="100.1", deal=deal(), cancelling=["id-take-profit"])


def test_a_first_part_too_small_to_sell_still_opens_the_deal() -> None:
    decision = decide(
        averaging(),
        remembered(),
        position=held("0.005", "5"),
        open_orders=[scheduled()],
        fills=[fill("buy", "0.005", "1000")],
    )
    assert decision.orders == [FIRST, SECOND, THIRD]
    assert decision.state == remembered(spent=5, deal=deal())


def test_a_filled_safety_order_moves_the_take_profit_and_is_not_placed_again() -> None:
    decision = decide(
        averaging(),
        remembered(spent=100, deal=deal()),
        position=held("0.2010101", "200"),
        open_orders=[resting(take_profit("0.1", "1020")), resting(SECOND), resting(THIRD)],
        fills=[fill("buy", "0.1010101", "990", tag="safety-1")],
        results=[result("safety-1", IntentStatus.FILLED, side="buy")],
    )
    assert decision.orders == [CancelOrder("id-take-profit")]
    assert decision.state == remembered(spent="199.999999", deal=deal(), cancelling=["id-take-profit"])


@pytest.mark.parametrize("status", list(IntentStatus))
def test_a_safety_order_is_placed_once_in_a_deal_whatever_becomes_of_it(status: IntentStatus) -> None:
    decision = decide(
        averaging(),
        remembered(spent=100, deal=deal()),
        position=held("0.1", "100"),
        open_orders=[resting(take_profit("0.1", "1020")), resting(SECOND), resting(THIRD)],
        results=[result("safety-1", status, side="buy")],
        due=True,
    )
    assert decision.orders == [BUY]


def test_take_profit_closes_the_deal_and_cancels_what_is_left_of_the_ladder() -> None:
    decision = decide(
        averaging(),
        remembered(spent=200, deal=deal()),
        position=held("0.0000000009", "0.01"),
        open_orders=[resting(SECOND), resting(THIRD, status=IntentStatus.UNKNOWN)],
        fills=[fill("sell", "0.2010101", "1014.88", tag="take-profit")],
        results=[result("take-profit", IntentStatus.FILLED)],
    )
    # The unknown one may have been bought: nobody but a person or the exchange's answer may end it.
    assert decision.orders == [CancelOrder("id-safety-2")]
    assert decision.state == remembered(spent=200, cancelling=["id-safety-2"])


def test_a_deal_is_not_closed_by_selling_a_part() -> None:
    decision = decide(
        averaging(),
        remembered(spent=200, deal=deal()),
        position=held("0.1010101", "100"),
        open_orders=[resting(take_profit("0.2010101", "1010"), filled="0.1"), resting(SECOND), resting(THIRD)],
        fills=[fill("sell", "0.1", "1010", tag="take-profit")],
    )
    assert decision.state.deal == deal()
    assert CancelOrder("id-safety-2") not in decision.orders


def test_a_scheduled_time_that_finds_the_deal_closed_starts_the_next() -> None:
    closing = decide(
        averaging(),
        remembered(spent=100, deal=deal()),
        open_orders=[resting(FIRST)],
        fills=[fill("sell", "0.1", "1020", tag="take-profit")],
        due=True,
    )
    assert closing.orders == [CancelOrder("id-safety-1"), BUY]
    opening = decide(averaging(), closing.state, position=held("0.1", "110"), fills=[fill("buy", "0.1", "1100")])
    assert [order.tag for order in opening.orders if isinstance(order, LimitOrder)] == [
        "take-profit",
        "safety-1",
        "safety-2",
        "safety-3",
    ]
    assert opening.state == remembered(spent=210, deal=deal(entry="1100"))


def test_a_sale_and_the_next_deals_first_buy_may_come_in_one_tick() -> None:
    decision = decide(
        averaging(),
        remembered(spent=100, deal=deal(entry="2000")),
        position=held("0.1", "100"),
        open_orders=[resting(FIRST, order_id="old")],
        fills=[fill("sell", "0.1", "1020", tag="take-profit"), fill("buy", "0.1", "1000")],
    )
    assert decision.orders == [CancelOrder("old"), take_profit("0.10000000", "1020.00"), FIRST, SECOND, THIRD]
    assert decision.state == remembered(spent=200, deal=deal(), cancelling=["old"])


def test_a_safety_order_that_fills_while_it_is_cancelled_opens_a_deal_of_its_own() -> None:
    decision = decide(
        averaging(),
        remembered(spent=100, cancelling=["id-safety-1"]),
        position=held("0.1010101", "100"),
        fills=[fill("buy", "0.1010101", "990", tag="safety-1")],
    )
    assert decision.state.deal == deal(entry="990")
    assert decision.orders[0] == take_profit("0.10101010", "1009.81")


def test_a_level_that_rounds_to_nothing_is_left_out() -> None:
    rules = MarketRules(SYMBOL, "BTC", "USD", price_step=D(100), amount_step=D("0.2"))
    decision = decide(
        averaging(), remembered(), position=held("0.2", "200"), fills=[fill("buy", "0.2", "1000")], rules=rules
    )
    assert decision.orders == [
        take_profit("0.2", "1100"),
        LimitOrder(SYMBOL, "buy", D("0.2"), D(900), tag="safety-2"),
        LimitOrder(SYMBOL, "buy", D("0.4"), D(900), tag="safety-3"),
    ]
    worthless = decide(
        averaging(), remembered(), position=held("2", "100"), fills=[fill("buy", "2", "50")], rules=rules
    )
    assert worthless.orders == [take_profit("2.0", "100")]


# Maximum spend.


@pytest.mark.parametrize(("spent", "orders"), [("899.99", [BUY]), ("900", [BUY]), ("900.01", [])])
def test_a_buy_that_would_pass_max_spend_is_not_made(spent: str, orders: list[MarketOrder]) -> None:
    assert decide(config(max_spend=1000), remembered(spent=spent), due=True).orders == orders


def test_resting_safety_orders_count_as_spent() -> None:
    state, standing = remembered(spent=100, deal=deal()), [resting(FIRST), resting(take_profit("0.1", "1020"))]
    at_299 = decide(averaging(max_spend=299), state, position=held("0.1", "100"), open_orders=standing, due=True)
    assert at_299.orders == []
    at_300 = decide(averaging(max_spend=300), state, position=held("0.1", "100"), open_orders=standing, due=True)
    assert at_300.orders == [BUY]


def test_the_ladder_reaches_as_far_as_max_spend_allows() -> None:
    decision = decide(
        averaging(max_spend=400), remembered(), position=held("0.1", "100"), fills=[fill("buy", "0.1", "1000")]
    )
    assert decision.orders == [take_profit("0.10000000", "1020.00"), FIRST, SECOND]
    assert decision.state == remembered(spent=100, deal=deal(placed=2))


def test_a_part_of_the_first_buy_holds_back_levels_only_until_the_rest_is_known() -> None:
    settings = averaging(max_spend=400)
    part = decide(
        settings,
        remembered(),
        position=held("0.05", "50"),
        open_orders=[scheduled()],
        fills=[fill("buy", "0.05", "1000")],
    )
    assert part.orders == [take_profit("0.05000000", "1020.00"), FIRST]
    whole = decide(
        settings,
        part.state,
        position=held("0.1", "100"),
        open_orders=[resting(take_profit("0.05", "1020")), resting(FIRST)],
        fills=[fill("buy", "0.05", "1000")],
    )
    assert whole.orders == [CancelOrder("id-take-profit"), SECOND]


@pytest.mark.parametrize(
    ("settings", "position", "open_orders", "done"),
    [
        (config(max_spend=1000), held("1", "950"), [], True),
        (config(max_spend=1050), held("1", "950"), [], False),
        (config(), held("1", "950"), [], False),
        (config(max_spend=1000), held("1", "950"), [scheduled()], False),
        (config(max_spend=1000, take_profit=2), held("1", "950"), [], False),
        (config(max_spend=1000, take_profit=2), held("1", "950"), [resting(take_profit("1", "969"))], False),
        (config(max_spend=1000, take_profit=2), held("0.00000001", "0.01"), [], True),
        (config(max_spend=1000, take_profit=2), held("0", "0"), [resting(FIRST)], False),
    ],
)
def test_it_is_done_when_nothing_can_be_bought_and_nothing_is_left_to_sell(
    settings: DcaConfig, position: Position, open_orders: list[OpenOrder], done: bool
) -> None:
    decision = decide(settings, remembered(spent=950), position=position, open_orders=open_orders)
    assert decision.done is done


def test_it_waits_for_a_refused_take_profit_instead_of_being_done() -> None:
    failed = [result("take-profit", IntentStatus.REFUSED)]
    decision = decide(
        config(max_spend=1000, take_profit=2), remembered(spent=950), position=held("1", "950"), results=failed
    )
    assert (decision.orders, decision.done) == ([], False)


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
