"""What a smart trade must do on past candles, computed without a line of octobot_node: the oracle of the replay tests.

The rules, and nothing else:

- The trade is looked at when the first candle starts (T0), at every candle's close, when a price inside a candle is
  met that it waits for (its entry's level, or one step through its entry's limit; an activation, a break-even, one step
  above the peak, the highest stop: ``inside.py``), when its time limit or its entry's
  expiry comes, and at every fill and cancel; never twice within a second: then it is looked at 1000 ms after the last
  time. What fills at a moment is settled before; at one inside a candle, the resting orders that its price is strictly
  through. The price is the newest close, before the first close the first open, or that which it waited for.
- An order placed at P meets the market at the first candle that starts at or after P, or at the one that has just begun
  (``inside.py``): a market order fills there at the open, and so does a limit order that the open is at or better than.
  Fill time: that candle's start, or P. A limit order that comes later into a candle rests if what is known does not
  satisfy it, and one that comes when an awaited price is seen fills at that if it satisfies it. Any other limit
  order rests, and fills at its price in the first candle (that one or a later one) that trades strictly through it.
  Fill time: that candle's close.
- A market buy of ``spend`` gets spend / price, rounded down to ``amount_step``. Limit prices are rounded to
  ``price_step``, buys down and sells up. The fee is taken from what is received.
- Entry: a market or limit order at T0, or when the price is first seen at or past a level. At ``expires`` after T0 a
  level not reached ends the trade, and a limit order not filled is cancelled.
- The average entry is the quote paid / the base received. Levels in percent are counted from it.
- After the fill, take-profits are placed as limit sells: of what was received, the shares up to each one are summed,
  rounded down, and it sells what those before it do not.
- The trailing stop is active from the first look at which the price is at or above its activation (the first after the
  fill, without one); it is ``percent`` below the highest price seen since. The break-even stop is average / (1 - fee),
  from the first look at which its percent is reached or that many take-profits have filled.
- When the price is at or below the highest of the stops, or the time limit has passed since the fill: what rests is
  cancelled, and what no order holds is sold at market; the rest at the next look.
- The trade is completed at the first look that finds nothing open, and less than one ``amount_step`` left.

All figures are fractions: nothing is rounded but what the rules say.
"""

from __future__ import annotations

import csv
import gzip
from collections.abc import Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from itertools import pairwise
from math import ceil, floor
from pathlib import Path
from typing import NamedTuple

from tests.reference.inside import SHOWN, falls_to, is_at_start, rises_to

__all__ = ["Candle", "Fill", "Outcome", "Plan", "Target", "compute", "read_candles", "trailing_stop_fires"]

NEVER = 2**63


class Candle(NamedTuple):
    start: int
    end: int
    open: Fraction
    high: Fraction
    low: Fraction
    close: Fraction


@dataclass(frozen=True)
class Target:
    """A level above the average entry, by percent or price; ``share`` in percent."""

    percent: Fraction | None = None
    price: Fraction | None = None
    share: Fraction = Fraction(100)

    def at(self, average: Fraction) -> Fraction:
        if self.price is not None:
            return self.price
        assert self.percent is not None
        return average * (100 + self.percent) / 100


@dataclass(frozen=True)
class Plan:
    """What the trade is told; times in ms, percents as numbers of percent."""

    spend: Fraction | None = None
    amount: Fraction | None = None
    #: Base that is there already, and what it cost (None: the first price).
    existing: Fraction | None = None
    existing_price: Fraction | None = None
    limit: Fraction | None = None
    above: Fraction | None = None
    below: Fraction | None = None
    expires: int | None = None
    take_profits: Sequence[Target] = ()
    stop_percent: Fraction | None = None
    stop_price: Fraction | None = None
    trailing: Fraction | None = None
    activate_at: Target | None = None
    break_even_after: int | None = None
    break_even_percent: Fraction | None = None
    time_limit: int | None = None
    fee: Fraction = Fraction(1, 1000)
    base: str = "BTC"
    quote: str = "USD"
    price_step: Fraction = Fraction(1, 100)
    amount_step: Fraction = Fraction(1, 10**8)


@dataclass(frozen=True)
class Fill:
    time: int
    side: str
    price: Fraction
    amount: Fraction
    fee: Fraction
    fee_asset: str
    tag: str


@dataclass(frozen=True)
class Outcome:
    fills: list[Fill]
    #: Why everything was sold at market, and the time of the look that decided it.
    exit: str | None
    exit_at: int | None
    peak: Fraction | None
    average: Fraction | None
    realised: Fraction
    completed_at: int | None


@dataclass(eq=False)
class Order:
    side: str
    tag: str
    placed: int
    price: Fraction | None  # None: at market
    amount: Fraction | None  # None: a market buy of `spend`
    spend: Fraction = Fraction(0)
    rests: bool = False  # it has met the market and was not marketable
    late: bool = False  # it came well into a candle, and was not marketable by what was known


def read_candles(path: Path) -> list[Candle]:
    """Read a CSV of timestamp (ms, start), open, high, low, close, volume; the shortest distance is the timeframe."""
    with gzip.open(path, "rt", newline="") as file:
        rows = list(csv.DictReader(file))
    starts = [int(row["timestamp"]) for row in rows]
    length = min(later - earlier for earlier, later in pairwise(starts))
    return [
        Candle(start, start + length, *(Fraction(row[name]) for name in ("open", "high", "low", "close")))
        for start, row in zip(starts, rows, strict=True)
    ]


def trailing_stop_fires(
    candles: Sequence[Candle], percent: Fraction, active_from: Fraction, step: Fraction
) -> tuple[int, Fraction] | None:
    """Return when (ms) and at what price a trailing stop fires that watches from the first open on.

    It follows the price from when that is at or above ``active_from``.
    """
    peak = candles[0].open if candles[0].open >= active_from else None
    looked = candles[0].start + 1000  # once the entry has filled
    for candle in candles:
        waits = max(looked, candle.start)
        for part in ("gap", "fall", "rise", "fall"):
            while part != "fall" and (
                risen := rises_to(candle, active_from if peak is None else peak + step, waits, step)
            ):
                if part == "gap" and risen[1] != candle.open:
                    break
                waits = looked = max(risen[0], looked + 1000)
                peak = risen[1]
            if part == "fall" and peak is not None:
                fallen = falls_to(candle, peak * (100 - percent) / 100, waits, step)
                if fallen is not None:
                    return max(fallen[0], looked + 1000), fallen[1]
    return None


def compute(candles: Sequence[Candle], plan: Plan) -> Outcome:
    """Return what ``plan`` comes to on ``candles``."""
    return _Replay(candles, plan).run()


@dataclass
class _Replay:
    candles: Sequence[Candle]
    plan: Plan
    orders: list[Order] = field(default_factory=list)
    fills: list[Fill] = field(default_factory=list)
    price: Fraction = Fraction(0)
    candle: Candle | None = None
    #: The newest price that was waited for inside the present candle, and when.
    shown: tuple[int, Fraction] | None = None
    entered: bool = False
    received: Fraction = Fraction(0)
    paid: Fraction = Fraction(0)
    sold: Fraction = Fraction(0)
    proceeds: Fraction = Fraction(0)
    opened_at: int | None = None
    placed_exits: bool = False
    taken: int = 0
    peak: Fraction | None = None
    break_even: bool = False
    exit: str | None = None
    exit_at: int | None = None
    completed_at: int | None = None
    # When it is looked at.
    woken: int = NEVER
    last_look: int = -NEVER
    #: What this look cancelled still holds its base until the next.
    releasing: Fraction = Fraction(0)

    def run(self) -> Outcome:
        self.price, self.woken = self.candles[0].open, self.candles[0].start
        for candle in self.candles:
            self.look_until(candle.start - 1)
            self.candle = candle
            self.fill_at_open(candle, candle.start)  # what was placed before this candle
            self.go_through(candle)
            self.fill_through(candle)
            self.price, self.shown = candle.close, None
            self.wake(candle.end)
        return self.outcome()

    def go_through(self, candle: Candle) -> None:
        """Look at the candle's start, and at whatever price inside it is waited for."""
        self.look_until(candle.start)
        while self.completed_at is None:
            waits, levels = self.last_look, self.levels()
            seen = [rises_to(candle, level, waits, self.plan.price_step) for level in levels[0]]
            seen += [falls_to(candle, level, waits, self.plan.price_step) for level in levels[1]]
            met = min((found for found in seen if found is not None), default=None)
            due = self.next_look()
            if met is None or due < met[0]:
                if due >= candle.end:
                    return
                self.look_until(due)
            elif met[0] >= candle.end:
                return
            else:
                self.show(*met)

    def show(self, moment: int, price: Fraction) -> None:
        for order in [order for order in self.orders if order.rests]:
            if order.price is not None and self.is_through(price, order):
                self.fill(order, moment, order.price)
        # Who has looked within the second looks a second after that, and sees this price then.
        self.wake(moment)
        self.shown = self.woken, price
        self.look_until(self.woken)

    def levels(self) -> tuple[list[Fraction], list[Fraction]]:
        """Return the prices above and below which are waited for."""
        plan, average = self.plan, self.average()
        above: list[Fraction] = []
        below: list[Fraction] = []
        if not self.entered:
            above += [plan.above] if plan.above is not None else []
            below += [plan.below] if plan.below is not None else []
        elif average is None:
            limits = [order.price - plan.price_step for order in self.orders if order.price is not None]
            below += [limit for limit in limits if limit < self.seen_price(self.last_look)]
        elif self.exit is None:
            if plan.trailing is not None and self.peak is not None:
                above.append(self.peak + plan.price_step)
            elif plan.activate_at is not None:
                above.append(plan.activate_at.at(average))
            if plan.break_even_percent is not None and not self.break_even:
                above.append(average * (100 + plan.break_even_percent) / 100)
            stops = self.stops(average)
            below += [max(stops.values())] if stops else []
        return above, below

    def seen_price(self, now: int) -> Fraction:
        if self.shown is not None:
            moment, price = self.shown
            if 0 <= now - moment < SHOWN and (now - moment) % 1000 == 0:
                return price
        return self.price

    def outcome(self) -> Outcome:
        average = self.average()
        realised = self.proceeds - self.sold * average if average else Fraction(0)
        return Outcome(self.fills, self.exit, self.exit_at, self.peak, average, realised, self.completed_at)

    # The market.

    def fill_at_open(self, candle: Candle, now: int) -> None:
        for order in [order for order in self.orders if not order.rests]:
            order.rests = True
            if not order.late and self.satisfies(candle.open, order):
                self.fill(order, now, candle.open)

    def fill_through(self, candle: Candle) -> None:
        for order in list(self.orders):
            if order.price is None:
                continue
            if order.rests:
                extreme = candle.low if order.side == "buy" else candle.high
                is_filled = self.is_through(extreme, order)
            else:
                is_filled = order.late and self.is_through(candle.close, order)
            if is_filled:
                self.fill(order, candle.end, order.price)

    @staticmethod
    def satisfies(price: Fraction, order: Order) -> bool:
        return order.price is None or (price <= order.price if order.side == "buy" else price >= order.price)

    @staticmethod
    def is_through(price: Fraction, order: Order) -> bool:
        assert order.price is not None
        return price < order.price if order.side == "buy" else price > order.price

    def meet(self, now: int) -> None:
        """Let what was placed just now meet the candle that is under way."""
        candle, price = self.candle, self.seen_price(now)
        is_shown = price is not self.price
        if candle is not None and not is_shown and is_at_start(candle, now):
            self.fill_at_open(candle, now)
            return
        for order in [order for order in self.orders if order.placed == now and not order.rests]:
            if self.satisfies(price, order):
                if is_shown:
                    self.fill(order, now, price)
            else:
                order.late = True

    def fill(self, order: Order, time: int, price: Fraction) -> None:
        self.orders.remove(order)
        plan = self.plan
        amount = _floor(order.spend / price, plan.amount_step) if order.amount is None else order.amount
        cost = amount * price
        if order.side == "buy":
            fee, fee_asset = amount * plan.fee, plan.base
            self.received, self.paid, self.opened_at = amount - fee, cost, time
        else:
            fee, fee_asset = cost * plan.fee, plan.quote
            self.sold += amount
            self.proceeds += cost - fee
            self.taken += order.tag.startswith("take-profit")
        self.fills.append(Fill(time, order.side, price, amount, fee, fee_asset, order.tag))
        self.wake(time)

    # The trade.

    def wake(self, time: int) -> None:
        self.woken = min(self.woken, max(time, self.last_look + 1000))

    def next_look(self) -> int:
        return min(self.woken, *(max(time, self.last_look + 1000) for time in self.planned()), NEVER)

    def look_until(self, moment: int) -> None:
        while self.completed_at is None:
            now = self.next_look()
            if now > moment:
                return
            self.woken, self.last_look, self.releasing = NEVER, now, Fraction(0)
            known, self.price = self.price, self.seen_price(now)
            self.look(now)
            self.price = known
            self.meet(now)

    def planned(self) -> list[int]:
        times = []
        if self.plan.expires is not None and self.opened_at is None:
            times.append(self.candles[0].start + self.plan.expires)
        if self.plan.time_limit is not None and self.opened_at is not None and self.exit is None:
            times.append(self.opened_at + self.plan.time_limit)
        return [time for time in times if time > self.last_look]

    def look(self, now: int) -> None:
        something_was_open = bool(self.orders)
        expired = self.plan.expires is not None and now >= self.candles[0].start + self.plan.expires
        if not self.entered:
            if expired:
                self.completed_at = now
                return
            self.enter(now)
        elif expired:
            self.cancel("buy", now)
        if self.received:
            self.watch(now)
            self.order_exits(now)
        done = _floor(self.received - self.sold, self.plan.amount_step) == 0
        if self.entered and done and not something_was_open and not self.orders:
            self.completed_at = now

    def enter(self, now: int) -> None:
        plan = self.plan
        if plan.existing is not None:
            self.entered, self.received, self.opened_at = True, plan.existing, now
            self.paid = plan.existing * (plan.existing_price or self.price)
            return
        if (plan.above is not None and self.price < plan.above) or (plan.below is not None and self.price > plan.below):
            return
        self.entered = True
        if plan.limit is None:
            amount = None if plan.amount is None else _floor(plan.amount, plan.amount_step)
            self.orders.append(Order("buy", "entry", now, None, amount, plan.spend or Fraction(0)))
            return
        price = _floor(plan.limit, plan.price_step)
        size = plan.amount if plan.spend is None else plan.spend / price
        assert size is not None
        self.orders.append(Order("buy", "entry", now, price, _floor(size, plan.amount_step)))

    def average(self) -> Fraction | None:
        return self.paid / self.received if self.received else None

    def watch(self, now: int) -> None:
        if self.exit is not None:
            return
        plan, average = self.plan, self.paid / self.received
        if plan.trailing is not None:
            if self.peak is not None:
                self.peak = max(self.peak, self.price)
            elif plan.activate_at is None or self.price >= plan.activate_at.at(average):
                self.peak = self.price
        if plan.break_even_percent is not None and self.price >= average * (100 + plan.break_even_percent) / 100:
            self.break_even = True
        if plan.break_even_after is not None and self.taken >= plan.break_even_after:
            self.break_even = True
        self.exit = self.why_sell(now, average)
        self.exit_at = now if self.exit else None

    def why_sell(self, now: int, average: Fraction) -> str | None:
        plan, stops = self.plan, self.stops(average)
        highest = max(stops, key=lambda name: stops[name], default=None)
        if highest is not None and self.price <= stops[highest]:
            return highest
        assert self.opened_at is not None
        if plan.time_limit is not None and now >= self.opened_at + plan.time_limit:
            return "time-limit"
        return None

    def stops(self, average: Fraction) -> dict[str, Fraction]:
        plan, stops = self.plan, {}
        if plan.stop_percent is not None:
            stops["stop-loss"] = average * (100 - plan.stop_percent) / 100
        if plan.stop_price is not None:
            stops["stop-loss"] = plan.stop_price
        if plan.trailing is not None and self.peak is not None:
            stops["trailing-stop"] = self.peak * (100 - plan.trailing) / 100
        if self.break_even:
            stops["break-even"] = average / (1 - plan.fee)
        return stops

    def order_exits(self, now: int) -> None:
        if self.exit is not None:
            self.cancel("sell", now)
            held_by_orders = sum((order.amount or Fraction(0) for order in self.orders), self.releasing)
            rest = _floor(self.received - self.sold - held_by_orders, self.plan.amount_step)
            if rest:
                self.orders.append(Order("sell", self.exit, now, None, rest))
        elif not self.placed_exits:
            self.placed_exits = True
            share, before = Fraction(0), Fraction(0)
            for place, target in enumerate(self.plan.take_profits, start=1):
                share += target.share
                until = _floor(self.received * share / 100, self.plan.amount_step)
                price = _ceiling(target.at(self.paid / self.received), self.plan.price_step)
                self.orders.append(Order("sell", f"take-profit-{place}", now, price, until - before))
                before = until

    def cancel(self, side: str, now: int) -> None:
        for order in [order for order in self.orders if order.side == side and order.price is not None]:
            self.orders.remove(order)
            self.releasing += (order.amount or Fraction(0)) if side == "sell" else 0
            self.wake(now)


def _floor(value: Fraction, step: Fraction) -> Fraction:
    return floor(value / step) * step


def _ceiling(value: Fraction, step: Fraction) -> Fraction:
    return ceil(value / step) * step
