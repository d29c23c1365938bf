"""The hostile exchange, through its real process and its real connector."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from urllib.request import urlopen

import pluggy
import pytest
from pydantic import ValidationError

from octobot_node import hookspecs
from octobot_node.contracts.exchanges import (
    Capabilities,
    ExchangeOrder,
    Lookup,
    MarketDataFactory,
    OrderRequest,
    TradingFactory,
)
from octobot_node.errors import (
    DataUnavailable,
    ExchangeError,
    NotSent,
    OrderRefused,
    RequestExpired,
    Unresolved,
)
from octobot_node.market import MarketRules
from octobot_node.testing import Behaviour, HostileExchange, hostile_exchange
from octobot_node.testing.hostile_exchange.client import open_directly
from octobot_node.testing.hostile_exchange.connector import HostileMarketData, HostileTrading
from octobot_node.testing.hostile_exchange.report import HostileReport
from octobot_node.testing.hostile_exchange.settings import HostileMarketSettings, HostileTradingSettings

Play = Callable[..., Any]


def now() -> int:
    return time.time_ns() // 1_000_000


def market(client: str = "c1", *, intent: str = "", symbol: str = "BTC/USD", **changes: Any) -> OrderRequest:
    order = OrderRequest(
        intent_id=intent or f"intent of {client}",
        client_order_id=client,
        symbol=symbol,
        side="buy",
        type="market",
        amount=Decimal("0.1"),
        spend=None,
        price=None,
        stop=None,
        tif="gtc",
        post_only=False,
        expires_at=now() + 5_000,
    )
    return replace(order, **changes)


def limit(client: str = "c1", *, price: int = 100, **changes: Any) -> OrderRequest:
    return market(client, type="limit", price=Decimal(price), **changes)


async def outcome(attempt: Awaitable[Any]) -> Any:
    """Return the answer's status, or the kind of error that an attempt ended in."""
    try:
        found = await attempt
    except ExchangeError as error:
        return type(error)
    return found.status if isinstance(found, ExchangeOrder) else found


async def until(question: Callable[[], Awaitable[Any]], seconds: float = 5) -> Any:
    """Ask again and again until there is an answer."""
    deadline = time.monotonic() + seconds
    while not (answer := await question()):
        assert time.monotonic() < deadline, "it never happened"
        await asyncio.sleep(0.005)
    return answer


# -- orders, prices, fees


def test_a_market_order_fills_at_the_price_and_pays_its_fee_from_what_it_brings_in(
    exchange: HostileExchange, play: Play, account: str
) -> None:
    async def scenario(trading: HostileTrading) -> Any:
        order = await trading.create_order(market())
        return order, await trading.order("BTC/USD", order.id), await trading.trades(0), await trading.balances()

    order, again, trades, balances = play(scenario)

    assert order == again
    assert (order.client_order_id, order.status, order.amount, order.filled) == (
        "c1",
        "filled",
        Decimal("0.1"),
        Decimal("0.1"),
    )
    [trade] = trades
    assert (trade.order_id, trade.client_order_id, trade.side, trade.liquidity) == (order.id, "c1", "buy", "taker")
    assert (trade.price, trade.cost, trade.fee, trade.fee_asset) == (40_000, 4_000, Decimal("0.0001"), "BTC")
    assert abs(trade.at - now()) < 5_000
    assert balances == {"BTC": Decimal("0.0999"), "USD": Decimal(-4_000)}
    assert exchange.report(account) == HostileReport(
        orders=1,
        trades=1,
        intents=1,
        duplicates=0,
        duplicated_intents={},
        requests={"create": 1, "order": 1, "trades": 1, "balances": 1},
    )
    [seen] = exchange.trades(account)
    assert (seen.account, seen.intent_id, seen.trade) == (account, "intent of c1", trade)


def test_a_sale_and_a_fee_in_quote_pay_the_fee_in_quote(exchange: HostileExchange, play: Play) -> None:
    async def scenario(trading: HostileTrading) -> Any:
        await trading.create_order(market("sold", side="sell"))
        exchange.set(fee_in="quote", fee=Decimal("0.002"))
        await trading.create_order(market("bought"))
        return [(trade.fee, trade.fee_asset) for trade in await trading.trades(0)]

    assert play(scenario) == [(4, "USD"), (8, "USD")]


def test_a_market_buy_by_spend_never_spends_more(play: Play) -> None:
    async def scenario(trading: HostileTrading) -> Any:
        order = await trading.create_order(market(symbol="BTC/EUR", amount=None, spend=Decimal("99.99999")))
        return order.amount, [trade.cost for trade in await trading.trades(0)]

    assert play(scenario) == (None, [Decimal("99.9996")])


def test_a_limit_order_rests_until_the_price_crosses_it_then_fills_at_its_own_price(
    exchange: HostileExchange, play: Play
) -> None:
    exchange.set_price("CROSS/USD", 110)

    async def scenario(trading: HostileTrading) -> Any:
        order = await trading.create_order(limit(symbol="CROSS/USD"))
        [resting] = await trading.open_orders()
        exchange.set_price("CROSS/USD", 101)
        [still] = await trading.open_orders()
        exchange.set_price("CROSS/USD", 99)
        [trade] = await trading.trades(0)
        return order == resting == still, await trading.open_orders(), (trade.price, trade.liquidity)

    assert play(scenario) == (True, [], (100, "maker"))


def test_a_marketable_limit_order_takes_liquidity_unless_it_is_post_only(exchange: HostileExchange, play: Play) -> None:
    exchange.set_price("TAKE/USD", 90)

    async def scenario(trading: HostileTrading) -> Any:
        refused = await outcome(trading.create_order(limit("posted", symbol="TAKE/USD", post_only=True)))
        await trading.create_order(limit("taken", symbol="TAKE/USD"))
        return refused, [(trade.price, trade.liquidity) for trade in await trading.trades(0)]

    assert play(scenario) == (OrderRefused, [(90, "taker")])


@pytest.mark.parametrize(("fill", "status"), [("never", "open"), ("immediate", "filled")])
def test_limit_orders_fill_never_or_at_once_if_told_so(
    exchange: HostileExchange, play: Play, fill: str, status: str
) -> None:
    exchange.set(limit_fill=fill)
    price = {"never": 50_000, "immediate": 1}[fill]

    assert play(lambda trading: outcome(trading.create_order(limit(price=price)))) == status


def test_limit_orders_fill_after_a_time_if_told_so(exchange: HostileExchange, play: Play) -> None:
    exchange.set(limit_fill="after", limit_fill_after_ms=40)

    async def scenario(trading: HostileTrading) -> Any:
        order = await trading.create_order(limit())
        [trade] = await until(lambda: trading.trades(0))
        return order.status, trade.at - order.created_at

    assert play(scenario) == ("open", 40)


def test_an_order_that_must_trade_at_once_is_cancelled_when_it_cannot(exchange: HostileExchange, play: Play) -> None:
    exchange.set_price("IOC/USD", 110)

    assert play(lambda trading: outcome(trading.create_order(limit(symbol="IOC/USD", tif="ioc")))) == "cancelled"


def test_a_market_order_can_be_left_hanging(exchange: HostileExchange, play: Play) -> None:
    exchange.set(market_fill="never")

    assert play(lambda trading: outcome(trading.create_order(market()))) == "open"


def test_partial_fills_come_one_by_one(exchange: HostileExchange, play: Play) -> None:
    exchange.set(partial_fills=3, fill_interval_ms=30)

    async def scenario(trading: HostileTrading) -> Any:
        order = await trading.create_order(market())
        done = await until(lambda: _filled(trading, order.id))
        return order, done, await trading.trades(0)

    order, done, trades = play(scenario)

    assert (order.status, order.filled) == ("open", Decimal("0.03333333"))
    assert (done.status, done.filled) == ("filled", Decimal("0.1"))
    assert [trade.amount for trade in trades] == [Decimal("0.03333333"), Decimal("0.03333333"), Decimal("0.03333334")]
    assert [trade.at - order.created_at for trade in trades] == [0, 30, 60]


async def _filled(trading: HostileTrading, order_id: str) -> ExchangeOrder | None:
    order = await trading.order("BTC/USD", order_id)
    return order if order is not None and order.status == "filled" else None


def test_a_cancel_stops_the_rest_of_a_partial_fill_and_may_be_repeated(exchange: HostileExchange, play: Play) -> None:
    exchange.set(partial_fills=2, fill_interval_ms=60_000)

    async def scenario(trading: HostileTrading) -> Any:
        order = await trading.create_order(market())
        await trading.cancel_order("BTC/USD", order.id)
        await trading.cancel_order("BTC/USD", order.id)
        return await trading.order("BTC/USD", order.id), await trading.open_orders()

    order, resting = play(scenario)
    assert (order.status, order.filled, resting) == ("cancelled", Decimal("0.05"), [])


def test_a_cancel_of_an_order_that_never_was_is_refused(play: Play) -> None:
    assert play(lambda trading: outcome(trading.cancel_order("BTC/USD", "none"))) == OrderRefused


def test_a_cancel_race_answers_ok_and_fills_the_order(exchange: HostileExchange, play: Play, account: str) -> None:
    exchange.set(cancel_race=1)

    async def scenario(trading: HostileTrading) -> Any:
        order = await trading.create_order(limit())
        await trading.cancel_order("BTC/USD", order.id)
        return await trading.order("BTC/USD", order.id)

    order = play(scenario)
    assert (order.status, order.filled) == ("filled", Decimal("0.1"))
    assert exchange.report(account).cancel_races == 1


@pytest.mark.parametrize(
    "wrong",
    [
        {"amount": Decimal("0.000000001")},
        {"amount": Decimal(0)},
        {"amount": Decimal("NaN")},
        {"spend": Decimal(1)},
        {"price": Decimal(1)},
        {"type": "limit", "price": Decimal("1.001")},
        {"type": "stop", "stop": Decimal(1)},
        {"symbol": "BTC"},
    ],
    ids=str,
)
def test_an_order_against_the_rules_is_refused(
    exchange: HostileExchange, play: Play, account: str, wrong: dict[str, Any]
) -> None:
    assert play(lambda trading: outcome(trading.create_order(market(**wrong)))) == OrderRefused
    assert (exchange.orders(account), exchange.report(account).refused) == ([], 1)


def test_a_refusal_is_definite_and_leaves_no_order(exchange: HostileExchange, play: Play, account: str) -> None:
    exchange.set(refuse=1)

    assert play(lambda trading: outcome(trading.create_order(market()))) == OrderRefused
    assert (exchange.orders(account), exchange.report(account).refused) == ([], 1)


# -- the same order twice


def test_without_dedupe_one_client_id_executes_twice(exchange: HostileExchange, play: Play, account: str) -> None:
    exchange.set(dedupe="none", market_fill="never")

    assert play(_twice) == ["open", "open"]
    assert exchange.report(account).duplicates == 1


def test_dedupe_of_open_orders_answers_with_the_order_that_is_open(
    exchange: HostileExchange, play: Play, account: str
) -> None:
    exchange.set(dedupe="open", market_fill="never")

    assert play(_twice) == ["open", "open"]
    report = exchange.report(account)
    assert (report.orders, report.duplicates_refused, report.duplicates) == (1, 1, 0)


def test_dedupe_of_open_orders_lets_a_filled_orders_id_execute_again(
    exchange: HostileExchange, play: Play, account: str
) -> None:
    exchange.set(dedupe="open")

    assert play(_twice) == ["filled", "filled"]
    ids = [seen.order.id for seen in exchange.orders(account)]
    assert exchange.report(account) == HostileReport(
        orders=2,
        trades=2,
        intents=1,
        duplicates=1,
        duplicated_intents={"intent of c1": ids},
        requests={"create": 2},
    )


def test_dedupe_for_ever_answers_with_the_order_that_is_there(
    exchange: HostileExchange, play: Play, account: str
) -> None:
    async def scenario(trading: HostileTrading) -> Any:
        return await trading.create_order(market()), await trading.create_order(market())

    first, second = play(scenario)
    assert first == second
    report = exchange.report(account)
    assert (report.orders, report.duplicates_refused, report.duplicates) == (1, 1, 0)


def test_duplicates_are_counted_per_intent_whatever_the_client_ids(
    exchange: HostileExchange, play: Play, account: str
) -> None:
    async def scenario(trading: HostileTrading) -> None:
        for client in ("a", "b", "c"):
            await trading.create_order(market(client, intent=f"one of {account}"))
        await trading.create_order(market("d", intent=f"another of {account}"))

    play(scenario)
    report = exchange.report(account)
    assert (report.intents, report.duplicates) == (2, 2)


def test_an_order_cancelled_unfilled_makes_no_duplicate(exchange: HostileExchange, play: Play, account: str) -> None:
    async def scenario(trading: HostileTrading) -> None:
        order = await trading.create_order(limit("first", intent="tried again"))
        await trading.cancel_order("BTC/USD", order.id)
        await trading.create_order(limit("second", intent="tried again"))

    play(scenario)
    report = exchange.report(account)
    assert (report.orders, report.intents, report.duplicates) == (2, 1, 0)


async def _twice(trading: HostileTrading) -> list[Any]:
    return [await outcome(trading.create_order(market())) for _ in range(2)]


# -- look-up


def test_without_lookup_nothing_is_found_and_nothing_carries_a_client_id(exchange: HostileExchange, play: Play) -> None:
    exchange.set(lookup="none")

    async def scenario(trading: HostileTrading) -> Any:
        await trading.create_order(market("filled"))
        await trading.create_order(limit("resting"))
        found = await outcome(trading.find_order("BTC/USD", "filled", 0))
        resting, executed = await trading.open_orders(), await trading.trades(0)
        return found, [order.client_order_id for order in resting], [trade.client_order_id for trade in executed]

    assert play(scenario) == (Unresolved, [None], [None])


def test_lookup_of_open_orders_finds_only_what_rests(exchange: HostileExchange, play: Play) -> None:
    exchange.set(lookup="open")

    assert play(_found) == [None, "open", None]


def test_lookup_of_recent_orders_forgets_those_closed_for_long(exchange: HostileExchange, play: Play) -> None:
    exchange.set(lookup="recent", recent_ms=60_000)
    assert play(_found) == ["filled", "open", None]

    exchange.set(recent_ms=0, dedupe="forever")
    assert play(_found) == [None, "open", None]


def test_lookup_of_all_finds_everything_since_a_time(play: Play) -> None:
    async def scenario(trading: HostileTrading) -> Any:
        found = await _found(trading)
        later = now() + 60_000
        return [*found, await outcome(trading.find_order("BTC/USD", "filled", later))]

    assert play(scenario) == ["filled", "open", None, None]


async def _found(trading: HostileTrading) -> list[Any]:
    await trading.create_order(market("filled"))
    await trading.create_order(limit("resting"))
    return [await outcome(trading.find_order("BTC/USD", client, 0)) for client in ("filled", "resting", "never sent")]


def test_one_account_does_not_see_another(exchange: HostileExchange, play: Play, account: str) -> None:
    async def scenario(trading: HostileTrading) -> Any:
        order = await trading.create_order(market())
        other = HostileTrading(HostileTradingSettings(**exchange.trading_settings()), f"not {account}", open_directly)
        try:
            return (
                await other.order("BTC/USD", order.id),
                await other.find_order("BTC/USD", "c1", 0),
                await other.trades(0),
                await other.balances(),
                await outcome(other.cancel_order("BTC/USD", order.id)),
                (await other.create_order(market(intent="another"))).id != order.id,
            )
        finally:
            await other.close()

    assert play(scenario) == (None, None, [], {}, OrderRefused, True)


def test_a_new_order_is_missing_everywhere_until_it_becomes_visible(exchange: HostileExchange, play: Play) -> None:
    exchange.set(visibility_lag_ms=300)

    async def scenario(trading: HostileTrading) -> Any:
        filled = await trading.create_order(market("filled"))
        resting = await trading.create_order(limit("resting"))
        hidden = await _look(trading, filled, resting)
        again = await trading.create_order(market("filled"))
        await until(lambda: trading.order("BTC/USD", resting.id))
        return filled, again, hidden, await _look(trading, filled, resting)

    filled, again, hidden, shown = play(scenario)

    assert again == filled  # matching and dedupe do not wait for visibility
    assert hidden == [None, None, None, 0, 0]
    assert shown == ["filled", "filled", "open", 1, 1]


async def _look(trading: HostileTrading, filled: ExchangeOrder, resting: ExchangeOrder) -> list[Any]:
    return [
        await outcome(trading.order("BTC/USD", filled.id)),
        await outcome(trading.find_order("BTC/USD", "filled", 0)),
        await outcome(trading.find_order("BTC/USD", "resting", resting.created_at)),
        len(await trading.open_orders()),
        len(await trading.trades(0)),
    ]


def test_trades_are_asked_for_by_time_inclusively(play: Play) -> None:
    async def scenario(trading: HostileTrading) -> Any:
        await trading.create_order(market("first"))
        await asyncio.sleep(0.002)
        await trading.create_order(market("second"))
        first, second = await trading.trades(0)
        return [len(await trading.trades(since)) for since in (first.at, first.at + 1, second.at, second.at + 1)]

    assert play(scenario) == [2, 1, 1, 0]


# -- requests that arrive late, or twice, or not at all


def test_a_request_after_its_expiry_is_thrown_away(exchange: HostileExchange, play: Play, account: str) -> None:
    assert play(lambda trading: outcome(trading.create_order(market(expires_at=now() - 1)))) == RequestExpired
    assert (exchange.orders(account), exchange.report(account).expired) == ([], 1)


def test_without_request_expiry_an_old_request_executes(exchange: HostileExchange, play: Play) -> None:
    exchange.set(request_expiry=False)

    assert play(lambda trading: outcome(trading.create_order(market(expires_at=1)))) == "filled"


def test_a_late_order_executes_after_its_client_gave_up(exchange: HostileExchange, play: Play) -> None:
    exchange.set(delay_accept_ms=300)

    async def scenario(trading: HostileTrading) -> Any:
        gave_up = await outcome(trading.create_order(market()))
        nothing = await trading.find_order("BTC/USD", "c1", 0)
        return gave_up, nothing, (await until(lambda: trading.find_order("BTC/USD", "c1", 0))).status

    assert play(scenario, timeout=0.05) == (Unresolved, None, "filled")


def test_a_late_order_expires_where_requests_do(exchange: HostileExchange, play: Play, account: str) -> None:
    exchange.set(delay_accept_ms=100)

    async def scenario(trading: HostileTrading) -> Any:
        return await outcome(trading.create_order(market(expires_at=now() + 50)))

    assert play(scenario) == RequestExpired
    assert exchange.orders(account) == []


def test_a_request_dropped_before_it_was_read_is_unresolved_and_never_repeated(
    exchange: HostileExchange, play: Play, account: str
) -> None:
    async def scenario(trading: HostileTrading) -> Any:
        # The connection is kept alive by a request that works, then dies under one that does not.
        await trading.balances()
        exchange.set(drop_before=1)
        dropped = await outcome(trading.create_order(market()))
        return dropped, await trading.find_order("BTC/USD", "c1", 0)

    assert play(scenario) == (Unresolved, None)
    assert exchange.report(account) == HostileReport(
        orders=0,
        trades=0,
        intents=0,
        duplicates=0,
        duplicated_intents={},
        requests={"create": 1, "find": 1, "balances": 1},
        dropped_before=1,
    )


def test_an_order_accepted_then_dropped_is_unresolved_and_executed_once(
    exchange: HostileExchange, play: Play, account: str
) -> None:
    async def scenario(trading: HostileTrading) -> Any:
        await trading.balances()
        exchange.set(drop_after=1)
        return await outcome(trading.create_order(market())), await outcome(trading.find_order("BTC/USD", "c1", 0))

    assert play(scenario) == (Unresolved, "filled")
    report = exchange.report(account)
    assert (report.requests["create"], report.orders, report.dropped_after) == (1, 1, 1)


def test_a_server_error_comes_before_or_after_the_order_and_is_unresolved(
    exchange: HostileExchange, play: Play, account: str
) -> None:
    exchange.set(error_5xx=1, seed=1)

    async def scenario(trading: HostileTrading) -> Any:
        return {await outcome(trading.create_order(market(f"c{i}"))) for i in range(20)}

    assert play(scenario) == {Unresolved}
    report = exchange.report(account)
    assert report.errors_before + report.errors_after == 20
    assert 0 < report.errors_after == report.orders < 20


def test_a_rate_limited_request_was_not_sent_and_says_when_to_try_again(
    exchange: HostileExchange, play: Play, account: str
) -> None:
    exchange.set(rate_limited=1, retry_after=2.5)

    async def scenario(trading: HostileTrading) -> float | None:
        with pytest.raises(NotSent) as limited:
            await trading.create_order(market())
        return limited.value.retry_after

    assert play(scenario) == 2.5
    assert (exchange.orders(account), exchange.report(account).rate_limited) == ([], 1)


def test_faults_strike_only_the_kinds_of_request_they_are_told_to(exchange: HostileExchange, play: Play) -> None:
    exchange.set(rate_limited=1, strikes=["read"])

    async def scenario(trading: HostileTrading) -> Any:
        return await outcome(trading.create_order(market())), await outcome(trading.balances())

    assert play(scenario) == ("filled", NotSent)


def test_the_same_seed_brings_the_same_faults(exchange: HostileExchange, play: Play) -> None:
    async def scenario(trading: HostileTrading) -> Any:
        return [await outcome(trading.create_order(market(f"c{i}"))) for i in range(20)]

    faults = []
    for seed in (7, 7, 8):
        exchange.set(rate_limited=0.3, drop_after=0.3, refuse=0.3, dedupe="none", seed=seed)
        faults.append(play(scenario))

    assert faults[0] == faults[1] != faults[2]
    assert set(faults[0]) == {NotSent, Unresolved, OrderRefused, "filled"}


def test_latency_is_paid_by_every_request(exchange: HostileExchange, play: Play) -> None:
    exchange.set(latency_ms=60)

    async def scenario(trading: HostileTrading) -> float:
        begun = time.monotonic()
        await trading.balances()
        return time.monotonic() - begun

    assert 0.06 <= play(scenario) < 5


# -- the connector's reading of what is no answer


def test_nobody_listening_means_not_sent(play: Play, free_port: int) -> None:
    async def scenario(trading: HostileTrading) -> Any:
        return await outcome(trading.create_order(market()))

    assert play(scenario, url=f"http://127.0.0.1:{free_port}") == NotSent


def test_a_closed_connector_sends_nothing(exchange: HostileExchange, play: Play, account: str) -> None:
    async def scenario(trading: HostileTrading) -> Any:
        await trading.close()
        return await outcome(trading.create_order(market()))

    assert play(scenario) == NotSent
    assert exchange.report(account).requests == {}


def test_an_answer_in_time_for_nobody_is_unresolved(exchange: HostileExchange, play: Play, account: str) -> None:
    exchange.set(latency_ms=400)

    assert play(lambda trading: outcome(trading.create_order(market())), timeout=0.05) == Unresolved
    assert exchange.report(account).requests == {"create": 1}


@pytest.mark.parametrize(
    "answer",
    [
        b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nwhat",
        b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}",
        b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nnull",
        b"HTTP/1.1 200 OK\r\nContent-Length: 400\r\n\r\n{",
        b"HTTP/1.1 302 Found\r\nLocation: /create\r\nContent-Length: 2\r\n\r\n{}",
        b"HTTP/1.1 400 Bad Request\r\nContent-Length: 12\r\n\r\n<html></html",
        b"HTTP/1.1 409 Conflict\r\nContent-Length: 21\r\n\r\n" + b'{"error":"duplicate"}',
        b"HTTP/1.1 503 Service Unavailable\r\nContent-Length: 19\r\n\r\n" + b'{"error":"refused"}',
        b"this is not HTTP\r\n\r\n",
        b"",
    ],
    ids=[
        "no JSON",
        "no order",
        "null",
        "cut short",
        "redirect",
        "a proxy's page",
        "duplicate of what",
        "5xx",
        "no HTTP",
        "hang-up",
    ],
)
def test_an_answer_that_makes_no_sense_is_unresolved(play: Play, answer: bytes) -> None:
    heard = []

    async def babble(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        heard.append(await reader.readuntil(b"}"))
        writer.write(answer)
        await writer.drain()
        writer.close()

    async def scenario(_: HostileTrading) -> Any:
        server = await asyncio.start_server(babble, "127.0.0.1", 0)
        url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        trading = HostileTrading(HostileTradingSettings(url=url), "account", open_directly)
        try:
            return await outcome(trading.create_order(market()))
        finally:
            await trading.close()
            server.close()
            await server.wait_closed()

    assert play(scenario) == Unresolved
    assert len(heard) == 1


# -- the process


def test_a_killed_exchange_remembers_everything_when_it_is_started_again(tmp_path: Path) -> None:
    behaviour: dict[str, Any] = {
        "partial_fills": 2,
        "fill_interval_ms": 60_000,
        "limit_fill": "never",
        "dedupe": "open",
    }

    async def trade(exchange: HostileExchange) -> Any:
        trading = HostileTrading(HostileTradingSettings(**exchange.trading_settings("one")), "", open_directly)
        try:
            await trading.create_order(market("partial"))
            cancelled = await trading.create_order(limit("cancelled"))
            await trading.cancel_order("BTC/USD", cancelled.id)
            await trading.create_order(limit("resting", intent="intent of partial"))
            exchange.set(partial_fills=1)
            return await trading.create_order(market("whole", side="sell"))
        finally:
            await trading.close()

    async def ask(exchange: HostileExchange) -> Any:
        trading = HostileTrading(HostileTradingSettings(**exchange.trading_settings("one")), "", open_directly)
        try:
            return await trading.open_orders(), await trading.trades(0), await trading.balances()
        finally:
            await trading.close()

    def memory(exchange: HostileExchange) -> Any:
        return exchange.behaviour(), exchange.orders(), exchange.trades(), exchange.report()

    with HostileExchange.start(tmp_path, **behaviour) as exchange:
        exchange.set_price("BTC/USD", 50_000)
        asyncio.run(trade(exchange))
        before, answers, url = memory(exchange), asyncio.run(ask(exchange)), exchange.url
        exchange.kill()
        # What a kill leaves of a line that was being written was never answered.
        with (tmp_path / "journal.jsonl").open("ab") as journal:
            journal.write(b'[["order","9')
        exchange.restart()
        after = memory(exchange)

        assert exchange.url == url
        assert asyncio.run(ask(exchange)) == answers
        assert after[:3] == before[:3]
        asked = dict(before[3].requests)
        asked |= {kind: asked.get(kind, 0) + 1 for kind in ("open", "trades", "balances")}
        assert after[3] == before[3].model_copy(update={"requests": asked})
        assert (after[3].orders, after[3].duplicates) == (4, 1)
        exchange.restart()
        assert memory(exchange)[:3] == before[:3]


def test_fills_that_were_planned_happen_after_a_restart(tmp_path: Path) -> None:
    async def trade(exchange: HostileExchange) -> ExchangeOrder:
        trading = HostileTrading(HostileTradingSettings(**exchange.trading_settings("one")), "", open_directly)
        try:
            return await trading.create_order(limit())
        finally:
            await trading.close()

    with HostileExchange.start(tmp_path, limit_fill="after", limit_fill_after_ms=100) as exchange:
        order = asyncio.run(trade(exchange))
        exchange.restart()
        deadline = time.monotonic() + 5
        while not (trades := exchange.trades()) and time.monotonic() < deadline:
            time.sleep(0.01)

    assert (order.status, [seen.trade.at - order.created_at for seen in trades]) == ("open", [100])


def test_the_command_says_its_port_takes_behaviour_from_a_file_and_ends_on_sigterm(tmp_path: Path) -> None:
    behaviour = tmp_path / "behaviour.json"
    behaviour.write_text('{"dedupe": "none", "fee": "0.5"}')

    with _command(tmp_path, "--behaviour", str(behaviour)) as process:
        with urlopen(f"http://127.0.0.1:{_port(process)}/control") as answer:
            told = Behaviour.model_validate_json(answer.read())
        process.terminate()
        code = process.wait(timeout=30)

    assert (told, code) == (Behaviour(dedupe="none", fee=Decimal("0.5")), 0)


def test_a_tied_exchange_ends_with_whoever_started_it(tmp_path: Path) -> None:
    with _command(tmp_path, "--tied") as process:
        assert _port(process) > 0
        assert process.stdin is not None
        process.stdin.close()
        assert process.wait(timeout=30) == 0


def _command(data: Path, *options: str) -> subprocess.Popen[bytes]:
    command = [
        sys.executable,
        "-m",
        "octobot_node.testing.hostile_exchange",
        "--port",
        "0",
        "--data",
        str(data),
        *options,
    ]
    return subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)


def _port(process: subprocess.Popen[bytes]) -> int:
    assert process.stdout is not None
    port: int = json.loads(process.stdout.readline())["port"]
    return port


def test_a_behaviour_that_does_not_exist_is_refused_before_anything_starts(tmp_path: Path) -> None:
    with pytest.raises(ValidationError, match="drop_everything"):
        HostileExchange.start(tmp_path / "exchange", drop_everything=1)
    assert not (tmp_path / "exchange").exists()


def test_an_exchange_that_cannot_start_says_so(exchange: HostileExchange, tmp_path: Path) -> None:
    with pytest.raises(RuntimeError, match="did not start: exit code 1"):
        HostileExchange.start(tmp_path, port=exchange.port)


def test_every_field_of_the_behaviour_says_what_it_is() -> None:
    assert [name for name, field in Behaviour.model_fields.items() if not field.description] == []


# -- prices and the plugin


def test_market_data_tells_prices_and_rules_but_no_candles(exchange: HostileExchange) -> None:
    exchange.set(fee=Decimal("0.002"), fee_in="quote")
    exchange.set_price("SET/USD", "12.34")

    async def scenario() -> Any:
        prices = HostileMarketData(HostileMarketSettings(**exchange.market_data_settings()), open_directly)
        try:
            tickers = await prices.tickers(["BTC/USDT", "SET/USD", "DOGE/EUR", "unlisted"])
            with pytest.raises(DataUnavailable, match="1h candles of BTC/USDT"):
                await prices.candles("BTC/USDT", "1h", 10)
            with pytest.raises(DataUnavailable, match="unlisted"):
                await prices.tickers(["unlisted"])
            return tickers, await prices.rules(["BTC/USDT", "unlisted"])
        finally:
            await prices.close()

    tickers, rules = asyncio.run(scenario())

    assert {symbol: (each.last, each.bid, each.ask) for symbol, each in tickers.items()} == {
        "BTC/USDT": (40_000, 40_000, 40_000),
        "SET/USD": (Decimal("12.34"),) * 3,
        "DOGE/EUR": (Decimal("7612.61"),) * 3,
    }
    assert rules == {
        "BTC/USDT": MarketRules(
            "BTC/USDT", "BTC", "USDT", taker_fee=Decimal("0.002"), maker_fee=Decimal("0.002"), fee_in="quote"
        )
    }


def test_no_prices_from_nobody(free_port: int) -> None:
    async def scenario() -> None:
        prices = HostileMarketData(HostileMarketSettings(url=f"http://127.0.0.1:{free_port}"), open_directly)
        try:
            with pytest.raises(DataUnavailable, match="no connection"):
                await prices.tickers(["BTC/USD"])
        finally:
            await prices.close()

    asyncio.run(scenario())


def test_the_plugin_offers_both_halves_and_the_connector_tells_the_truth(exchange: HostileExchange) -> None:
    exchange.set(dedupe="open", lookup="recent", recent_ms=5, request_expiry=False, visibility_lag_ms=7)
    manager = pluggy.PluginManager(hookspecs.PROJECT)
    manager.add_hookspecs(hookspecs)
    manager.register(hostile_exchange)
    offered: list[MarketDataFactory | TradingFactory] = []
    manager.hook.register_market_data(register=offered.append)
    manager.hook.register_trading(register=offered.append)
    prices, trading = offered

    lent = SimpleNamespace(session=open_directly)
    opened = trading.open(trading.Settings(**exchange.trading_settings()), "account", lent)

    assert [(type(each), each.name) for each in offered] == [
        (MarketDataFactory, "hostile"),
        (TradingFactory, "hostile"),
    ]
    assert isinstance(prices.open(prices.Settings(**exchange.market_data_settings()), lent), HostileMarketData)
    assert isinstance(opened, HostileTrading)
    assert opened.capabilities == Capabilities(
        dedupe="open",
        lookup=Lookup("recent", 5),
        request_expiry=False,
        visibility_lag_ms=7,
        market_spend=True,
        post_only=True,
    )


def test_settings_are_json_as_run_files_and_tables_hold_them(exchange: HostileExchange) -> None:
    exchange.set(fee=Decimal("0.002"))
    for settings in (exchange.trading_settings("one"), exchange.market_data_settings()):
        assert json.loads(json.dumps(settings)) == settings
