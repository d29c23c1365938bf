"""What a signal trader with market orders must do on past candles, computed without a line of octobot_node.

The rules, and nothing else:

- T0 is the first candle's start: it is evaluated then. A signal wakes it when it arrives, a fill when it happens, a
  refused order one second later; it is evaluated at most once a second, and then follows all signals that came.
- An order placed at P fills at the open of the first candle that starts at or after P, or at P at that of the candle
  that has just begun (``inside.py``). At any moment, what fills is
  settled first, then signals arrive, then it is evaluated.
- A buy spends ``spend``, or ``percent`` of the quote that is free (rounded down to 1e-8), or the default: it gets
  spend / price, rounded down to ``amount_step``, less the fee. More than is free is refused by the ledger; what buys
  less than one step is not ordered.
- A sell sells ``amount``, or ``percent`` of what is held and free (100 by default), rounded down, never more than that.
- With ``one_position`` a buy is ignored while anything is held or on order. A sell sells everything: buys decided in
  the same evaluation are not even ordered, those that have not filled are cancelled (which wakes it), and what is held
  is sold by this evaluation and those after it, until nothing is held or on order. Until then buys are ignored.
- Within ``cooldown`` ms after an ordered buy, buys are ignored.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import ROUND_FLOOR, Decimal, localcontext

from tests.reference.dca import Candle, Fill
from tests.reference.inside import is_at_start

__all__ = ["Message", "Rules", "compute"]

ZERO = Decimal(0)
NEVER = 2**62


@dataclass(frozen=True)
class Message:
    """A signal: ``at`` in ms, what to do, and at most one size."""

    at: int
    side: str
    spend: Decimal | None = None
    percent: Decimal | None = None
    amount: Decimal | None = None


@dataclass(frozen=True)
class Rules:
    """What the trader is told."""

    cash: Decimal
    spend: Decimal | None = None
    percent: Decimal | None = None
    sell_percent: Decimal = Decimal(100)
    one_position: bool = False
    cooldown: int = 0
    fee: Decimal = Decimal("0.001")
    amount_step: Decimal = Decimal("0.00000001")


@dataclass
class Order:
    side: str
    fills_at: int
    price: Decimal
    size: Decimal  # quote of a buy, base of a sell
    placed: int


@dataclass
class _Run:
    candles: Sequence[Candle]
    rules: Rules
    cash: Decimal = ZERO
    base: Decimal = ZERO
    orders: list[Order] = field(default_factory=list)
    fills: list[Fill] = field(default_factory=list)
    inbox: list[Message] = field(default_factory=list)
    last: int = -NEVER
    woken: int = NEVER
    bought: int = -NEVER
    refused: int = 0
    closing: bool = False

    def wake(self, now: int) -> None:
        self.woken = min(self.woken, max(now, self.last + 1000))

    def fill(self, order: Order) -> None:
        self.orders.remove(order)
        if order.side == "buy":
            amount = _floor(order.size / order.price, self.rules.amount_step)
            fee, asset = amount * self.rules.fee, "BTC"
            self.cash -= amount * order.price
            self.base += amount - fee
        else:
            amount = order.size
            fee, asset = amount * order.price * self.rules.fee, "USD"
            self.cash += amount * order.price - fee
            self.base -= amount
        self.fills.append(Fill(order.fills_at, order.side, order.price, amount, fee, asset, ""))
        self.wake(order.fills_at)

    def evaluate(self, now: int, price: Decimal) -> None:
        self.last, self.woken = now, NEVER
        messages, self.inbox = self.inbox, []
        for message in messages:
            if message.side == "buy":
                self.buy(message, now, price)
            else:
                self.sell(message, now)
        if self.closing:
            self.close(now)

    def free(self, side: str) -> Decimal:
        whole = self.cash if side == "buy" else self.base
        return whole - sum((order.size for order in self.orders if order.side == side), ZERO)

    def buy(self, message: Message, now: int, price: Decimal) -> None:
        rules, buys = self.rules, any(order.side == "buy" for order in self.orders)
        if rules.one_position and (self.closing or buys or _floor(self.base, rules.amount_step)):
            return
        if now < self.bought + rules.cooldown:
            return
        spend, percent = message.spend, message.percent
        if spend is None and percent is None:
            spend, percent = rules.spend, rules.percent
        if percent is not None:
            spend = _floor(self.free("buy") * percent / 100, Decimal("1e-8"))
        assert spend is not None
        if _floor(spend / price, rules.amount_step) == 0:
            return
        self.bought = now
        if spend > self.free("buy"):
            self.refused += 1
            self.wake(now)
        else:
            self.place("buy", spend, now)

    def sell(self, message: Message, now: int) -> None:
        held = self.free("sell")
        if self.rules.one_position:
            self.orders = [order for order in self.orders if order.side == "sell" or order.placed < now]
            sellable, buys = _floor(held, self.rules.amount_step), any(order.side == "buy" for order in self.orders)
            self.closing = self.closing or bool(sellable or buys)
            return
        percent = message.percent if message.percent is not None else self.rules.sell_percent
        wanted = message.amount if message.amount is not None else held * percent / 100
        amount = _floor(min(wanted, held), self.rules.amount_step)
        if amount:
            self.place("sell", amount, now)

    def close(self, now: int) -> None:
        for order in [order for order in self.orders if order.side == "buy"]:
            self.orders.remove(order)
            self.wake(now)
        amount = _floor(self.free("sell"), self.rules.amount_step)
        if amount:
            self.place("sell", amount, now)
        elif not self.orders and self.woken == NEVER:
            self.closing = False

    def place(self, side: str, size: Decimal, now: int) -> None:
        met = (candle for candle in self.candles if candle.start >= now or is_at_start(candle, now))
        candle = next(met, None)
        at, price = (NEVER, ZERO) if candle is None else (max(candle.start, now), candle.open)
        self.orders.append(Order(side, at, price, size, now))


def compute(candles: Sequence[Candle], messages: Sequence[Message], rules: Rules) -> tuple[list[Fill], int]:
    """Return every fill, and how many orders are refused."""
    with localcontext(prec=60):
        run = _Run(candles, rules, cash=rules.cash)
        run.woken, coming = candles[0].start, sorted(messages, key=lambda message: message.at)
        while True:
            now = min([run.woken, *(order.fills_at for order in run.orders), *(message.at for message in coming[:1])])
            if now > candles[-1].end:
                return run.fills, run.refused
            for order in [order for order in run.orders if order.fills_at <= now]:
                run.fill(order)
            while coming and coming[0].at <= now:
                run.inbox.append(coming.pop(0))
                run.wake(now)
            if run.woken <= now:
                run.evaluate(now, _price(candles, now))


def _price(candles: Sequence[Candle], now: int) -> Decimal:
    closed = [candle.close for candle in candles if candle.end <= now]
    return closed[-1] if closed else candles[0].open


def _floor(value: Decimal, step: Decimal) -> Decimal:
    return (value / step).to_integral_value(ROUND_FLOOR) * step
