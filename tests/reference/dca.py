"""What a DCA must do on past candles, computed without a line of octobot_node: the oracle of the replay tests.

The rules, and nothing else:

- T0 is the first candle's start. A scheduled buy is decided at T0 and every ``every`` ms after it.
- An order is placed at the time P of the evaluation that decides it. It meets the market at the first candle that
  starts at or after P, or at the one that has just begun (``inside.py``): a market buy fills there at the open, and so
  does a limit order that the open is at or better than. Fill time: that candle's start, or P. A limit order that comes
  later into a candle (``inside.py``) rests if the newest close does not satisfy it.
- No scheduled buy is decided while the one before has not filled.
- A limit order that was not marketable rests, and fills at its own price in the first candle (that one or a later
  one) that trades strictly through it. Fill time: that candle's close, which is when it is known.
- At any moment, what fills is settled first, then the automation is evaluated, at most once a second. A fill at F is
  evaluated at F, or at F + 1000 ms if there was an evaluation at F already (the one that placed the order, say). So is
  what an evaluation cancels, at once, or has refused.
- A market buy gets spend / price of base, rounded down to ``amount_step``. Limit prices are rounded to
  ``price_step``, buys down and sells up.
- The fee is taken from what is received: base of a buy, quote of a sell.
- A buy that costs more than the cash not reserved by other open buys is refused, for good. One that could take all
  buys, open ones included, past ``max_spend`` is not ordered. What an evaluation cancels counts as open in that one.
- A deal begins with a first buy's fill: then the safety orders are placed below that fill's price, each once. It ends
  with a sell that leaves less than one ``amount_step``: then those that still rest are cancelled. The take-profit
  sells all that is held (rounded down) at ``take_profit`` percent above average cost (quote paid / base kept), and is
  cancelled when a fill changes either; its successor is placed by the next evaluation.
- One evaluation decides in this order: cancels, take-profit, scheduled buy, safety orders.
- Realised PnL of a sell = proceeds - fee - the sold part's share of the cost. Drawdown compares equity (cash + base x
  close) at a candle's close with its highest at an earlier close; fills whose time is that close are in it.
"""

from __future__ import annotations

import csv
import gzip
from collections.abc import Iterator
from dataclasses import dataclass, field
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal, localcontext
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

from tests.reference.inside import is_at_start

__all__ = ["Candle", "Fill", "Outcome", "Plan", "SafetyOrders", "compute", "read_candles"]

ZERO = Decimal(0)
NEVER = 2**63


class Candle(NamedTuple):
    start: int
    end: int
    open: Decimal
    high: Decimal
    low: Decimal
    close: Decimal


@dataclass(frozen=True)
class SafetyOrders:
    count: int
    step: Decimal
    amount: Decimal
    step_scale: Decimal = Decimal(1)
    volume_scale: Decimal = Decimal(1)


@dataclass(frozen=True)
class Plan:
    """What the automation is told; ``every`` in ms, amounts in quote, ``take_profit`` and steps in percent."""

    cash: Decimal
    amount: Decimal
    every: int
    take_profit: Decimal | None = None
    safety_orders: SafetyOrders | None = None
    max_spend: Decimal | None = None
    fee: Decimal = Decimal("0.001")
    base: str = "BTC"
    quote: str = "USD"
    price_step: Decimal = Decimal("0.01")
    amount_step: Decimal = Decimal("0.00000001")


@dataclass(frozen=True)
class Fill:
    time: int
    side: str
    price: Decimal
    amount: Decimal
    fee: Decimal
    fee_asset: str
    tag: str


@dataclass(frozen=True)
class Outcome:
    fills: list[Fill]
    cash: Decimal
    base: Decimal
    invested: Decimal
    fees: dict[str, Decimal]
    realised: Decimal
    unrealised: Decimal
    final_equity: Decimal
    max_drawdown: Decimal
    max_drawdown_ratio: Decimal
    refused: int
    #: When the automation completed, having reached ``max_spend``; None if it never did.
    completed_at: int | None


@dataclass
class Order:
    side: str
    tag: str
    placed: int
    price: Decimal | None  # None: a market buy
    amount: Decimal | None  # None: a market buy of `spend`
    spend: Decimal  # what it reserves of the cash; 0 for a sell
    rests: bool = False  # it has met the market and was not marketable
    late: bool = False  # it came well into a candle, and was not marketable by what was known


def read_candles(path: Path) -> list[Candle]:
    """Read a CSV of timestamp (ms, start), open, high, low, close, volume; the shortest distance is the timeframe."""
    opener = gzip.open if path.suffix == ".gz" else open
    with opener(path, "rt", newline="") as file:
        rows = list(csv.DictReader(file))
    starts = [int(row["timestamp"]) for row in rows]
    length = min(later - earlier for earlier, later in pairwise(starts))
    return [
        Candle(start, start + length, *(Decimal(row[name]) for name in ("open", "high", "low", "close")))
        for start, row in zip(starts, rows, strict=True)
    ]


def compute(candles: list[Candle], plan: Plan) -> Outcome:
    """Return what ``plan`` comes to on ``candles``, to 60 significant digits."""
    with localcontext(prec=60):
        return _Replay(candles, plan).run()


@dataclass
class _Replay:
    candles: list[Candle]
    plan: Plan
    cash: Decimal = ZERO
    base: Decimal = ZERO
    cost: Decimal = ZERO
    realised: Decimal = ZERO
    spent: Decimal = ZERO
    orders: list[Order] = field(default_factory=list)
    fills: list[Fill] = field(default_factory=list)
    refused: int = 0
    completed_at: int | None = None
    #: The newest candle that has begun, and the newest price known.
    candle: Candle | None = None
    price: Decimal = ZERO
    # What the present evaluation cancelled had reserved this much.
    releasing: Decimal = ZERO
    # When it is evaluated.
    next_buy: int = 0
    woken: int = NEVER
    last_evaluation: int = -NEVER
    # The deal.
    entry: Decimal | None = None
    levels_placed: int = 0
    old_ladder_rests: bool = False

    def run(self) -> Outcome:
        self.cash, self.next_buy = self.plan.cash, self.candles[0].start
        self.price = self.candles[0].open
        for candle in self.candles:
            self.evaluate_until(candle.start - 1)
            self.candle = candle
            self.fill_at_open(candle, candle.start)  # what was placed before this candle
            self.evaluate_until(candle.end - 1)
            self.fill_through(candle)
            self.price = candle.close
        return self.outcome()

    # The market.

    def fill_at_open(self, candle: Candle, now: int) -> None:
        for order in [order for order in self.orders if not order.rests]:
            order.rests = True
            if _satisfies(candle.open, order) and not order.late:
                self.fill(order, now, candle.open)

    def fill_through(self, candle: Candle) -> None:
        through = [o for o in self.orders if o.rests and o.price is not None and _trades_through(candle, o)]
        through += [o for o in self.orders if o.late and not o.rests and _is_through(candle.close, o)]
        if len({order.side for order in through}) > 1:
            raise ValueError(f"the candle at {candle.start} fills a buy and a sell: no rule says which came first")
        for order in through:
            assert order.price is not None
            self.fill(order, candle.end, order.price)

    def fill(self, order: Order, time: int, price: Decimal) -> None:
        self.orders.remove(order)
        amount = order.amount if order.amount is not None else _floor(order.spend / price, self.plan.amount_step)
        if order.side == "buy":
            fee, fee_asset = amount * self.plan.fee, self.plan.base
            self.cash -= amount * price
            self.spent += amount * price
            self.cost += amount * price
            self.base += amount - fee
        else:
            fee, fee_asset = amount * price * self.plan.fee, self.plan.quote
            cost_of_sold = self.cost * amount / self.base
            self.cash += amount * price - fee
            self.realised += amount * price - fee - cost_of_sold
            self.cost -= cost_of_sold
            self.base -= amount
        self.fills.append(Fill(time, order.side, price, amount, fee, fee_asset, order.tag))
        self.follow_deal(order.side, price)
        self.wake(time)

    def follow_deal(self, side: str, price: Decimal) -> None:
        if side == "buy" and self.entry is None:
            self.entry, self.levels_placed = price, 0
        elif side == "sell" and _floor(self.base, self.plan.amount_step) == 0:
            self.entry = None
            # The automation only learns of it when it is evaluated; until then the ladder can still fill.
            self.old_ladder_rests = True

    # The automation.

    def wake(self, time: int) -> None:
        self.woken = min(self.woken, max(time, self.last_evaluation + 1000))

    def evaluate_until(self, moment: int) -> None:
        while self.completed_at is None:
            due_at = max(self.next_buy, self.last_evaluation + 1000)
            now = min(due_at, self.woken)
            if now > moment:
                return
            self.woken, self.last_evaluation = NEVER, now
            due = self.next_buy <= now
            while self.next_buy <= now:
                self.next_buy += self.plan.every
            self.evaluate(now, due=due)
            candle = self.candle
            if candle is not None and is_at_start(candle, now):
                self.fill_at_open(candle, now)
                continue
            for order in self.orders:
                if order.placed == now and not order.rests:
                    order.late = not _satisfies(self.price, order)

    def evaluate(self, now: int, *, due: bool) -> None:
        self.releasing = ZERO
        something_was_open = bool(self.orders)
        room = self.room()
        if self.old_ladder_rests:
            for order in [order for order in self.orders if order.tag.startswith("safety-")]:
                self.cancel(order, now)
            self.old_ladder_rests = False
        self.renew_take_profit(now)
        enough_room = self.plan.amount <= room
        if due and enough_room and not any(order.tag == "scheduled" for order in self.orders):
            self.place(Order("buy", "scheduled", now, None, None, self.plan.amount))
            room -= self.plan.amount
        self.place_ladder(now, room)
        if not (something_was_open or self.orders or enough_room):
            self.completed_at = now

    def room(self) -> Decimal:
        if self.plan.max_spend is None:
            return Decimal("Infinity")
        return self.plan.max_spend - self.spent - self.reserved()

    def reserved(self) -> Decimal:
        return sum((order.spend for order in self.orders), self.releasing)

    def place(self, order: Order) -> None:
        if order.spend > self.cash - self.reserved():
            self.refused += 1
            self.wake(order.placed)
        else:
            self.orders.append(order)

    def cancel(self, order: Order, now: int) -> None:
        self.orders.remove(order)
        self.releasing += order.spend
        self.wake(now)

    def renew_take_profit(self, now: int) -> None:
        amount = _floor(self.base, self.plan.amount_step)
        if self.plan.take_profit is None or amount == 0:
            return
        target = self.cost / self.base * (1 + self.plan.take_profit / 100)
        # 60 digits may miss a price that is exact by their last one; 40 do not care.
        price = _ceiling(round(target, 40), self.plan.price_step)
        resting = next((order for order in self.orders if order.tag == "take-profit"), None)
        if resting is not None and (resting.amount, resting.price) == (amount, price):
            return
        if resting is not None:
            self.cancel(resting, now)
            return
        self.orders.append(Order("sell", "take-profit", now, price, amount, ZERO))

    def place_ladder(self, now: int, room: Decimal) -> None:
        ladder = self.plan.safety_orders
        if ladder is None or self.entry is None:
            return
        drop, gap, spend = ZERO, ladder.step, ladder.amount
        for level in range(1, ladder.count + 1):
            drop += gap
            price = _floor(self.entry * (100 - drop) / 100, self.plan.price_step)
            amount = _floor(spend / price, self.plan.amount_step)
            gap, spend = gap * ladder.step_scale, spend * ladder.volume_scale
            if level <= self.levels_placed:
                continue
            if amount * price > room:
                return
            room -= amount * price
            self.levels_placed = level
            self.place(Order("buy", f"safety-{level}", now, price, amount, amount * price))

    # The accounts.

    def outcome(self) -> Outcome:
        last = self.candles[-1].close
        drawdown, ratio = _max_drawdown(list(self.equities()))
        fees: dict[str, Decimal] = {}
        for fill in self.fills:
            fees[fill.fee_asset] = fees.get(fill.fee_asset, ZERO) + fill.fee
        return Outcome(
            fills=self.fills,
            cash=self.cash,
            base=self.base,
            invested=self.spent,
            fees=fees,
            realised=self.realised,
            unrealised=self.base * last - self.cost,
            final_equity=self.cash + self.base * last,
            max_drawdown=drawdown,
            max_drawdown_ratio=ratio,
            refused=self.refused,
            completed_at=self.completed_at,
        )

    def equities(self) -> Iterator[Decimal]:
        cash, base = self.plan.cash, ZERO
        waiting = iter([*self.fills, None])
        fill = next(waiting)
        for candle in self.candles:
            while fill is not None and fill.time <= candle.end:
                value = fill.amount * fill.price
                if fill.side == "buy":
                    cash, base = cash - value, base + fill.amount - fill.fee
                else:
                    cash, base = cash + value - fill.fee, base - fill.amount
                fill = next(waiting)
            yield cash + base * candle.close


def _max_drawdown(equities: list[Decimal]) -> tuple[Decimal, Decimal]:
    peak, worst, worst_ratio = equities[0], ZERO, ZERO
    for equity in equities:
        peak = max(peak, equity)
        worst, worst_ratio = max(worst, peak - equity), max(worst_ratio, (peak - equity) / peak)
    return worst, worst_ratio


def _satisfies(price: Decimal, order: Order) -> bool:
    return order.price is None or (price <= order.price if order.side == "buy" else price >= order.price)


def _is_through(price: Decimal, order: Order) -> bool:
    assert order.price is not None
    return price < order.price if order.side == "buy" else price > order.price


def _trades_through(candle: Candle, order: Order) -> bool:
    assert order.price is not None
    return candle.low < order.price if order.side == "buy" else candle.high > order.price


def _floor(value: Decimal, step: Decimal) -> Decimal:
    return (value / step).to_integral_value(ROUND_FLOOR) * step


def _ceiling(value: Decimal, step: Decimal) -> Decimal:
    return (value / step).to_integral_value(ROUND_CEILING) * step
