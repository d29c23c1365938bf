"""What holds connectors against what the engine relies on passes the built-in ones and finds each broken promise."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest
from pydantic import BaseModel

from octobot_node.clock import VirtualClock
from octobot_node.contracts.exchanges import (
    Capabilities,
    ConnectorContext,
    Lookup,
    MarketDataFactory,
    OrderRequest,
    TradingFactory,
)
from octobot_node.contracts.wrapping import WrappedMarketData, WrappedTrading
from octobot_node.errors import RequestExpired
from octobot_node.market import Candles, MarketRules, Ticker
from octobot_node.testing import PluginTest, check_market_data, check_trading
from octobot_node.testing.fakes import FakeMarket, FakeTrading

START = 1_767_225_600_000


class NoSettings(BaseModel):
    pass


@pytest.fixture(scope="module")
def lent() -> Iterator[ConnectorContext]:
    with PluginTest() as node:
        yield node.connector_context(node.account())


class At:
    """A connector context whose clock a test sets."""

    def __init__(self) -> None:
        self.clock = VirtualClock(START)


def market(broken: type[WrappedMarketData] = WrappedMarketData) -> tuple[MarketDataFactory, Any]:
    lent: Any = At()
    return MarketDataFactory("mine", NoSettings, lambda *_: broken(FakeMarket(lent.clock))), lent


def trading(
    broken: type[WrappedTrading] = WrappedTrading, capabilities: Capabilities | None = None
) -> tuple[TradingFactory, Any]:
    lent: Any = At()
    promised = capabilities or Capabilities(dedupe="none", lookup=Lookup("all"), request_expiry=False)

    def open_(*_: Any) -> Any:
        opened = broken(FakeTrading(lent.clock, promised))
        opened.capabilities = promised
        return opened

    return TradingFactory("mine", NoSettings, open_), lent


def test_the_built_in_connectors_keep_their_promises(lent: ConnectorContext) -> None:
    with PluginTest() as node:
        factories = node.operations.registry
        simulated = factories.market_data["simulated"]
        # It makes up whatever it is asked for.
        check_market_data(simulated, lent, "BTC/USD", "ETH/BTC", settings={"seed": 7}, unlisted=None)
        check_trading(
            factories.trading["paper"],
            lent,
            "BTC/USD",
            price="1",
            amount="0.5",
            settings={"balances": {"USD": "1000"}},
            account="conformance",
        )


def test_the_fakes_of_the_kit_keep_them_too() -> None:
    factory, context = market()
    check_market_data(factory, context, "BTC/USDT")
    sold, context = trading()
    check_trading(sold, context, "BTC/USDT", price=50, amount=1)


class Everything(WrappedMarketData):
    async def tickers(self, symbols: Collection[str]) -> Mapping[str, Ticker]:
        return {**await self.inner.tickers(["BTC/USDT"]), "NOSUCHBASE/NOSUCHQUOTE": None}  # type: ignore[dict-item]


class Floats(WrappedMarketData):
    async def tickers(self, symbols: Collection[str]) -> Mapping[str, Ticker]:
        found = await self.inner.tickers(symbols)
        return {name: replace(ticker, last=float(ticker.last)) for name, ticker in found.items()}  # type: ignore[arg-type]


class Percents(WrappedMarketData):
    async def rules(self, symbols: Collection[str]) -> Mapping[str, MarketRules]:
        found = await self.inner.rules(symbols)
        return {name: replace(rules, taker_fee=Decimal("0.25"), base="XBT") for name, rules in found.items()}


class Early(WrappedMarketData):
    async def candles(self, symbol: str, timeframe: str, count: int) -> Candles:
        found = await self.inner.candles(symbol, timeframe, count)
        return replace(found, time=found.time + 60_000, volume=-found.volume)


class Seconds(WrappedMarketData):
    async def candles(self, symbol: str, timeframe: str, count: int) -> Candles:
        found = await self.inner.candles(symbol, timeframe, count)
        return replace(found, time=found.time[::-1] + 7, low=found.high * 2)


class Angry(WrappedMarketData):
    async def candles(self, symbol: str, timeframe: str, count: int) -> Candles:
        if symbol == "BTC/USDT":
            return await self.inner.candles(symbol, timeframe, count)
        raise KeyError(symbol)


@pytest.mark.parametrize(
    ("broken", "words"),
    [
        (Everything, ["tickers() has NOSUCHBASE/NOSUCHQUOTE", "tickers([]) has tickers"]),
        (Floats, ["prices that are no positive Decimals"]),
        (Percents, ["fees (Decimal('0.25')", "of 'BTC/USDT', 'XBT' and 'USDT'"]),
        (Early, ["a candle that is not closed", "negative volume"]),
        (Seconds, ["not in order", "no multiples of its timeframe", "outside low and high"]),
        (Angry, ["raised KeyError instead of DataUnavailable"]),
    ],
)
def test_market_data_that_the_engine_cannot_rely_on_is_found(broken: type[WrappedMarketData], words: list[str]) -> None:
    factory, context = market(broken)
    with pytest.raises(AssertionError, match=r"^market data 'mine':") as found:
        check_market_data(factory, context, "BTC/USDT")
    assert [word for word in words if word not in str(found.value)] == []


class Forgetful(WrappedTrading):
    async def find_order(self, symbol: str, client_order_id: str, since: int) -> Any:
        found = await self.inner.find_order(symbol, client_order_id, since)
        return found if found is None or found.status == "open" else None


class Blind(WrappedTrading):
    async def find_order(self, symbol: str, client_order_id: str, since: int) -> Any:
        return None


class Raising(WrappedTrading):
    async def order(self, symbol: str, order_id: str) -> Any:
        raise KeyError(order_id)


class Rounding(WrappedTrading):
    async def create_order(self, request: OrderRequest) -> Any:
        return replace(await self.inner.create_order(request), client_order_id="mine")


class Patient(WrappedTrading):
    async def create_order(self, request: OrderRequest) -> Any:
        return await self.inner.create_order(replace(request, expires_at=2**62))


class Refusing(WrappedTrading):
    async def create_order(self, request: OrderRequest) -> Any:
        if request.expires_at < START:
            raise RequestExpired("too late")
        return await self.inner.create_order(request)


ALL = Lookup("all")


@pytest.mark.parametrize(
    ("broken", "promised", "words"),
    [
        (Forgetful, Capabilities(lookup=ALL), ["lookup is 'all', but a cancelled order is not found: say 'open'"]),
        (Blind, Capabilities(lookup=Lookup("open")), ["find_order() does not find an open order"]),
        (Raising, Capabilities(lookup=ALL), ["order() of nothing raised KeyError: '0'", "order() does not know"]),
        (Rounding, Capabilities(lookup=ALL), ["has another client id ('mine')"]),
        (Patient, Capabilities(lookup=ALL, request_expiry=True), ["an expired request was accepted"]),
        (
            WrappedTrading,
            Capabilities(lookup=ALL, dedupe="open"),
            ["the same client id was accepted twice: say 'none'"],
        ),
        (WrappedTrading, Capabilities(lookup=ALL, client_id_length=2), ["client_id_length is 2"]),
    ],
)
def test_a_promise_that_is_not_kept_is_found(
    broken: type[WrappedTrading], promised: Capabilities, words: list[str]
) -> None:
    factory, context = trading(broken, promised)
    with pytest.raises(AssertionError, match=r"^trading connector 'mine':") as found:
        check_trading(factory, context, "BTC/USDT", price=50, amount=1)
    assert [word for word in words if word not in str(found.value)] == []


def test_a_request_that_expires_as_promised_passes() -> None:
    factory, context = trading(Refusing, Capabilities(lookup=ALL, request_expiry=True))
    check_trading(factory, context, "BTC/USDT", price=50, amount=1)
