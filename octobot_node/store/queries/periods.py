"""Rows of a period, found by the ids that grow with time: tables of orders and events need no index of times."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

__all__ = ["ALWAYS", "Period", "within"]

#: Ids and times of rows may disagree by so much: nodes' clocks differ.
_SLACK_MS = 600_000
#: How near the two ends of a search come before it ends: what is between them is read. A second of UUIDs; some events.
_NEAR_UUIDS = 1_000 << 80
_NEAR_NUMBERS = 64


@dataclass(frozen=True, slots=True)
class Period:
    """From a moment on, until before another (ms UTC); None: without an end."""

    since: int | None = None
    until: int | None = None

    def __bool__(self) -> bool:
        return (self.since, self.until) != (None, None)

    def holds(self, moment: int) -> bool:
        """Whether a moment is in it."""
        return (self.since is None or moment >= self.since) and (self.until is None or moment < self.until)

    def of(self, column: sa.ColumnElement[int]) -> tuple[sa.ColumnElement[bool], ...]:
        """Return the conditions on a column of times."""
        found = () if self.since is None else (column >= self.since,)
        return found if self.until is None else (*found, column < self.until)


ALWAYS = Period()


def within(
    connection: sa.Connection, ids: sa.ColumnElement[Any], times: sa.ColumnElement[int], period: Period
) -> tuple[sa.ColumnElement[bool], ...]:
    """Return the conditions on rows of a period where ids grow with times: those on the times, and the ids that bound
    what must be looked at. Rides the primary key, some thirty looks for each end.
    """
    found = [*period.of(times)]
    if period.since is not None:
        before, _ = _found(connection, ids, times, period.since - _SLACK_MS)
        found += [] if before is None else [ids >= before]
    if period.until is not None:
        _, after = _found(connection, ids, times, period.until + _SLACK_MS)
        found += [] if after is None else [ids < after]
    return tuple(found)


def _found(
    connection: sa.Connection, ids: sa.ColumnElement[Any], times: sa.ColumnElement[int], moment: int
) -> tuple[Any, Any]:
    """Return (an id before which every row is earlier than ``moment``, one from which on every row is not), None where
    there is none.
    """
    first = connection.scalar(sa.select(sa.func.min(ids)))
    last = connection.scalar(sa.select(sa.func.max(ids)))
    if first is None:
        return None, None
    number, text = _numbers(first)
    near = _NEAR_NUMBERS if isinstance(first, int) else _NEAR_UUIDS
    look = sa.select(ids, times).where(ids >= sa.bindparam("place", type_=ids.type)).order_by(ids).limit(1)
    low, high, open_end = number(first), number(last) + 1, True
    while high - low > near:
        middle = (low + high) // 2
        row = connection.execute(look, {"place": text(middle)}).first()
        if row is None or row[1] >= moment:
            high, open_end = middle, open_end and row is None
        else:
            low = number(row[0]) + 1
    return text(low), None if open_end else text(high)


def _numbers(example: Any) -> tuple[Callable[[Any], int], Callable[[int], Any]]:
    if isinstance(example, int):
        return int, int
    return (lambda text: int(text.replace("-", ""), 16)), _as_uuid


def _as_uuid(number: int) -> str:
    digits = f"{number:032x}"
    return f"{digits[:8]}-{digits[8:12]}-{digits[12:16]}-{digits[16:20]}-{digits[20:]}"
