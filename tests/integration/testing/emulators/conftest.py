"""Emulators in this process, and clients that only know the exchanges' documentation."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Protocol

import aiohttp
import pytest

from octobot_node.testing.exchange_emulators import BinanceEmulator, KrakenEmulator, OkxEmulator
from tests.support.binance_client import BinanceClient
from tests.support.kraken_client import KrakenClient
from tests.support.okx_client import OkxClient

#: Some Monday noon, in ms UTC: half a minute and five seconds into whatever is counted by minutes and tens of seconds.
NOON = 1_796_040_035_000


class StandingClock:
    """A time that stands still until a test moves it: nothing that is counted by the minute ends by chance."""

    def __init__(self) -> None:
        self.now = NOON

    def __call__(self) -> int:
        return self.now


class BinanceScene(Protocol):
    def __call__(self, exchange: BinanceEmulator, client: BinanceClient) -> Awaitable[None]: ...


class PlayBinance(Protocol):
    def __call__(self, scene: BinanceScene, clock: Callable[[], int] | None = None) -> None: ...


@pytest.fixture
def clock() -> StandingClock:
    return StandingClock()


@pytest.fixture
def binance(clock: StandingClock) -> PlayBinance:
    """Return what plays a scene on an emulator of its own, by the clock that stands still or another."""

    def play(scene: BinanceScene, clock: Callable[[], int] | None = clock) -> None:
        async def run() -> None:
            async with BinanceEmulator(clock=clock) as exchange, aiohttp.ClientSession() as session:
                client = BinanceClient(exchange.url, exchange.key, exchange.secret, session)
                client.clock = clock or client.clock
                await scene(exchange, client)

        asyncio.run(run())

    return play


KrakenScene = Callable[[KrakenEmulator, KrakenClient], Awaitable[None]]
PlayKraken = Callable[[KrakenScene], None]


@pytest.fixture
def kraken(clock: StandingClock) -> PlayKraken:
    """Return what plays a scene on an emulator of its own, by the clock that stands still."""

    def play(scene: KrakenScene) -> None:
        async def run() -> None:
            market, money = {"BTC/USD": 40_000, "ETH/USDT": 2_500}, {"USD": 100_000, "BTC": 1}
            async with (
                KrakenEmulator(clock=clock, prices=market, balances=money) as exchange,
                aiohttp.ClientSession() as session,
            ):
                await scene(exchange, KrakenClient(exchange.url, exchange.key, exchange.secret, session))

        asyncio.run(run())

    return play


OkxScene = Callable[[OkxEmulator, OkxClient], Awaitable[None]]


class PlayOkx(Protocol):
    def __call__(self, scene: OkxScene, *, demo: bool = False) -> None: ...


@pytest.fixture
def okx(clock: StandingClock) -> PlayOkx:
    """Return what plays a scene on an emulator of its own, by the clock that stands still."""

    def play(scene: OkxScene, *, demo: bool = False) -> None:
        async def run() -> None:
            async with OkxEmulator(clock=clock, demo=demo) as exchange, aiohttp.ClientSession() as session:
                key, secret, phrase = exchange.key, exchange.secret, exchange.passphrase
                await scene(exchange, OkxClient(exchange.url, key, secret, phrase, session, clock))

        asyncio.run(run())

    return play
