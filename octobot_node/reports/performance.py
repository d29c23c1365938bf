"""What a course of equity amounts to: return, risk and trades, each by the formula that docs/replays.md gives.

Nothing here reads a store or a clock. A figure that too few points would make misleading is None, with the reason.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal, localcontext
from itertools import pairwise

from pydantic import BaseModel, ConfigDict, Field

from octobot_node.market import from_ms, to_ms
from octobot_node.specs import Amount

__all__ = ["Course", "Drawdown", "Figure", "Month", "Performance", "Point", "performance"]

ZERO = Decimal(0)
DAY_MS = 86_400_000
#: Markets that never close: a year has as many daily returns as days.
DAYS_A_YEAR = 365
#: A rate of a year is told of no less than a quarter of one, risk of no fewer daily returns than a month has.
LEAST_DAYS, LEAST_RETURNS = 90, 30
#: And of what trades bring no fewer than this.
LEAST_TRADES = 10
_DIGITS = Decimal("1e-10")


class _Model(BaseModel):
    model_config = ConfigDict(frozen=True, json_schema_serialization_defaults_required=True)


class Figure(_Model):
    """A figure, or why there is none."""

    value: Amount | None = Field(description="None where it cannot be told honestly.")
    reason: str = Field(default="", description="Why there is none.")


class Month(_Model):
    """What one calendar month, UTC, brought."""

    month: str = Field(description="Such as 2022-01.")
    value: Amount | None = Field(description="Return as a ratio; None where it began with nothing.")
    whole: bool = Field(description="Whether the replay has the month from its first to its last day.")


class Drawdown(_Model):
    """The largest fall from a peak, as a ratio of it."""

    ratio: Amount
    peak_at: datetime
    lowest_at: datetime
    recovered_at: datetime | None = Field(description="When the peak was reached again; None: never.")
    seconds: int = Field(description="From the peak until it was reached again, or to the end.")


class Performance(_Model):
    """What a course of equity amounts to. Ratios: 0.1 is 10 %; amounts are in ``asset``."""

    asset: str
    start: datetime
    end: datetime
    start_equity: Amount
    final_equity: Amount | None
    gain: Amount | None = Field(description="Final less start equity.")
    total_return: Figure = Field(description="Gain by start equity.")
    cagr: Figure = Field(description="The growth of a year of 365 days that would have brought the same.")
    volatility: Figure = Field(description="Standard deviation of daily returns, of a year.")
    sharpe: Figure = Field(description="Mean of daily returns by their standard deviation, of a year; no interest.")
    sortino: Figure = Field(description="Mean of daily returns by their downside deviation, of a year; target 0.")
    calmar: Figure = Field(description="CAGR by the largest drawdown.")
    max_drawdown: Drawdown | None = Field(description="None where equity never fell below a peak.")
    days: int = Field(description="Daily returns that risk is computed of.")
    exposure: Figure = Field(description="Part of the closes at which it held anything.")
    trades: int = Field(description="Orders that closed something, or a part of it.")
    win_rate: Figure = Field(description="Part of the trades that brought more than nothing, fees paid.")
    profit_factor: Figure = Field(description="What winning trades brought by what losing ones cost.")
    expectancy: Figure = Field(description="Mean of what trades brought, in `asset`.")
    months: list[Month]


@dataclass(frozen=True, slots=True)
class Point:
    """What there was at a time (ms UTC), and whether anything was held then."""

    at: int
    equity: Decimal
    held: bool = False


@dataclass(frozen=True, slots=True)
class Course:
    """Equity in ``asset`` from ``start`` (ms UTC) on; ``points`` are later, or as early, and in order of time.

    ``trades`` is what each order realised that closed something, fees paid.
    """

    asset: str
    start: int
    start_equity: Decimal
    points: Sequence[Point]
    trades: Sequence[Decimal] = ()


def performance(course: Course) -> Performance:
    """Return what a course amounts to."""
    # More digits than are told, and the same on every machine; without numbers that are too large for a reader.
    with localcontext(prec=40):
        return _Measured(course).told()


@dataclass(frozen=True, slots=True)
class _Measured:
    course: Course

    def told(self) -> Performance:
        course = self.course
        final = course.points[-1].equity if course.points else None
        drawdown = _largest_drawdown(course)
        cagr = self._cagr(final)
        returns, why = _daily_returns(course)
        return Performance(
            asset=course.asset,
            start=from_ms(course.start),
            end=from_ms(self._end),
            start_equity=course.start_equity,
            final_equity=final,
            gain=None if final is None else final - course.start_equity,
            total_return=self._total_return(final),
            cagr=cagr,
            volatility=_volatility(returns, why),
            sharpe=_sharpe(returns, why),
            sortino=_sortino(returns, why),
            calmar=_calmar(cagr, drawdown),
            max_drawdown=drawdown,
            days=len(returns),
            exposure=self._exposure(),
            trades=len(course.trades),
            **_of_trades(course.trades),
            months=_months(course),
        )

    @property
    def _end(self) -> int:
        return self.course.points[-1].at if self.course.points else self.course.start

    def _total_return(self, final: Decimal | None) -> Figure:
        if final is None:
            return _none("there is no candle in it")
        if self.course.start_equity <= 0:
            return _none("it began with nothing")
        return _figure(final / self.course.start_equity - 1)

    def _cagr(self, final: Decimal | None) -> Figure:
        whole = self._total_return(final)
        if whole.value is None or final is None:
            return whole
        days = Decimal(self._end - self.course.start) / DAY_MS
        if days < LEAST_DAYS:
            return _none(f"it is of {_days(days)}, and a year's growth is told from {LEAST_DAYS} days on")
        if final <= 0:
            return _none("nothing was left at the end")
        return _figure((final / self.course.start_equity) ** (DAYS_A_YEAR / days) - 1)

    def _exposure(self) -> Figure:
        points = self.course.points
        if not points:
            return _none("there is no candle in it")
        return _figure(Decimal(sum(point.held for point in points)) / len(points))


def _none(reason: str) -> Figure:
    return Figure(value=None, reason=reason)


def _figure(value: Decimal) -> Figure:
    return Figure(value=value.quantize(_DIGITS).normalize() + ZERO)


def _days(days: Decimal) -> str:
    return "less than a day" if days < 1 else f"{int(days)} day{'s' if int(days) > 1 else ''}"


# Risk ---------------------------------------------------------------------------------------------------------------


def _daily_returns(course: Course) -> tuple[list[Decimal], str]:
    """Return the returns from one midnight UTC to the next, or why they tell nothing of risk."""
    worth = list(_at_midnights(course))
    if any(each <= 0 for each in worth):
        return [], "there was a day at whose end, or before whose begin, there was nothing"
    returns = [after / before - 1 for before, after in pairwise(worth)]
    if len(returns) < LEAST_RETURNS:
        return returns, f"it has {len(returns)} whole days, and risk is told from {LEAST_RETURNS} on"
    return returns, ""


def _at_midnights(course: Course) -> Iterator[Decimal]:
    """Yield equity at every midnight UTC from the start to the end."""
    if not course.points:
        return
    midnight = -(-course.start // DAY_MS) * DAY_MS
    worth, index = course.start_equity, 0
    while midnight <= course.points[-1].at:
        while index < len(course.points) and course.points[index].at <= midnight:
            worth = course.points[index].equity
            index += 1
        yield worth
        midnight += DAY_MS


def _volatility(returns: Sequence[Decimal], why: str) -> Figure:
    return _none(why) if why else _figure(_deviation(returns) * Decimal(DAYS_A_YEAR).sqrt())


def _sharpe(returns: Sequence[Decimal], why: str) -> Figure:
    if why:
        return _none(why)
    deviation = _deviation(returns)
    if not deviation:
        return _none("every day brought the same")
    return _figure(_mean(returns) / deviation * Decimal(DAYS_A_YEAR).sqrt())


def _sortino(returns: Sequence[Decimal], why: str) -> Figure:
    if why:
        return _none(why)
    downside = _mean([min(each, ZERO) ** 2 for each in returns]).sqrt()
    if not downside:
        return _none("no day lost anything")
    return _figure(_mean(returns) / downside * Decimal(DAYS_A_YEAR).sqrt())


def _mean(values: Sequence[Decimal]) -> Decimal:
    return sum(values, ZERO) / len(values)


def _deviation(values: Sequence[Decimal]) -> Decimal:
    """Return the standard deviation of a sample."""
    mean = _mean(values)
    return (sum(((each - mean) ** 2 for each in values), ZERO) / (len(values) - 1)).sqrt()


def _largest_drawdown(course: Course) -> Drawdown | None:
    ratio, found = ZERO, None
    peak, peak_at = course.start_equity, course.start
    for index, point in enumerate(course.points):
        if point.equity >= peak:
            peak, peak_at = point.equity, point.at
        elif peak > 0 and (peak - point.equity) / peak > ratio:
            ratio, found = (peak - point.equity) / peak, (peak, peak_at, index)
    if found is None:
        return None
    peak, peak_at, lowest = found
    recovered = next((each.at for each in course.points[lowest:] if each.equity >= peak), None)
    until = course.points[-1].at if recovered is None else recovered
    return Drawdown(
        ratio=ratio.quantize(_DIGITS).normalize() + ZERO,
        peak_at=from_ms(peak_at),
        lowest_at=from_ms(course.points[lowest].at),
        recovered_at=None if recovered is None else from_ms(recovered),
        seconds=(until - peak_at) // 1000,
    )


def _calmar(cagr: Figure, drawdown: Drawdown | None) -> Figure:
    if cagr.value is None:
        return cagr
    if drawdown is None or not drawdown.ratio:
        return _none("it never fell below a peak")
    return _figure(cagr.value / drawdown.ratio)


# Trades -------------------------------------------------------------------------------------------------------------


def _of_trades(trades: Sequence[Decimal]) -> dict[str, Figure]:
    if len(trades) < LEAST_TRADES:
        closed = f"{len(trades)} trade{'s' if len(trades) > 1 else ''} closed" if trades else "nothing was closed"
        none = _none(f"{closed}, and this is told from {LEAST_TRADES} trades on")
        return {"win_rate": none, "profit_factor": none, "expectancy": none}
    won, lost = (sum((each for each in trades if each * sign > 0), ZERO) for sign in (1, -1))
    return {
        "win_rate": _figure(Decimal(sum(each > 0 for each in trades)) / len(trades)),
        "profit_factor": _figure(won / -lost) if lost else _none("no trade lost anything"),
        "expectancy": _figure(_mean(trades)),
    }


# Months -------------------------------------------------------------------------------------------------------------


def _months(course: Course) -> list[Month]:
    found: list[Month] = []
    if not course.points:
        return found
    end, before, index = course.points[-1].at, course.start_equity, 0
    for first, after in _calendar(course.start, end):
        worth = before
        while index < len(course.points) and course.points[index].at <= after:
            worth = course.points[index].equity
            index += 1
        ratio = None if before <= 0 else _figure(worth / before - 1).value
        whole = course.start <= first and after <= end
        found.append(Month(month=f"{from_ms(first):%Y-%m}", value=ratio, whole=whole))
        before = worth
    return found


def _calendar(start: int, end: int) -> Iterator[tuple[int, int]]:
    """Yield (first moment, first moment of the next) of each month that has a part of the time, in ms UTC."""
    moment = from_ms(start).replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    while True:
        after = (moment + timedelta(days=32)).replace(day=1)
        yield to_ms(moment), to_ms(after)
        if to_ms(after) >= end:
            return
        moment = after
