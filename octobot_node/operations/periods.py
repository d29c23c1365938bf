"""Periods that people ask for, and the cursors of lists in the order of time."""

from __future__ import annotations

import re
from datetime import datetime

from octobot_node.errors import UsageError
from octobot_node.market import to_ms
from octobot_node.store.queries.periods import Period

__all__ = ["place_in", "place_of", "the_period"]

_PLACE = re.compile(r"([0-9]{1,15}) ([0-9a-f-]{1,36})")


def the_period(since: datetime | None, until: datetime | None) -> Period:
    """Return a period; raise UsageError for one that ends before it begins."""
    period = Period(None if since is None else to_ms(since), None if until is None else to_ms(until))
    if period.since is not None and period.until is not None and period.since > period.until:
        raise UsageError("since is later than until: exchange them", field="since", reason="is later than until")
    return period


def place_in(cursor: str | None) -> tuple[int, str] | None:
    """Return (time, id) of the last row of the page before; raise UsageError for what never was a cursor."""
    if cursor is None:
        return None
    found = _PLACE.fullmatch(cursor)
    if found is None:
        raise UsageError("the cursor is none that was given for this period: send the `next_cursor` of the page before")
    return int(found[1]), found[2]


def place_of(at: int, id_: str) -> str:
    """Return the cursor of a row in the order of time."""
    return f"{at} {id_}"
