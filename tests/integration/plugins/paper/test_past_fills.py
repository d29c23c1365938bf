from __future__ import annotations

import csv
import gzip
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from octobot_node.errors import OrderRefused

D = Decimal
MINUTE = 60_000

#: open, high, low, close; each minute from 0.
ROWS = [
    ("100", "101", "99", "100"),
    ("102", "103", "98", "99"),
    ("99", "100", "95", "97"),
    ("97", "106", "97", "105"),
    ("110", "111", "104", "105"),
    ("80", "85", "79", "84"),
]


def test_a_market_order_fills_at_once_at_the_open_of_the_candle_that_starts_now(
    past: Any, run: Any, facts: Any
) -> None:
    bench = past(ROWS)
    bench.at(MINUTE)
    paper = bench.trading()
    order = bench.place("buy", "market", on=paper)
    assert (order.status, order.filled, order.created_at) == ("filled", D(1), MINUTE)
    assert facts(run(paper.trades(0))) == [("p1", "o1", "buy", "1", "102", "taker", MINUTE)]


@pytest.mark.parametrize("late", [1, 5_000])
def test_a_market_order_just_after_a_candle_began_fills_at_its_open(past: Any, run: Any, facts: Any, late: int) -> None:
    bench = past(ROWS)
    bench.at(MINUTE + late)
    paper = bench.trading()
    assert bench.place("sell", "market", on=paper).status == "filled"
    assert facts(run(paper.trades(0))) == [("p1", "o1", "sell", "1", "102", "taker", MINUTE + late)]


def test_a_market_order_well_inside_a_candle_waits_for_the_next_open(past: Any, run: Any, facts: Any) -> None:
    bench = past([ROWS[0], ROWS[1], None, None, ROWS[4]])
    bench.at(MINUTE + 5_001)
    paper = bench.trading()
    assert bench.place("sell", "market", on=paper).status == "open"
    assert paper.next_fill_at(bench.clock.now()) == 4 * MINUTE
    bench.at(4 * MINUTE - 1)
    assert [order.id for order in run(paper.open_orders())] == ["o1"]
    bench.at(4 * MINUTE)
    assert run(paper.open_orders()) == []
    assert facts(run(paper.trades(0))) == [("p1", "o1", "sell", "1", "110", "taker", 4 * MINUTE)]
    assert paper.next_fill_at(0) is None


def test_a_market_order_past_the_last_candle_stays_open(past: Any, run: Any) -> None:
    bench = past(ROWS)
    bench.at(6 * MINUTE)
    paper = bench.trading()
    assert bench.place("buy", "market", on=paper).status == "open"
    assert paper.next_fill_at(0) is None
    bench.at(600 * MINUTE)
    assert len(run(paper.open_orders())) == 1


@pytest.mark.parametrize(("side", "price"), [("buy", "100.100"), ("sell", "99.900")])
def test_slippage_makes_market_orders_worse(past: Any, run: Any, side: str, price: str) -> None:
    bench = past(ROWS)
    paper = bench.trading(slippage="0.001")
    bench.place(side, "market", on=paper)
    assert [str(trade.price) for trade in run(paper.trades(0))] == [price]


@pytest.mark.parametrize(
    ("spend", "amount"), [("100", "1.00000000"), ("99.9999999", "0.99999999"), ("0.000001", "0.00000001")]
)
def test_a_spend_buys_no_more_than_it_pays_for(past: Any, run: Any, spend: str, amount: str) -> None:
    bench = past(ROWS)
    paper = bench.trading()
    order = bench.place("buy", "market", None, spend=spend, on=paper)
    (trade,) = run(paper.trades(0))
    assert (order.amount, f"{order.filled:f}", f"{trade.amount:f}") == (None, amount, amount)
    assert trade.cost <= D(spend)


def test_a_spend_that_buys_nothing_is_refused(past: Any, run: Any) -> None:
    bench = past(ROWS)
    paper = bench.trading()
    with pytest.raises(OrderRefused) as error:
        bench.place("buy", "market", None, spend="0.00000001", on=paper)
    assert str(error.value) == "0.00000001 USD buys less than the smallest amount, 0.00000001 BTC"
    assert run(paper.trades(0)) == []


@pytest.mark.parametrize(
    ("side", "price", "trade"),
    [
        ("buy", "100", ("100", "taker", 0)),
        ("buy", "100.5", ("100", "taker", 0)),
        ("buy", "99", ("99", "maker", 2 * MINUTE)),
        ("buy", "98", ("98", "maker", 3 * MINUTE)),
        ("buy", "99.5", ("99.5", "maker", MINUTE)),
        ("buy", "79", None),
        ("sell", "100", ("100", "taker", 0)),
        ("sell", "99", ("100", "taker", 0)),
        ("sell", "101", ("101", "maker", 2 * MINUTE)),
        ("sell", "103", ("103", "maker", 4 * MINUTE)),
        ("sell", "106", ("106", "maker", 5 * MINUTE)),
        ("sell", "111", None),
    ],
)
def test_a_limit_order_takes_the_first_open_or_rests_until_traded_through(
    past: Any, run: Any, side: str, price: str, trade: tuple[str, str, int] | None
) -> None:
    bench = past(ROWS)
    paper = bench.trading()
    order = bench.place(side, "limit", price=price, on=paper)
    assert order.status == ("filled" if trade is not None and trade[1] == "taker" else "open")
    expected = trade[2] if trade is not None and trade[1] == "maker" else None
    assert paper.next_fill_at(0) == expected
    if expected is not None:
        bench.at(expected - 1)
        assert run(paper.trades(0)) == []
    bench.at(600 * MINUTE)
    found = [(str(t.price), t.liquidity, t.at) for t in run(paper.trades(0))]
    assert found == ([] if trade is None else [trade])


@pytest.mark.parametrize(
    ("late", "price", "fills"),
    # The third candle goes from 99 over 100 and 95 to 97; known inside it is the close before it, 99.
    [
        (1_000, "96", (3 * MINUTE, "96")),  # as good as placed at its start: its low counts
        (30_000, "96", (6 * MINUTE, "96")),  # its low may be over
        (30_000, "98", (3 * MINUTE, "98")),  # its close is through the price, wherever it was before
        (30_000, "99", (3 * MINUTE, "97")),  # marketable by what is known: a taker at the next open
    ],
)
def test_a_limit_order_placed_inside_a_candle_takes_of_it_what_was_not_over(
    past: Any, run: Any, late: int, price: str, fills: tuple[int, str]
) -> None:
    bench = past(ROWS)
    bench.at(2 * MINUTE + late)
    paper = bench.trading()
    assert bench.place("buy", "limit", price=price, on=paper).status == "open"
    assert paper.next_fill_at(bench.clock.now()) == fills[0]
    bench.at(fills[0])
    assert [str(trade.price) for trade in run(paper.trades(0))] == [fills[1]]


def test_an_order_placed_after_a_fill_does_not_cross_at_a_better_price_than_its_own(past: Any, run: Any) -> None:
    """A take-profit at 98 that comes into a candle at 97: the next opens at 110, and it has sold before that."""
    bench = past(ROWS)
    bench.at(3 * MINUTE + 20_000)
    paper = bench.trading()
    assert bench.place("sell", "limit", price="98", on=paper).status == "open"
    bench.at(4 * MINUTE)
    assert [(str(t.price), t.liquidity, t.at) for t in run(paper.trades(0))] == [("98", "maker", 4 * MINUTE)]


def test_inside_a_candle_orders_fill_at_the_price_that_is_shown(past: Any, run: Any, facts: Any) -> None:
    bench = past(ROWS)
    market = bench.market
    paper = bench.trading()
    below = bench.place("buy", "limit", price="97", on=paper)
    others = bench.place("buy", "limit", price="97", on=paper)
    moment, price = market.touched("BTC/USD", since=2 * MINUTE, above=None, below=D("96"))
    assert (price, 2 * MINUTE < moment < 3 * MINUTE) == (D("96"), True)
    bench.at(moment)
    market.show("BTC/USD", price, moment)
    run(paper.pass_orders("BTC/USD", price, {below.client_order_id}))
    bench.place("sell", "market", on=paper)
    assert facts(run(paper.trades(0))) == [
        ("p1", "o1", "buy", "1", "97", "maker", moment),
        ("p2", "o3", "sell", "1", "96", "taker", moment),
    ]
    assert [order.id for order in run(paper.open_orders())] == [others.id]
    bench.at(moment + 1_000)
    bench.place("sell", "market", on=paper)
    bench.at(moment + 1_500)  # whoever looks at another time within a second sees what was known before
    assert run(market.tickers(["BTC/USD"]))["BTC/USD"].last == D("99")
    assert [(str(t.price), t.at) for t in run(paper.trades(moment + 1))] == [("96", moment + 1_000)]


def test_post_only_is_refused_rather_than_taking(past: Any, run: Any) -> None:
    bench = past(ROWS)
    paper = bench.trading()
    request = bench.request("buy", "limit", price="100", post_only=True)
    with pytest.raises(OrderRefused, match="post-only: it would have taken liquidity"):
        run(paper.create_order(request))
    found = run(paper.find_order("BTC/USD", request.client_order_id, 0))
    assert (found.status, found.reason) == ("refused", "post-only: it would have taken liquidity")
    assert bench.place("buy", "limit", price="99.5", post_only=True, on=paper).status == "open"


def test_post_only_before_a_gap_rests_and_fills_at_its_price(past: Any, run: Any) -> None:
    bench = past([ROWS[0], None, None, ROWS[3], ROWS[4]])
    bench.at(MINUTE)
    paper = bench.trading()
    order = bench.place("buy", "limit", price="98", post_only=True, on=paper)
    assert (order.status, paper.next_fill_at(MINUTE)) == ("open", 4 * MINUTE)
    bench.at(4 * MINUTE)
    assert [(str(t.price), t.liquidity) for t in run(paper.trades(0))] == [("98", "maker")]


@pytest.mark.parametrize("tif", ["ioc", "fok"])
def test_an_immediate_order_fills_at_the_first_open_or_expires(past: Any, run: Any, tif: str) -> None:
    bench = past(ROWS)
    paper = bench.trading()
    assert bench.place("buy", "limit", price="100", tif=tif, on=paper).status == "filled"
    expired = bench.place("buy", "limit", price="99.9", tif=tif, on=paper)
    assert (expired.status, expired.reason) == ("expired", "it could not be filled at once")
    assert run(paper.open_orders()) == []


@pytest.mark.parametrize(
    ("side", "stop", "placed", "trade"),
    [
        ("sell", "98", 0, ("98", 2 * MINUTE)),
        ("sell", "97.99", 0, ("97.99", 3 * MINUTE)),
        ("sell", "90", 0, ("80", 5 * MINUTE)),
        ("sell", "100", 0, ("100", 0)),
        ("sell", "79", 0, ("79", 6 * MINUTE)),
        ("sell", "78.99", 0, None),
        ("buy", "103", 0, ("103", 2 * MINUTE)),
        ("buy", "106", 0, ("106", 4 * MINUTE)),
        ("buy", "108", 0, ("110", 4 * MINUTE)),
        ("buy", "111", 0, ("111", 5 * MINUTE)),
        ("buy", "111.01", 0, None),
        ("sell", "96", 2 * MINUTE + 1, ("80", 5 * MINUTE)),
    ],
)
def test_a_stop_fills_at_its_price_or_at_the_open_that_jumped_over_it(
    past: Any, run: Any, side: str, stop: str, placed: int, trade: tuple[str, int] | None
) -> None:
    bench = past(ROWS)
    bench.at(placed)
    paper = bench.trading()
    bench.place(side, "stop", stop=stop, on=paper)
    bench.at(600 * MINUTE)
    found = [(str(t.price), t.at, t.liquidity) for t in run(paper.trades(0))]
    assert found == ([] if trade is None else [(*trade, "taker")])


def test_slippage_makes_a_stop_worse(past: Any, run: Any) -> None:
    bench = past(ROWS)
    paper = bench.trading(slippage="0.01")
    bench.place("sell", "stop", stop="98", on=paper)
    bench.place("buy", "stop", stop="108", on=paper)
    bench.at(600 * MINUTE)
    assert [str(trade.price) for trade in run(paper.trades(0))] == ["97.02", "111.10"]


def test_fills_are_numbered_in_the_order_they_happened(past: Any, run: Any, facts: Any) -> None:
    bench = past(ROWS)
    paper = bench.trading()
    for price in ("90", "96", "98", "99.5"):
        bench.place("buy", "limit", price=price, on=paper)
    bench.at(600 * MINUTE)
    assert facts(run(paper.trades(0))) == [
        ("p1", "o4", "buy", "1", "99.5", "maker", MINUTE),
        ("p2", "o2", "buy", "1", "96", "maker", 3 * MINUTE),
        ("p3", "o3", "buy", "1", "98", "maker", 3 * MINUTE),
        ("p4", "o1", "buy", "1", "90", "maker", 6 * MINUTE),
    ]
    assert [trade.id for trade in run(paper.trades(3 * MINUTE))] == ["p2", "p3", "p4"]


def test_skipping_to_the_next_fill_misses_none(past: Any, run: Any) -> None:
    bench = past(ROWS)
    paper = bench.trading()
    for price in ("90", "96", "98", "99.5"):
        bench.place("buy", "limit", price=price, on=paper)
    steps = []
    while (moment := paper.next_fill_at(bench.clock.now())) is not None:
        bench.at(moment)
        steps.append((moment, len(run(paper.trades(0)))))
    assert steps == [(MINUTE, 1), (3 * MINUTE, 3), (6 * MINUTE, 4)]


def test_the_next_fill_is_later_than_the_time_given(past: Any) -> None:
    bench = past(ROWS)
    paper = bench.trading()
    for price in ("96", "99.5"):
        bench.place("buy", "limit", price=price, on=paper)
    moments = (0, MINUTE - 1, MINUTE, 3 * MINUTE - 1, 3 * MINUTE)
    assert [paper.next_fill_at(after) for after in moments] == [MINUTE, MINUTE, 3 * MINUTE, 3 * MINUTE, None]


def test_resting_orders_fill_where_a_loop_over_the_real_candles_says(real: Any, real_candles: Path, run: Any) -> None:
    path = real_candles / "BTC-USD-1m-2022-01.csv.gz"
    with gzip.open(path, "rt") as lines:
        rows = [{name: D(text) for name, text in row.items()} for row in csv.DictReader(lines)]
    paper = real.trading()
    expected, placed = [], 0
    for place_at, side, prices in [
        (0, "buy", range(47_000, 32_000, -700)),
        (0, "sell", range(46_400, 48_100, 100)),
        (20_000, "buy", range(41_000, 34_000, -500)),
        (20_000, "sell", range(43_500, 45_000, 100)),
    ]:
        later = rows[place_at:]
        real.at(int(later[0]["timestamp"]))
        for price in prices:
            order = real.place(side, "limit", "0.01", price=str(price), on=paper)
            placed += 1
            if (later[0]["open"] <= price) if side == "buy" else (later[0]["open"] >= price):
                expected.append((order.id, later[0]["open"], "taker", int(later[0]["timestamp"])))
                continue
            for row in later:
                if (row["low"] < price) if side == "buy" else (row["high"] > price):
                    expected.append((order.id, D(price), "maker", int(row["timestamp"]) + MINUTE))
                    break
    real.at(real.market.end)
    found = {(t.order_id, t.price, t.liquidity, t.at) for t in run(paper.trades(0))}
    assert found == set(expected)
    assert {"taker", "maker"} == {liquidity for _, _, liquidity, _ in expected}
    assert len(run(paper.open_orders())) == placed - len(expected) > 0
