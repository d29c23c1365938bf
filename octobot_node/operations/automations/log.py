"""An automation's log: what happened to it, and what it told, in words."""

from __future__ import annotations

import heapq
import json
import re
from itertools import islice
from typing import NamedTuple

from octobot_node.errors import UsageError
from octobot_node.market import from_ms
from octobot_node.operations.context import OperationContext
from octobot_node.operations.lookup import past_automation_id
from octobot_node.operations.node.models.events import ListLog, LogLevel, LogLine, LogPage
from octobot_node.operations.periods import the_period
from octobot_node.store.queries import lists
from octobot_node.store.queries.lists import EventFilter
from octobot_node.store.rows.automation import NoticeRow
from octobot_node.store.rows.node import ListedEventRow
from octobot_node.text.event_sentences import sentence

__all__ = ["log"]

_CURSOR = re.compile(r"([0-9]{0,18})\.([0-9a-f-]{0,36})")
#: From the least to the gravest.
_LEVELS: tuple[LogLevel, ...] = ("debug", "info", "warning", "error")
#: Lines that a search looks at at once, and how often.
_STEP, _STEPS = 500, 4


class _Place(NamedTuple):
    """Before which event and which notice; None: before none of them. Each has an order of its own, by id."""

    event: int | None = None
    notice: str | None = None


class _Found(NamedTuple):
    line: LogLine
    at: int
    event: int | None = None
    notice: str | None = None


def log(context: OperationContext, request: ListLog) -> LogPage:
    """Return a page of an automation's log, newest first; one that was deleted keeps what happened, under its id."""
    found, place = past_automation_id(context, request.automation), _load(request.cursor)
    which = EventFilter(context.owner, found, period=the_period(request.since, request.until))
    levels, search = _LEVELS[_LEVELS.index(request.level) :], request.search.casefold()
    # What is searched for is looked for in larger steps, of which a request makes some: no search costs more.
    narrowed = bool(search) or len(levels) < len(_LEVELS)
    lines: list[LogLine] = []
    for _ in range(_STEPS if narrowed else 1):
        page, more = _read(context, which, place, _STEP if narrowed else request.limit)
        for index, each in enumerate(page):
            place = _Place(each.event or place.event, each.notice or place.notice)
            if each.line.level in levels and search in each.line.message.casefold():
                lines.append(each.line)
            if len(lines) == request.limit:
                more = more or index + 1 < len(page)
                return LogPage(lines=lines, next_cursor=_dump(place) if more else None)
        if not more:
            return LogPage(lines=lines, next_cursor=None)
    return LogPage(lines=lines, next_cursor=_dump(place))


def _read(context: OperationContext, which: EventFilter, place: _Place, count: int) -> tuple[list[_Found], bool]:
    """Return the next lines, newest first, and whether there are more."""
    assert which.automation_id is not None
    with context.core.storage.read() as connection:
        events = lists.newest_events(connection, which, count + 1, place.event)
        notices = lists.newest_notices(
            connection, which.automation_id, which.owner, count + 1, place.notice, which.period
        )
    # Of one millisecond, what was told comes after what happened.
    both = heapq.merge(map(_of_notice, notices), map(_of_event, events), key=lambda each: -each.at)
    found = [*islice(both, count + 1)]
    return found[:count], len(found) > count


def _of_event(row: ListedEventRow) -> _Found:
    data = json.loads(row.data)
    said = sentence(row.kind, data)
    line = LogLine(at=from_ms(row.at), level=said.level, event=row.kind, message=said.text, data=data)
    return _Found(line, row.at, event=row.id)


def _of_notice(row: NoticeRow) -> _Found:
    level = next((each for each in _LEVELS if each == row.level), "info")
    line = LogLine(at=from_ms(row.created_at), level=level, event="notice", message=row.message, data={"id": row.id})
    return _Found(line, row.created_at, notice=row.id)


def _load(cursor: str | None) -> _Place:
    if cursor is None:
        return _Place()
    found = _CURSOR.fullmatch(cursor)
    if found is None:
        raise UsageError("the cursor is none that was given here: send the `next_cursor` of the page before")
    return _Place(int(found[1]) if found[1] else None, found[2] or None)


def _dump(place: _Place) -> str:
    return f"{'' if place.event is None else place.event}.{place.notice or ''}"
