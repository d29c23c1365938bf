"""ccxt, as it is and behind our layer, beside a site that a test scripts."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from decimal import Decimal, localcontext
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

from octobot_node.clock import Clock, SystemClock
from octobot_node.contracts.exchanges import ConnectorContext, OrderRequest
from octobot_plugins.ccxt.exchanges import record_of
from octobot_plugins.ccxt.library import _elsewhere
from octobot_plugins.ccxt.settings import CcxtTradingSettings
from octobot_plugins.ccxt.trading import CcxtTrading, open_trading
from tests.support.exchange_site import Answer, Asked, Site, lent, site

KEYS = {"api_key": "key", "secret": "c2VjcmV0", "password": "pass"}
_SPOT = {
    "type": "spot",
    "spot": True,
    **dict.fromkeys(("margin", "swap", "future", "option", "contract", "linear", "inverse"), False),
    "active": True,
    "precision": {"price": "0.01", "amount": "0.00001"},
    "limits": {"amount": {"min": "0.00001"}, "cost": {"min": "5"}},
    "taker": "0.001",
    "maker": "0.001",
}
#: What each exchange calls BTC/USDT.
IDS = {
    **dict.fromkeys(("okx", "kucoin", "coinbase"), "BTC-USDT"),
    "kraken": "XBTUSDT",
    **dict.fromkeys(("gate", "cryptocom"), "BTC_USDT"),
    "htx": "btcusdt",
    "hyperliquid": "@142",
}


def market(exchange: str, symbol: str = "BTC/USDT") -> dict[str, Any]:
    """Return a market as ccxt has it."""
    base, _, quote = symbol.partition("/")
    known = IDS.get(exchange, f"{base}{quote}") if symbol == "BTC/USDT" else f"{base}{quote}"
    names = {"baseId": "10142" if exchange == "hyperliquid" else base, "quoteId": quote}
    types = {"orderTypes": ["LIMIT", "LIMIT_MAKER", "MARKET", "STOP_LOSS"]}
    return {**_SPOT, "id": known, "symbol": symbol, "base": base, "quote": quote, **names, "info": types}


@dataclass
class Bench:
    """One account of ours at a site, its context, and the site."""

    trading: CcxtTrading
    context: ConnectorContext
    site: Site
    settings: CcxtTradingSettings


def request(**given: Any) -> OrderRequest:
    """Return a limit buy of 0.01 BTC at 40000.5 that has five seconds."""
    basic: dict[str, Any] = {
        "intent_id": "intent",
        "client_order_id": "o1234567890abcdef",
        "symbol": "BTC/USDT",
        "side": "buy",
        "type": "limit",
        "amount": Decimal("0.01"),
        "spend": None,
        "price": Decimal("40000.5"),
        "stop": None,
        "tif": "gtc",
        "post_only": False,
        "expires_at": SystemClock().now() + 5_000,
    }
    return OrderRequest(**{**basic, **given})


Open = Callable[..., Any]


@pytest.fixture(autouse=True)
def own_decimals() -> Iterator[None]:
    """ccxt as it comes sets how every Decimal of the thread is rounded: not those of the tests after these."""
    with localcontext():
        yield


@pytest.fixture
def bench(tmp_path: Path) -> Open:
    """Return ``async with bench(exchange, script)``: an account whose markets and time are known already."""

    @asynccontextmanager
    async def opened(
        exchange: str, script: Callable[[Asked], Answer], clock: Clock | None = None, **given: Any
    ) -> AsyncIterator[Bench]:
        async with site(script) as found:
            context = lent(tmp_path, clock, timeout=given.pop("timeout", 5.0))
            keys = {**KEYS, **given}
            settings = CcxtTradingSettings(exchange=exchange, base_url=found.url, **keys)
            trading = open_trading(settings, "account", context)
            made = await trading.remote._made()
            made.set_markets([market(exchange), market(exchange, "ETH/USDT")])

            async def known(_exchange: Any) -> None:
                """Do nothing: what is known needs no question."""

            remote: Any = trading.remote
            remote._with_markets = remote._with_time = known
            try:
                yield Bench(trading, context, found, settings)
            finally:
                await trading.close()

    return opened


@asynccontextmanager
async def plain(exchange: str, url: str, **given: Any) -> AsyncIterator[Any]:
    """Open ccxt as it comes, at another address, with its markets known."""
    kind = getattr(import_module(f"ccxt.async_support.{exchange}"), exchange)
    keys = {"apiKey": "key", "secret": "c2VjcmV0", "password": "pass", "enableRateLimit": False}
    if exchange == "hyperliquid":
        keys = {"walletAddress": "0x" + "22" * 20, "privateKey": "0x" + "11" * 32, "enableRateLimit": False}
    found = kind({**keys, **given})
    found.urls["api"] = _elsewhere(found.urls["api"], url)
    found.set_markets([market(exchange), market(exchange, "ETH/USDT")])
    try:
        yield found
    finally:
        await found.close()


def title(exchange: str) -> str:
    """Return what an exchange is called in messages."""
    return record_of(exchange).title
