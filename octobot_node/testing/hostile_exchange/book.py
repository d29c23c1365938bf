"""The exchange's orders, trades and balances: event-sourced, so that a restart replays to the very same state.

Nothing here waits or looks at a clock: every call carries ``now`` (ms UTC, never running backwards), and ``advance``
carries out what was planned until then, at the time it was planned for.
"""

from __future__ import annotations

import heapq
from bisect import bisect_left
from collections import Counter, defaultdict, deque
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from decimal import ROUND_DOWN, Decimal
from operator import attrgetter
from typing import Any, Literal, NamedTuple
from zlib import crc32

from octobot_node.contracts.exchanges import ExchangeOrderStatus, OrderRequest
from octobot_node.orders import Side
from octobot_node.testing.hostile_exchange.behaviour import Behaviour
from octobot_node.testing.hostile_exchange.journal import Event, Journal

__all__ = ["AMOUNT_STEP", "PRICE_STEP", "Book", "BookOrder", "BookTrade", "Rejected"]

AMOUNT_STEP = Decimal("0.00000001")
PRICE_STEP = Decimal("0.01")

Liquidity = Literal["maker", "taker"]


class Part(NamedTuple):
    """One planned trade of an order."""

    at: int
    amount: Decimal
    price: Decimal
    liquidity: Liquidity


@dataclass(slots=True, eq=False)
class BookOrder:
    """An order that was accepted; ``amount`` as it was asked for, ``size`` what it comes to in base."""

    id: str
    account: str
    client_order_id: str
    intent_id: str
    symbol: str
    side: Side
    type: str
    amount: Decimal | None
    size: Decimal
    price: Decimal | None
    created_at: int
    visible_at: int
    status: ExchangeOrderStatus = "open"
    filled: Decimal = Decimal(0)
    closed_at: int = 0
    reason: str = ""
    plan: deque[Part] = field(default_factory=deque)

    @property
    def effective(self) -> bool:
        """Whether it moved money or still may: what counts as a duplicate."""
        return self.status == "open" or self.filled > 0

    def crossed_by(self, price: Decimal) -> bool:
        """Whether a limit order trades at ``price``; a market order always does."""
        if self.price is None:
            return True
        return price <= self.price if self.side == "buy" else price >= self.price


@dataclass(frozen=True, slots=True, eq=False)
class BookTrade:
    """One execution of ``order``."""

    id: str
    order: BookOrder
    amount: Decimal
    price: Decimal
    fee: Decimal
    fee_asset: str
    liquidity: Liquidity
    at: int


class Rejected(Exception):
    """A definite no; ``order`` is the one that is already there, for a duplicate."""

    def __init__(self, code: str, message: str, order: BookOrder | None = None) -> None:
        super().__init__(message)
        self.code = code
        self.order = order


class Book:
    """Every account of the exchange. ``commit`` must follow each call that may change something."""

    def __init__(self, journal: Journal) -> None:
        self.behaviour = Behaviour()
        self.orders: dict[str, BookOrder] = {}
        self.trades: dict[str, list[BookTrade]] = defaultdict(list)
        self.counts: Counter[tuple[str, str]] = Counter()
        self.latest = 0
        self._open: dict[str, dict[str, BookOrder]] = defaultdict(dict)
        self._resting: dict[str, dict[str, BookOrder]] = defaultdict(dict)
        self._by_client: dict[tuple[str, str], list[BookOrder]] = defaultdict(list)
        self._balances: dict[str, dict[str, Decimal]] = defaultdict(lambda: defaultdict(Decimal))
        self._prices: dict[str, Decimal] = {}
        self._due: list[tuple[int, int]] = []
        self._trade_count = 0
        self._pending: list[Event] = []
        self._journal = journal
        self._apply: dict[str, Callable[..., None]] = {
            "behave": self._on_behave,
            "close": self._on_close,
            "count": self._on_count,
            "fill": self._on_fill,
            "order": self._on_order,
            "plan": self._on_plan,
            "price": self._on_price,
        }
        for event in journal.replay():
            self._apply[event[0]](*event[1:])

    # -- what clients ask for

    def create(self, account: str, request: OrderRequest, now: int, *, refuse: bool = False) -> BookOrder:
        """Accept an order and match it; raise Rejected with ``expired``, ``duplicate`` or ``refused``."""
        if self.behaviour.request_expiry and request.expires_at < now:
            self.count(account, "expired")
            raise Rejected("expired", f"the request expired at {request.expires_at}, it is {now}")
        self._check_duplicate(account, request)
        fault = "refused at random, as told" if refuse else self._fault_of(request)
        if fault:
            self.count(account, "refused")
            raise Rejected("refused", fault)
        order = self._accept(account, request, now)
        self._match(order, now)
        if order.status == "open" and request.tif != "gtc" and not order.plan:
            self._record("close", order.id, "cancelled", now, f"{request.tif} order found nothing to trade with")
        return order

    def cancel(self, account: str, order_id: str, now: int, *, race: bool = False) -> BookOrder:
        """Cancel an open order, or in a ``race`` fill it; one that is final stays so. Raise Rejected if unknown."""
        order = self.orders.get(order_id)
        if order is None or order.account != account:
            raise Rejected("unknown_order", f"there is no order {order_id}")
        if order.status == "open" and race:
            self.count(account, "cancel_races")
            price = order.price or self.price(order.symbol)
            self._fill(order, Part(now, order.size - order.filled, price, "maker"))
        elif order.status == "open":
            self._record("close", order.id, "cancelled", now, "cancelled by its owner")
        return order

    def find(self, account: str, client_order_id: str, since: int, now: int) -> BookOrder | None:
        """Return the newest order with this client id that can be found, open or made at or after ``since``.

        Raises Rejected where there is no look-up by client id.
        """
        if self.behaviour.lookup == "none":
            raise Rejected("unsupported", "this exchange finds no order by its client id")
        for order in reversed(self._by_client.get((account, client_order_id), ())):
            recent = order.status == "open" or order.created_at >= since
            if recent and order.visible_at <= now and self.reachable(order, now):
                return order
        return None

    def order(self, account: str, order_id: str, now: int) -> BookOrder | None:
        """Return the order with the exchange's own id, if it can be seen yet."""
        order = self.orders.get(order_id)
        return order if order is not None and order.account == account and order.visible_at <= now else None

    def open_orders(self, account: str, now: int) -> list[BookOrder]:
        """Return the open orders that can be seen."""
        return [order for order in self._open[account].values() if order.visible_at <= now]

    def trades_since(self, account: str, since: int, now: int) -> Iterator[BookTrade]:
        """Yield the executions at or after ``since`` of orders that can be seen, oldest first."""
        trades = self.trades[account]
        for index in range(bisect_left(trades, since, key=attrgetter("at")), len(trades)):
            if trades[index].order.visible_at <= now:
                yield trades[index]

    def balances(self, account: str) -> dict[str, Decimal]:
        """Return asset -> total; they start at nothing and may be negative."""
        return dict(self._balances[account])

    def price(self, symbol: str) -> Decimal:
        """Return the price in force: as set, or 40,000 for BTC, or one that only depends on the symbol."""
        if symbol not in self._prices:
            cents = 4_000_000 if symbol.startswith("BTC/") else 100 + crc32(symbol.encode()) % 1_000_000
            self._prices[symbol] = cents * PRICE_STEP
        return self._prices[symbol]

    def reachable(self, order: BookOrder, now: int) -> bool:
        """Whether the look-up by client id reaches so far back."""
        lookup = self.behaviour.lookup
        if lookup == "recent":
            return order.status == "open" or now - order.closed_at < self.behaviour.recent_ms
        return lookup == "all" or (lookup == "open" and order.status == "open")

    # -- what happens by itself, or is told to

    def advance(self, now: int) -> None:
        """Carry out what was planned until ``now``."""
        self.latest = now
        while self._due and self._due[0][0] <= now:
            at, number = heapq.heappop(self._due)
            order = self.orders[str(number)]
            # Stale entries stay in the heap: of a cancelled order, or of parts that were filled before a restart.
            if order.status == "open" and order.plan and order.plan[0].at == at:
                self._fill(order, order.plan[0])

    def set_price(self, symbol: str, price: Decimal, now: int) -> None:
        """Move the market; resting limit orders that it crosses fill at their own price."""
        self._record("price", symbol, str(price))
        if self.behaviour.limit_fill != "cross":
            return
        for order in list(self._resting[symbol].values()):
            if not order.plan and order.price is not None and order.crossed_by(price):
                self._execute(order, order.price, "maker", now)

    def behave(self, behaviour: Behaviour) -> None:
        """Behave so from now on."""
        self._record("behave", behaviour.model_dump(mode="json"))

    def count(self, account: str, what: str) -> None:
        """Count something of an account for the report."""
        self._record("count", account, what)

    def commit(self) -> None:
        """Write what changed to disk; before anyone is told of it."""
        if self._pending:
            self._journal.append(self._pending)
            self._pending = []

    # -- matching

    def _check_duplicate(self, account: str, request: OrderRequest) -> None:
        same = self._by_client.get((account, request.client_order_id), ())
        if self.behaviour.dedupe == "open":
            same = [order for order in same if order.status == "open"]
        if same and self.behaviour.dedupe != "none":
            self.count(account, "duplicates_refused")
            raise Rejected("duplicate", f"duplicate client id {request.client_order_id}", same[-1])

    def _fault_of(self, request: OrderRequest) -> str:
        if request.type not in ("market", "limit"):
            return f"{request.type} orders are not offered"
        if "/" not in request.symbol:
            return f"{request.symbol!r} is not listed"
        if (request.amount is None) == (request.spend is None):
            return "give either amount or spend"
        if (request.type == "limit") == (request.price is None):
            return "a limit order needs a price, and no other may have one"
        return self._fault_of_size(request)

    def _fault_of_size(self, request: OrderRequest) -> str:
        if not (_on_step(request.amount, AMOUNT_STEP) and _on_step(request.price, PRICE_STEP)):
            return "amount or price is not a positive multiple of its step"
        if self._size_of(request) <= 0:
            return "the order comes to nothing"
        return "post-only order would take liquidity" if request.post_only and self._marketable(request) else ""

    def _marketable(self, request: OrderRequest) -> bool:
        if request.price is None:
            return True
        price = self.price(request.symbol)
        return price <= request.price if request.side == "buy" else price >= request.price

    def _size_of(self, request: OrderRequest) -> Decimal:
        if request.amount is not None:
            return request.amount
        return ((request.spend or Decimal(0)) / self.price(request.symbol)).quantize(AMOUNT_STEP, ROUND_DOWN)

    def _accept(self, account: str, request: OrderRequest, now: int) -> BookOrder:
        order_id = str(len(self.orders) + 1)
        self._record(
            "order",
            order_id,
            account,
            request.client_order_id,
            request.intent_id,
            request.symbol,
            request.side,
            request.type,
            _text(request.amount),
            str(self._size_of(request)),
            _text(request.price),
            now,
            now + self.behaviour.visibility_lag_ms,
        )
        return self.orders[order_id]

    def _match(self, order: BookOrder, now: int) -> None:
        behaviour, price = self.behaviour, self.price(order.symbol)
        if order.price is None:
            if behaviour.market_fill == "immediate":
                self._execute(order, price, "taker", now)
        elif behaviour.limit_fill == "immediate":
            self._execute(order, order.price, "maker", now)
        elif behaviour.limit_fill == "after":
            self._execute(order, order.price, "maker", now, start=now + behaviour.limit_fill_after_ms)
        elif behaviour.limit_fill == "cross" and order.crossed_by(price):
            self._execute(order, price, "taker", now)

    def _execute(
        self, order: BookOrder, price: Decimal, liquidity: Liquidity, now: int, *, start: int | None = None
    ) -> None:
        first = now if start is None else start
        amounts = _split(order.size - order.filled, self.behaviour.partial_fills)
        interval = self.behaviour.fill_interval_ms
        parts = [Part(first + i * interval, amount, price, liquidity) for i, amount in enumerate(amounts)]
        if len(parts) == 1 and first <= now:
            self._fill(order, parts[0])
        else:
            self._record("plan", order.id, [[p.at, str(p.amount), str(p.price), p.liquidity] for p in parts])
            self.advance(now)

    def _fill(self, order: BookOrder, part: Part) -> None:
        base, _, quote = order.symbol.partition("/")
        in_base = self.behaviour.fee_in == "received" and order.side == "buy"
        fee = (part.amount if in_base else part.amount * part.price) * self.behaviour.fee
        asset = base if in_base else quote
        amount, price = str(part.amount), str(part.price)
        self._record("fill", order.id, amount, price, str(fee), asset, part.liquidity, part.at)

    # -- events: the only code that changes state

    def _record(self, tag: str, *values: Any) -> None:
        self._apply[tag](*values)
        self._pending.append([tag, *values])

    def _on_behave(self, behaviour: dict[str, Any]) -> None:
        self.behaviour = Behaviour.model_validate(behaviour)

    def _on_count(self, account: str, what: str) -> None:
        self.counts[account, what] += 1

    def _on_price(self, symbol: str, price: str) -> None:
        self._prices[symbol] = Decimal(price)

    def _on_order(
        self,
        order_id: str,
        account: str,
        client: str,
        intent: str,
        symbol: str,
        side: Side,
        kind: str,
        amount: str | None,
        size: str,
        price: str | None,
        created_at: int,
        visible_at: int,
    ) -> None:
        order = BookOrder(
            order_id, account, client, intent, symbol, side, kind, _number(amount), Decimal(size), _number(price),
            created_at, visible_at,
        )  # fmt: skip
        self.orders[order_id] = order
        self._open[account][order_id] = order
        self._by_client[account, client].append(order)
        if order.price is not None:
            self._resting[symbol][order_id] = order
        self.latest = max(self.latest, created_at)

    def _on_plan(self, order_id: str, parts: Iterable[tuple[int, str, str, Liquidity]]) -> None:
        order = self.orders[order_id]
        for at, amount, price, liquidity in parts:
            order.plan.append(Part(at, Decimal(amount), Decimal(price), liquidity))
            heapq.heappush(self._due, (at, int(order_id)))

    def _on_fill(
        self, order_id: str, amount: str, price: str, fee: str, fee_asset: str, liquidity: Liquidity, at: int
    ) -> None:
        order = self.orders[order_id]
        self._trade_count += 1
        trade = BookTrade(
            f"t{self._trade_count}", order, Decimal(amount), Decimal(price), Decimal(fee), fee_asset, liquidity, at
        )
        self.trades[order.account].append(trade)
        self._settle(trade)
        if order.plan:
            order.plan.popleft()
        order.filled += trade.amount
        self.latest = max(self.latest, at)
        if order.filled >= order.size:
            self._on_close(order_id, "filled", at, "")

    def _settle(self, trade: BookTrade) -> None:
        base, _, quote = trade.order.symbol.partition("/")
        sign = 1 if trade.order.side == "buy" else -1
        balances = self._balances[trade.order.account]
        balances[base] += sign * trade.amount
        balances[quote] -= sign * trade.amount * trade.price
        balances[trade.fee_asset] -= trade.fee

    def _on_close(self, order_id: str, status: ExchangeOrderStatus, at: int, reason: str) -> None:
        order = self.orders[order_id]
        order.status, order.closed_at, order.reason = status, at, reason
        order.plan.clear()
        self._open[order.account].pop(order_id, None)
        self._resting[order.symbol].pop(order_id, None)


def _split(size: Decimal, count: int) -> list[Decimal]:
    part = (size / count).quantize(AMOUNT_STEP, ROUND_DOWN)
    amounts = [part] * (count - 1)
    return [amount for amount in (*amounts, size - sum(amounts, Decimal(0))) if amount]


def _on_step(value: Decimal | None, step: Decimal) -> bool:
    return value is None or (value.is_finite() and value > 0 and value % step == 0)


def _number(text: str | None) -> Decimal | None:
    return None if text is None else Decimal(text)


def _text(number: Decimal | None) -> str | None:
    return None if number is None else str(number)
