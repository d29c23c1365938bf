"""Events and logs over HTTP."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Any

from fastapi import Header, Path, Query, Request, Response
from fastapi.responses import PlainTextResponse
from pydantic import AwareDatetime

from octobot_node.api import Api, ApiProblem, ApiRouter, allow
from octobot_node.operations.automations.catalogue import LIST_LOG
from octobot_node.operations.node.catalogue import LIST_EVENTS
from octobot_node.operations.node.events import event_filter, start
from octobot_node.operations.node.models.events import EventPage, ListEvents, ListLog, LogLevel, LogPage
from octobot_node.text.printable import printable
from octobot_plugins.api_events.accepting import prefers
from octobot_plugins.api_events.following import SCOPE, OneKind, check_of, feed_of
from octobot_plugins.api_events.reader import Reader
from octobot_plugins.api_events.response import EventStream

__all__ = ["router"]

_STREAM = "text/event-stream"
_EXAMPLE = (
    ": events\nretry: 2000\n\n: alive\nid: 0-0-4710\n\n"
    'data: {"id":4711,"at":"2026-01-01T00:00:00Z","automation":"dca-btc",'
    '"automation_id":"019b1f00-0000-7000-8000-000000000000","kind":"automation.paused","data":{}}\nid: 0-0-4711\n\n'
)
_ANSWERS: dict[int | str, dict[str, Any]] = {
    200: {
        "description": "A page as JSON; asked for `text/event-stream`, what happens from now on, or after a cursor.",
        "content": {_STREAM: {"schema": {"type": "string"}, "example": _EXAMPLE}},
    },
    404: {"description": "There is no such automation, or it is not the caller's"},
    429: {"description": "The caller reads as many streams as one user may"},
}
_PLAIN: dict[int | str, dict[str, Any]] = {200: {"content": {"text/plain": {"schema": {"type": "string"}}}}}

Reads = Annotated[Api, allow(SCOPE)]
Name = Annotated[str, Path(min_length=1, max_length=128, description="An automation's name, or its id.")]
Filtered = Annotated[str | None, Query(min_length=1, max_length=128, description="An automation's name, or its id.")]
Kind = Annotated[
    list[OneKind] | None,
    Query(max_length=20, description="A kind, or a group of kinds that ends with a dot; repeat it for several."),
]
Own = Annotated[bool, Query(description="Only one's own, also for those who see everybody's.")]
After = Annotated[
    str | None, Query(max_length=64, description="`newer` of a page, or the id of a streamed event: go on after it.")
]
Before = Annotated[int | None, Query(ge=1, lt=2**63, description="`first` of a page: events before it. Of pages.")]
Moment = Annotated[AwareDatetime | None, Query(description="Only what happened from then on. Of pages.")]
Later = Annotated[AwareDatetime | None, Query(description="Only what happened before then. Of pages.")]
Limit = Annotated[int | None, Query(ge=1, le=500, description="Events on a page at most; 50 where not said. Of pages.")]
LastEventId = Annotated[
    str | None,
    Header(alias="Last-Event-ID", max_length=64, description="What `after` says; browsers send it by themselves."),
]

router = ApiRouter(tags=["events"])


@router.get("/events", summary="What happened, or happens", response_model=EventPage, responses=_ANSWERS)
def list_events(
    request: Request,
    api: Reads,
    automation: Filtered = None,
    kind: Kind = None,
    own: Own = False,
    after: After = None,
    before: Before = None,
    since: Moment = None,
    until: Later = None,
    limit: Limit = None,
    last_event_id: LastEventId = None,
) -> Any:
    """Tell the newest events, those before an id or after a cursor; or stream what happens, and miss nothing.

    With `Accept: text/event-stream` it is a stream that begins now, or after `Last-Event-ID` or `after`. Each event
    comes once, in order, and its id is the cursor to go on after. `event: gap` says that events before the next one
    are missing, and why.
    """
    owner = api.caller.owner if own else None
    after = last_event_id if last_event_id is not None else after
    if prefers(request.headers.get("accept", ""), _STREAM):
        _refuse_of_pages(limit=limit, before=before, since=since, until=until)
        return _stream(request, api, automation, kind, owner, after)
    listed = ListEvents(
        automation=automation,
        kind=None if kind is None else tuple(kind),
        owner=owner,
        newer_than=after,
        before=before,
        since=since,
        until=until,
        limit=50 if limit is None else limit,
    )
    return api.perform(LIST_EVENTS, listed)


@router.get(
    "/automations/{automation}/events",
    summary="What happened, or happens, to an automation",
    response_model=EventPage,
    responses=_ANSWERS,
)
def list_automation_events(
    request: Request,
    api: Reads,
    automation: Name,
    kind: Kind = None,
    after: After = None,
    before: Before = None,
    since: Moment = None,
    until: Later = None,
    limit: Limit = None,
    last_event_id: LastEventId = None,
) -> Any:
    """Tell or stream an automation's events, as `/events` does; of a deleted one by its id."""
    return list_events(
        request,
        api,
        automation=automation,
        kind=kind,
        after=after,
        before=before,
        since=since,
        until=until,
        limit=limit,
        last_event_id=last_event_id,
    )


@router.get(
    "/automations/{automation}/logs",
    tags=["automations"],
    summary="An automation's log",
    response_model=LogPage,
    responses=_PLAIN,
)
def read_automation_log(
    request: Request,
    api: Annotated[Api, allow("automations:read")],
    automation: Name,
    level: Annotated[LogLevel, Query(description="Only lines of this level, or a graver one.")] = "debug",
    search: Annotated[str, Query(max_length=128, description="Only lines with this in their sentence.")] = "",
    since: Annotated[AwareDatetime | None, Query(description="From this moment on; with a time zone.")] = None,
    until: Annotated[AwareDatetime | None, Query(description="Before this moment; with a time zone.")] = None,
    limit: Annotated[int, Query(ge=1, le=500, description="Lines on a page at most.")] = 50,
    cursor: Annotated[str | None, Query(max_length=64, description="`next_cursor` of the page before.")] = None,
) -> Any:
    """Tell what happened to an automation and what it told, in words, newest first; with `Accept: text/plain` as text.

    Of text, the header `Link` has the address of the next page.
    """
    wanted = ListLog(
        automation=automation, level=level, search=search, since=since, until=until, limit=limit, cursor=cursor
    )
    page = api.perform(LIST_LOG, wanted)
    return _as_text(request, page) if prefers(request.headers.get("accept", ""), "text/plain") else page


def _refuse_of_pages(**given: int | datetime | None) -> None:
    for name, value in given.items():
        if value is not None:
            raise ApiProblem("invalid", f"query.{name}: a stream has no pages: leave it out, or ask for JSON")


def _stream(
    request: Request,
    api: Api,
    automation: str | None,
    kinds: Sequence[str] | None,
    owner: str | None,
    after: str | None,
) -> EventStream:
    which = event_filter(api.context, () if automation is None else (automation,), kinds or (), owner)
    with api.plugin_context.storage.read() as connection:
        begin = start(api.context, connection, after)
    feed = feed_of(request, api)
    return EventStream(feed, Reader(feed, api.context, which, begin, check_of(request, api)), api.caller.name)


def _without_host(request: Request, cursor: str) -> str:
    # What a client says its host is comes back to nobody.
    url = request.url.include_query_params(cursor=cursor)
    return f"{url.path}?{url.query}"


def _as_text(request: Request, page: LogPage) -> Response:
    lines = [
        f"{line.at.isoformat().replace('+00:00', 'Z')} {line.level} {line.event}: {' '.join(line.message.split())}"
        for line in page.lines
    ]
    headers = {}
    if page.next_cursor is not None:
        headers["Link"] = f'<{_without_host(request, page.next_cursor)}>; rel="next"'
    return PlainTextResponse("".join(f"{printable(line, lines=False)}\n" for line in lines), headers=headers)
