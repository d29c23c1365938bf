"""Connectors around other ones: what a wrapper does not change, it passes on."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from decimal import Decimal
from functools import cache
from typing import Any

from octobot_node.contracts.exchanges import (
    Budgeted,
    ChecksKeys,
    ExchangeOrder,
    ExchangeTrade,
    Fees,
    KeyFinding,
    KnownFees,
    MarketData,
    OrderRequest,
    RequestBudget,
    SymbolList,
    Trading,
)
from octobot_node.contracts.replays import ForeseenFills, PassedOrders
from octobot_node.contracts.streams import HearsOrders, Streams, StreamState
from octobot_node.market import Candles, MarketRules, Ticker

__all__ = ["WrappedMarketData", "WrappedTrading"]


class _Budgets:
    inner: Any

    def request_budgets(self) -> Sequence[RequestBudget]:
        """Return what the inner one states."""
        found: Sequence[RequestBudget] = self.inner.request_budgets()
        return found


class _KnowsFees:
    inner: Any

    def fees(self, symbol: str) -> Fees:
        """Return what the inner one charges."""
        found: Fees = self.inner.fees(symbol)
        return found


class _Checks:
    inner: Any

    async def check_keys(self) -> Sequence[KeyFinding]:
        """Return what the inner one finds."""
        found: Sequence[KeyFinding] = await self.inner.check_keys()
        return found


class _Streams:
    inner: Any

    def streams(self) -> Sequence[StreamState]:
        """Return what the inner one listens to."""
        found: Sequence[StreamState] = self.inner.streams()
        return found


class _Hears:
    inner: Any

    async def hear_orders(self, heard: Callable[[], None]) -> None:
        """Have the inner one listen."""
        await self.inner.hear_orders(heard)


class _Foresees:
    inner: Any

    def next_fill_at(self, after: int) -> int | None:
        """Return when the inner one's next order ends."""
        found: int | None = self.inner.next_fill_at(after)
        return found


class _Passes:
    inner: Any

    async def pass_orders(self, symbol: str, price: Decimal, client_order_ids: Collection[str]) -> None:
        """Have the inner one fill what was passed."""
        await self.inner.pass_orders(symbol, price, client_order_ids)


class _ListsSymbols:
    inner: Any

    @property
    def lists_all(self) -> bool:
        """Whether the inner one lists all that it has."""
        found: bool = self.inner.lists_all
        return found

    async def symbols(self) -> Collection[str]:
        """Return what the inner one lists."""
        found: Collection[str] = await self.inner.symbols()
        return found


_OFFERS: tuple[tuple[type[Any], type[Any]], ...] = (
    (Budgeted, _Budgets),
    (ChecksKeys, _Checks),
    (KnownFees, _KnowsFees),
    (Streams, _Streams),
    (HearsOrders, _Hears),
    (ForeseenFills, _Foresees),
    (PassedOrders, _Passes),
    (SymbolList, _ListsSymbols),
)


class _Wrapping:
    """Offers what the inner one offers: the engine asks whether a connector has a method, and acts on it."""

    def __new__(cls, inner: Any, *_rest: Any, **_named: Any) -> Any:
        offered = tuple(passing for protocol, passing in _OFFERS if isinstance(inner, protocol))
        wrapper: Any = cls
        made: Any = _offering(wrapper, offered)
        return object.__new__(made)


@cache
def _offering(cls: Any, offered: tuple[type[Any], ...]) -> Any:
    # Behind the wrapper's own class, so that what it defines itself holds.
    return type(cls.__name__, (cls, *offered), {"__module__": cls.__module__}) if offered else cls


class WrappedTrading(_Wrapping):
    """A trading connector that passes everything on to ``inner``; override what differs.

    What only some connectors have (``check_keys``, ``fees``, ``hear_orders``, ``next_fill_at``, ``pass_orders``,
    ``request_budgets``, ``streams``) it has where ``inner`` does. Open the inner one with
    ``context.trading(name, settings)``.
    """

    def __init__(self, inner: Trading) -> None:
        self.inner = inner
        self.capabilities = inner.capabilities

    async def create_order(self, request: OrderRequest) -> ExchangeOrder:
        """Send one order, once."""
        return await self.inner.create_order(request)

    async def cancel_order(self, symbol: str, order_id: str) -> None:
        """Ask to cancel."""
        await self.inner.cancel_order(symbol, order_id)

    async def find_order(self, symbol: str, client_order_id: str, since: int) -> ExchangeOrder | None:
        """Return the order with a client id, or None."""
        return await self.inner.find_order(symbol, client_order_id, since)

    async def order(self, symbol: str, order_id: str) -> ExchangeOrder | None:
        """Return the order with the exchange's id, or None."""
        return await self.inner.order(symbol, order_id)

    async def open_orders(self) -> Sequence[ExchangeOrder]:
        """Return every open order."""
        return await self.inner.open_orders()

    async def trades(self, since: int) -> Sequence[ExchangeTrade]:
        """Return the executions since a moment."""
        return await self.inner.trades(since)

    async def balances(self) -> Mapping[str, Decimal]:
        """Return what the exchange holds."""
        return await self.inner.balances()

    async def close(self) -> None:
        """Let go of connections."""
        await self.inner.close()


class WrappedMarketData(_Wrapping):
    """Market data that passes everything on to ``inner``; override what differs.

    Open the inner one with ``context.open_market_data(name, settings)``.
    """

    def __init__(self, inner: MarketData) -> None:
        self.inner = inner

    async def tickers(self, symbols: Collection[str]) -> Mapping[str, Ticker]:
        """Return the ticker of each symbol."""
        return await self.inner.tickers(symbols)

    async def candles(self, symbol: str, timeframe: str, count: int) -> Candles:
        """Return the newest closed candles."""
        return await self.inner.candles(symbol, timeframe, count)

    async def rules(self, symbols: Collection[str]) -> Mapping[str, MarketRules]:
        """Return the rules of each symbol that is listed."""
        return await self.inner.rules(symbols)

    async def close(self) -> None:
        """Let go of connections."""
        await self.inner.close()
