"""Dates as people write them, read exactly or not at all."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone

__all__ = ["YEAR_LAST", "Date", "Order", "is_clock", "is_date", "order_of", "parse"]

#: The order of day and month where both are numbers and the year comes last.
Order = str  # "day", "month" or "" while nothing decides

_CLOCK = (
    r"(?P<hour>\d{1,2}):(?P<minute>\d{2})(?::(?P<second>\d{2})(?:[.,](?P<part>\d{1,9}))?)?(?:\s?(?P<half>[AaPp][Mm]))?"
)
_HOUR = r"(?P<hour12>\d{1,2})[-\s]?(?P<half12>[AaPp][Mm])"
_ZONE = r"(?:\s*(?P<utc>Z|UTC|GMT)?\s*(?P<offset>[+-]\d{2}:?\d{2}|[+-]\d{2})?)"
_REST = rf"(?:[T,\s]\s*(?:{_CLOCK}|{_HOUR}))?{_ZONE}$"
_YEAR_FIRST = re.compile(r"(?P<year>\d{4})(?P<mark>[-/.])(?P<month>\d{1,2})(?P=mark)(?P<day>\d{1,2})" + _REST)
YEAR_LAST = re.compile(r"(?P<one>\d{1,2})(?P<mark>[-/.])(?P<two>\d{1,2})(?P=mark)(?P<year>\d{4})" + _REST)
_NAMED = re.compile(
    r"(?:(?P<name>[A-Za-z]{3,9})\.?\s+(?P<day>\d{1,2})|(?P<day2>\d{1,2})[-\s](?P<name2>[A-Za-z]{3,9})\.?)[,\s-]+(?P<year>\d{4})"
    + _REST
)
_COMPACT = re.compile(
    r"(?P<year>\d{4})(?P<month>\d{2})(?P<day>\d{2})(?:[T\s]?(?P<hour>\d{2}):?(?P<minute>\d{2})(?::?(?P<second>\d{2}))?)?"
    + _ZONE
    + "$"
)
_CLOCK_ALONE = re.compile(r"\d{1,2}:\d{2}(?::\d{2}(?:\.\d+)?)?(?:\s?[AaPp][Mm])?$")
_CLOCK_COMPACT = re.compile(r"\d{4}(\d{2})?$")
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")


@dataclass(frozen=True, slots=True)
class Date:
    """A moment as it was written; ``zone`` None where none was."""

    moment: datetime
    zone: timezone | None
    #: Below milliseconds, in nanoseconds: such a moment begins no candle.
    rest: int = 0


def is_date(text: str) -> bool:
    """Whether ``text`` is a date of any kind that is read, digits alone (20250101) included."""
    text = text.strip()
    return any(form.match(text) for form in (_YEAR_FIRST, YEAR_LAST, _NAMED, _COMPACT))


def is_clock(text: str) -> bool:
    """Whether ``text`` is a time of day alone."""
    return bool(_CLOCK_ALONE.match(text.strip()) or _CLOCK_COMPACT.match(text.strip()))


def order_of(texts: Sequence[str]) -> Order | None:
    """Return which of day and month comes first in dates whose year comes last: "day", "month", "" if nothing
    decides it, None if the dates contradict each other. Without such dates it is "day".
    """
    day = month = False
    dotted = slashed = False
    for text in texts:
        found = YEAR_LAST.match(text)
        if found is None:
            continue
        dotted, slashed = dotted or found["mark"] == ".", slashed or found["mark"] != "."
        day, month = day or int(found["one"]) > 12, month or int(found["two"]) > 12
    if day and month:
        return None
    if day or month:
        return "day" if day else "month"
    # Nobody writes the month first with dots.
    return "" if slashed else "day"


def parse(text: str, order: Order) -> Date | None:
    """Return the moment that ``text`` says, or None."""
    try:
        quick = datetime.fromisoformat(text) if text[4:5] == "-" else None
    except ValueError:
        quick = None
    if quick is not None and len(text) <= 26:
        zone = None if quick.tzinfo is None else timezone(quick.utcoffset() or timedelta(0))
        return Date(quick.replace(tzinfo=None), zone, quick.microsecond % 1000 * 1000)
    for form in (_YEAR_FIRST, YEAR_LAST, _NAMED, _COMPACT):
        found = form.match(text)
        if found is not None:
            try:
                return _date(found, order)
            except ValueError:
                return None
    return None


def _date(found: re.Match[str], order: Order) -> Date:
    given = found.groupdict()
    year, (month, day) = int(given["year"]), _month_and_day(given, order)
    hour, minute, second = (int(given.get(name) or 0) for name in ("hour", "minute", "second"))
    half = given.get("half") or given.get("half12")
    if given.get("hour12"):
        hour = int(given["hour12"])
    if half:
        if not 1 <= hour <= 12:
            raise ValueError(hour)
        hour = hour % 12 + (12 if half.lower() == "pm" else 0)
    nanoseconds = int((given.get("part") or "").ljust(9, "0"))
    moment = datetime(year, month, day, hour, minute, second, nanoseconds // 1000)  # noqa: DTZ001 - its zone follows
    return Date(moment, _zone(given), nanoseconds % 1_000_000)


def _month_and_day(given: dict[str, str | None], order: Order) -> tuple[int, int]:
    if given.get("one"):
        one, two = int(given["one"] or 0), int(given["two"] or 0)
        return (one, two) if order == "month" else (two, one)
    name = given.get("name") or given.get("name2")
    if name:
        return _MONTHS.index(name[:3].lower()) + 1, int(given.get("day") or given.get("day2") or 0)
    return int(given["month"] or 0), int(given["day"] or 0)


def _zone(given: dict[str, str | None]) -> timezone | None:
    offset = given.get("offset")
    if not offset:
        return UTC if given.get("utc") else None
    digits = offset[1:].replace(":", "").ljust(4, "0")
    length = timedelta(hours=int(digits[:2]), minutes=int(digits[2:]))
    return timezone(-length if offset[0] == "-" else length)
