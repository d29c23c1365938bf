"""What a rebalancing must do on past candles, computed without a line of octobot_node: the oracle of the replay tests.

The rules, and nothing else:

- All prices are in one quote asset. The price of an asset at time P is the close of its newest candle that ended by P,
  before the first close its first open.
- The basket's worth is the quote held plus every other asset held at its price. An asset's drift is its share of that
  worth less its weight, in percentage points.
- T0 is the first candle's start. With ``every`` a scheduled time is T0 and every ``every`` ms after it; with ``daily``
  it is that many ms after each midnight UTC, later than T0.
- While an order is open nothing is decided; a scheduled time that falls there counts as soon as none is open.
- It rebalances at a scheduled time, and whenever at T0, at a close, or after fills some drift is at or past
  ``threshold``, up or down.
- A rebalance sells first: of every asset worth more than its weight the surplus, rounded down to ``amount_step``. If
  there is something to sell, the buys are decided anew after these sales; otherwise at once. Buys are only of assets
  that were worth less than their weight when the rebalance began. Each spends the shortfall; if these add up to more
  than the quote's own surplus, each spends its share of that. Rounded down to ``spend_step``.
- A trade worth less than ``min_trade`` at the price of the decision, or of no amount, is left out.
- If a drift is at or past ``threshold`` but there is nothing to order, it is not looked at again before some price is
  1.01 times as high or as low as then, or a scheduled time has come.
- A market order decided at P fills at the open of the first candle that starts at or after P, at that candle's start;
  or at P at that of the candle that has just begun (``inside.py``).
  A buy gets spend / price, rounded down to ``amount_step``. The fee is taken from what is received.
- At any moment what fills is settled first, then decided. There is a second at least between two decisions: after
  fills at F the next is at F, or at F + 1000 ms if there was one at F already.
"""

from __future__ import annotations

import csv
import gzip
from collections.abc import Iterator
from dataclasses import dataclass, field
from decimal import Decimal
from fractions import Fraction
from itertools import pairwise
from math import floor
from pathlib import Path
from typing import NamedTuple

from tests.reference.inside import is_at_start

__all__ = [
    "Candle",
    "Fill",
    "Outcome",
    "Plan",
    "compute",
    "drifts",
    "drifts_at_closes",
    "exactly",
    "read_candles",
    "settle",
]

DAY = 86_400_000
NEVER = 2**63
NEAR = Fraction(101, 100)


class Candle(NamedTuple):
    start: int
    end: int
    open: Decimal
    close: Decimal


@dataclass(frozen=True)
class Plan:
    """``weights`` in percent by asset, ``every`` and ``daily`` in ms."""

    budget: dict[str, Decimal]
    weights: dict[str, Decimal]
    quote: str
    threshold: Decimal | None = None
    every: int | None = None
    daily: int | None = None
    min_trade: Decimal = Decimal(0)
    fee: Decimal = Decimal("0.001")
    amount_step: Decimal = Decimal("0.00000001")
    spend_step: Decimal = Decimal("0.00000001")


@dataclass(frozen=True)
class Fill:
    time: int
    asset: str
    side: str
    price: Decimal
    amount: Decimal
    fee: Decimal
    fee_asset: str


@dataclass(frozen=True)
class Outcome:
    fills: list[Fill]
    held: dict[str, Fraction]
    rebalances: int
    turnover: Fraction
    #: How often there was something to mend, and nothing that could be ordered.
    stuck: int
    #: Orders decided at the last close, which no later candle fills.
    still_open: int


@dataclass
class Order:
    asset: str
    side: str
    #: Of the asset for a sell, of quote for a buy.
    size: Fraction
    price: Decimal
    at: int


def read_candles(path: Path) -> list[Candle]:
    """Read a CSV of timestamp (ms, start), open, high, low, close, volume; the shortest distance is the timeframe."""
    opener = gzip.open if path.suffix == ".gz" else open
    with opener(path, "rt", newline="") as file:
        rows = list(csv.DictReader(file))
    starts = [int(row["timestamp"]) for row in rows]
    length = min(later - earlier for earlier, later in pairwise(starts))
    return [
        Candle(start, start + length, Decimal(row["open"]), Decimal(row["close"]))
        for start, row in zip(starts, rows, strict=True)
    ]


def compute(candles: dict[str, list[Candle]], plan: Plan) -> Outcome:
    """Return what ``plan`` comes to on each asset's candles, all of which start and end at the same times."""
    return _Replay(candles, plan).run()


def drifts(held: dict[str, Fraction], prices: dict[str, Decimal], plan: Plan) -> dict[str, Fraction]:
    """Return the drift of every asset, in percentage points."""
    values = {asset: held.get(asset, Fraction(0)) * Fraction(prices[asset]) for asset in prices}
    values[plan.quote] = held.get(plan.quote, Fraction(0))
    worth = sum(values.values())
    return {asset: 100 * value / worth - Fraction(plan.weights.get(asset, 0)) for asset, value in values.items()}


def drifts_at_closes(
    candles: dict[str, list[Candle]], plan: Plan, fills: list[Fill]
) -> Iterator[tuple[int, dict[str, Fraction]]]:
    """Yield (time, drifts) of every close, with what was held before the fills at that very time."""
    held = exactly(plan.budget)
    waiting = sorted(fills, key=lambda fill: fill.time)
    for row in zip(*candles.values(), strict=True):
        while waiting and waiting[0].time < row[0].end:
            settle(held, waiting.pop(0), plan.quote)
        yield row[0].end, drifts(held, {asset: c.close for asset, c in zip(candles, row, strict=True)}, plan)


@dataclass
class _Replay:
    candles: dict[str, list[Candle]]
    plan: Plan
    held: dict[str, Fraction] = field(default_factory=dict)
    orders: list[Order] = field(default_factory=list)
    fills: list[Fill] = field(default_factory=list)
    closed: int = 0
    # When it is evaluated.
    scheduled: int = NEVER
    woken: int = NEVER
    last_evaluation: int = -NEVER
    due: bool = False
    # The rebalance.
    to_buy: set[str] = field(default_factory=set)
    stuck_at: dict[str, Decimal] | None = None
    counted: bool = True
    rebalances: int = 0
    stuck: int = 0

    def run(self) -> Outcome:
        first = next(iter(self.candles.values()))
        self.held = exactly(self.plan.budget)
        now, end = first[0].start, first[-1].end
        self.due = self.plan.every is not None
        self.scheduled = self.next_scheduled(now, first[0].start)
        self.evaluate(now)
        while (now := self.next_time(first)) <= end:
            self.settle(now)
            if first[min(self.closed, len(first) - 1)].end == now:
                self.closed += 1
            if now == self.scheduled:
                self.due = True
                self.scheduled = self.next_scheduled(now, first[0].start)
            if self.due or self.woken <= now or self.looks_at_close():
                self.evaluate(now)
        turnover = sum((Fraction(fill.amount) * Fraction(fill.price) for fill in self.fills), Fraction(0))
        return Outcome(self.fills, self.held, self.rebalances, turnover, self.stuck, len(self.orders))

    def next_time(self, first: list[Candle]) -> int:
        close = first[self.closed].end if self.closed < len(first) else NEVER
        return min(close, self.scheduled, self.woken, *(order.at for order in self.orders))

    def next_scheduled(self, after: int, start: int) -> int:
        if self.plan.every is not None:
            return after + self.plan.every - (after - start) % self.plan.every
        if self.plan.daily is not None:
            today = after - after % DAY + self.plan.daily
            return today if today > after else today + DAY
        return NEVER

    def prices(self) -> dict[str, Decimal]:
        if self.closed == 0:
            return {asset: series[0].open for asset, series in self.candles.items()}
        return {asset: series[self.closed - 1].close for asset, series in self.candles.items()}

    def is_off(self) -> bool:
        if self.plan.threshold is None:
            return False
        found = drifts(self.held, self.prices(), self.plan).values()
        return any(abs(drift) >= Fraction(self.plan.threshold) for drift in found)

    def is_stuck(self) -> bool:
        if self.stuck_at is None:
            return False
        moves = [Fraction(price) / Fraction(self.stuck_at[asset]) for asset, price in self.prices().items()]
        return all(1 / NEAR < move < NEAR for move in moves)

    def looks_at_close(self) -> bool:
        return not self.orders and (self.is_off() if self.stuck_at is None else not self.is_stuck())

    def evaluate(self, now: int) -> None:
        self.woken, self.last_evaluation = NEVER, now
        if self.orders:
            return
        off, stuck = self.is_off(), self.is_stuck()
        surplus = self.surpluses()
        self.buy(now, surplus, self.to_buy)
        self.to_buy = set()
        if not self.orders and (self.due or (off and not stuck)):
            self.rebalance(now, surplus)
        if self.orders or not off:
            self.stuck_at = None
        elif not stuck:
            self.stuck_at = self.prices()
            self.stuck += 1
        self.settle(now)

    def rebalance(self, now: int, surplus: dict[str, Fraction]) -> None:
        self.due = False
        lacking = {asset for asset in self.candles if self.is_worth_it(asset, -surplus[asset])}
        for asset in sorted(self.candles):
            self.sell(now, asset, surplus[asset])
        if self.orders:
            self.to_buy = lacking
        else:
            self.buy(now, surplus, lacking)
        self.counted = not self.orders

    def surpluses(self) -> dict[str, Fraction]:
        found, prices = drifts(self.held, self.prices(), self.plan), self.prices()
        worth = self.held.get(self.plan.quote, Fraction(0))
        worth += sum(self.held.get(asset, Fraction(0)) * Fraction(price) for asset, price in prices.items())
        return {asset: drift * worth / 100 for asset, drift in found.items()}

    def is_worth_it(self, asset: str, value: Fraction) -> bool:
        amount = _down(value / Fraction(self.prices()[asset]), self.plan.amount_step)
        return value > 0 and amount > 0 and value >= Fraction(self.plan.min_trade)

    def sell(self, now: int, asset: str, surplus: Fraction) -> None:
        price = Fraction(self.prices()[asset])
        wanted = surplus / price if self.plan.weights[asset] else self.held.get(asset, Fraction(0))
        amount = _down(wanted, self.plan.amount_step)
        if amount > 0 and self.is_worth_it(asset, amount * price):
            self.place(now, asset, "sell", amount)

    def buy(self, now: int, surplus: dict[str, Fraction], assets: set[str]) -> None:
        lacking = {asset: -surplus[asset] for asset in sorted(assets) if self.is_worth_it(asset, -surplus[asset])}
        wanted = sum(lacking.values(), Fraction(0))
        for asset, lack in lacking.items():
            spend = _down(lack * min(wanted, surplus[self.plan.quote]) / wanted, self.plan.spend_step)
            if self.is_worth_it(asset, spend):
                self.place(now, asset, "buy", spend)

    def place(self, now: int, asset: str, side: str, size: Fraction) -> None:
        coming = self.candles[asset][max(self.closed - 1, 0) :]
        candle = next((c for c in coming if c.start >= now or is_at_start(c, now)), None)
        price, at = (candle.open, max(candle.start, now)) if candle else (Decimal(0), NEVER)
        self.orders.append(Order(asset, side, size, price, at))

    def settle(self, now: int) -> None:
        for order in [order for order in self.orders if order.at <= now]:
            self.orders.remove(order)
            fill = self.filled(order)
            self.fills.append(fill)
            settle(self.held, fill, self.plan.quote)
            if not self.counted:
                self.counted, self.rebalances = True, self.rebalances + 1
            self.woken = max(order.at, self.last_evaluation + 1000)

    def filled(self, order: Order) -> Fill:
        buys = order.side == "buy"
        amount = _down(order.size / Fraction(order.price), self.plan.amount_step) if buys else order.size
        got = amount if buys else amount * Fraction(order.price)
        fee, fee_asset = got * Fraction(self.plan.fee), order.asset if buys else self.plan.quote
        return Fill(order.at, order.asset, order.side, order.price, _decimal(amount), _decimal(fee), fee_asset)


def settle(held: dict[str, Fraction], fill: Fill, quote: str) -> None:
    """Book a fill in what is held."""
    sign = 1 if fill.side == "buy" else -1
    for asset, move in (
        (fill.asset, sign * Fraction(fill.amount)),
        (quote, -sign * Fraction(fill.amount) * Fraction(fill.price)),
        (fill.fee_asset, -Fraction(fill.fee)),
    ):
        held[asset] = held.get(asset, Fraction(0)) + move


def exactly(amounts: dict[str, Decimal]) -> dict[str, Fraction]:
    """Return amounts to compute with."""
    return {asset: Fraction(amount) for asset, amount in amounts.items()}


def _down(value: Fraction, step: Decimal) -> Fraction:
    return floor(value / Fraction(step)) * Fraction(step)


def _decimal(value: Fraction) -> Decimal:
    """Return a fraction of powers of 2 and 5 as a Decimal; raise ValueError for any other."""
    scale = 0
    while (value * 10**scale).denominator != 1:
        scale += 1
        if scale > 60:
            raise ValueError(f"{value} has no finite decimals")
    return Decimal((value * 10**scale).numerator).scaleb(-scale)
