"""An exchange that does what a test tells it to, order by order, on a virtual clock."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal

import numpy as np

from octobot_node.clock import Clock
from octobot_node.errors import DataUnavailable, Unresolved
from octobot_node.exchanges import Capabilities, ExchangeOrder, ExchangeTrade, Lookup, OrderRequest
from octobot_node.market import Candles, MarketRules, Ticker, from_ms, timeframe_ms

__all__ = ["SURE", "FakeMarket", "FakeTrading"]

#: Requests expire, and whatever exists is found: the exchange on which nothing is ever sent twice or lost.
SURE = Capabilities(
    dedupe="open", lookup=Lookup("all"), request_expiry=True, visibility_lag_ms=1_000, native_stops=True, post_only=True
)


def rules(symbol: str) -> MarketRules:
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
        if symbol not in self.prices:
            raise DataUnavailable(f"no candles of {symbol}")
        step = timeframe_ms(timeframe)
        newest = self._clock.now() // step * step - step
        times = np.arange(newest - step * (count - 1), newest + 1, step, dtype=np.int64)
        price = np.full(count, float(self.prices[symbol]))
        return Candles(symbol, timeframe, times, price, price, price, price, price)

    async def rules(self, symbols: Collection[str]) -> Mapping[str, MarketRules]:
        return {symbol: rules(symbol) for symbol in symbols if symbol in self.prices}

    async def close(self) -> None:
        pass


@dataclass(frozen=True)
class _Known:
    order: ExchangeOrder
    visible_at: int


Behaviour = Callable[[OrderRequest], ExchangeOrder]


class FakeTrading:
    """One account. An order rests unless a behaviour was queued for it; each behaviour is used once."""

    def __init__(self, clock: Clock, capabilities: Capabilities = SURE) -> None:
        self._clock = clock
        self.capabilities = capabilities
        self.requests: list[OrderRequest] = []
        self.cancels: list[str] = []
        self.questions: list[str] = []
        self.executions: list[ExchangeTrade] = []
        self.behaviours: deque[Behaviour] = deque()
        self.cancel_faults: deque[Exception] = deque()
        #: Raised by each kind of question while it is set: open_orders, trades, find_order, order.
        self.faults: dict[str, Exception] = {}
        self._orders: dict[str, _Known] = {}

    # -- what a test tells it

    def will(self, *behaviours: Behaviour | Exception) -> None:
        """Queue what happens to the next orders: a behaviour, or an error raised before anything is accepted."""
        self.behaviours += [_raising(b) if isinstance(b, Exception) else b for b in behaviours]

    def rest(self, request: OrderRequest) -> ExchangeOrder:
        """Accept an order, and keep it open."""
        return self.accept(request)

    def fill_at_once(self, request: OrderRequest) -> ExchangeOrder:
        """Accept an order and fill it whole at its price, or at 100."""
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
            amount = request.spend / 100
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
        at_price = Decimal(price) if price is not None else order.price or Decimal(100)
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
        changed = replace(known.order, status=status, reason=reason)  # type: ignore[arg-type]
        self._orders[order_id] = replace(known, order=changed)

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

    # -- what the engine asks

    async def create_order(self, request: OrderRequest) -> ExchangeOrder:
        self.requests.append(request)
        return self.behaviours.popleft()(request) if self.behaviours else self.accept(request)

    async def cancel_order(self, symbol: str, order_id: str) -> None:
        self.cancels.append(order_id)
        if self.cancel_faults:
            raise self.cancel_faults.popleft()
        known = self._orders.get(order_id)
        if known is not None and known.order.status == "open":
            self.become(order_id, "cancelled")

    async def find_order(self, symbol: str, client_order_id: str, since: int) -> ExchangeOrder | None:
        self._answer("find_order")
        return next((o for o in self._visible() if o.client_order_id == client_order_id), None)

    async def order(self, symbol: str, order_id: str) -> ExchangeOrder | None:
        self._answer("order")
        return next((o for o in self._visible() if o.id == order_id), None)

    async def open_orders(self) -> Sequence[ExchangeOrder]:
        self._answer("open_orders")
        return [o for o in self._visible() if o.status == "open"]

    async def trades(self, since: int) -> Sequence[ExchangeTrade]:
        self._answer("trades")
        return [trade for trade in self.executions if trade.at >= since]

    async def balances(self) -> Mapping[str, Decimal]:
        return {}

    async def close(self) -> None:
        pass

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
