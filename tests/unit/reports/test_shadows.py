"""Orders of a live automation and of its shadow: which are one, and how they differ."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from octobot_node.orders import IntentStatus
from octobot_node.reports.shadows.drift import Drift, Outcome, drift_of, quote_drifts, side_of
from octobot_node.reports.shadows.pairing import Execution, Ordered, Pair, pairs_of

D = Decimal
FILLED, CANCELLED, OPEN = IntentStatus.FILLED, IntentStatus.CANCELLED, IntentStatus.OPEN


def order(id_: str, at: int = 0, *fills: Execution, seq: int = 0, **given: Any) -> Ordered:
    """Return a filled market buy, or what is said otherwise."""
    values: dict[str, Any] = {
        "symbol": "BTC/USDT", "base": "BTC", "quote": "USDT", "side": "buy", "type": "market", "tag": "buy",
        "price": None, "stop": None, "amount": D(1), "reason": "",
        "status": FILLED if fills else OPEN,
    }  # fmt: skip
    return Ordered(id=id_, at=at, seq=seq, executions=fills, **values | given)


def fill(price: str, amount: str = "1", fee: str = "0", fee_asset: str = "USDT", at: int = 0) -> Execution:
    return Execution(D(amount), D(price) * D(amount), D(fee), fee_asset, at)


def ids(live: list[Ordered], paper: list[Ordered]) -> list[tuple[str | None, str | None]]:
    return [
        (None if pair.live is None else pair.live.id, None if pair.paper is None else pair.paper.id)
        for pair in pairs_of(live, paper)
    ]


def drift(live: Ordered | None, paper: Ordered | None) -> Drift:
    return drift_of(Pair(live, paper))


# -- which are one


def test_of_one_look_the_same_thing_is_one() -> None:
    live = [order("a", 1), order("b", 2)]
    assert ids(live, [order("x", 1), order("y", 2)]) == [("a", "x"), ("b", "y")]


def test_two_orders_of_one_price_are_told_apart_by_their_place() -> None:
    rung: dict[str, Any] = {"type": "limit", "price": D(90), "tag": ""}
    live = [order("a", 1, seq=0, **rung), order("b", 1, seq=1, **rung)]
    paper = [order("y", 1, seq=1, **rung), order("x", 1, seq=0, **rung)]
    assert ids(live, paper) == [("a", "x"), ("b", "y")]


def test_where_one_side_has_a_rung_less_no_rung_is_compared_with_another() -> None:
    def rungs(prefix: str, *prices: int) -> list[Ordered]:
        return [
            order(f"{prefix}{price}", 1, seq=seq, type="limit", price=D(price), tag="")
            for seq, price in enumerate(prices)
        ]

    found = ids(rungs("l", 80, 90), rungs("p", 80, 85, 90))
    assert sorted(found, key=str) == [("l80", "p80"), ("l90", "p90"), (None, "p85")]


def test_a_tag_says_what_an_order_is_for_whatever_its_price() -> None:
    exits: dict[str, Any] = {"type": "limit", "side": "sell", "tag": "take-profit"}
    assert ids([order("a", 1, price=D(110), **exits)], [order("x", 1, price=D(111), **exits)]) == [("a", "x")]


def test_who_lags_behind_is_compared_with_the_same_step() -> None:
    """A rung is bought at one look; live sells it at once, buys it again, and paper sells what it bought later."""

    def step(id_: str, at: int, side: str) -> Ordered:
        return order(id_, at, side=side, tag="rung 3")

    live = [step("buy1", 1, "buy"), step("sell1", 2, "sell"), step("buy2", 3, "buy"), step("sell2", 4, "sell")]
    paper = [step("paper-buy1", 1, "buy"), step("paper-sell1", 5, "sell"), step("paper-buy2", 6, "buy")]
    assert ids(live, paper) == [
        ("buy1", "paper-buy1"), ("sell1", "paper-sell1"), ("buy2", "paper-buy2"), ("sell2", None),
    ]  # fmt: skip


def test_an_order_too_many_moves_none_after_it() -> None:
    """Each day's buy is of one look on both sides; the one that paper left out is nobody's twin."""
    live = [order(f"l{day}", day) for day in range(5)]
    paper = [order(f"p{day}", day) for day in range(5) if day != 2]
    assert ids(live, paper) == [("l0", "p0"), ("l1", "p1"), ("l2", None), ("l3", "p3"), ("l4", "p4")]


def test_what_rested_when_the_shadow_began_is_one_with_what_it_is_the_twin_of() -> None:
    rung: dict[str, Any] = {"type": "limit", "price": D(90), "tag": ""}
    live = [order("older", 1, **rung), order("newer", 2, **rung)]
    paper = [order("x", 9, twin_of="newer", **rung), order("y", 9, twin_of="older", **rung)]
    assert ids(live, paper) == [("older", "y"), ("newer", "x")]


_SOME = st.lists(
    st.tuples(st.integers(0, 5), st.sampled_from(["a", "b", ""]), st.sampled_from([None, D(1), D(2)])), max_size=12
)


@given(_SOME, _SOME)
def test_each_order_is_told_once_and_a_pair_is_of_one_thing(ours: Any, theirs: Any) -> None:
    live = [order(f"l{n}", at, seq=n, tag=tag, price=price) for n, (at, tag, price) in enumerate(ours)]
    paper = [order(f"p{n}", at, seq=n, tag=tag, price=price) for n, (at, tag, price) in enumerate(theirs)]
    found = pairs_of(live, paper)
    assert sorted(pair.live.id for pair in found if pair.live) == sorted(each.id for each in live)
    assert sorted(pair.paper.id for pair in found if pair.paper) == sorted(each.id for each in paper)
    assert all(pair.live.tag == pair.paper.tag for pair in found if pair.live and pair.paper)


# -- how they differ


def test_dearer_to_buy_and_cheaper_to_sell_is_worse() -> None:
    bought = drift(order("a", 0, fill("100.5")), order("x", 0, fill("100")))
    assert (bought.slippage, bought.slippage_cost, bought.slippage_bps) == (D("0.5"), D("0.5"), D(50))
    sold = drift(order("a", 0, fill("99", "2"), side="sell"), order("x", 0, fill("100", "2"), side="sell"))
    assert (sold.slippage, sold.slippage_cost, sold.slippage_bps) == (D(1), D(2), D(100))
    better = drift(order("a", 0, fill("99")), order("x", 0, fill("100")))
    assert (better.slippage, better.slippage_bps) == (D(-1), D(-100))


def test_of_a_partial_fill_what_both_executed_is_compared() -> None:
    live = order("a", 0, fill("101", "0.25"), fill("103", "0.25"), status=CANCELLED)
    found = drift(live, order("x", 0, fill("100", "2"), amount=D(2)))
    assert (found.outcome, found.compared, found.short) == (Outcome.BOTH, D("0.5"), D("1.5"))
    assert (found.slippage, found.slippage_cost, found.slippage_bps) == (D(2), D(1), D(200))
    # Not filled: nobody can say how much later.
    assert found.later_ms is None


@pytest.mark.parametrize(
    ("live", "paper", "outcome"),
    [
        (order("a", 0, status=CANCELLED), order("x", 0, fill("100")), Outcome.MISSED),
        (order("a", 0, status=IntentStatus.REFUSED), order("x", 0, fill("100")), Outcome.MISSED),
        (order("a", 0, status=IntentStatus.EXPIRED), order("x", 0, fill("100")), Outcome.MISSED),
        (order("a", 0), order("x", 0, fill("100")), Outcome.WAITS),
        (order("a", 0, fill("100")), order("x", 0, status=CANCELLED), Outcome.LIVE_ONLY),
        (order("a", 0, fill("100")), order("x", 0), Outcome.WAITS),
        (order("a", 0, status=IntentStatus.UNKNOWN), order("x", 0, fill("100")), Outcome.UNKNOWN),
        (order("a", 0, status=IntentStatus.SENT), order("x", 0, fill("100")), Outcome.UNKNOWN),
        (order("a", 0, status=CANCELLED), order("x", 0, status=CANCELLED), Outcome.NEITHER),
        (order("a", 0, status=IntentStatus.REFUSED), order("x", 0, status=IntentStatus.REFUSED), Outcome.NEITHER),
        (order("a", 0, fill("100")), None, Outcome.LIVE_ALONE),
        (None, order("x", 0, fill("100")), Outcome.PAPER_ALONE),
    ],
)
def test_what_is_not_known_is_told_as_that(live: Ordered | None, paper: Ordered | None, outcome: Outcome) -> None:
    found = drift(live, paper)
    assert found.outcome is outcome
    assert (found.slippage, found.slippage_cost, found.slippage_bps, found.fee, found.later_ms) == (None,) * 5


def test_a_fee_in_base_is_told_in_quote_at_the_orders_own_price_and_one_in_a_third_asset_is_not_known() -> None:
    paper = order("x", 0, fill("100", fee="0.1"))
    in_base = drift(order("a", 0, fill("200", fee="0.001", fee_asset="BTC")), paper)
    assert in_base.fee == D("0.1")
    third = drift(order("a", 0, fill("100", fee="0.001", fee_asset="BNB")), paper)
    assert (third.fee, third.slippage) == (None, D(0))
    assert side_of(order("a", 0, fill("100", fee="0.001", fee_asset="BNB"))).fees == {"BNB": D("0.001")}
    (sums,) = quote_drifts([(Pair(order("a", 0, fill("100", fee="1", fee_asset="BNB")), paper), third)])
    assert (sums.fee, sums.fee_unknown) == (None, 1)


def test_sums_are_of_one_quote_asset_and_weighed_by_what_was_compared() -> None:
    pairs = [
        Pair(order("a", 0, fill("101", at=2_000)), order("x", 0, fill("100", at=1_000))),
        Pair(order("b", 1, fill("300", "3", at=5_000)), order("y", 1, fill("300", "3", at=2_000))),
        Pair(order("c", 2, status=CANCELLED), order("z", 2, fill("50", "2"))),
        Pair(order("d", 3, fill("2", "10"), quote="EUR"), order("w", 3, fill("1", "10"), quote="EUR")),
    ]
    eur, usdt = quote_drifts([(pair, drift_of(pair)) for pair in pairs])
    assert (eur.asset, eur.slippage_cost, eur.slippage_bps) == ("EUR", D(10), D(10_000))
    assert (usdt.pairs, usdt.both, usdt.missed, usdt.missed_cost) == (3, 2, 1, D(100))
    assert (usdt.slippage_cost, usdt.slippage_bps, usdt.later_ms) == (D(1), D(10), 1_000)


def test_where_nothing_was_executed_on_both_sides_there_is_no_slippage_and_not_none_of_it() -> None:
    pair = Pair(order("a", 0, status=CANCELLED), order("x", 0, fill("100")))
    (found,) = quote_drifts([(pair, drift_of(pair))])
    assert (found.slippage_cost, found.slippage_bps, found.fee, found.later_ms) == (None, None, None, None)


def test_thirds_are_rounded_and_equal_amounts_are_not() -> None:
    whole = drift(order("a", 0, fill("0.3333333333333333", "3")), order("x", 0, fill("0.3333333333333332", "3")))
    assert whole.slippage_cost == D("0.0000000000000003")
    thirds = drift(order("a", 0, Execution(D(3), D(1), D(0), "USDT", 0)), order("x", 0, fill("0.3", "1")))
    assert thirds.slippage_cost == D("0.033333333333")
