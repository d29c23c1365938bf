"""Events as server-sent events."""

from __future__ import annotations

from fastapi.sse import format_sse_event
from pydantic import BaseModel

from octobot_node.operations.node.events import GAPS
from octobot_node.operations.serializers import event_row
from octobot_node.store.queries.event_cursor import Gap
from octobot_node.store.rows.node import ListedEventRow

__all__ = ["RETRY_MS", "EventGap", "alive", "changed", "event", "gap", "hello"]

#: After this long a browser comes again whose stream ended.
RETRY_MS = 2_000


class EventGap(BaseModel):
    """The data of ``event: gap``: events are missing before the next one."""

    reason: Gap
    detail: str


def hello() -> bytes:
    """Return what a stream begins with."""
    return format_sse_event(comment="events", retry=RETRY_MS)


def event(row: ListedEventRow, cursor: str) -> bytes:
    """Return an event; without a name, so that ``onmessage`` hears of every kind."""
    return format_sse_event(data_str=event_row(row).model_dump_json(), id=cursor)


def gap(reason: Gap) -> bytes:
    """Return that events are missing; without an id, since it is the next event that says where the reader is."""
    told = EventGap(reason=reason, detail=GAPS[reason])
    return format_sse_event(event="gap", data_str=told.model_dump_json())


def changed(told: BaseModel, cursor: str) -> bytes:
    """Return what events changed, up to the cursor."""
    return format_sse_event(event="changed", data_str=told.model_dump_json(), id=cursor)


def alive(cursor: str) -> bytes:
    """Return a sign of life that says where the reader is, though it may want none of the events up to there."""
    return format_sse_event(comment="alive", id=cursor)
