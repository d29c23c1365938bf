"""Look at what happened, a page at a time; whoever goes on from where a page ends misses nothing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import sqlalchemy as sa

from octobot_node.errors import UsageError
from octobot_node.operations.context import OperationContext
from octobot_node.operations.lookup import past_automation_id
from octobot_node.operations.node.event_kinds import misspelt
from octobot_node.operations.node.models.events import EventPage, ListEvents
from octobot_node.operations.periods import the_period
from octobot_node.operations.serializers import event_row
from octobot_node.store.queries import lists
from octobot_node.store.queries.event_cursor import (
    Gap,
    Position,
    dump_cursor,
    find_place,
    follow_wanted,
    load_cursor,
    place_of,
    tail,
)
from octobot_node.store.queries.lists import EventFilter
from octobot_node.store.rows.node import ListedEventRow

__all__ = ["GAPS", "cursor_of", "event_filter", "list_events", "start"]

#: What is missing between where a reader was and where it goes on, and what to do.
GAPS: dict[Gap, str] = {
    "pruned": "events after the cursor were deleted for their age (keep_days): read again what you show",
    "restored": "the database was restored from a backup since the cursor was given: read again what you show",
    "moved": "the database was moved since the cursor was given, and events about that time may be missing or come"
    " twice: read again what you show",
    "unknown": "this database does not know the cursor: read again what you show",
}


def list_events(context: OperationContext, request: ListEvents) -> EventPage:
    """Return events after an id or a cursor, oldest first; or the newest ones, or those before an id."""
    if sum(each is not None for each in (request.after, request.newer_than, request.before)) > 1:
        raise UsageError("events are listed either after an id or before one: give one of them")
    automations = () if request.automation is None else (request.automation,)
    which = event_filter(context, automations, request.kind or (), request.owner)
    which = replace(which, period=the_period(request.since, request.until))
    with context.core.storage.read() as connection:
        if request.after is not None or request.newer_than is not None:
            return _newer(context, connection, which, request)
        return _newest(context, connection, which, request)


def event_filter(
    context: OperationContext, automations: Sequence[str], kinds: Sequence[str], owner: str | None = None
) -> EventFilter:
    """Return the filter for whoever gives the operation.

    Raises UnknownName for an automation that never was, UsageError for a kind that nothing is of.
    """
    for kind in kinds:
        if wrong := misspelt(kind):
            raise UsageError(f"kind: {wrong}")
    found = tuple(dict.fromkeys(past_automation_id(context, each) for each in automations))
    return EventFilter(context.owner if context.owner is not None else owner, found, tuple(dict.fromkeys(kinds)))


def cursor_of(context: OperationContext, position: Position) -> str:
    """Return a position of this database as readers keep it."""
    return dump_cursor(context.core.installation.generation, position)


def start(context: OperationContext, connection: sa.Connection, cursor: str | None) -> tuple[Position, Gap | None]:
    """Return where a reader begins: behind a cursor, or at the end; and why what came between is not known, or None.

    Raises UsageError for what never was a cursor.
    """
    if cursor is None:
        return tail(connection), None
    given = load_cursor(cursor)
    if given is None:
        raise UsageError("the cursor is none that was given here: send the id of an event of a stream, or `newer`")
    return find_place(connection, context.core.installation.generation, given)


def _newest(context: OperationContext, connection: sa.Connection, which: EventFilter, request: ListEvents) -> EventPage:
    # One more than asked for says whether there are older ones.
    found = lists.newest_events(connection, which, request.limit + 1, request.before)
    rows = [*reversed(found[: request.limit])]
    first = rows[0].id if len(found) > request.limit else None
    # In the same snapshot: whoever goes on after it misses none, whatever it filters by. Where several nodes write, the
    # newest events may be shown before they are due in the log's order; they come once more then.
    return _page(context, rows, tail(connection), first=first)


def _newer(context: OperationContext, connection: sa.Connection, which: EventFilter, request: ListEvents) -> EventPage:
    if request.after is not None:
        position, gap = place_of(connection, request.after), None
    else:
        position, gap = start(context, connection, request.newer_than)
    page = follow_wanted(connection, position, which, request.limit)
    return _page(context, page.rows, page.position, gap=gap or page.gap)


def _page(
    context: OperationContext,
    rows: Sequence[ListedEventRow],
    position: Position,
    *,
    first: int | None = None,
    gap: Gap | None = None,
) -> EventPage:
    return EventPage(
        events=[event_row(row) for row in rows],
        last=position.id,
        newer=cursor_of(context, position),
        first=first,
        gap="" if gap is None else GAPS[gap],
    )
