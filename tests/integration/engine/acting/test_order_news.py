"""What an exchange says by itself ends a wait, and decides nothing: an account is asked at once, and books what it is
told then.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from octobot_node import Decision, LimitOrder, Tick
from octobot_node.contracts.streams import StreamState
from octobot_node.engine.acting.poller_pool import PollerPool
from octobot_node.engine.market.metered_connectors import MeteredTrading
from octobot_node.engine.workers.event_loop import ThreadedEventLoop
from octobot_node.plugin_system.registry import Registry
from octobot_node.store import tables
from tests.integration.engine.conftest import opened_benches, registry, template
from tests.support.bench import Bench

__all__ = ["registry", "template"]

#: A machine ten times slower keeps it, and it is far from the interval of polls.
LIMIT_S, INTERVAL_S = 30.0, 600.0


class Hearing:
    """The fake connector, with ears."""

    def __init__(self, inner: Any) -> None:
        self._inner = inner
        self.heard: Callable[[], None] | None = None
        self.looks = 0
        self.ended = 0

    def __getattr__(self, name: str) -> Any:
        return getattr(self._inner, name)

    async def open_orders(self) -> Any:
        self.looks += 1
        return await self._inner.open_orders()

    async def hear_orders(self, heard: Callable[[], None]) -> None:
        self.heard = heard
        try:
            await asyncio.Event().wait()
        finally:
            self.heard, self.ended = None, self.ended + 1

    def streams(self) -> Sequence[StreamState]:
        return [StreamState("orders", "heard", 0)] if self.heard else []


class Watched:
    """An account with a resting order that is polled every ten minutes, and hears."""

    def __init__(self, bench: Bench) -> None:
        self.bench = bench
        bench.automation("buyer", _buy_once)
        bench.settle()
        metered = bench.core.accounts.get(bench.account).trading
        assert isinstance(metered, MeteredTrading)
        self.ear: Any = Hearing(metered.inner)
        metered.inner = self.ear
        self.loop = ThreadedEventLoop()
        self.pool = PollerPool(bench.core, bench.watcher, self.loop)

    def tell(self) -> None:
        """Let the exchange say that something happened."""
        self.loop.loop.call_soon_threadsafe(self.ear.heard)

    def fill(self) -> None:
        """Let its order be filled."""
        trading = self.bench.trading
        trading.fill(trading.orders[0].id)

    def fills(self) -> int:
        return len(self.bench.rows(tables.fills))


def _buy_once(tick: Tick[Any, Any]) -> Decision:
    order = LimitOrder("BTC/USDT", "buy", amount=Decimal(1), price=Decimal(90))
    return Decision(orders=[order] if tick.number == 0 else [])


@pytest.fixture(params=["sqlite"])
def make_bench(
    request: pytest.FixtureRequest, tmp_path: Path, template: Path, registry: Registry
) -> Iterator[Callable[..., Bench]]:
    with opened_benches(request, tmp_path, template, registry) as make:
        yield make


@pytest.fixture
def watched(make_bench: Callable[..., Bench]) -> Iterator[Watched]:
    found = Watched(make_bench(watch_interval=INTERVAL_S, watch_interval_max=INTERVAL_S))
    found.pool.start()
    until(lambda: found.ear.heard)
    yield found
    found.pool.stop()
    found.loop.close()
    assert found.ear.heard is None


def until(holds: Callable[[], Any]) -> None:
    """Wait until something holds."""
    end = time.monotonic() + LIMIT_S
    while not holds():
        assert time.monotonic() < end, "it never came"
        time.sleep(0.01)


def test_a_fill_that_is_heard_of_is_booked_at_once_and_once_however_often_it_is_told(watched: Watched) -> None:
    assert watched.ear.looks == 1
    watched.fill()
    for _ in range(50):
        watched.tell()
    until(watched.fills)
    assert watched.fills() == 1
    # Fifty messages are a reason to ask once, perhaps twice.
    assert watched.ear.looks <= 4


def test_what_is_heard_and_not_shown_yet_is_asked_for_again_soon(watched: Watched) -> None:
    watched.tell()
    until(lambda: watched.ear.looks >= 2)
    watched.fill()
    until(watched.fills)
    assert watched.fills() == 1


def test_a_connector_that_takes_another_s_place_is_the_one_that_is_listened_to(watched: Watched) -> None:
    accounts, old = watched.bench.core.accounts, watched.ear
    account = accounts.get(watched.bench.account)
    new: Any = Hearing(old._inner)
    trading = MeteredTrading("fake", accounts._counters, new, account.contact, accounts.clock)
    accounts._open[account.id] = replace(account, trading=trading)
    watched.ear = new
    watched.loop.loop.call_soon_threadsafe(old.heard)
    until(lambda: new.heard and old.ended)
