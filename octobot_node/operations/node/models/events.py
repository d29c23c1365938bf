"""What happened."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field

from octobot_node.operations.models import AutomationRef, Limit, PeriodRequest, Request, Response, Since, Until

__all__ = ["EventPage", "EventRow", "Kinds", "ListEvents", "ListLog", "LogLevel", "LogLine", "LogPage"]


LogLevel = Literal["debug", "info", "warning", "error"]
#: One, or several.
Kinds = Annotated[
    tuple[Annotated[str, Field(min_length=1, max_length=32)], ...],
    BeforeValidator(lambda given: [given] if isinstance(given, str) else given),
]


class EventRow(Response):
    """Something that happened; ids only grow. ``automation`` is "" for the node, and an id's where it was deleted."""

    id: int = Field(description="Only grows.")
    at: datetime = Field(description="When it happened.")
    automation: str = Field(description="Its automation's name; empty: the node's own; its id where it was deleted.")
    automation_id: str = Field(description="Its automation's id; empty: the node's own.")
    account_id: str = Field(default="", description="Its account's id; empty: the node's own.")
    kind: str = Field(description="What happened, such as `order.fill`.")
    level: LogLevel = Field(description="How grave it is.")
    message: str = Field(
        description="The same in words, without the automation's name, which goes before it.",
        examples=["bought 0.5 BTC at 40000 USD (20000 USD)"],
    )
    data: dict[str, Any] = Field(description="What is known of it, by kind.")


class ListEvents(Request):
    """Events after an id or a cursor, oldest first; without either the newest ``limit``, or those before an id.

    ``kind`` is one kind, or a group of kinds that ends with a dot (``order.``), or several of them. ``newer_than`` is a
    page's ``newer``, and misses nothing where several nodes write; ``after`` is an id. ``owner`` narrows to one
    owner's.
    """

    automation: AutomationRef | None = None
    after: int | None = Field(default=None, ge=0)
    newer_than: str | None = Field(default=None, max_length=64)
    before: int | None = Field(default=None, ge=0)
    owner: str | None = Field(default=None, max_length=64)
    kind: Kinds | None = Field(default=None, max_length=20)
    since: Since = None
    until: Until = None
    limit: Limit = 50


class EventPage(Response):
    """Events, oldest first.

    ``last`` is the id to go on after, ``first`` the one to go back before, None where nothing is before.
    """

    events: list[EventRow]
    last: int
    first: int | None = Field(default=None, description="`before` of the page before this one; null: there is none.")
    newer: str = Field(
        default="",
        description="Where to go on and miss nothing: `after` of the next page, `Last-Event-ID` of a stream.",
        examples=["0-0-4711"],
    )
    gap: str = Field(
        default="", description="Why events between `after` and these are missing: read again what you show. Or empty."
    )


class ListLog(PeriodRequest):
    """An automation's log, newest first; ``level`` is the least that is told."""

    automation: AutomationRef
    level: LogLevel = Field(default="debug", description="Only lines of this level, or a graver one.")
    search: str = Field(default="", max_length=128, description="Only lines with this in their sentence.")


class LogLine(Response):
    """One thing that happened to an automation, in words."""

    at: datetime = Field(description="When it happened.")
    level: LogLevel = Field(description="How grave it is.")
    event: str = Field(description="Its event's kind; `notice.told` of what it told itself.")
    message: str = Field(description="What happened.")
    data: dict[str, Any] = Field(description="What is known of it, by kind.")


class LogPage(Response):
    """An automation's log, newest first.

    Of what is searched for a page may have few lines, or none: it looks at some thousand of them at most, and
    ``next_cursor`` says where to look on.
    """

    lines: list[LogLine]
    next_cursor: str | None
