"""What an automation was worth at every candle's close, and how far that fell."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal, localcontext

import sqlalchemy as sa

from octobot_node.contracts.exchanges import ExchangeTrade
from octobot_node.engine.ledger.book import ZERO, Book, Owner, exact, rounded
from octobot_node.quote_assets import base_of, counted_in, paid_from, quote_of
from octobot_node.reports.performance import Point
from octobot_node.store.queries import lists
from octobot_node.store.rows.ledger import FillRow
from octobot_node.store.tables import fills, positions

__all__ = ["Fall", "equity_curve", "equity_points", "falls_beside_deposits", "largest_falls"]


@dataclass(frozen=True, slots=True)
class Fall:
    """The largest fall in money and the largest as a ratio of the peak before it: two different falls, it may be."""

    amount: Decimal
    ratio: Decimal


def largest_falls(start: Decimal, curve: Iterable[Decimal]) -> Fall:
    """Return how far equity fell at the most: over all t, (highest up to t) - (equity at t), from ``start`` on."""
    peak, amount, ratio = start, ZERO, ZERO
    for equity in curve:
        peak = max(peak, equity)
        amount = max(amount, peak - equity)
        if peak > 0:
            ratio = max(ratio, (peak - equity) / peak)
    return Fall(amount, ratio)


def falls_beside_deposits(start: Decimal, curve: Iterable[tuple[Decimal, Decimal]]) -> Fall:
    """Return the same of (equity, what had been given until then), where a deposit is no gain and a withdrawal no loss.

    The amount is the largest fall of equity less what was given. The ratio is that of a unit's worth, u = 1 at
    ``start``: from one point to the next it becomes u * (equity - what was given in between) / (equity before).
    """
    amount, gained, peak_of_gains = ZERO, ZERO, ZERO
    ratio, unit, peak = ZERO, Decimal(1), Decimal(1)
    before, given = start, start
    with localcontext(rounded()):
        for equity, so_far in curve:
            gained = equity - so_far
            peak_of_gains = max(peak_of_gains, gained)
            amount = max(amount, peak_of_gains - gained)
            if before > 0:
                unit *= (equity - (so_far - given)) / before
            peak = max(peak, unit)
            ratio = max(ratio, (peak - unit) / peak)
            before, given = equity, so_far
    return Fall(amount, ratio)


def equity_curve(
    connection: sa.Connection, automation_id: str, asset: str, closes: Mapping[str, Mapping[int, Decimal]]
) -> list[Decimal]:
    """Return an automation's equity at every candle close, counted in ``asset``.

    ``closes`` maps symbol to {close time in ms UTC: price}. Equity is the money in ``asset`` plus every position that
    is counted in it at its symbol's latest close, after all that happened up to and including that time: the same
    assets as in the report. Before a symbol's first close it is worth what was paid for it last.
    """
    return [point.equity for point in equity_points(connection, automation_id, asset, closes)]


def equity_points(
    connection: sa.Connection, automation_id: str, asset: str, closes: Mapping[str, Mapping[int, Decimal]]
) -> list[Point]:
    """Return the same with each close's time, and whether anything was held then."""
    past = _Past.of(connection, automation_id, asset)
    columns = fills.c
    statement = sa.select(fills).where(columns.automation_id == automation_id).order_by(columns.at, columns.id)
    made = connection.execute(statement).all()
    times = sorted({time for series in closes.values() for time in series})
    curve, index = [], 0
    for time in times:
        while index < len(made) and made[index].at <= time:
            past.settle(made[index])
            index += 1
        past.closes.update((symbol, series[time]) for symbol, series in closes.items() if time in series)
        curve.append(Point(time, past.equity(), past.holds))
    return curve


@dataclass(slots=True)
class _Past:
    """An automation's book, filled once more by what it did."""

    owner: Owner
    asset: str
    #: Of all that it ever held: what is paid from what does not change on the way.
    symbols: list[str]
    book: Book = field(default_factory=Book)
    closes: dict[str, Decimal] = field(default_factory=dict)
    paid: dict[str, Decimal] = field(default_factory=dict)

    @classmethod
    def of(cls, connection: sa.Connection, automation_id: str, asset: str) -> _Past:
        held = connection.execute(sa.select(positions).where(positions.c.automation_id == automation_id)).all()
        budget = lists.budget(connection, [automation_id])[automation_id]
        past = cls(Owner(automation_id, "", ""), asset, sorted(row.symbol for row in held))
        for name, amount in budget.items():
            past.book.deposit(past.owner, name, amount, 0)
        for row in held:
            position = past.book.position(past.owner, row.symbol)
            if row.opening_cost:
                position.amount = budget.get(base_of(row.symbol), ZERO)
                position.cost, position.carried = row.opening_cost, row.opening_carried
        return past

    def settle(self, fill: FillRow) -> None:
        """Book a fill."""
        trade = ExchangeTrade(
            fill.exchange_trade_id, fill.exchange_order_id, None, fill.symbol, fill.side, fill.amount, fill.price,
            fill.cost, fill.fee, fill.fee_asset, fill.liquidity, fill.at,
        )  # fmt: skip
        self.book.settle(self.owner, base_of(fill.symbol), quote_of(fill.symbol), trade, ZERO, fill.id)
        self.paid[fill.symbol] = fill.price

    def equity(self) -> Decimal:
        """Return what there is, at the latest prices."""
        with exact():
            money = self.book.free(self.owner.automation_id, self.asset)
        with localcontext(rounded()):
            return sum(self._worths(), money)

    @property
    def holds(self) -> bool:
        """Whether anything is held that is counted in the asset."""
        held = self.book.held
        return any(
            held[self.owner.automation_id, symbol].amount
            for symbol in self.symbols
            if counted_in(symbol, self.symbols) == self.asset
        )

    def _worths(self) -> Iterator[Decimal]:
        for symbol in self.symbols:
            held = self.book.held[self.owner.automation_id, symbol]
            if not held.amount or counted_in(symbol, self.symbols) != self.asset:
                continue
            direct = quote_of(symbol) == self.asset
            rate = Decimal(1) if direct else self._price(paid_from(symbol, self.symbols) or "")
            price = self._price(symbol)
            if price is None or rate is None:
                yield held.cost if direct else held.carried
            else:
                yield held.amount * price * rate

    def _price(self, symbol: str) -> Decimal | None:
        return self.closes.get(symbol, self.paid.get(symbol))
