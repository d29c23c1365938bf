"""Deals of DCA: the ladder of safety orders, and what they may spend."""

from __future__ import annotations

import pytest

from octobot_node import CancelOrder, IntentStatus, LimitOrder, MarketOrder, MarketRules, OpenOrder, Position
from octobot_tentacles.dca.config import DcaConfig
from tests.unit.tentacles.dca.deciding import (
    BUY,
    FIRST,
    SECOND,
    SYMBOL,
    THIRD,
    D,
    averaging,
    config,
    deal,
    decide,
    fill,
    held,
    remembered,
    resting,
    result,
    scheduled,
    take_profit,
)

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
