"""What a grid must do on past candles, computed without a line of octobot_node: the oracle of the replay tests.

The rules, and nothing else:

- Levels: n prices from ``lower`` to ``upper``, equally far apart, or each the same multiple of the one below, rounded
  to ``price_step`` (half to even). Between two neighbouring levels is a cell: it buys at its lower and sells at its
  upper one.
- A cell buys ``amount``, or ``spend`` / its lower price, rounded down to ``amount_step``. It sells what it has, rounded
  down; what that leaves it keeps, and sells with a later round.
- T0 is the first candle's start, and the price then its open; later the price is the newest close. At T0 the cells
  whose lower price is below the price begin by buying, the others are idle: each wants what a buy would leave after the
  fee. With ``buy_at_start`` one market buy gets that for all of them, the fee added, rounded up. If cash is less than
  it and the buys below the price cost, or than 1 % more than it alone, it is for fewer: one more cell above the price,
  then one more below it, and so on outwards, are counted in until the first that does not fit. As long as that is open
  nothing else is ordered.
- Idle cells are given what was bought, the lowest first, and then sell. One whose lower price is at least one
  ``price_step`` below the price at an evaluation begins by buying instead.
- The stop-loss: price at or below ``stop_price``, or cash and base at the price less the cash at the start at or below
  -``stop_percent`` % of the capital (what all the buys cost, and what the idle cells want at the price of T0; without
  ``buy_at_start`` what their buys cost). Take-profit likewise. Then every order is cancelled, and one second later, or
  at once if none was open, everything is sold at market. After that nothing is ordered any more.
- Of the cells that buy only the ``per_side`` highest have orders, of those that sell the lowest. An order is placed if
  the cash (base) not reserved by others pays for it; after one that cannot be paid, no further one of that side is.
  A reservation ends with the evaluation after the one that cancels.
- An evaluation is made at T0, at fills, a second after a cancel, at every close where an exit is due or an idle
  cell may begin, and at the prices inside a candle at which the next exit is due or the lowest idle cell may begin,
  with what is held then (``inside.py``); at least a second after the one before. Such a price is the one that is
  evaluated, and the resting orders that it is strictly through have filled.
- An order is placed at the time P of the evaluation that decides it. It meets the market at the first candle that
  starts at or after P, or the one that has just begun (``inside.py``): a market order fills there at the open, and so
  does a limit order that the open is at or better than. Fill time: that candle's start, or P. A limit order that comes
  later into a candle rests if what is known does not satisfy it. Otherwise it rests and fills at its own price in the
  first candle (that one or a later one) that trades strictly through it. Fill time: that candle's close.
- The fee is taken from what is received, or with ``fee_in_quote`` from the quote.
- Grid profit: whenever a sale ends a round that began with a buy of the cell, what it brought less what was paid for
  it. What was paid for the base that a cell keeps is its share, by amount, of what was paid before the sale; rounded to
  18 decimals (half to even).
"""

from __future__ import annotations

import csv
import gzip
from dataclasses import dataclass, field
from decimal import ROUND_CEILING, ROUND_FLOOR, ROUND_HALF_EVEN, Decimal, localcontext
from fractions import Fraction
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

from tests.reference.inside import SHOWN, falls_to, is_at_start, rises_to

__all__ = ["Candle", "Fill", "Outcome", "Plan", "compute", "level_prices", "read_candles"]

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
class Plan:
    cash: Decimal
    lower: Decimal
    upper: Decimal
    levels: int
    geometric: bool = False
    amount: Decimal | None = None
    spend: Decimal | None = None
    buy_at_start: bool = True
    stop_price: Decimal | None = None
    stop_percent: Decimal | None = None
    profit_price: Decimal | None = None
    profit_percent: Decimal | None = None
    per_side: int | None = None
    fee: Decimal = Decimal("0.001")
    fee_in_quote: bool = False
    price_step: Decimal = Decimal("0.001")
    amount_step: Decimal = Decimal("0.00000001")


class Fill(NamedTuple):
    time: int
    side: str
    price: Decimal
    amount: Decimal
    fee: Decimal
    fee_asset: str


@dataclass(frozen=True)
class Outcome:
    fills: list[Fill]
    cash: Decimal
    base: Decimal
    grid_profit: Decimal
    round_trips: int
    final_equity: Decimal
    #: Total profit at the last evaluation.
    told_profit: Decimal
    closed: str


@dataclass(eq=False)
class Cell:
    low: Decimal
    high: Decimal
    amount: Decimal
    wants: Decimal
    mode: str = "idle"
    has: Decimal = ZERO
    cost: Decimal = ZERO
    bought: bool = False


@dataclass(eq=False)
class Order:
    side: str
    placed: int
    amount: Decimal
    price: Decimal | None = None
    cell: Cell | None = None
    reserved: Decimal = ZERO
    rests: bool = False
    #: It came well into a candle, and was not marketable by what was known.
    late: bool = False


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


def level_prices(plan: Plan) -> list[Decimal]:
    """Return the levels, lowest first; by logarithms, to 100 digits."""
    with localcontext(prec=100):
        share = [Decimal(level) / (plan.levels - 1) for level in range(plan.levels)]
        if plan.geometric:
            exact = [(plan.lower.ln() * (1 - part) + plan.upper.ln() * part).exp() for part in share]
            # A logarithm's last digits must not decide a tie.
            exact = [price.quantize(Decimal("1e-60")) for price in exact]
        else:
            exact = [plan.lower + (plan.upper - plan.lower) * part for part in share]
        return [_rounded(price, plan.price_step, ROUND_HALF_EVEN) for price in exact]


def compute(candles: list[Candle], plan: Plan) -> Outcome:
    """Return what ``plan`` comes to on ``candles``, to 80 significant digits."""
    with localcontext(prec=80):
        return _Replay(candles, plan).run()


@dataclass
class _Replay:
    candles: list[Candle]
    plan: Plan
    cash: Decimal = ZERO
    base: Decimal = ZERO
    price: Decimal = ZERO
    candle: Candle | None = None
    #: The newest price that was waited for inside the present candle, and when it is seen.
    shown: tuple[int, Decimal] | None = None
    capital: Decimal = ZERO
    cells: list[Cell] = field(default_factory=list)
    #: What was bought at the start and given to no cell.
    pool: Decimal = ZERO
    orders: list[Order] = field(default_factory=list)
    #: Those that the present evaluation cancels: they reserve until the next.
    leaving: list[Order] = field(default_factory=list)
    fills: list[Fill] = field(default_factory=list)
    grid_profit: Decimal = ZERO
    round_trips: int = 0
    told_profit: Decimal = ZERO
    closed: str = ""
    over: bool = False
    woken: int = NEVER
    last: int = -NEVER

    def run(self) -> Outcome:
        plan, first = self.plan, self.candles[0]
        self.cash, self.price = plan.cash, first.open
        self.woken = first.start
        for candle in self.candles:
            self.evaluate_until(candle.start - 1)
            self.candle = candle
            self.fill_at_open(candle, candle.start)  # what was placed before this candle
            self.go_through(candle)
            self.fill_through(candle)
            self.price, self.shown = candle.close, None
            if self.exit_due() or any(self.may_begin(cell) for cell in self.cells):
                self.wake(candle.end)
        return Outcome(
            self.fills,
            self.cash,
            self.base,
            self.grid_profit,
            self.round_trips,
            self.cash + self.base * self.candles[-1].close,
            self.told_profit,
            self.closed,
        )

    # The market.

    def go_through(self, candle: Candle) -> None:
        """Evaluate whenever it is time, and at the prices inside the candle that are waited for."""
        self.evaluate_until(candle.start)
        while True:
            met = self.met(candle)
            if met is None or self.woken < met[0]:
                if self.woken >= candle.end:
                    return
                self.evaluate_until(self.woken)
            elif met[0] >= candle.end:
                return
            else:
                self.meet_price(*met)

    def met(self, candle: Candle) -> tuple[int, Fraction] | None:
        since, step = max(self.last, candle.start), Fraction(self.plan.price_step)
        above, below = self.levels()
        found = [rises_to(candle, Fraction(min(above)), since, step)] if above else []
        found += [falls_to(candle, Fraction(max(below)), since, step)] if below else []
        return min((each for each in found if each is not None), default=None)

    def levels(self) -> tuple[list[Decimal], list[Decimal]]:
        """Return the prices above and below which are waited for."""
        plan = self.plan
        if self.closed or not self.cells:
            return [], []
        above = [plan.profit_price] if plan.profit_price is not None else []
        below = [plan.stop_price] if plan.stop_price is not None else []
        if self.base > 0 and plan.profit_percent is not None:
            above.append(_rounded(self.price_of(plan.profit_percent), plan.price_step, ROUND_CEILING))
        if self.base > 0 and plan.stop_percent is not None:
            below.append(_rounded(self.price_of(-plan.stop_percent), plan.price_step, ROUND_FLOOR))
        idle = [cell for cell in self.cells if cell.mode == "idle"]
        above += [cell.low + plan.price_step for cell in idle[:1]]
        return above, [level for level in below if level > 0]

    def price_of(self, percent: Decimal) -> Decimal:
        """Return the price at which the total profit is so many percent of the capital."""
        return (self.plan.cash + percent * self.capital / 100 - self.cash) / self.base

    def meet_price(self, moment: int, price: Fraction) -> None:
        exact = Decimal(price.numerator) / Decimal(price.denominator)
        for order in [order for order in self.orders if order.rests]:
            if order.price is not None and self.is_through(exact, order):
                self.fill(order, moment, order.price)
        self.wake(moment)
        self.shown = self.woken, exact
        self.evaluate_until(self.woken)

    def seen_price(self, now: int) -> Decimal | None:
        """Return the price inside a candle that is seen now, or None."""
        if self.shown is None:
            return None
        moment, price = self.shown
        return price if 0 <= now - moment < SHOWN and (now - moment) % 1000 == 0 else None

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
                is_filled = self.is_through(candle.low if order.side == "buy" else candle.high, order)
            else:
                is_filled = order.late and self.is_through(candle.close, order)
            if is_filled:
                self.fill(order, candle.end, order.price)

    @staticmethod
    def satisfies(price: Decimal, order: Order) -> bool:
        return order.price is None or (price <= order.price if order.side == "buy" else price >= order.price)

    @staticmethod
    def is_through(price: Decimal, order: Order) -> bool:
        assert order.price is not None
        return price < order.price if order.side == "buy" else price > order.price

    def meet_market(self, now: int) -> None:
        """Let what was placed just now meet the candle that is under way."""
        candle, shown = self.candle, self.seen_price(now)
        if candle is not None and shown is None and is_at_start(candle, now):
            self.fill_at_open(candle, now)
            return
        for order in [order for order in self.orders if order.placed == now and not order.rests]:
            if not self.satisfies(self.price if shown is None else shown, order):
                order.late = True
            elif shown is not None:
                self.fill(order, now, shown)

    def fill(self, order: Order, time: int, price: Decimal) -> None:
        self.orders.remove(order)
        plan, worth = self.plan, order.amount * price
        in_base = order.side == "buy" and not plan.fee_in_quote
        fee = (order.amount if in_base else worth) * plan.fee
        self.fills.append(Fill(time, order.side, price, order.amount, fee, "BTC" if in_base else "USD"))
        base = order.amount - (fee if in_base else ZERO) if order.side == "buy" else -order.amount
        cash = (-worth if order.side == "buy" else worth) - (ZERO if in_base else fee)
        self.base += base
        self.cash += cash
        if order.cell is None:
            self.pool += base
        else:
            self.move(order.cell, order.side, base, cash)
        self.wake(time)

    def move(self, cell: Cell, side: str, base: Decimal, cash: Decimal) -> None:
        cell.has += base
        if side == "buy":
            cell.mode, cell.bought, cell.cost = "sell", True, cell.cost - cash
            return
        kept = _rounded(cell.cost * cell.has / (cell.has - base), Decimal("1e-18"), ROUND_HALF_EVEN)
        if cell.bought:
            self.grid_profit += cash - (cell.cost - kept)
            self.round_trips += 1
        cell.mode, cell.cost = "buy", kept

    # The automation.

    def wake(self, time: int) -> None:
        if not self.over:
            self.woken = min(self.woken, max(time, self.last + 1000))

    def evaluate_until(self, moment: int) -> None:
        while self.woken <= moment:
            self.last, self.woken, self.leaving = self.woken, NEVER, []
            known, shown = self.price, self.seen_price(self.last)
            self.price = known if shown is None else shown
            self.evaluate(self.last)
            self.told_profit = self.profit()
            self.price = known
            self.meet_market(self.last)

    def evaluate(self, now: int) -> None:
        if not self.closed:
            self.closed = self.exit_due()
            for order in list(self.orders) if self.closed else []:
                self.cancel(order, now)
        if self.closed:
            self.close(now)
        elif not self.cells:
            self.begin(now)
        elif not any(order.price is None for order in self.orders):
            self.keep_orders(now)

    def begin(self, now: int) -> None:
        plan, prices = self.plan, level_prices(self.plan)
        for low, high in pairwise(prices):
            amount = _rounded(plan.amount or plan.spend / low, plan.amount_step, ROUND_FLOOR)  # type: ignore[operator]
            wants = amount if plan.fee_in_quote else _rounded(amount * (1 - plan.fee), plan.amount_step, ROUND_FLOOR)
            self.cells.append(Cell(low, high, amount, wants, mode="buy" if low < self.price else "idle"))
        idle = [cell for cell in self.cells if cell.mode == "idle"]
        self.capital = sum((self.takes(cell.amount, cell.low) for cell in self.cells if cell.mode == "buy"), ZERO)
        for cell in idle:
            self.capital += cell.wants * self.price if plan.buy_at_start else cell.amount * cell.low
        count = self.affordable(idle) if plan.buy_at_start else 0
        if count:
            self.orders.append(Order("buy", now, self.opening(idle[:count])))
        else:
            self.keep_orders(now)

    def affordable(self, idle: list[Cell]) -> int:
        """Return for how many idle cells is bought at the start."""
        below = [self.takes(cell.amount, cell.low) for cell in reversed(self.cells) if cell.mode == "buy"]
        sides = sorted([(place, 0) for place in range(len(idle))] + [(place, 1) for place in range(len(below))])
        above = under = 0
        for _, side in sides:
            above, under = above + (side == 0), under + (side == 1)
            cost = self.takes(self.opening(idle[:above]), self.price)
            fits = cost + sum(below[:under], ZERO) <= self.cash and cost * Decimal("1.01") <= self.cash
            if not fits:
                return above - (side == 0)
        return above

    def opening(self, idle: list[Cell]) -> Decimal:
        wanted = sum((cell.wants for cell in idle), ZERO)
        gross = wanted if self.plan.fee_in_quote else wanted / (1 - self.plan.fee)
        return _rounded(gross, self.plan.amount_step, ROUND_CEILING)

    def keep_orders(self, now: int) -> None:
        for cell in self.cells:
            if cell.mode == "idle" and cell.wants <= self.pool:
                cell.mode, cell.has = "sell", cell.wants
                self.pool -= cell.wants
            elif self.may_begin(cell):
                cell.mode = "buy"
        sells = [cell for cell in self.cells if cell.mode == "sell"][: self.plan.per_side]
        buys = [cell for cell in reversed(self.cells) if cell.mode == "buy"][: self.plan.per_side]
        for order in [order for order in self.orders if order.cell not in [*sells, *buys]]:
            self.cancel(order, now)
        for cells, side in ((sells, "sell"), (buys, "buy")):
            ordered = [order.cell for order in self.orders]
            for cell in cells:
                if cell not in ordered and not self.place(cell, side, now):
                    break

    def place(self, cell: Cell, side: str, now: int) -> bool:
        if side == "sell":
            amount = reserved = _rounded(cell.has, self.plan.amount_step, ROUND_FLOOR)
            free, price = self.base, cell.high
        else:
            amount, reserved = cell.amount, self.takes(cell.amount, cell.low)
            free, price = self.cash, cell.low
        free -= sum((order.reserved for order in [*self.orders, *self.leaving] if order.side == side), ZERO)
        if reserved > free:
            return False
        self.orders.append(Order(side, now, amount, price, cell, reserved))
        return True

    def may_begin(self, cell: Cell) -> bool:
        return cell.mode == "idle" and not self.closed and self.price >= cell.low + self.plan.price_step

    def cancel(self, order: Order, now: int) -> None:
        self.orders.remove(order)
        self.leaving.append(order)
        self.wake(now + 1000)

    def takes(self, amount: Decimal, price: Decimal) -> Decimal:
        return amount * price * (1 + self.plan.fee if self.plan.fee_in_quote else 1)

    # Closing.

    def profit(self) -> Decimal:
        return self.cash + self.base * self.price - self.plan.cash

    def exit_due(self) -> str:
        plan = self.plan
        if self.closed:
            return ""
        loss, gain = plan.stop_percent, plan.profit_percent
        known = bool(self.capital)
        if (plan.stop_price is not None and self.price <= plan.stop_price) or (
            known and loss is not None and self.profit() * 100 <= -loss * self.capital
        ):
            return "stop-loss"
        if (plan.profit_price is not None and self.price >= plan.profit_price) or (
            known and gain is not None and self.profit() * 100 >= gain * self.capital
        ):
            return "take-profit"
        return ""

    def close(self, now: int) -> None:
        if self.leaving or self.orders:
            return  # one thing at a time: the next evaluation sells
        amount = _rounded(self.base, self.plan.amount_step, ROUND_FLOOR)
        if amount:
            self.orders.append(Order("sell", now, amount))
        else:
            self.over = True


def _rounded(value: Decimal, step: Decimal, rounding: str) -> Decimal:
    return (value / step).to_integral_value(rounding) * step
