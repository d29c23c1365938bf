"""An exchange in memory that does what a test tells it to, order by order, on a virtual clock.

For tests of connectors' callers and of the engine; an automation is easier to test with ``AutomationTest``.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import TYPE_CHECKING

import numpy as np
from pydantic import BaseModel

from octobot_node.clock import Clock, VirtualClock
from octobot_node.contracts.exchanges import (
    Capabilities,
    ExchangeOrder,
    ExchangeTrade,
    LookUp,
    Lookup,
    MarketDataFactory,
    OrderRequest,
    RequestBudget,
    RequestLimit,
    TradingFactory,
)
from octobot_node.errors import DataUnavailable, NotSent, OrderRefused, Unresolved
from octobot_node.market import Candles, MarketRules, Ticker, from_ms, timeframe_ms, to_ms
from octobot_node.testing.candles import money
from octobot_node.testing.markets import START, Price

if TYPE_CHECKING:
    from octobot_node.plugin_system.registry import Registry

__all__ = ["SURE", "Behaviour", "FakeExchange", "FakeMarket", "FakeTrading", "OpenGate"]

#: Requests expire, and whatever exists is found: the exchange on which nothing is ever sent twice or lost.
SURE = Capabilities(
    dedupe="open", lookup=Lookup("all"), request_expiry=True, visibility_lag_ms=1_000, native_stops=True, post_only=True
)


class OpenGate:
    """A ``RequestGate`` that lets everything pass until it is shut, and counts: ``taken`` is the weight of it all."""

    def __init__(self, limit: RequestLimit, clock: Clock) -> None:
        self.limit = limit
        self.taken = 0.0
        #: Seconds of the clock's monotonic time.
        self.shut_until = 0.0
        self._clock = clock

    async def take(self, weight: float = 1.0, *, urgent: bool = False) -> None:
        """Count a request; raise NotSent while it is shut."""
        del urgent
        left = self.shut_until - self._clock.monotonic()
        if left > 0:
            raise NotSent(f"{self.limit.exchange} lets nothing more be asked for {left:.0f} s", retry_after=left)
        self.taken += weight

    async def shut(self, seconds: float) -> None:
        """Let nobody pass for so long."""
        self.shut_until = max(self.shut_until, self._clock.monotonic() + seconds)

    def told(self, used: float) -> None:
        """Take note of what the exchange says was used."""
        self.taken = max(self.taken, used)

    def budget(self) -> RequestBudget:
        """Return what is left."""
        return RequestBudget(self.limit.name, self.limit.weight, max(self.limit.weight - self.taken, 0.0))


def _rules(symbol: str) -> MarketRules:
    base, _, quote = symbol.partition("/")
    return MarketRules(
        symbol,
        base,
        quote,
        price_step=Decimal("0.01"),
        amount_step=Decimal("0.0001"),
        min_amount=Decimal("0.001"),
        min_notional=Decimal(1),
    )


class FakeMarket:
    """Prices as set; raises ``fault`` instead of answering while there is one."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self.prices: dict[str, Decimal] = {"BTC/USDT": Decimal(100), "ETH/USDT": Decimal(10), "BTC/EUR": Decimal(90)}
        self.fault: Exception | None = None
        self.asked: list[frozenset[str]] = []
        self.quoted_at: int | None = None

    async def tickers(self, symbols: Collection[str]) -> Mapping[str, Ticker]:
        """Return prices as set, a cent apart."""
        self.asked.append(frozenset(symbols))
        if self.fault is not None:
            raise self.fault
        at = from_ms(self._clock.now() if self.quoted_at is None else self.quoted_at)
        cent = Decimal("0.01")
        return {
            s: Ticker(s, self.prices[s], self.prices[s] - cent, self.prices[s] + cent, at)
            for s in symbols
            if s in self.prices
        }

    async def candles(self, symbol: str, timeframe: str, count: int) -> Candles:
        """Return flat candles at today's price."""
        if symbol not in self.prices:
            raise DataUnavailable(f"no candles of {symbol}")
        step = timeframe_ms(timeframe)
        newest = self._clock.now() // step * step - step
        times = np.arange(newest - step * (count - 1), newest + 1, step, dtype=np.int64)
        price = np.full(count, float(self.prices[symbol]))
        return Candles(symbol, timeframe, times, price, price, price, price, price)

    lists_all = True

    async def symbols(self) -> Collection[str]:
        """Return every symbol that has a price."""
        return self.prices

    async def rules(self, symbols: Collection[str]) -> Mapping[str, MarketRules]:
        """Return the same rules for every symbol that has a price."""
        return {symbol: _rules(symbol) for symbol in symbols if symbol in self.prices}

    async def close(self) -> None:
        """Do nothing."""


@dataclass(frozen=True)
class _Known:
    order: ExchangeOrder
    visible_at: int


Behaviour = Callable[[OrderRequest], ExchangeOrder]


class FakeTrading:
    """One account. An order rests unless a behaviour was queued for it; each behaviour is used once."""

    def __init__(
        self,
        clock: Clock,
        capabilities: Capabilities = SURE,
        price_of: Callable[[str], Decimal] = lambda _symbol: Decimal(100),
    ) -> None:
        self._clock = clock
        self._price_of = price_of
        self.capabilities = capabilities
        self.requests: list[OrderRequest] = []
        self.cancels: list[str] = []
        self.questions: list[str] = []
        self.executions: list[ExchangeTrade] = []
        self.behaviours: deque[Behaviour] = deque()
        self.cancel_faults: deque[Exception] = deque()
        #: Raised by each kind of question while it is set: open_orders, trades, find_order, order, look_up, balances.
        self.faults: dict[str, Exception] = {}
        #: Whether it is asked about many orders at once (``LooksUpMany``), by the question look_up.
        self.looks_up_many = False
        #: What the exchange says that the account has, by asset: the fake keeps no money by itself.
        self.held: dict[str, Decimal] = {}
        self._orders: dict[str, _Known] = {}

    # -- what a test tells it

    def will(self, *behaviours: Behaviour | Exception) -> None:
        """Queue what happens to the next orders: a behaviour, or an error raised before anything is accepted."""
        self.behaviours += [_raising(b) if isinstance(b, Exception) else b for b in behaviours]

    def rest(self, request: OrderRequest) -> ExchangeOrder:
        """Accept an order, and keep it open."""
        return self.accept(request)

    def fill_at_once(self, request: OrderRequest) -> ExchangeOrder:
        """Accept an order and fill it whole at its price, or at the market's."""
        order = self.accept(request)
        self.fill(order.id)
        return self._orders[order.id].order

    def accept_then_drop(self, request: OrderRequest) -> ExchangeOrder:
        """Accept an order, but let its answer be lost."""
        self.accept(request)
        raise Unresolved("the connection dropped")

    def accept_then_drop_late(self, lag_ms: int) -> Behaviour:
        """Accept an order that look-ups show only after ``lag_ms``, and lose the answer."""

        def behaviour(request: OrderRequest) -> ExchangeOrder:
            self.accept(request, visible_at=self._clock.now() + lag_ms)
            raise Unresolved("the connection dropped")

        return behaviour

    def accept(self, request: OrderRequest, *, visible_at: int = 0) -> ExchangeOrder:
        """Put an order into the book."""
        id_ = f"x{len(self._orders) + 1}"
        amount = request.amount
        if amount is None:
            assert request.spend is not None
            amount = request.spend / self._price_of(request.symbol)
        order = ExchangeOrder(
            id=id_,
            client_order_id=request.client_order_id,
            symbol=request.symbol,
            side=request.side,
            status="open",
            amount=amount,
            price=request.price,
            filled=Decimal(0),
            created_at=self._clock.now(),
        )
        self._orders[id_] = _Known(order, visible_at)
        return order

    def fill(
        self,
        order_id: str,
        amount: str | None = None,
        price: str | None = None,
        *,
        fee: str = "0",
        fee_asset: str = "USDT",
        client_id: bool = True,
        trade_id: str | None = None,
    ) -> ExchangeTrade:
        """Execute some of an order, whole by default; it is filled when nothing is left."""
        known = self._orders[order_id]
        order = known.order
        assert order.amount is not None
        traded = order.amount - order.filled if amount is None else Decimal(amount)
        at_price = Decimal(price) if price is not None else order.price or self._price_of(order.symbol)
        trade = ExchangeTrade(
            id=trade_id or f"t{len(self.executions) + 1}",
            order_id=order_id,
            client_order_id=order.client_order_id if client_id else None,
            symbol=order.symbol,
            side=order.side,
            amount=traded,
            price=at_price,
            cost=traded * at_price,
            fee=Decimal(fee),
            fee_asset=fee_asset,
            liquidity="taker",
            at=self._clock.now(),
        )
        self.executions.append(trade)
        filled = order.filled + traded
        status = "filled" if order.status == "open" and filled >= order.amount else order.status
        self._orders[order_id] = replace(known, order=replace(order, filled=filled, status=status))
        return trade

    def become(self, order_id: str, status: str, reason: str = "") -> None:
        """Give an order a final status."""
        known = self._orders[order_id]
        changed = replace(known.order, status=status, reason=reason)  # type: ignore[arg-type]  # final ones only
        self._orders[order_id] = replace(known, order=changed)

    def redate(self, order_id: str, by: int) -> None:
        """Move when an order was made by so many ms, as an exchange tells it whose clock was wrong."""
        known = self._orders[order_id]
        moved = replace(known.order, created_at=known.order.created_at + by)
        self._orders[order_id] = replace(known, order=moved)

    def forget(self, order_id: str) -> None:
        """No longer know an order."""
        del self._orders[order_id]

    def trade_of_a_stranger(self, trade_id: str = "s1") -> None:
        """Let somebody else trade on the account."""
        self.executions.append(
            ExchangeTrade(
                trade_id,
                "stranger",
                None,
                "BTC/USDT",
                "buy",
                Decimal(1),
                Decimal(100),
                Decimal(100),
                Decimal(0),
                "USDT",
                "taker",
                self._clock.now(),
            )
        )

    @property
    def orders(self) -> list[ExchangeOrder]:
        """Every order ever accepted, oldest first."""
        return [known.order for known in self._orders.values()]

    # -- what the engine asks

    async def create_order(self, request: OrderRequest) -> ExchangeOrder:
        """Do what was queued for this order, or let it rest."""
        self.requests.append(request)
        return self.behaviours.popleft()(request) if self.behaviours else self.accept(request)

    async def cancel_order(self, symbol: str, order_id: str) -> None:
        """Cancel an open order, unless an error was queued."""
        del symbol
        self.cancels.append(order_id)
        if self.cancel_faults:
            raise self.cancel_faults.popleft()
        known = self._orders.get(order_id)
        if known is not None and known.order.status == "open":
            self.become(order_id, "cancelled")

    async def find_order(self, symbol: str, client_order_id: str, since: int) -> ExchangeOrder | None:
        """Return the visible order with this client id that was made at or after ``since`` (ms UTC), or None."""
        del symbol
        self._answer("find_order")
        made = (o for o in self._visible() if o.created_at >= since)
        return next((o for o in made if o.client_order_id == client_order_id), None)

    async def order(self, symbol: str, order_id: str) -> ExchangeOrder | None:
        """Return the visible order with this id, or None."""
        del symbol
        self._answer("order")
        return next((o for o in self._visible() if o.id == order_id), None)

    async def look_up(self, asked: Sequence[LookUp]) -> Mapping[LookUp, ExchangeOrder | None]:
        """Return the visible orders with these ids, or with these client ids and made since then."""
        self._answer("look_up")
        visible = self._visible()
        by_id, by_client_id = {o.id: o for o in visible}, {o.client_order_id: o for o in visible}

        def found(each: LookUp) -> ExchangeOrder | None:
            if each.order_id is not None:
                return by_id.get(each.order_id)
            order = by_client_id.get(each.client_order_id)
            return order if order is not None and order.created_at >= each.since else None

        return {each: found(each) for each in asked}

    async def open_orders(self) -> Sequence[ExchangeOrder]:
        """Return the visible orders that are open."""
        self._answer("open_orders")
        return [o for o in self._visible() if o.status == "open"]

    async def trades(self, since: int) -> Sequence[ExchangeTrade]:
        """Return the executions at or after ``since`` (ms UTC)."""
        self._answer("trades")
        return [trade for trade in self.executions if trade.at >= since]

    async def balances(self) -> Mapping[str, Decimal]:
        """Return what a test said that there is."""
        self._answer("balances")
        return dict(self.held)

    async def close(self) -> None:
        """Do nothing."""

    def _answer(self, question: str) -> None:
        self.questions.append(question)
        if question in self.faults:
            raise self.faults[question]

    def _visible(self) -> list[ExchangeOrder]:
        return [known.order for known in self._orders.values() if known.visible_at <= self._clock.now()]


def _raising(error: Exception) -> Behaviour:
    def behaviour(_request: OrderRequest) -> ExchangeOrder:
        raise error

    return behaviour


class _NoSettings(BaseModel):
    """Nothing to set."""


class FakeExchange:
    """A market and an account in memory, on one clock that stands still until a test moves it.

    ``exchange = FakeExchange(); exchange.price("BTC/USDT", 100); exchange.fill("BTC/USDT", price="99.5")``. What the
    next orders meet is queued: ``refuse_next``, ``time_out_next``, ``drop_next``; ``trading.will(...)`` takes any
    behaviour. ``register`` offers both halves to an engine under the name ``fake``.
    """

    def __init__(self, clock: Clock | None = None, capabilities: Capabilities = SURE) -> None:
        self.clock = VirtualClock(to_ms(START)) if clock is None else clock
        self.market = FakeMarket(self.clock)
        self.trading = FakeTrading(self.clock, capabilities, self._price_of)

    def price(self, symbol: str, price: Price) -> None:
        """Set a symbol's price, exactly; a float is refused."""
        self.market.prices[symbol] = money(price, f"the price of {symbol}")

    def fill(self, symbol: str, *, amount: Price | None = None, price: Price | None = None) -> ExchangeTrade:
        """Execute the oldest open order on ``symbol``, whole unless ``amount`` (base) says how much, at its own price,
        the market's, or ``price``. Raises LookupError when there is none.
        """
        order_id = self._oldest(symbol).id
        return self.trading.fill(order_id, _exact(amount), _exact(price), fee_asset=symbol.partition("/")[2])

    def cancel(self, symbol: str) -> None:
        """Cancel the oldest open order on ``symbol``, as an exchange does by itself."""
        self.trading.become(self._oldest(symbol).id, "cancelled")

    def refuse_next(self, reason: str = "insufficient funds") -> None:
        """Refuse the next order, definitively."""
        self.trading.will(OrderRefused(reason))

    def time_out_next(self) -> None:
        """Let the next order end in a time-out without having been accepted; nobody can tell."""
        self.trading.will(Unresolved("the request timed out"))

    def drop_next(self) -> None:
        """Accept the next order, and lose the answer."""
        self.trading.will(self.trading.accept_then_drop)

    def disconnect_next(self) -> None:
        """Let the next order not leave this machine."""
        self.trading.will(NotSent("no connection"))

    @property
    def open_orders(self) -> list[ExchangeOrder]:
        """The orders that rest, oldest first, whether look-ups show them or not."""
        return [order for order in self.trading.orders if order.status == "open"]

    def register(self, registry: Registry) -> Registry:
        """Return a registry that also has this market and this account, as ``fake``."""
        market = MarketDataFactory("fake", _NoSettings, lambda *_: self.market)
        trading = TradingFactory("fake", _NoSettings, lambda *_: self.trading)
        return replace(
            registry,
            market_data={**registry.market_data, "fake": market},
            trading={**registry.trading, "fake": trading},
        )

    def _price_of(self, symbol: str) -> Decimal:
        if symbol not in self.market.prices:
            raise LookupError(f"{symbol} has no price: set one with price({symbol!r}, …)")
        return self.market.prices[symbol]

    def _oldest(self, symbol: str) -> ExchangeOrder:
        for order in self.open_orders:
            if order.symbol == symbol:
                return order
        there = ", ".join(sorted({order.symbol for order in self.open_orders})) or "nothing"
        raise LookupError(f"no order rests on {symbol}; there are orders on {there}")


def _exact(amount: Price | None) -> str | None:
    return None if amount is None else format(money(amount, "amount"), "f")
