"""Prices of an exchange: what is asked for, and what is made of the answers."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from octobot_node.errors import DataUnavailable
from octobot_node.market import to_ms
from octobot_plugins.ccxt.market_data import CcxtMarketData, open_market_data
from octobot_plugins.ccxt.settings import CcxtMarketSettings
from tests.integration.plugins.ccxt.conftest import market
from tests.support.exchange_site import Answer, Asked, Site, lent, site

MINUTE = 60_000
#: On a minute.
NOW = 1_796_000_040_000


class Clock:
    """A clock that a test sets."""

    virtual = True

    def __init__(self) -> None:
        self.at = NOW

    def now(self) -> int:
        return self.at

    def monotonic(self) -> float:
        return self.at / 1000


@asynccontextmanager
async def prices_of(
    exchange: str, script: Callable[[Asked], Answer], folder: Path, clock: Clock
) -> AsyncIterator[tuple[CcxtMarketData, Site]]:
    async with site(script) as found:
        opened = open_market_data(CcxtMarketSettings(exchange=exchange, base_url=found.url), lent(folder, clock))
        remote: Any = opened._remote
        (await remote._made()).set_markets([market(exchange), market(exchange, "ETH/USDT")])

        async def known(_exchange: Any) -> None:
            """Do nothing: what is known needs no question."""

        remote._with_markets = remote._with_time = known
        try:
            yield opened, found
        finally:
            await opened.close()


def run(use: Callable[[], Coroutine[Any, Any, Any]]) -> Any:
    return asyncio.run(use())


def candle(at: int, close: str = "40000.12345678") -> list[Any]:
    return [at, "40000", "40001", "39999", close, "1.5", at + MINUTE - 1, "1", 1, "1", "1", "0"]


def series(asked: Asked) -> Answer:
    begin, limit = int(asked.params["startTime"]), int(asked.params["limit"])
    # The one that is not closed yet comes last, as everywhere.
    return Answer([candle(at) for at in range(begin, NOW + 10 * MINUTE, MINUTE)][:limit])


def test_only_new_candles_are_asked_for_and_none_that_is_not_closed(tmp_path: Path) -> None:
    clock = Clock()

    async def use() -> Any:
        async with prices_of("binance", series, tmp_path, clock) as (prices, found):
            first = await prices.candles("BTC/USDT", "1m", 200)
            clock.at = NOW + MINUTE + 10_000
            second = await prices.candles("BTC/USDT", "1m", 200)
            fewer = await prices.candles("BTC/USDT", "1m", 5)
            more = await prices.candles("BTC/USDT", "1m", 700)
            return first, second, fewer, more, [each.params for each in found.asked]

    first, second, fewer, more, asked = run(use)
    assert (len(first), int(first.time[-1])) == (200, NOW - MINUTE)
    assert (len(second), int(second.time[-1])) == (200, NOW)
    assert (len(fewer), int(fewer.time[-1])) == (5, NOW)
    assert (len(more), int(more.time[0]), int(more.time[-1])) == (700, NOW - 699 * MINUTE, NOW)
    assert (int(asked[1]["startTime"]), int(asked[1]["limit"])) == (NOW - MINUTE, 3)
    # Five are known; of the last one is asked again, since it may have been corrected; seven hundred take pages.
    assert len(asked) == 6
    assert float(first.close[0]) == 40000.12345678


def test_weeks_and_what_the_exchange_has_not_are_not_available(tmp_path: Path) -> None:
    async def use() -> None:
        async with prices_of("binance", series, tmp_path, Clock()) as (prices, found):
            for symbol, timeframe, words in (
                ("BTC/USDT", "1w", "has no 1w candles"),
                ("BTC/USDT", "7m", "has no 7m candles"),
                ("BTC/USDT", "nonsense", "not a valid timeframe"),
                ("NO/SUCH", "1m", "lists no spot market NO/SUCH"),
                ("BTC/USDT:USDT", "1m", "is a derivative"),
            ):
                with pytest.raises(DataUnavailable, match=words):
                    await prices.candles(symbol, timeframe, 5)
            assert found.asked == []

    run(use)


def test_tickers_come_in_one_request_and_what_is_not_listed_is_left_out(tmp_path: Path) -> None:
    def script(_: Asked) -> Answer:
        rows = [
            {
                "symbol": "BTCUSDT",
                "lastPrice": "40000.50",
                "bidPrice": "40000.4",
                "askPrice": "40000.6",
                "closeTime": NOW + 9_000,
            },
            # Nobody offers to buy.
            {"symbol": "ETHUSDT", "lastPrice": "2500", "bidPrice": "0", "askPrice": "2501", "closeTime": NOW - 5_000},
        ]
        return Answer(rows)

    async def use() -> Any:
        async with prices_of("binance", script, tmp_path, Clock()) as (prices, found):
            told = await prices.tickers(["BTC/USDT", "ETH/USDT", "NO/SUCH", "BTC/USDT:USDT"])
            assert await prices.tickers([]) == {}
            return told, len(found.asked)

    told, asked = run(use)
    assert asked == 1
    btc, eth = told["BTC/USDT"], told["ETH/USDT"]
    assert set(told) == {"BTC/USDT", "ETH/USDT"}
    assert (btc.last, btc.bid, btc.ask) == (Decimal("40000.5"), Decimal("40000.4"), Decimal("40000.6"))
    # Never of the future, whatever the exchange's clock says.
    assert (to_ms(btc.at), to_ms(eth.at)) == (NOW, NOW - 5_000)
    assert (eth.bid, eth.ask) == (Decimal(2500), Decimal(2501))


@pytest.mark.parametrize(
    "answer", [Answer("<html>", 502), Answer({"code": -1003, "msg": "slow down"}, 429), Answer(way="drop"), Answer("{")]
)
def test_prices_that_do_not_come_are_waited_for(tmp_path: Path, answer: Answer) -> None:
    async def use() -> None:
        async with prices_of("binance", lambda _: answer, tmp_path, Clock()) as (prices, _):
            with pytest.raises(DataUnavailable):
                await prices.tickers(["BTC/USDT"])
            with pytest.raises(DataUnavailable):
                await prices.candles("BTC/USDT", "1m", 5)

    run(use)
