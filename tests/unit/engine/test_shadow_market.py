"""Prices and fees of what is on paper beside a live account."""

from __future__ import annotations

import asyncio
from collections.abc import Collection
from decimal import Decimal
from typing import Any

from octobot_node.clock import VirtualClock
from octobot_node.contracts.exchanges import Fees
from octobot_node.engine.market.shadow_market import ShadowMarket
from octobot_node.testing import FakeExchange


def test_prices_are_asked_for_once_a_second_and_again_for_what_was_not_asked() -> None:
    clock = VirtualClock(0)
    exchange = FakeExchange(clock)
    for symbol in ("BTC/USDT", "ETH/USDT"):
        exchange.price(symbol, 100)
    asked: list[list[str]] = []

    class Counted:
        async def tickers(self, symbols: Collection[str]) -> Any:
            asked.append(sorted(symbols))
            return await exchange.market.tickers(symbols)

        def __getattr__(self, name: str) -> Any:
            return getattr(exchange.market, name)

    counted: Any = Counted()
    market = ShadowMarket(counted, lambda _symbols: {"BTC/USDT": Fees(taker=Decimal("0.0004"))}, clock)

    async def scene() -> None:
        await market.tickers(["BTC/USDT", "ETH/USDT"])
        exchange.price("BTC/USDT", 200)
        clock.advance_to(999)
        assert (await market.tickers(["BTC/USDT"]))["BTC/USDT"].last == 100
        clock.advance_to(1_000)
        assert (await market.tickers(["BTC/USDT"]))["BTC/USDT"].last == 200
        await market.tickers(["ETH/USDT"])
        rules = await market.rules(["BTC/USDT", "ETH/USDT"])
        own = await exchange.market.rules(["BTC/USDT", "ETH/USDT"])
        assert rules["BTC/USDT"].taker_fee == Decimal("0.0004")
        assert rules["BTC/USDT"].maker_fee == own["BTC/USDT"].maker_fee
        assert rules["ETH/USDT"] == own["ETH/USDT"]

    asyncio.run(scene())
    assert asked == [["BTC/USDT", "ETH/USDT"], ["BTC/USDT"], ["ETH/USDT"]]
