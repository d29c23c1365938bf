"""When an automation runs next: a pure function of its ``Wake`` and the planned time before."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from functools import lru_cache
from typing import Any
from zoneinfo import ZoneInfo

from octobot_node.automation import Wake
from octobot_node.market import from_ms, to_ms

__all__ = ["FLOOR_MS", "Plan", "dump_wake", "levels_of", "load_wake", "next_run", "plan_of", "runs_between"]

#: At most one tick a second per automation.
FLOOR_MS = 1_000
#: Counting missed runs stops here: more than this is told as this many.
_MISSED_MAX = 100_000


@dataclass(frozen=True, slots=True)
class Plan:
    """A ``Wake`` as stored: times in ms UTC, nothing that JSON lacks."""

    at: int | None = None
    every: int | None = None
    offset: int = 0
    daily: str | None = None
    cron: str | None = None
    tz: str = "UTC"

    @property
    def repeats(self) -> bool:
        """Whether there is a next time after any time."""
        return self.every is not None or self.daily is not None or self.cron is not None


def plan_of(wake: Wake | None, spread_by: str) -> Plan | None:
    """Return the time half of ``wake``, or None when no time wakes.

    ``spread_by`` (the automation's id) sets where in the interval ``every`` falls, unless it is aligned or anchored.
    Raises ValueError for a naive time, an interval below a second, an unknown zone, a bad cron line.
    """
    if wake is None or all(given is None for given in (wake.at, wake.every, wake.daily, wake.cron)):
        return None
    every = None if wake.every is None else wake.every // timedelta(milliseconds=1)
    if every is not None and every < FLOOR_MS:
        raise ValueError(f"Wake(every={wake.every}): the shortest interval is one second")
    if wake.daily and wake.cron:
        raise ValueError("a Wake has either daily or cron: each is read in a zone of its own")
    tz = wake.daily.tz if wake.daily else wake.tz
    _zone(tz)
    if wake.daily:
        _clock_time(wake.daily.at)
    if wake.cron is not None:
        _check_cron(wake.cron)
    return Plan(
        at=None if wake.at is None else to_ms(wake.at),
        every=every,
        offset=0 if every is None else _offset(wake, every, spread_by),
        daily=wake.daily.at if wake.daily else None,
        cron=wake.cron,
        tz=tz,
    )


def _offset(wake: Wake, every: int, spread_by: str) -> int:
    if wake.anchor is not None:
        return to_ms(wake.anchor) % every
    if wake.align:
        return 0
    digest = hashlib.sha256(spread_by.encode()).digest()
    return int.from_bytes(digest[:8], "big") % every


def next_run(plan: Plan | None, after: int) -> int | None:
    """Return the first planned time strictly after ``after`` (ms UTC), or None. A past ``at`` counts as the very next
    instant.
    """
    if plan is None:
        return None
    times = [time for time in _candidates(plan, after) if time is not None]
    return min(times, default=None)


def _candidates(plan: Plan, after: int) -> list[int | None]:
    return [
        None if plan.at is None else max(plan.at, after + 1),
        None if plan.every is None else _next_multiple(plan.every, plan.offset, after),
        None if plan.daily is None else _next_daily(plan.daily, plan.tz, after),
        None if plan.cron is None else _next_cron(plan.cron, plan.tz, after),
    ]


def runs_between(plan: Plan | None, after: int, until: int) -> int:
    """Return how many planned times lie in (after, until]: the runs that downtime swallowed."""
    if plan is None or not plan.repeats or until <= after:
        return 0
    if plan.every is not None and plan.daily is None and plan.cron is None:
        return (until - plan.offset) // plan.every - (after - plan.offset) // plan.every
    repeating = Plan(every=plan.every, offset=plan.offset, daily=plan.daily, cron=plan.cron, tz=plan.tz)
    count, moment = 0, next_run(repeating, after)
    while moment is not None and moment <= until and count < _MISSED_MAX:
        count, moment = count + 1, next_run(repeating, moment)
    return count


def _next_multiple(every: int, offset: int, after: int) -> int:
    return (after - offset) // every * every + offset + every


def _next_daily(at: str, tz: str, after: int) -> int:
    zone, (hour, minute) = _zone(tz), _clock_time(at)
    day = from_ms(after).astimezone(zone).date() - timedelta(days=1)
    while True:
        moment = _instant(day, hour, minute, zone)
        if moment > after:
            return moment
        day += timedelta(days=1)


def _instant(day: date, hour: int, minute: int, zone: ZoneInfo) -> int:
    """Return the first instant of a wall-clock time; one that DST skips is the first instant after the gap."""
    wall = datetime(day.year, day.month, day.day, hour, minute, tzinfo=zone)  # fold=0: the first of two
    if wall.astimezone(UTC).astimezone(zone).replace(tzinfo=None) == wall.replace(tzinfo=None):
        return to_ms(wall)
    # In a gap the clock jumps at the instant where the zone's offset changes: search it to the second.
    low, high = to_ms(wall) - 86_400_000, to_ms(wall) + 86_400_000
    before = from_ms(low).astimezone(zone).utcoffset()
    while high - low > 1_000:
        middle = (low + high) // 2_000 * 1_000
        if from_ms(middle).astimezone(zone).utcoffset() == before:
            low = middle
        else:
            high = middle
    return high


def _next_cron(line: str, tz: str, after: int) -> int:
    from croniter import croniter

    zone = _zone(tz)
    moment = from_ms(after).astimezone(zone).replace(tzinfo=None)
    # On naive wall-clock times, so that the rules for skipped and repeated times are ours, the same as for daily.
    walk = croniter(line, moment - timedelta(hours=3))
    while True:
        wall: datetime = walk.get_next(datetime)
        instant = _instant(wall.date(), wall.hour, wall.minute, zone)
        if instant > after:
            return instant


def _check_cron(line: str) -> None:
    from croniter import croniter

    if len(line.split()) != 5 or not croniter.is_valid(line):
        raise ValueError(f"{line!r} is not a valid cron line: write five fields, such as '0 9 * * 1'")


def _clock_time(at: str) -> tuple[int, int]:
    hour, _, minute = at.partition(":")
    if not (hour.isdigit() and minute.isdigit() and int(hour) < 24 and int(minute) < 60):
        raise ValueError(f"{at!r} is not a valid time of day: write HH:MM, such as '09:00'")
    return int(hour), int(minute)


def _zone(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        raise ValueError(f"{name!r} is not a valid IANA time zone: write one such as 'Europe/Paris'") from None


def levels_of(wake: Wake | None) -> dict[str, Any] | None:
    """Return the price half of ``wake`` as JSON, or None when no price wakes. Raises ValueError for a price that is
    no number.
    """
    if wake is None or not (wake.above or wake.below):
        return None
    levels: dict[str, Any] = {"above": _prices(wake.above), "below": _prices(wake.below)}
    return {**levels, "at_closes": True} if wake.at_closes else levels


def _prices(levels: Mapping[str, Decimal]) -> dict[str, str]:
    given: Mapping[str, Any] = levels
    for symbol, price in given.items():
        if not isinstance(price, Decimal) or not price.is_finite():
            raise ValueError(f"the level of {symbol} must be a finite Decimal, not {price!r}")
    return {symbol: format(price, "f") for symbol, price in levels.items()}


def dump_wake(plan: Plan | None) -> str:
    """Return a plan as JSON."""
    if plan is None:
        return "null"
    fields: dict[str, Any] = {name: getattr(plan, name) for name in Plan.__dataclass_fields__}
    return json.dumps(fields, separators=(",", ":"))


@lru_cache(maxsize=1_024)
def load_wake(text: str) -> Plan | None:
    """Return the plan that ``dump_wake`` wrote."""
    fields = json.loads(text)
    return None if fields is None else Plan(**fields)
