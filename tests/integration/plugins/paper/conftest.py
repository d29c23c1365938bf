from __future__ import annotations

import asyncio
import itertools
import shutil
from collections.abc import Callable, Collection, Coroutine, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
import pytest

from octobot_node.clock import Clock, VirtualClock
from octobot_node.contracts.exchanges import ExchangeOrder, ExchangeTrade, MarketData, OrderRequest
from octobot_node.contracts.storage import Storage
from octobot_node.errors import DataUnavailable
from octobot_node.market import Candles, MarketRules, Ticker, from_ms
from octobot_node.plugin_system.discovery import load_named
from octobot_node.settings import Settings
from octobot_node.store.migrate import migrate
from octobot_plugins.paper.tables import PAPER_TABLES
from octobot_plugins.paper.trading import PaperTrading
from octobot_plugins.replay.market_data import ReplayMarket
from octobot_plugins.replay.settings import ReplaySettings
from octobot_plugins.sqlite.storage import SqliteStorage

T = TypeVar("T")
D = Decimal


@dataclass
class Context:
    """What a node lends the connector."""

    clock: Clock
    storage: Storage
    settings: Settings
    market: MarketData

    def market_data(self, source: str) -> MarketData:
        assert source == ""
        return self.market


@dataclass
class Bench:
    """A paper account on a market, asked as the engine asks it."""

    clock: VirtualClock
    storage: SqliteStorage
    market: Any
    _ids: Iterator[int] = field(default_factory=itertools.count)
    _open: dict[tuple[str, str], PaperTrading] = field(default_factory=dict)

    def trading(self, account: str = "main", *, reopen: bool = False, **settings: Any) -> PaperTrading:
        key = (account, repr(sorted(settings.items())))
        if reopen or key not in self._open:
            factory = load_named(["octobot_plugins.paper"]).trading_factory("paper")
            context = Context(self.clock, self.storage, Settings(data_dir=self.storage.path.parent), self.market)
            self._open[key] = factory.open(factory.Settings(**settings), account, context)
        return self._open[key]

    def request(self, side: str, kind: str, amount: str | None = "1", **given: Any) -> OrderRequest:
        number = next(self._ids)
        values: dict[str, Any] = {
            "intent_id": f"i{number}",
            "client_order_id": f"c{number}",
            "symbol": "BTC/USD",
            "side": side,
            "type": kind,
            "amount": None if amount is None else D(amount),
            "spend": None,
            "price": None,
            "stop": None,
            "tif": "gtc",
            "post_only": False,
            "expires_at": self.clock.now() + 5_000,
        }
        money = {k: D(v) for k, v in given.items() if k in {"spend", "price", "stop"}}
        return OrderRequest(**{**values, **given, **money})

    def place(self, side: str, kind: str, amount: str | None = "1", *, on: PaperTrading, **given: Any) -> ExchangeOrder:
        return run(on.create_order(self.request(side, kind, amount, **given)))

    def at(self, moment: int) -> None:
        self.clock.advance_to(moment)


def run(awaited: Coroutine[Any, Any, T]) -> T:
    return asyncio.run(awaited)


@pytest.fixture(name="run")
def run_fixture() -> Callable[[Coroutine[Any, Any, Any]], Any]:
    return run


@pytest.fixture(scope="session")
def migrated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A database with all tables, migrated once, to be copied."""
    opened = SqliteStorage(Settings(data_dir=tmp_path_factory.mktemp("migrated")))
    migrate(opened, [PAPER_TABLES])
    opened.close()
    return opened.path


@pytest.fixture
def storage(tmp_path: Path, migrated: Path) -> Iterator[SqliteStorage]:
    shutil.copy(migrated, tmp_path)
    opened = SqliteStorage(Settings(data_dir=tmp_path))
    yield opened
    opened.close()


@pytest.fixture
def past(tmp_path: Path, storage: SqliteStorage) -> Callable[..., Bench]:
    """Open a bench on candles of the past, one a minute from minute 0 on; None is a minute without a candle."""

    def open_bench(rows: Sequence[tuple[str, str, str, str] | None], **settings: Any) -> Bench:
        lines = ["timestamp,open,high,low,close,volume"]
        lines += [f"{i * 60_000},{','.join(row)},1" for i, row in enumerate(rows) if row is not None]
        path = tmp_path / "candles.csv"
        path.write_text("\n".join(lines))
        clock = VirtualClock(0)
        return Bench(
            clock, storage, ReplayMarket(ReplaySettings(data={"BTC/USD": path}, time_unit="ms", **settings), clock)
        )

    return open_bench


@pytest.fixture
def real(storage: SqliteStorage, real_candles: Path) -> Bench:
    """A bench on real candles."""
    path = real_candles / "BTC-USD-1m-2022-01.csv.gz"
    clock = VirtualClock(1_640_991_660_000)
    return Bench(clock, storage, ReplayMarket(ReplaySettings(data={"BTC/USD": path}), clock))


@dataclass
class FakeLive:
    """A live market whose prices a test sets."""

    clock: VirtualClock
    last: Decimal | None
    spread: Decimal
    closed: list[tuple[int, float, float, float, float]] = field(default_factory=list)

    async def tickers(self, symbols: Collection[str]) -> Mapping[str, Ticker]:
        if self.last is None:
            raise DataUnavailable("the fake has no price")
        half, now = self.spread / 2, from_ms(self.clock.now())
        return {s: Ticker(s, self.last, self.last - half, self.last + half, now) for s in symbols if s == "BTC/USD"}

    async def candles(self, symbol: str, timeframe: str, count: int) -> Candles:
        assert timeframe == "1m"
        newest = self.closed[-count:]
        if not newest:
            raise DataUnavailable("the fake has no candles")
        opens, highs, lows, closes = np.array([row[1:] for row in newest]).T
        time = np.array([row[0] for row in newest], dtype=np.int64)
        return Candles(symbol, timeframe, time, opens, highs, lows, closes, np.ones(len(newest)))

    async def rules(self, symbols: Collection[str]) -> Mapping[str, MarketRules]:
        return {s: MarketRules(s, "BTC", "USD") for s in symbols if s == "BTC/USD"}

    async def close(self) -> None:
        """Nothing to close."""


@pytest.fixture
def live(storage: SqliteStorage) -> Bench:
    """A bench on a live market at 100, bid 99, ask 101; the time is 30 s past a minute."""
    clock = VirtualClock(1_768_000_000_000 // 60_000 * 60_000 + 30_000)
    return Bench(clock, storage, FakeLive(clock, last=D(100), spread=D(2)))


def facts(trades: Sequence[ExchangeTrade]) -> list[tuple[Any, ...]]:
    """What matters of trades: (id, order, side, amount, price, liquidity, at)."""
    return [(t.id, t.order_id, t.side, str(t.amount), str(t.price), t.liquidity, t.at) for t in trades]


@pytest.fixture(name="facts")
def facts_fixture() -> Callable[[Sequence[ExchangeTrade]], list[tuple[Any, ...]]]:
    return facts
