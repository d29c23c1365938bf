"""A connector as careless as libraries are: whatever fails of it says with what it was asked."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from decimal import Decimal
from typing import Any, NoReturn

from pydantic import BaseModel, ConfigDict, SecretStr

from octobot_node import hookimpl
from octobot_node.contracts.exchanges import Capabilities, Lookup, MarketDataFactory, TradingFactory
from octobot_node.errors import DataUnavailable, OrderRefused
from octobot_node.market import Candles, MarketRules, Ticker

CAPABILITIES = Capabilities(dedupe="open", lookup=Lookup("all"), request_expiry=True, visibility_lag_ms=0)


class Settings(BaseModel):
    """Secret by its type, by its name, and inside another."""

    model_config = ConfigDict(extra="forbid")

    words: SecretStr = SecretStr("")
    api_key: str = ""
    inside: dict[str, Any] = {}
    fails: str = ""


class Leaky:
    """Market data and trading, all of which fail loudly."""

    capabilities = CAPABILITIES

    def __init__(self, settings: Settings, *_given: Any) -> None:
        self.settings = settings
        if settings.fails == "open":
            self._fail("open")

    def _fail(self, what: str) -> NoReturn:
        words = self.settings.words.get_secret_value()
        try:
            raise KeyError({"headers": {"X-Key": words, "X-Api": self.settings.api_key}})
        except KeyError as error:
            said = f"{what} with {words} and {self.settings.api_key} {self.settings.inside}"
            kind = {"create_order": OrderRefused, "tickers": DataUnavailable}.get(what, RuntimeError)
            raise kind(said) from error

    async def tickers(self, symbols: Collection[str]) -> Mapping[str, Ticker]:
        self._fail("tickers")

    async def candles(self, symbol: str, timeframe: str, count: int) -> Candles:
        self._fail("candles")

    async def rules(self, symbols: Collection[str]) -> Mapping[str, MarketRules]:
        self._fail("rules")

    async def create_order(self, request: Any) -> Any:
        self._fail("create_order")

    async def cancel_order(self, symbol: str, order_id: str) -> None:
        self._fail("cancel_order")

    async def find_order(self, symbol: str, client_order_id: str, since: int) -> Any:
        self._fail("find_order")

    async def order(self, symbol: str, order_id: str) -> Any:
        self._fail("order")

    async def open_orders(self) -> Any:
        self._fail("open_orders")

    async def trades(self, since: int) -> Any:
        self._fail("trades")

    async def balances(self) -> Mapping[str, Decimal]:
        self._fail("balances")

    async def close(self) -> None:
        """Have nothing to close."""


@hookimpl
def register_market_data(register: Callable[[MarketDataFactory], None]) -> None:
    register(MarketDataFactory("leaky", Settings, Leaky))


@hookimpl
def register_trading(register: Callable[[TradingFactory], None]) -> None:
    register(TradingFactory("leaky", Settings, Leaky))
