from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from octobot_node.errors import NotSent, OrderRefused, RequestExpired

D = Decimal
MINUTE = 60_000


def test_a_market_order_fills_at_once_at_ask_or_bid_worsened_by_slippage(live: Any, run: Any, facts: Any) -> None:
    paper, now = live.trading(slippage="0.01"), live.clock.now()
    for side in ("buy", "sell"):
        assert live.place(side, "market", on=paper).status == "filled"
    assert facts(run(paper.trades(0))) == [
        ("p1", "o1", "buy", "1", "102.01", "taker", now),
        ("p2", "o2", "sell", "1", "98.01", "taker", now),
    ]
    assert paper.next_fill_at(0) is None


def test_a_marketable_limit_takes_the_offered_price(live: Any, run: Any) -> None:
    paper = live.trading(slippage="0.01")
    live.place("buy", "limit", price="105", on=paper)
    live.place("sell", "limit", price="99", on=paper)
    assert [(str(t.price), t.liquidity) for t in run(paper.trades(0))] == [("101", "taker"), ("99", "taker")]
    with pytest.raises(OrderRefused, match="post-only"):
        live.place("buy", "limit", price="101", post_only=True, on=paper)
    assert live.place("buy", "limit", price="100.99", tif="ioc", on=paper).status == "expired"


def test_a_resting_limit_fills_at_its_price_once_the_last_price_is_strictly_through(live: Any, run: Any) -> None:
    paper = live.trading()
    order = live.place("buy", "limit", price="95", on=paper)
    seen = []
    for last in ("96", "95", "94.99", "90"):
        live.at(live.clock.now() + 1_000)
        live.market.last = D(last)
        seen.append([(str(t.price), t.liquidity, t.at) for t in run(paper.trades(0))])
    filled = [("95", "maker", live.clock.now() - 1_000)]
    assert seen == [[], [], filled, filled]
    assert run(paper.order("BTC/USD", order.id)).status == "filled"


@pytest.mark.parametrize(("low", "fills"), [(95.0, False), (94.999, True)])
def test_a_candle_between_two_looks_fills_what_it_traded_through(live: Any, run: Any, low: float, fills: bool) -> None:
    paper, start = live.trading(), live.clock.now() // MINUTE * MINUTE
    live.place("buy", "limit", price="95", on=paper)
    # The candle in which the order was placed says nothing about it, however low it went.
    live.market.closed = [(start, 100, 101, 50, 100)]
    live.at(start + MINUTE + 500)
    assert run(paper.trades(0)) == []
    live.market.closed.append((start + MINUTE, 100, 101, low, 100))
    live.at(start + 2 * MINUTE + 500)
    assert [(t.price, t.at) for t in run(paper.trades(0))] == ([(D(95), live.clock.now())] if fills else [])


def test_a_candle_that_arrives_late_still_counts(live: Any, run: Any) -> None:
    paper, start = live.trading(), live.clock.now() // MINUTE * MINUTE
    live.place("sell", "limit", price="105", on=paper)
    live.market.closed = [(start, 100, 101, 99, 100)]
    live.at(start + 2 * MINUTE)
    assert run(paper.trades(0)) == []
    live.market.closed.append((start + MINUTE, 100, 105.01, 99, 100))
    live.at(start + 2 * MINUTE + 3_000)
    assert [str(t.price) for t in run(paper.trades(0))] == ["105"]


def test_a_reopened_book_looks_at_the_candles_it_missed(live: Any, run: Any) -> None:
    start = live.clock.now() // MINUTE * MINUTE
    live.place("buy", "limit", price="95", on=live.trading())
    live.market.closed = [(start + i * MINUTE, 100, 101, 94 if i == 3 else 99, 100) for i in range(10)]
    live.at(start + 10 * MINUTE)
    assert [str(t.price) for t in run(live.trading(reopen=True).trades(0))] == ["95"]


@pytest.mark.parametrize(
    ("side", "stop", "last", "price"),
    [("sell", "95", "95", "94"), ("buy", "105", "106", "107"), ("buy", "105", "104", None)],
)
def test_a_stop_trades_at_the_market_when_the_last_price_reaches_it(
    live: Any, run: Any, side: str, stop: str, last: str, price: str | None
) -> None:
    paper = live.trading()
    assert live.place(side, "stop", stop=stop, on=paper).status == "open"
    live.market.last = D(last)
    live.at(live.clock.now() + 1_000)
    assert [str(t.price) for t in run(paper.trades(0))] == ([] if price is None else [price])


@pytest.mark.parametrize(("opened", "price"), [(97.5, "95"), (94.5, "94.5")])
def test_a_stop_reached_inside_a_candle_fills_at_its_price_or_at_the_open_below(
    live: Any, run: Any, opened: float, price: str
) -> None:
    paper, start = live.trading(), live.clock.now() // MINUTE * MINUTE
    live.place("sell", "stop", stop="95", on=paper)
    live.market.closed = [(start + MINUTE, opened, 101, 94, 100)]
    live.at(start + 2 * MINUTE)
    assert [str(t.price) for t in run(paper.trades(0))] == [price]


def test_without_a_price_nothing_is_sent_and_resting_orders_rest(live: Any, run: Any) -> None:
    paper = live.trading()
    resting = live.place("buy", "limit", price="95", on=paper)
    live.market.last = None
    with pytest.raises(NotSent, match="there is no price of BTC/USD to fill at yet"):
        live.place("buy", "market", on=paper)
    assert run(paper.open_orders()) == [resting]


def test_a_repeated_client_id_is_answered_even_without_a_price(live: Any, run: Any) -> None:
    paper, request = live.trading(), live.request("buy", "market")
    first = run(paper.create_order(request))
    live.market.last = None
    assert run(paper.create_order(request)) == first
    live.at(live.clock.now() + 10_000)
    with pytest.raises(RequestExpired):
        run(paper.create_order(request))


def test_a_request_that_expires_while_the_price_is_asked_for_is_dead(live: Any, run: Any) -> None:
    paper, request = live.trading(), live.request("buy", "market")
    ask = live.market.tickers

    async def slow(symbols: Any) -> Any:
        live.at(live.clock.now() + 6_000)
        return await ask(symbols)

    live.market.tickers = slow
    with pytest.raises(RequestExpired):
        run(paper.create_order(request))
    live.market.tickers = ask
    assert run(paper.find_order("BTC/USD", request.client_order_id, 0)) is None
    assert run(paper.create_order(replace(request, expires_at=live.clock.now()))).status == "filled"


def test_an_unlisted_symbol_is_refused(live: Any) -> None:
    with pytest.raises(OrderRefused, match="the market does not list XRP/USD"):
        live.place("buy", "market", symbol="XRP/USD", on=live.trading())
