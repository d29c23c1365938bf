"""Connectors whose requests are counted: how many, how long they took, and which failed how."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Collection, Coroutine, Mapping, Sequence
from decimal import Decimal
from typing import TYPE_CHECKING, Any, TypeVar

from octobot_node.contracts.exchanges import (
    AskedFor,
    Budgeted,
    ChecksKeys,
    ExchangeOrder,
    ExchangeTrade,
    Fees,
    KeyFinding,
    KnownFees,
    LooksUpMany,
    LookUp,
    MarketData,
    OrderRequest,
    RequestBudget,
    RequestCost,
    StatesCosts,
    SymbolList,
    Trading,
)
from octobot_node.contracts.streams import HearsOrders, Streams, StreamState
from octobot_node.engine.counters import Counters
from octobot_node.engine.market.contacts import Contact
from octobot_node.errors import DataUnavailable, NotSent, OrderRefused, RequestExpired, Unresolved
from octobot_node.market import Candles, MarketRules, Ticker
from octobot_node.sealing.scrubbing import scrub
from octobot_node.text.masking import masked_text

if TYPE_CHECKING:
    from octobot_node.clock import Clock

__all__ = [
    "MeteredMarketData",
    "MeteredTrading",
    "budgets_of",
    "checks_keys",
    "cost_of",
    "fees_of",
    "hearing_orders",
    "key_findings",
    "look_up_many",
    "metered_market_data",
    "states_costs",
    "streams_of",
]

T = TypeVar("T")
#: What an exchange says no by: it was reached, and answered.
_ANSWERS = frozenset(("", "refused", "expired"))
#: The first that fits names the kind. Whoever waits too long breaks a request off, which it sees as a cancellation.
_KINDS: tuple[tuple[type[BaseException], str], ...] = (
    (RequestExpired, "expired"),
    (OrderRefused, "refused"),
    (NotSent, "not_sent"),
    (Unresolved, "unresolved"),
    (DataUnavailable, "unavailable"),
    (asyncio.CancelledError, "timeout"),
    (TimeoutError, "timeout"),
)


class _Counted:
    def __init__(self, name: str, counters: Counters, hidden: Collection[str]) -> None:
        self._name = name
        self._counters = counters
        self._hidden = hidden

    async def _ask(self, call: str, request: Coroutine[Any, Any, T]) -> T:
        began, kind, failure = time.perf_counter(), "", ""
        try:
            return await request
        except BaseException as error:
            clean = scrub(error, self._hidden)
            kind = next((kind for cls, kind in _KINDS if isinstance(error, cls)), "other")
            failure = str(clean) or type(clean).__name__
            if clean is not error:
                raise clean from None
            raise
        finally:
            self._counters.asked(self._name, call, time.perf_counter() - began, kind)
            self._answered(kind, failure)

    def _answered(self, kind: str, failure: str) -> None:
        """Take note of how a request ended."""


class MeteredMarketData(_Counted):
    """Market data, counted; ``hidden`` are the secrets that it was given, which no error of it repeats."""

    def __init__(self, name: str, counters: Counters, source: MarketData, hidden: Collection[str] = ()) -> None:
        super().__init__(name, counters, hidden)
        self.inner = source

    async def tickers(self, symbols: Collection[str]) -> Mapping[str, Ticker]:
        """Return the ticker of each symbol."""
        return await self._ask("tickers", self.inner.tickers(symbols))

    async def candles(self, symbol: str, timeframe: str, count: int) -> Candles:
        """Return the newest closed candles."""
        return await self._ask("candles", self.inner.candles(symbol, timeframe, count))

    async def rules(self, symbols: Collection[str]) -> Mapping[str, MarketRules]:
        """Return the rules of each symbol that is listed."""
        return await self._ask("rules", self.inner.rules(symbols))

    async def close(self) -> None:
        """Let go of connections."""
        await self.inner.close()


class MeteredSymbolList(MeteredMarketData):
    """Market data that lists its symbols, counted."""

    inner: Any

    @property
    def lists_all(self) -> bool:
        """Whether those are all that it has."""
        found: bool = self.inner.lists_all
        return found

    async def symbols(self) -> Collection[str]:
        """Return the symbols."""
        found: Collection[str] = await self._ask("symbols", self.inner.symbols())
        return found


def metered_market_data(
    name: str, counters: Counters, source: MarketData, hidden: Collection[str] = ()
) -> MeteredMarketData:
    """Return market data, counted; it offers what the source does."""
    kind = MeteredSymbolList if isinstance(source, SymbolList) else MeteredMarketData
    return kind(name, counters, source, hidden)


class MeteredTrading(_Counted):
    """A trading connector, counted; ``contact`` is when it answered last, ``hidden`` are the secrets that it was given,
    which no error of it repeats.
    """

    def __init__(
        self,
        name: str,
        counters: Counters,
        trading: Trading,
        contact: Contact,
        clock: Clock,
        hidden: Collection[str] = (),
    ) -> None:
        super().__init__(name, counters, hidden)
        self.inner = trading
        self.capabilities = trading.capabilities
        self._contact, self._clock = contact, clock

    def _answered(self, kind: str, failure: str) -> None:
        if kind in _ANSWERS:
            self._contact.answered_at = self._clock.now()
        else:
            self._contact.failed_at, self._contact.error = self._clock.now(), masked_text(failure)

    async def create_order(self, request: OrderRequest) -> ExchangeOrder:
        """Send one order."""
        return await self._ask("create_order", self.inner.create_order(request))

    async def cancel_order(self, symbol: str, order_id: str) -> None:
        """Ask to cancel."""
        await self._ask("cancel_order", self.inner.cancel_order(symbol, order_id))

    async def find_order(self, symbol: str, client_order_id: str, since: int) -> ExchangeOrder | None:
        """Return the order with a client id, or None."""
        return await self._ask("find_order", self.inner.find_order(symbol, client_order_id, since))

    async def order(self, symbol: str, order_id: str) -> ExchangeOrder | None:
        """Return the order with the exchange's id, or None."""
        return await self._ask("order", self.inner.order(symbol, order_id))

    async def open_orders(self) -> Sequence[ExchangeOrder]:
        """Return every open order."""
        return await self._ask("open_orders", self.inner.open_orders())

    async def trades(self, since: int) -> Sequence[ExchangeTrade]:
        """Return the executions since a moment."""
        return await self._ask("trades", self.inner.trades(since))

    async def look_up(self, asked: Sequence[LookUp]) -> Mapping[LookUp, ExchangeOrder | None]:
        """Return what became of many orders, of a connector that looks up many."""
        inner: Any = self.inner
        return await self._ask("look_up", inner.look_up(asked))

    async def balances(self) -> Mapping[str, Decimal]:
        """Return what the exchange holds."""
        return await self._ask("balances", self.inner.balances())

    async def close(self) -> None:
        """Let go of connections."""
        await self.inner.close()


def budgets_of(connector: Trading | MarketData) -> Sequence[RequestBudget]:
    """Return what a connector states of its exchange's request budgets; most state none."""
    inner = connector.inner if isinstance(connector, MeteredTrading | MeteredMarketData) else connector
    return inner.request_budgets() if isinstance(inner, Budgeted) else ()


def checks_keys(trading: Trading) -> bool:
    """Whether a connector can say what its account's keys may."""
    return isinstance(trading.inner if isinstance(trading, MeteredTrading) else trading, ChecksKeys)


async def key_findings(trading: Trading) -> Sequence[KeyFinding]:
    """Return what a connector that can say so finds about its account's keys; nothing of any other."""
    inner = trading.inner if isinstance(trading, MeteredTrading) else trading
    return await inner.check_keys() if isinstance(inner, ChecksKeys) else ()


async def cost_of(connector: Trading | MarketData, what: AskedFor, symbols: int = 1) -> RequestCost | None:
    """Return what is asked of a connector's exchange takes, where it can say so."""
    inner = connector.inner if isinstance(connector, MeteredTrading | MeteredMarketData) else connector
    return await inner.request_cost(what, symbols) if isinstance(inner, StatesCosts) else None


def states_costs(connector: Trading | MarketData) -> bool:
    """Whether a connector can say what is asked of its exchange takes."""
    inner = connector.inner if isinstance(connector, MeteredTrading | MeteredMarketData) else connector
    return isinstance(inner, StatesCosts)


async def look_up_many(trading: Trading, asked: Sequence[LookUp]) -> Mapping[LookUp, ExchangeOrder | None] | None:
    """Return what became of many orders; None of a connector that is asked about them one by one."""
    inner = trading.inner if isinstance(trading, MeteredTrading) else trading
    if not isinstance(inner, LooksUpMany) or not inner.looks_up_many:
        return None
    return await (trading if isinstance(trading, MeteredTrading) else inner).look_up(asked)


def fees_of(trading: Trading, symbols: Collection[str]) -> dict[str, Fees]:
    """Return what an account pays on symbols, where its connector says so."""
    inner = trading.inner if isinstance(trading, MeteredTrading) else trading
    return {symbol: inner.fees(symbol) for symbol in symbols} if isinstance(inner, KnownFees) else {}


def hearing_orders(trading: Trading) -> HearsOrders | None:
    """Return the connector, if it may hear of its account's orders."""
    inner = trading.inner if isinstance(trading, MeteredTrading) else trading
    return inner if isinstance(inner, HearsOrders) else None


def streams_of(connector: Trading | MarketData) -> Sequence[StreamState]:
    """Return the streams that a connector listens to."""
    inner = connector.inner if isinstance(connector, MeteredTrading | MeteredMarketData) else connector
    return inner.streams() if isinstance(inner, Streams) else ()
