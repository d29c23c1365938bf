"""Streams of an exchange that speaks the real protocol: what they make sooner, and that nothing depends on them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from decimal import Decimal
from pathlib import Path
from typing import Any

from octobot_node.contracts.exchanges import ConnectorContext
from octobot_node.contracts.streams import HearsOrders, Streams
from octobot_node.egress import HttpClient, open_session
from octobot_node.testing.exchange_emulators import BinanceEmulator
from octobot_plugins.ccxt.market_data import CcxtMarketData, open_market_data
from octobot_plugins.ccxt.settings import CcxtMarketSettings, CcxtTradingSettings
from octobot_plugins.ccxt.streams.order_news import OrderListener
from octobot_plugins.ccxt.streams.patience import Patience
from octobot_plugins.ccxt.streams.prices import PriceListener
from octobot_plugins.ccxt.trading import CcxtTrading, open_trading
from octobot_plugins.proxies.settings import ProxySettings
from tests.integration.plugins.ccxt.conftest import request
from tests.integration.plugins.proxies.conftest import OpenRoutes, open_routes
from tests.support.exchange_site import lent
from tests.support.proxies import SocksServer
from tests.support.witness import watching

__all__ = ["open_routes"]

SYMBOL = "BTC/USDT"
#: A machine ten times slower keeps it.
LIMIT_S = 20.0
HASTE = Patience(silence=40, grace=0.2, back_off=0.05, longest=0.2, refused=0.2, look=0.02, wanted=0.05, fresh=1.5)


async def until(holds: Callable[[], Any]) -> None:
    """Wait until something holds that happens elsewhere."""

    async def nothing() -> None:
        """Do nothing but wait."""

    await again_and_again(nothing, holds)


async def again_and_again(ask: Callable[[], Awaitable[Any]], holds: Callable[[], Any]) -> None:
    """Ask until something holds."""
    async with asyncio.timeout(LIMIT_S):
        while not holds():
            await ask()
            await asyncio.sleep(0.01)


@asynccontextmanager
async def binance() -> AsyncIterator[BinanceEmulator]:
    """Start an exchange with two markets."""
    markets, money = {SYMBOL: 40_000, "ETH/USDT": 2_000}, {"USDT": 100_000, "BTC": 1}
    async with BinanceEmulator(prices=markets, balances=money) as found:
        yield found


@dataclass
class Ear:
    """An account that listens, and how often it was told something."""

    trading: CcxtTrading
    news: OrderListener
    told: int = 0

    def heard(self) -> None:
        self.told += 1

    @property
    def state(self) -> Any:
        """How it is heard; None where nobody listens."""
        found = self.trading.streams()
        return found[0] if found else None


@asynccontextmanager
async def listening(
    exchange: BinanceEmulator, folder: Path, patience: Patience = HASTE, context: ConnectorContext | None = None
) -> AsyncIterator[Ear]:
    """Open an account and listen, as the engine does."""
    settings = CcxtTradingSettings(
        exchange="binance", base_url=exchange.url, api_key=exchange.key, secret=exchange.secret
    )
    trading = open_trading(settings, "account", context or lent(folder, timeout=20.0))
    assert trading.news is not None
    trading.news.patience = patience
    ear = Ear(trading, trading.news)
    task = asyncio.create_task(trading.hear_orders(ear.heard))
    try:
        yield ear
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        await trading.close()


def resting(client_id: str) -> Any:
    """Return a limit buy that rests."""
    return request(client_order_id=client_id, price=Decimal(39_000))


def test_a_fill_is_told_once_it_happens_and_an_order_that_rests_is_not(tmp_path: Path) -> None:
    async def scene() -> None:
        async with binance() as exchange, listening(exchange, tmp_path) as ear:
            await until(lambda: ear.told)
            assert ear.state.status == "heard"
            await ear.trading.create_order(resting("o000000000000001"))
            await ear.trading.create_order(resting("o000000000000002"))
            assert ear.told == 1
            exchange.price(SYMBOL, 38_000)
            await until(lambda: ear.told > 1)
            assert len(await ear.trading.trades(0)) == len(exchange.trades()) == 2
            await ear.trading.open_orders()
            assert ear.news._missing_since is None
        assert ear.state is None

    asyncio.run(scene())


def test_a_cut_connection_is_opened_again_and_the_account_is_to_be_asked_then(tmp_path: Path) -> None:
    async def scene() -> None:
        async with binance() as exchange, listening(exchange, tmp_path) as ear:
            await until(lambda: ear.told)
            exchange.cut_streams(announced=True)
            await until(lambda: ear.told > 1 and ear.state.status == "heard")
            assert ear.state.breaks == 1

    asyncio.run(scene())


def test_a_stream_that_says_nothing_of_what_a_look_finds_is_noticed(tmp_path: Path) -> None:
    async def scene() -> None:
        async with binance() as exchange, listening(exchange, tmp_path) as ear:
            await until(lambda: ear.told)
            await ear.trading.create_order(resting("o000000000000001"))
            await ear.trading.open_orders()
            await until(lambda: ear.news._told_at)
            await ear.trading.open_orders()
            # As if all that was heard were long ago.
            ear.news.visible_after = -1_000
            exchange.silence_streams()
            exchange.price(SYMBOL, 38_000)
            assert await ear.trading.open_orders() == []
            assert len(await ear.trading.trades(0)) == 1
            await until(lambda: ear.state.breaks)
            assert "said nothing of it" in ear.state.reason
            await until(lambda: ear.state.status == "heard" and ear.told > 1)

    asyncio.run(scene())


def test_a_connection_without_any_sign_of_life_is_given_up(tmp_path: Path) -> None:
    async def scene() -> None:
        hasty = Patience(silence=0.3, back_off=0.05, look=0.02)
        async with binance() as exchange, listening(exchange, tmp_path, hasty) as ear:
            await until(lambda: ear.state and ear.state.breaks)
            assert "nothing came for 0.3 s" in ear.state.reason

    asyncio.run(scene())


def test_a_revoked_key_is_said_and_tried_again_later(tmp_path: Path) -> None:
    async def scene() -> None:
        async with binance() as exchange, listening(exchange, tmp_path) as ear:
            await until(lambda: ear.told)
            exchange.revoke()
            exchange.cut_streams()
            await until(lambda: "does not take the key" in ear.state.reason)
            exchange.restore()
            await until(lambda: ear.state.status == "heard")

    asyncio.run(scene())


def test_an_account_s_stream_leaves_by_its_route_and_by_none_where_that_is_gone(
    tmp_path: Path, open_routes: OpenRoutes
) -> None:
    async def scene(socks: SocksServer) -> None:
        routes = open_routes(ProxySettings(tor_socks=f"127.0.0.1:{socks.port}"))
        tor = routes.find("tor").egress("octobot-a", private=True)
        context: Any = lent(tmp_path, timeout=20.0)
        context.http, context.session = lambda: HttpClient(tor), lambda **options: open_session(tor, **options)
        async with binance() as exchange, listening(exchange, tmp_path, context=context) as ear:
            with watching() as seen:
                await until(lambda: ear.told)
                await ear.trading.create_order(resting("o000000000000001"))
                exchange.price(SYMBOL, 38_000)
                await until(lambda: ear.told > 1)
                socks.stop()
                await until(lambda: ear.state.breaks > 1)
                assert set(seen.ports) == {socks.port}
                assert {peer for peer, _ in exchange.report().peers} == {"127.0.0.9"}
                socks.start()
                await until(lambda: ear.state.status == "heard")
                assert set(seen.ports) == {socks.port}

    with SocksServer(leaves_from="127.0.0.9") as socks:
        asyncio.run(scene(socks))


@asynccontextmanager
async def prices(
    exchange: BinanceEmulator, folder: Path, patience: Patience = HASTE
) -> AsyncIterator[tuple[CcxtMarketData, PriceListener]]:
    """Open market data that listens once it is asked often."""
    opened = open_market_data(CcxtMarketSettings(exchange="binance", base_url=exchange.url), lent(folder))
    assert opened.prices is not None
    opened.prices.patience = patience
    try:
        yield opened, opened.prices
    finally:
        await opened.close()


def asked_for_prices(exchange: BinanceEmulator) -> int:
    return exchange.report().requests["/api/v3/ticker/24hr"]


def test_prices_in_use_come_by_themselves_over_one_connection(tmp_path: Path) -> None:
    async def scene() -> None:
        # However busy the machine is.
        patience, both = replace(HASTE, fresh=60), [SYMBOL, "ETH/USDT"]
        async with binance() as exchange, prices(exchange, tmp_path, patience) as (market, listener):
            await again_and_again(lambda: market.tickers(both), lambda: len(listener.told(both)) == 2)
            asked = asked_for_prices(exchange)
            exchange.price(SYMBOL, 41_000)
            told: list[Any] = []

            async def look() -> None:
                told.append((await market.tickers([SYMBOL]))[SYMBOL])

            await again_and_again(look, lambda: told and told[-1].last == 41_000)
            assert (told[-1].bid, told[-1].ask) == (Decimal(41_000), Decimal("41000.01"))
            assert asked_for_prices(exchange) == asked
            assert len(exchange.streams.listeners) == 1

    asyncio.run(scene())


def test_what_is_used_later_is_listened_to_and_what_is_not_any_more_is_let_go(tmp_path: Path) -> None:
    async def scene() -> None:
        patience = replace(HASTE, fresh=0.1, unused=0.5)
        async with binance() as exchange, prices(exchange, tmp_path, patience) as (market, listener):
            await again_and_again(lambda: market.tickers([SYMBOL]), lambda: SYMBOL in listener._told)
            both = [SYMBOL, "ETH/USDT"]
            await again_and_again(lambda: market.tickers(both), lambda: set(listener._told) == set(both))
            assert (len(exchange.streams.listeners), market.streams()[0].breaks) == (1, 0)
            await until(lambda: not market.streams() and not exchange.streams.listeners)
            await again_and_again(lambda: market.tickers([SYMBOL]), lambda: set(listener._told) == {SYMBOL})

    asyncio.run(scene())


def test_a_stream_of_prices_that_goes_silent_is_noticed_and_they_are_asked_for(tmp_path: Path) -> None:
    async def scene() -> None:
        async with binance() as exchange, prices(exchange, tmp_path) as (market, listener):
            await again_and_again(lambda: market.tickers([SYMBOL]), lambda: listener.told([SYMBOL]))
            exchange.silence_streams()
            exchange.price(SYMBOL, 41_000)
            told: list[Any] = []

            async def look() -> None:
                told.append((await market.tickers([SYMBOL]))[SYMBOL].last)

            await again_and_again(look, lambda: told and told[-1] == 41_000)
            await again_and_again(look, lambda: market.streams() and market.streams()[0].breaks)
            assert "the price of BTC/USDT moved" in market.streams()[0].reason
            await again_and_again(look, lambda: market.streams()[0].status == "heard")

    asyncio.run(scene())


def test_prices_that_are_asked_for_once_open_no_connection_nor_those_of_who_wants_none(tmp_path: Path) -> None:
    async def scene() -> None:
        async with binance() as exchange:
            async with prices(exchange, tmp_path) as (market, _):
                await market.tickers([SYMBOL])
                await market.tickers([SYMBOL])
                assert market.streams() == []
            wants_none = CcxtMarketSettings(exchange="binance", base_url=exchange.url, streams=False)
            market = open_market_data(wants_none, lent(tmp_path))
            assert (market.prices, market.streams()) == (None, ())
            await market.close()
            assert not exchange.streams.listeners

    asyncio.run(scene())


def test_what_is_not_tried_is_not_listened_to_unless_somebody_says_so(tmp_path: Path) -> None:
    def settings(exchange: str, **given: Any) -> CcxtTradingSettings:
        return CcxtTradingSettings(exchange=exchange, api_key="key", secret="secret", **given)

    assert [settings(each).listens for each in ("binance", "kraken", "bitfinex")] == [True, False, False]
    assert settings("kraken", streams=True).listens
    quiet = open_trading(settings("binance", streams=False), "account", lent(tmp_path))
    for protocol in (Streams, HearsOrders):
        assert isinstance(quiet, protocol)

    async def scene() -> None:
        await quiet.hear_orders(lambda: None)
        assert quiet.streams() == ()
        await quiet.close()

    asyncio.run(scene())
