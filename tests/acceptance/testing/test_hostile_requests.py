"""What the hostile exchange tells of orders, and requests that come late, twice or not at all; by its connector."""

from __future__ import annotations

import asyncio
import time
from typing import Any

import pytest

from octobot_node.contracts.exchanges import ExchangeOrder
from octobot_node.errors import NotSent, OrderRefused, RequestExpired, Unresolved
from octobot_node.testing import HostileExchange
from octobot_node.testing.hostile_exchange.client import open_directly
from octobot_node.testing.hostile_exchange.connector import HostileTrading
from octobot_node.testing.hostile_exchange.report import HostileReport
from octobot_node.testing.hostile_exchange.settings import HostileTradingSettings
from tests.acceptance.testing.ordering import Play, limit, market, now, outcome, until

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
