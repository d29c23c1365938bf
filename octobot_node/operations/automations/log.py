"""An automation's log: what happened to it, and what it told, in words."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence

from octobot_node.market import from_ms
from octobot_node.operations.context import OperationContext
from octobot_node.operations.cursors import no_cursor
from octobot_node.operations.lookup import past_automation_id
from octobot_node.operations.node.models.events import ListLog, LogLevel, LogLine, LogPage
from octobot_node.operations.periods import the_period
from octobot_node.store.queries import lists
from octobot_node.store.queries.lists import EventFilter
from octobot_node.store.rows.node import ListedEventRow
from octobot_node.text.event_sentences import sentence

__all__ = ["log"]

_CURSOR = re.compile(r"[0-9]{1,18}")
#: From the least to the gravest.
_LEVELS: tuple[LogLevel, ...] = ("debug", "info", "warning", "error")
#: Lines that a search looks at at once, and how often.
_STEP, _STEPS = 500, 4


def log(context: OperationContext, request: ListLog) -> LogPage:
    """Return a page of an automation's log, newest first; one that was deleted keeps what happened, under its id."""
    found, place = past_automation_id(context, request.automation), _load(request.cursor)
    which = EventFilter(context.owner, (found,), period=the_period(request.since, request.until))
    levels, search = _LEVELS[_LEVELS.index(request.level) :], request.search.casefold()
    # What is searched for is looked for in larger steps, of which a request makes some: no search costs more.
    narrowed = bool(search) or len(levels) < len(_LEVELS)
    lines: list[LogLine] = []
    for _ in range(_STEPS if narrowed else 1):
        page, more = _read(context, which, place, _STEP if narrowed else request.limit)
        for index, row in enumerate(page):
            place, line = row.id, _line(row)
            if line.level in levels and search in line.message.casefold():
                lines.append(line)
            if len(lines) == request.limit:
                more = more or index + 1 < len(page)
                return LogPage(lines=lines, next_cursor=str(place) if more else None)
        if not more:
            return LogPage(lines=lines, next_cursor=None)
    return LogPage(lines=lines, next_cursor=None if place is None else str(place))


def _read(
    context: OperationContext, which: EventFilter, before: int | None, count: int
) -> tuple[Sequence[ListedEventRow], bool]:
    """Return the next events, newest first, and whether there are more."""
    with context.core.storage.read() as connection:
        found = lists.newest_events(connection, which, count + 1, before)
    return found[:count], len(found) > count


def _line(row: ListedEventRow) -> LogLine:
    data = json.loads(row.data)
    said = sentence(row.kind, data)
    return LogLine(at=from_ms(row.at), level=said.level, event=row.kind, message=said.text, data=data)


def _load(cursor: str | None) -> int | None:
    if cursor is None:
        return None
    if not _CURSOR.fullmatch(cursor):
        raise no_cursor()
    return int(cursor)
