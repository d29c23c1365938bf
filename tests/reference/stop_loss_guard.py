"""When a stop-loss guard must act on past candles, computed without a line of octobot_node: the oracle of its tests.

It is given the fills of the automation that it watches, as they would be without a guard, and nothing else:

- T0 is the first candle's start; the guard is evaluated then, and again at most once a second.
- A fill wakes it: at the fill's time, or one second after its last evaluation. A fill of an order that is decided and
  filled in one instant (``same_instant``) comes after what is evaluated in that instant; any other comes before.
- Between fills it is evaluated at the first price inside a candle (``inside.py``) at or below its stop, rounded down to
  ``price_step``, or, if it trails, one step above the highest price so far; that is the price then.
- The price at any other time is the newest close, before the first one the first open.
- A position is held where its amount, rounded down to ``amount_step``, is above zero. Amount and cost: a buy adds
  amount - fee (in base) and amount x price; a sell takes its share out of both.
- The highest price is counted from the first evaluation that finds the position held.
- The stop is the highest of: ``loss`` percent below cost / amount, ``price``, ``trailing`` percent below the highest.
- It acts at the first evaluation that finds the price at or below the stop. What is held is then sold at that
  price, at once; where it was no price inside a candle, at the open of the first that starts at or after that time.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from decimal import ROUND_FLOOR, Decimal, localcontext
from fractions import Fraction
from math import floor

from tests.reference.dca import Candle, Fill
from tests.reference.inside import falls_to, is_at_start, rises_to

__all__ = ["Act", "Guard", "acts"]

ZERO = Decimal(0)


@dataclass(frozen=True)
class Guard:
    """What the guard is told, in percent and quote."""

    loss: Decimal | None = None
    price: Decimal | None = None
    trailing: Decimal | None = None
    amount_step: Decimal = Decimal("0.00000001")
    price_step: Decimal = Decimal("0.001")


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
    #: The price inside a candle at which it was evaluated last, if it was.
    shown: Decimal | None = None

    def rises_at_close(self) -> bool:
        return self.guard.trailing is not None and self.highest is not None and self.last > self.highest

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

    def met(self, candle: Candle) -> tuple[int, Fraction] | None:
        """Return when inside a candle, and at what price, it is evaluated next."""
        if self.stop is None or self.highest is None:
            return None
        since, step = max(self.evaluated, candle.start), Fraction(self.guard.price_step)
        found = [falls_to(candle, floor(Fraction(self.stop) / step) * step, since, step)]
        if self.guard.trailing is not None:
            found.append(rises_to(candle, Fraction(self.highest) + step, since, step))
        return min((each for each in found if each is not None), default=None)


def acts(
    candles: Sequence[Candle], fills: Sequence[Fill], guard: Guard, same_instant: Callable[[Fill], bool]
) -> Act | None:
    """Return when ``guard`` acts on an automation with these ``fills``, or None if it never does."""
    with localcontext(prec=60):
        scan = _Scan(guard, candles[0].open)
        scan.evaluate(candles[0].start)
        for candle in candles:
            # Of a fill at a close there is no other word than at the next candle's start.
            now = [fill for fill in fills if candle.start <= fill.time < candle.end]
            times = sorted({fill.time for fill in now})
            for time in [*times, candle.end]:
                _wait(scan, candle, time)
                if time < candle.end and scan.acted is None:
                    there = [fill for fill in now if fill.time == time]
                    early = [fill for fill in there if not same_instant(fill)]
                    _instant(scan, time, early, [fill for fill in there if same_instant(fill)])
                if scan.acted is not None:
                    return _act(scan, candle)
            scan.last = candle.close
            if scan.stop is not None and (scan.last <= scan.stop or scan.rises_at_close()):
                scan.evaluate(max(candle.end, scan.evaluated + 1000))
                if scan.acted is not None:
                    after = next(candle for candle in candles if candle.start >= scan.acted)
                    return Act(scan.acted, after.start, after.open)
        return None


def _act(scan: _Scan, candle: Candle) -> Act:
    assert scan.acted is not None
    price = candle.open if scan.shown is None and is_at_start(candle, scan.acted) else scan.shown
    assert price is not None
    return Act(scan.acted, scan.acted, price)


def _wait(scan: _Scan, candle: Candle, until: int) -> None:
    """Evaluate at the prices inside a candle that are met before ``until``."""
    while scan.acted is None:
        met = scan.met(candle)
        if met is None or met[0] >= until:
            return
        known, scan.last = scan.last, Decimal(met[1].numerator) / Decimal(met[1].denominator)
        scan.shown = scan.last
        scan.evaluate(max(met[0], scan.evaluated + 1000))
        scan.last = known


def _instant(scan: _Scan, now: int, early: Sequence[Fill], late: Sequence[Fill]) -> None:
    scan.shown = None
    for fill in early:
        scan.take(fill)
    if early:
        scan.evaluate(max(now, scan.evaluated + 1000))
    for fill in late:
        scan.take(fill)
    if late and scan.acted is None:
        scan.evaluate(max(now, scan.evaluated + 1000))
