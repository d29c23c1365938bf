"""An automation's log: what happened to it, and what it told, in words."""

from __future__ import annotations

import heapq
import json
import re
from collections.abc import Sequence
from itertools import islice
from typing import NamedTuple

from octobot_node.errors import UsageError
from octobot_node.market import from_ms
from octobot_node.operations.context import OperationContext
from octobot_node.operations.lookup import past_automation_id
from octobot_node.operations.node.models.events import ListLog, LogLine, LogPage
from octobot_node.store.queries import lists
from octobot_node.store.queries.lists import EventFilter
from octobot_node.store.rows.automation import NoticeRow
from octobot_node.store.rows.node import ListedEventRow
from octobot_node.text.event_sentences import sentence

__all__ = ["log"]

_CURSOR = re.compile(r"([0-9]{0,18})\.([0-9a-f-]{0,36})")
_LEVELS = {"debug", "info", "warning", "error"}


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
    count = request.limit + 1
    with context.core.storage.read() as connection:
        events = lists.newest_events(connection, EventFilter(context.owner, found), count, place.event)
        notices = lists.newest_notices(connection, found, context.owner, count, place.notice)
    # Of one millisecond, what was told comes after what happened.
    both = heapq.merge(map(_of_notice, notices), map(_of_event, events), key=lambda each: -each.at)
    lines = [*islice(both, count)]
    page = lines[: request.limit]
    return LogPage(
        lines=[each.line for each in page], next_cursor=_dump(place, page) if len(lines) > request.limit else None
    )


def _of_event(row: ListedEventRow) -> _Found:
    data = json.loads(row.data)
    said = sentence(row.kind, data)
    line = LogLine(at=from_ms(row.at), level=said.level, event=row.kind, message=said.text, data=data)
    return _Found(line, row.at, event=row.id)


def _of_notice(row: NoticeRow) -> _Found:
    level = row.level if row.level in _LEVELS else "info"
    line = LogLine(at=from_ms(row.created_at), level=level, event="notice", message=row.message, data={"id": row.id})
    return _Found(line, row.created_at, notice=row.id)


def _load(cursor: str | None) -> _Place:
    if cursor is None:
        return _Place()
    found = _CURSOR.fullmatch(cursor)
    if found is None:
        raise UsageError("the cursor is none that was given here: send the `next_cursor` of the page before")
    return _Place(int(found[1]) if found[1] else None, found[2] or None)


def _dump(place: _Place, page: Sequence[_Found]) -> str:
    event = min((each.event for each in page if each.event is not None), default=place.event)
    notice = min((each.notice for each in page if each.notice is not None), default=place.notice)
    return f"{'' if event is None else event}.{notice or ''}"
