"""When candles open: seconds, milli-, micro- or nanoseconds told by their size, and dates."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal, InvalidOperation
from pathlib import Path
from zoneinfo import ZoneInfo

import numpy as np
import numpy.typing as npt

from octobot_node.market import TimeColumn, from_ms
from octobot_plugins.replay.files import dates
from octobot_plugins.replay.files.refusals import Mask, Numbers, first, others, shown, wrong

__all__ = ["EARLIEST", "LATEST", "UNITS", "Times", "texts_of", "times_of"]

Bytes = npt.NDArray[np.bytes_]

EPOCH = datetime(1970, 1, 1)  # noqa: DTZ001 - subtracted from moments whose zone was taken off
#: What a time may be, in ms: nobody had candles of it before, and nobody has any of then. A thousand times one is
#: beyond the other, so that no number is a time in two units.
EARLIEST, LATEST = 946_684_800_000, 4_102_444_800_000
#: Unit -> how many of it a millisecond has.
UNITS = {"s": Decimal("0.001"), "ms": Decimal(1), "us": Decimal(1_000), "ns": Decimal(1_000_000)}
_LONG = {"s": "seconds", "ms": "milliseconds", "us": "microseconds", "ns": "nanoseconds"}
_DIGITS = b"0123456789\x00"
#: A spreadsheet's day numbers of 2000 to 2100.
_SERIAL = (36_526, 73_051)
_CURE = "write the opening time in s, ms, µs or ns since 1970 UTC, or as 2025-01-31 13:00:00"
#: With fewer digits than this in every line a spreadsheet has cut some off: whole hours since 1970 in ms have eight.
_SCIENTIFIC_DIGITS = 8


@dataclass(frozen=True, slots=True)
class Times:
    """Opening times in ms UTC. ``ragged``: those that are no whole ms. ``unit`` is a key of UNITS or "date"."""

    ms: TimeColumn
    ragged: Mask
    unit: str
    #: The zone of dates that name none, "" where each does or there are no dates.
    assumed_zone: str = ""
    notes: tuple[str, ...] = ()


def texts_of(column: Bytes) -> list[str]:
    """Return a column as text."""
    return [text.strip() for text in np.char.decode(column, "utf-8", "replace").tolist()]


def times_of(
    path: Path,
    column: Bytes,
    lines: Callable[[], Numbers],
    *,
    name: str,
    unit: str,
    zone: str,
    line_unit: str,
) -> Times:
    """Return the times of a column; ``unit`` is "auto" or one of UNITS. Raises InvalidMarketData."""
    place = _Place(path, lines, name, line_unit)
    if not column.tobytes().translate(None, _DIGITS):
        whole = _whole_numbers(column)
        if whole is not None:
            return _of_numbers(place, column, whole, np.zeros(len(whole), dtype=np.bool_), unit, zone)
    texts = texts_of(column)
    if any(dates.is_date(text) and not text.isdigit() for text in texts[:1]):
        return _of_dates(place, texts, zone)
    return _of_decimals(place, column, texts, unit, zone)


@dataclass(frozen=True, slots=True)
class _Place:
    path: Path
    lines: Callable[[], Numbers]
    column: str
    line_unit: str

    def refuse(self, bad: Mask, texts: Sequence[str], problem: str, cure: str = _CURE) -> None:
        index = first(bad)
        if index is not None:
            said = f"{shown(texts[index])} {problem}{others(int(bad.sum()), self.line_unit)}"
            raise wrong(self.path, said, cure, line=self.line(index), unit=self.line_unit, column=self.column)

    def line(self, index: int) -> int:
        return int(self.lines()[index])


def _whole_numbers(column: Bytes) -> TimeColumn | None:
    try:
        return column.astype(np.int64)
    except (ValueError, OverflowError):
        return None


# Numbers ------------------------------------------------------------------------------------------------------------


def _of_decimals(place: _Place, column: Bytes, texts: list[str], unit: str, zone: str) -> Times:
    """Return the times of numbers that are not all plain digits: 1735689600000.0, 1735689600.5, 1.7356896E+12."""
    numbers = [_decimal(text) for text in texts]
    bad = np.array([number is None for number in numbers], dtype=np.bool_)
    place.refuse(bad, texts, "is not a time")
    found = [number for number in numbers if number is not None]
    scientific = [text for text in texts if "e" in text.lower()]
    if scientific and max(_digits(text) for text in scientific) < _SCIENTIFIC_DIGITS:
        cut = np.array(["e" in text.lower() for text in texts], dtype=np.bool_)
        place.refuse(
            cut,
            texts,
            "has lost digits to a spreadsheet",
            "export the candles again, or give the column a number format without exponent before saving it",
        )
    whole = np.array([int(number) if abs(number) < 2**62 else -1 for number in found], dtype=np.int64)
    if unit == "auto" and len(whole):
        unit = _unit_of(place, whole, texts)
    if unit == "s":
        thousands = [number * 1000 for number in found]
        ms = np.array([int(number) for number in thousands], dtype=np.int64)
        ragged = np.array([number != int(number) for number in thousands], dtype=np.bool_)
        _refuse_outside(place, ms, texts, EARLIEST)
        return Times(ms, ragged, "s")
    ragged = np.array([number != int(number) for number in found], dtype=np.bool_)
    return _of_numbers(place, column, whole, ragged, unit, zone)


def _decimal(text: str) -> Decimal | None:
    try:
        number = Decimal(text)
    except InvalidOperation:
        return None
    return number if number.is_finite() and "_" not in text else None


def _digits(text: str) -> int:
    return sum(letter.isdigit() for letter in text.lower().partition("e")[0])


def _of_numbers(place: _Place, column: Bytes, whole: TimeColumn, ragged: Mask, unit: str, zone: str) -> Times:
    asked = unit != "auto"
    if not asked:
        if _all_compact(column, whole):
            return _of_dates(place, texts_of(column), zone)
        unit = _unit_of(place, whole, texts_of(column) if len(column) < 1_000 else _Lazy(column))
    if unit == "s":
        ms = np.where(np.abs(whole) < LATEST, whole * 1000, LATEST)
    else:
        each = int(UNITS[unit])
        ms, ragged = whole // each, ragged | (whole % each != 0)
    # Who says the unit may have candles of 1970 on: a test's own, for one.
    _refuse_outside(place, ms, _Lazy(column), 0 if asked else EARLIEST)
    return Times(ms, ragged, unit)


class _Lazy(Sequence[str]):
    """A column's texts, decoded one by one."""

    def __init__(self, column: Bytes) -> None:
        self._column = column

    def __getitem__(self, index: int) -> str:  # type: ignore[override]
        return bytes(self._column[index]).decode("utf-8", "replace").strip()

    def __len__(self) -> int:
        return len(self._column)


def _unit_of(place: _Place, whole: TimeColumn, texts: Sequence[str]) -> str:
    """Return the unit in which every number is a time, which no number is in two."""
    found: dict[str, Mask] = {}
    known = np.zeros(len(whole), dtype=np.bool_)
    for unit, each in UNITS.items():
        is_one = (whole >= int(EARLIEST * each)) & (whole < int(LATEST * each))
        if is_one.any():
            found[unit], known = is_one, known | is_one
    outside = first(~known)
    if outside is not None:
        place.refuse(~known, texts, *_strange(int(whole[outside])))
    if len(found) > 1:
        raise _mixed(place, found, whole, texts)
    return next(iter(found))


def _strange(number: int) -> tuple[str, str]:
    if _SERIAL[0] <= number < _SERIAL[1]:
        return (
            "is a spreadsheet's day number",
            "give the column the format yyyy-mm-dd hh:mm:ss before saving it as CSV",
        )
    return "is no time of 2000 to 2100, whether in s, ms, µs or ns", _CURE


def _mixed(place: _Place, found: dict[str, Mask], whole: TimeColumn, texts: Sequence[str]) -> Exception:
    firsts = sorted((first(mask) or 0, unit) for unit, mask in found.items())
    parts = []
    for index, unit in firsts:
        moment = from_ms(int(int(whole[index]) / UNITS[unit]))
        parts.append(
            f"{_LONG[unit]} in {int(found[unit].sum()):,} {place.line_unit}s, the first {place.line(index)}"
            f" ({texts[index]}, {moment:%Y-%m-%d %H:%M} UTC)"
        )
    problem = f"times of several units are mixed: {' and '.join(parts)}"
    cure = "give all of them one unit, or each part a file of its own"
    return wrong(place.path, problem, cure, line=place.line(firsts[1][0]), unit=place.line_unit, column=place.column)


def _refuse_outside(place: _Place, ms: TimeColumn, texts: Sequence[str], earliest: int) -> None:
    year = from_ms(earliest).year
    place.refuse((ms < earliest) | (ms >= LATEST), texts, f"is no time of {year} to 2100")


# Dates --------------------------------------------------------------------------------------------------------------


def _all_compact(column: Bytes, whole: TimeColumn) -> bool:
    """Whether all numbers are dates such as 20250131, 202501311300 or 20250131130000; none is a time in any unit."""
    if not len(whole) or not 0 < int(whole[0]) < 10**15:
        return False
    texts = (bytes(column[0]).decode("ascii"), bytes(column[-1]).decode("ascii"))
    return all(len(text) in (8, 12, 14) and 2000 <= int(text[:4]) < 2100 and dates.is_date(text) for text in texts)


def _of_dates(place: _Place, texts: list[str], zone: str) -> Times:
    order = dates.order_of(texts)
    if order is None:
        raise wrong(place.path, "some dates begin with the day and some with the month", _CURE, column=place.column)
    if order == "":
        problem = f"{shown(texts[0])} may be day/month or month/day, and no date of the file decides it"
        cure = "write dates as 2025-01-31"
        raise wrong(place.path, problem, cure, line=place.line(0), unit=place.line_unit, column=place.column)
    found = [dates.parse(text, order) for text in texts]
    place.refuse(np.array([date is None for date in found], dtype=np.bool_), texts, "is not a date", _CURE)
    known = [date for date in found if date is not None]
    bare = np.array([date.zone is None for date in known], dtype=np.bool_)
    if bare.any() and not bare.all():
        place.refuse(bare, texts, "has no zone and others have one", "write the zone with every time, or with none")
    place.refuse(_outside(known), texts, "is no time of 2000 to 2100")
    ms = _in_utc(place, known, texts, zone) if bare.all() else np.array([_ms(d) for d in known], dtype=np.int64)
    ragged = np.array([bool(date.rest) for date in known], dtype=np.bool_)
    notes = (f"dates are read with the {order} first",) if dates.YEAR_LAST.match(texts[0]) else ()
    return Times(ms, ragged, "date", zone if bare.all() else "", notes)


def _outside(found: Sequence[dates.Date]) -> Mask:
    return np.array([not 2000 <= date.moment.year < 2100 for date in found], dtype=np.bool_)


def _ms(date: dates.Date) -> int:
    offset = date.zone.utcoffset(None) if date.zone is not None else timedelta(0)
    return (date.moment - EPOCH - offset) // timedelta(milliseconds=1)


def _in_utc(place: _Place, found: Sequence[dates.Date], texts: Sequence[str], zone: str) -> TimeColumn:
    if zone.upper() == "UTC":
        return np.array([_ms(date) for date in found], dtype=np.int64)
    there = ZoneInfo(zone)
    doubtful = np.zeros(len(found), dtype=np.bool_)
    ms = np.zeros(len(found), dtype=np.int64)
    for index, date in enumerate(found):
        local = date.moment.replace(tzinfo=there)
        # Where clocks are put back an hour comes twice, and where they are put forward one never comes.
        doubtful[index] = local.utcoffset() != local.replace(fold=1).utcoffset()
        ms[index] = (local.astimezone(UTC).replace(tzinfo=None) - EPOCH) // timedelta(milliseconds=1)
    problem = f"comes twice, or never, on the clocks of {zone}"
    place.refuse(doubtful, texts, problem, "write the times in UTC, or each with its offset")
    return ms
