"""What things were worth over time: an automation's own holdings at the prices of then, and sums that were sampled."""

from __future__ import annotations

import bisect
import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import NamedTuple

import sqlalchemy as sa

from octobot_node.engine.ledger.book import ZERO, exact, rounded
from octobot_node.engine.standings.standing import Standing
from octobot_node.errors import CommandRefused
from octobot_node.market import from_ms
from octobot_node.operations.context import OperationContext
from octobot_node.operations.lookup import account_id, automation_id
from octobot_node.operations.periods import the_period
from octobot_node.operations.trading.models.equity import (
    CourseOfAutomation,
    CoursePoint,
    CourseTotal,
    Deposit,
    ShowCourse,
    ShowSparklines,
    ShowTotalCourse,
    Sparkline,
    SparklinePage,
    TotalCourse,
    TotalPoint,
)
from octobot_node.reports.equity_curve import falls_beside_deposits, largest_falls
from octobot_node.store.queries import courses as statements
from octobot_node.store.queries import lists
from octobot_node.store.rows.ledger import EquityRow, EquitySampleRow, PostingRow, PriceSampleRow
from octobot_node.store.standings import samples

__all__ = ["course", "sparklines", "total_course"]

_STEP = Decimal("1e-8")
_MINUTE_MS, _QUARTER_MS, _DAY_MS = 60_000, 900_000, 86_400_000


@dataclass(slots=True)
class _Series:
    """Prices of one symbol, by time."""

    times: list[int] = field(default_factory=list)
    prices: list[Decimal] = field(default_factory=list)

    def at(self, moment: int) -> Decimal | None:
        """Return the last price until a moment, or None."""
        index = bisect.bisect_right(self.times, moment)
        return self.prices[index - 1] if index else None


def _series(rows: Iterable[PriceSampleRow]) -> dict[str, _Series]:
    found: dict[str, _Series] = {}
    for row in sorted(rows, key=lambda each: each.at):
        series = found.setdefault(row.symbol, _Series())
        series.times.append(row.at)
        series.prices.append(row.price)
    return found


@dataclass(frozen=True, slots=True)
class _Held:
    """What an automation had from a moment on."""

    at: int
    money: Decimal
    cost: Decimal
    realised: Decimal
    #: What it had been given until then.
    start: Decimal
    amounts: tuple[tuple[str, str, Decimal], ...]

    @classmethod
    def of(cls, row: EquityRow) -> _Held:
        amounts = tuple((symbol, payer, Decimal(amount)) for symbol, payer, amount in json.loads(row.held))
        return cls(row.at, row.money, row.equity, row.realised, row.start, amounts)

    def worth(self, prices: dict[str, _Series], moment: int) -> tuple[Decimal, bool]:
        """Return its equity at a moment, and whether everything had a price; otherwise it is worth its cost."""
        found = self.money
        with exact():
            for symbol, payer, amount in self.amounts:
                last, rate = _price(prices, symbol, moment), _price(prices, payer, moment) if payer else Decimal(1)
                if last is None or rate is None:
                    return self.cost, False
                found += amount * last * rate
        return found, True


def _price(prices: dict[str, _Series], symbol: str, moment: int) -> Decimal | None:
    series = prices.get(symbol)
    return None if series is None else series.at(moment)


def course(context: OperationContext, request: ShowCourse) -> CourseOfAutomation:
    """Return what an automation was worth between two times, marked to market, and what holding would have been."""
    found, period = automation_id(context, request.automation), the_period(request.since, request.until)
    now = context.core.clock.now()
    with context.core.storage.read() as connection:
        standing = context.core.standings.of(connection, [found]).get(found)
        if standing is None:
            raise CommandRefused(f"the automation {found} was deleted meanwhile")
        (row,) = lists.listed_automations(connection, [found])
        since = max(period.since or 0, standing.created_at)
        until = min(now if period.until is None else period.until, now)
        held = _holdings(connection, standing, since, until)
        symbols = _symbols(held) | set(standing.symbols[:1])
        prices = _series(samples.prices_between(connection, row.source, symbols, since, until))
        deposits = statements.deposits(connection, found, since, until)
        hold = _hold(connection, row.source, standing, until)
    _add_now(context, row.source, symbols, prices, until, now)
    moments = _moments(held, prices, since, until, request.points)
    points = [_point(held, prices, hold, moment) for moment in moments]
    falls = falls_beside_deposits(held[0].start, [(point.equity, point.start) for point in points])
    return CourseOfAutomation(
        automation=standing.name,
        automation_id=found,
        asset=standing.main.asset,
        points=points,
        deposits=[Deposit(at=from_ms(each.at), asset=each.asset, amount=each.amount) for each in deposits],
        hold_symbol="" if hold is None else hold.symbol,
        max_drawdown=falls.amount,
        max_drawdown_ratio=rounded().quantize(falls.ratio, _STEP),
    )


def _holdings(connection: sa.Connection, standing: Standing, since: int, until: int) -> list[_Held]:
    """Return what it had, from what it had at first or before ``since`` on."""
    rows = [
        row for row in statements.points_from(connection, standing.id, since, until) if row.asset == standing.main.asset
    ]
    created = standing.created_at
    given: dict[str, Decimal] = {}
    with exact():
        for each in statements.deposits(connection, standing.id, created, created):
            given[each.asset] = given.get(each.asset, ZERO) + each.amount
    start = _first_start(standing, rows)
    first = _Held(created, start, start, ZERO, start, tuple(_opening(connection, standing, given)))
    if first.amounts:
        first = _Held(created, given.get(standing.main.asset, ZERO), start, ZERO, start, first.amounts)
    return [first, *(_Held.of(row) for row in rows)]


def _first_start(standing: Standing, rows: Sequence[EquityRow]) -> Decimal:
    """Return what it had been given before the first of these points: what changes that leaves one before, too."""
    return rows[0].start if rows else standing.main.start


def _opening(
    connection: sa.Connection, standing: Standing, given: Mapping[str, Decimal]
) -> Iterable[tuple[str, str, Decimal]]:
    """Yield what a budget in base assets was, as a position."""
    for row in statements.opened(connection, standing.id):
        base, _, quote = row.symbol.partition("/")
        if row.opening_cost and quote == standing.main.asset and base in given:
            yield row.symbol, "", given[base]


def _symbols(held: Sequence[_Held]) -> set[str]:
    return {symbol for each in held for one, other, _ in each.amounts for symbol in (one, other) if symbol}


class _Bought(NamedTuple):
    """What would have been bought and held instead: how much of it from when on, oldest first."""

    symbol: str
    amounts: Sequence[tuple[int, Decimal]]

    def worth(self, prices: dict[str, _Series], moment: int) -> Decimal | None:
        price = _price(prices, self.symbol, moment)
        index = bisect.bisect_right(self.amounts, moment, key=lambda each: each[0])
        amount = self.amounts[max(index - 1, 0)][1]
        return None if price is None else rounded().quantize(rounded().multiply(amount, price), _STEP)


def _hold(connection: sa.Connection, source: str, standing: Standing, until: int) -> _Bought | None:
    """Return the symbol that is held instead, and how much of it each deposit buys; None: a price is not known."""
    wanted = next((each for each in standing.symbols if each.partition("/")[2] == standing.main.asset), None)
    if wanted is None:
        return None
    later = _deposits_after(connection, standing, until)
    with exact():
        start = standing.main.start - sum((each.amount for each in later), ZERO)
    if start <= 0:
        return None
    amount, amounts = ZERO, []
    for at, given in [(standing.created_at, start), *((each.at, each.amount) for each in later)]:
        price = statements.first_price(connection, source, wanted, at)
        if not price:
            # One that was made a moment ago, when no sample was taken yet: it is worth what it was until there is one.
            break
        amount = rounded().add(amount, rounded().divide(given, price))
        amounts.append((at, amount))
    return _Bought(wanted, amounts) if amounts else None


def _deposits_after(connection: sa.Connection, standing: Standing, until: int) -> list[PostingRow]:
    """Return what it was given after it was created, in the asset that it is shown in."""
    found = statements.deposits(connection, standing.id, standing.created_at + 1, max(until, standing.created_at))
    return [each for each in found if each.asset == standing.main.asset]


def _add_now(
    context: OperationContext, source: str, symbols: Collection[str], prices: dict[str, _Series], until: int, now: int
) -> None:
    """Add the last prices, where the course goes on until now."""
    if until < now:
        return
    last = context.core.standings.prices
    last.want({(source, symbol) for symbol in symbols})
    for symbol in symbols:
        price = last.get(source, symbol)
        if price is not None:
            series = prices.setdefault(symbol, _Series())
            series.times.append(now)
            series.prices.append(price)


def _moments(held: Sequence[_Held], prices: dict[str, _Series], since: int, until: int, points: int) -> list[int]:
    """Return when there is something to tell: fills and samples, evenly thinned; the first and the last stay."""
    times = {each.at for each in held} | {time for series in prices.values() for time in series.times}
    found = sorted({max(since, 0), until, *(time for time in times if since <= time <= until)})
    if len(found) <= points:
        return found
    width = max((until - since) // (points - 1), 1)
    last = {time // width: time for time in found}
    return sorted({found[0], *last.values()})[-points:]


def _point(held: Sequence[_Held], prices: dict[str, _Series], hold: _Bought | None, moment: int) -> CoursePoint:
    index = bisect.bisect_right(held, moment, key=lambda each: each.at)
    had = held[max(index - 1, 0)]
    equity, priced = had.worth(prices, moment)
    kept = None if hold is None else hold.worth(prices, moment)
    return CoursePoint(
        at=from_ms(moment), equity=equity, start=had.start, realised=had.realised, priced=priced, held=kept
    )


# Together ------------------------------------------------------------------------------------------------------------


def total_course(context: OperationContext, request: ShowTotalCourse) -> TotalCourse:
    """Return what automations were worth together, by asset, at the samples that were taken."""
    period = the_period(request.since, request.until)
    now = context.core.clock.now()
    until = now if period.until is None else period.until
    account = None if request.account is None else account_id(context, request.account)
    with context.core.storage.read() as connection:
        accounts = _accounts(context, connection, account, paper=request.paper)
        since = period.since
        if since is None:
            since = statements.first_sample(connection) or now
        rows = samples.equity_between(connection, context.owner, accounts, since, until)
    return TotalCourse(
        courses=[_total(asset, mine, since, until, request.points) for asset, mine in sorted(_by_asset(rows).items())],
        sampled_every=context.core.settings.equity_sample_interval,
    )


def _accounts(
    context: OperationContext, connection: sa.Connection, account: str | None, *, paper: bool | None
) -> list[str] | None:
    if paper is None:
        return None if account is None else [account]
    trading = [name for name, factory in context.registry.trading.items() if factory.simulated is paper]
    found = statements.accounts_trading(connection, trading, context.owner)
    return found if account is None else [each for each in found if each == account]


def _by_asset(rows: Iterable[EquitySampleRow]) -> dict[str, list[EquitySampleRow]]:
    found: dict[str, list[EquitySampleRow]] = {}
    for row in rows:
        found.setdefault(row.asset, []).append(row)
    return found


def _total(asset: str, rows: Sequence[EquitySampleRow], since: int, until: int, points: int) -> CourseTotal:
    """Return the sums of accounts; one that has no sample of a moment is worth what it was at the last before."""
    width = max((until - since) // points, 1)
    last: dict[str, EquitySampleRow] = {}
    chosen: dict[int, TotalPoint] = {}
    at = [row.at for row in rows]
    for index, row in enumerate(rows):
        last[row.account_id] = row
        if index + 1 == len(rows) or at[index + 1] != row.at:
            with exact():
                chosen[row.at // width] = TotalPoint(
                    at=from_ms(row.at),
                    equity=sum((each.equity for each in last.values()), ZERO),
                    start=sum((each.start for each in last.values()), ZERO),
                    realised=sum((each.realised for each in last.values()), ZERO),
                    unpriced=sum(each.unpriced for each in last.values()),
                )
    told = list(chosen.values())[-points:]
    with exact():
        gains = [point.equity - point.start for point in told]
    return CourseTotal(asset=asset, points=told, max_drawdown=largest_falls(ZERO, gains).amount)


# Many small ones -----------------------------------------------------------------------------------------------------


def sparklines(context: OperationContext, request: ShowSparklines) -> SparklinePage:
    """Return small courses of some automations in one look: what each held, at the same few times."""
    now = context.core.clock.now()
    since = now - int(request.days * _DAY_MS)
    step = _MINUTE_MS if request.days <= 1 else _QUARTER_MS
    # The last one is now.
    before = request.points - 1
    times = sorted({(since + (now - since) * n // before) // step * step for n in range(before)})
    with context.core.storage.read() as connection:
        standings = context.core.standings.of(connection, request.ids)
        mine = {id_: each for id_, each in standings.items() if context.owner in (None, each.owner)}
        sources = {row.id: row.source for row in lists.listed_automations(connection, list(mine))}
        points: dict[str, list[EquityRow]] = {}
        for row in statements.points_of_many(connection, list(mine), times[0], now):
            points.setdefault(row.automation_id, []).append(row)
        held = {
            id_: [
                _Held(each.created_at, start, start, ZERO, start, ()),
                *(_Held.of(row) for row in rows),
            ]
            for id_, each in mine.items()
            for rows in [[row for row in points.get(id_, []) if row.asset == each.main.asset]]
            for start in [_first_start(each, rows)]
        }
        prices = _prices_at(connection, sources, held, times)
    for id_, each in held.items():
        _add_now(context, sources[id_], _symbols(each), prices.setdefault(sources[id_], {}), now, now)
    return SparklinePage(
        times=[from_ms(moment) for moment in [*times, now]],
        rows=[
            Sparkline(
                automation_id=id_,
                asset=mine[id_].main.asset,
                equity=[
                    _small(held[id_], prices.get(sources[id_], {}), moment, mine[id_].main.start)
                    for moment in [*times, now]
                ],
            )
            for id_ in request.ids
            if id_ in mine
        ],
    )


def _prices_at(
    connection: sa.Connection, sources: dict[str, str], held: dict[str, list[_Held]], times: Sequence[int]
) -> dict[str, dict[str, _Series]]:
    symbols: dict[str, set[str]] = {}
    for id_, each in held.items():
        symbols.setdefault(sources[id_], set()).update(_symbols(each))
    return {
        source: _series(samples.prices_near(connection, source, wanted, times)) if wanted else {}
        for source, wanted in symbols.items()
    }


def _small(held: Sequence[_Held], prices: dict[str, _Series], moment: int, given: Decimal) -> Decimal | None:
    """Return what it was worth, had it been given then already what it is given now."""
    index = bisect.bisect_right(held, moment, key=lambda each: each.at)
    if not index:
        return None
    had = held[index - 1]
    equity, priced = had.worth(prices, moment)
    with exact():
        return equity - had.start + given if priced else None
