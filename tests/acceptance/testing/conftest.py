"""One hostile exchange for the module, behaving anew for each test, on an account of the test's own."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Awaitable, Callable, Iterator
from typing import Any, TypeVar

import pytest

from octobot_node.testing import HostileExchange
from octobot_node.testing.hostile_exchange.client import open_directly
from octobot_node.testing.hostile_exchange.connector import HostileTrading
from octobot_node.testing.hostile_exchange.settings import HostileTradingSettings

T = TypeVar("T")
Play = Callable[..., Any]


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[HostileExchange]:
    with HostileExchange.start(tmp_path_factory.mktemp("exchange")) as exchange:
        yield exchange


@pytest.fixture
def exchange(running: HostileExchange) -> HostileExchange:
    running.reset()
    return running


@pytest.fixture
def account(request: pytest.FixtureRequest) -> str:
    name: str = request.node.name
    return name


@pytest.fixture
def free_port() -> int:
    """Return a port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return port


@pytest.fixture
def play(exchange: HostileExchange, account: str) -> Play:
    """Run a coroutine function with the real connector, which says what the exchange really does."""

    def play(scenario: Callable[[HostileTrading], Awaitable[T]], **settings: Any) -> T:
        async def run() -> T:
            told = {**exchange.trading_settings(account), **settings}
            trading = HostileTrading(HostileTradingSettings(**told), "the node's own id", open_directly)
            try:
                return await scenario(trading)
            finally:
                await trading.close()

        return asyncio.run(run())

    return play
