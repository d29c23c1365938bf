"""When a stop-loss guard must act on past candles, computed without a line of octobot_node: the oracle of its tests.

It is given the fills of the automation that it watches, as they would be without a guard, and nothing else:

- T0 is the first candle's start; the guard is evaluated then, and again at most once a second.
- A fill wakes it: at the fill's time, or one second after its last evaluation. A fill of an order that is decided and
  filled in one instant (``same_instant``) comes after what is evaluated in that instant; any other comes before.
- Between fills it is evaluated at the first candle close at or below its stop, or, if it trails, above the highest
  price so far.
- The price at any time is the newest close, before the first one the first open.
- A position is held where its amount, rounded down to ``amount_step``, is above zero. Amount and cost: a buy adds
  amount - fee (in base) and amount x price; a sell takes its share out of both.
- The highest price is counted from the first evaluation that finds the position held.
- The stop is the highest of: ``loss`` percent below cost / amount, ``price``, ``trailing`` percent below the highest.
- It acts at the first evaluation that finds the price at or below the stop. What is held is then sold at the open of
  the first candle that starts at or after that time.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from decimal import ROUND_FLOOR, Decimal, localcontext

from tests.reference.dca import Candle, Fill

__all__ = ["Act", "Guard", "acts"]

ZERO = Decimal(0)


@dataclass(frozen=True)
class Guard:
    """What the guard is told, in percent and quote."""

    loss: Decimal | None = None
    price: Decimal | None = None
    trailing: Decimal | None = None
    amount_step: Decimal = Decimal("0.00000001")


@dataclass(frozen=True)
class Act:
    """When it acts, and at what price what is held is sold when."""

    at: int
    sold_at: int
    price: Decimal


@dataclass
class _Scan:
    guard: Guard
    last: Decimal
    amount: Decimal = ZERO
    cost: Decimal = ZERO
    highest: Decimal | None = None
    stop: Decimal | None = None
    evaluated: int = -(2**60)
    acted: int | None = None

    def take(self, fill: Fill) -> None:
        if fill.side == "buy":
            self.amount += fill.amount - fill.fee
            self.cost += fill.amount * fill.price
        else:
            self.cost -= self.cost * fill.amount / self.amount
            self.amount -= fill.amount

    def evaluate(self, now: int) -> None:
        self.evaluated = now
        step = self.guard.amount_step
        if (self.amount / step).to_integral_value(ROUND_FLOOR) == 0:
            self.highest = self.stop = None
            return
        self.highest = max(self.last, self.highest or self.last)
        self.stop = self.level(self.highest)
        if self.last <= self.stop and self.acted is None:
            self.acted = now

    def level(self, highest: Decimal) -> Decimal:
        guard, found = self.guard, []
        if guard.loss is not None:
            found.append(self.cost / self.amount * (100 - guard.loss) / 100)
        if guard.price is not None:
            found.append(guard.price)
        if guard.trailing is not None:
            found.append(highest * (100 - guard.trailing) / 100)
        return max(found)

    def crossed(self) -> bool:
        if self.stop is None or self.highest is None:
            return False
        return self.last <= self.stop or (self.guard.trailing is not None and self.last > self.highest)


def acts(
    candles: Sequence[Candle], fills: Sequence[Fill], guard: Guard, same_instant: Callable[[Fill], bool]
) -> Act | None:
    """Return when ``guard`` acts on an automation with these ``fills``, or None if it never does."""
    with localcontext(prec=60):
        start = candles[0].start
        scan = _Scan(guard, candles[0].open)
        early = {fill.time: [f for f in fills if f.time == fill.time and not same_instant(f)] for fill in fills}
        late = {fill.time: [f for f in fills if f.time == fill.time and same_instant(f)] for fill in fills}
        closes = {candle.end: candle.close for candle in candles}
        for now in sorted({start, *closes, *early}):
            scan.last = closes.get(now, scan.last)
            _instant(scan, now, early.get(now, []), late.get(now, []), first=now == start)
            if scan.acted is not None:
                after = next(candle for candle in candles if candle.start >= scan.acted)
                return Act(scan.acted, after.start, after.open)
        return None


def _instant(scan: _Scan, now: int, early: Sequence[Fill], late: Sequence[Fill], *, first: bool) -> None:
    for fill in early:
        scan.take(fill)
    if first or early or scan.crossed():
        scan.evaluate(now)
    for fill in late:
        scan.take(fill)
    if late and scan.acted is None:
        scan.evaluate(max(now, scan.evaluated + 1000))
