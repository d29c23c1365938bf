"""The live stream over HTTP."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Annotated, Any, Literal

from fastapi import Header, Query, Request
from pydantic import StringConstraints

from octobot_node.api import Api, ApiProblem, ApiRouter, allow
from octobot_node.operations.lookup import account_id
from octobot_node.operations.node.events import event_filter, start
from octobot_node.operations.perform import perform_named
from octobot_node.text.patterns import told_as
from octobot_plugins.api_events.accepting import prefers
from octobot_plugins.api_events.feed import Feed
from octobot_plugins.api_events.following import SCOPE, OneKind, check_of, feed_of
from octobot_plugins.api_events.live import looking
from octobot_plugins.api_events.live.gathering import Gathering
from octobot_plugins.api_events.live.models import LiveTold
from octobot_plugins.api_events.live.watching import Watched, Watching
from octobot_plugins.api_events.reader import Reader
from octobot_plugins.api_events.response import EventStream
from octobot_plugins.api_events.settings import EventsSettings

__all__ = ["router"]

_SYMBOLS_MAX, _REPLAYS_MAX, _AUTOMATIONS_MAX, _KINDS_MAX = 50, 20, 100, 20
#: How often prices and replays are looked at, in seconds.
_PRICES_S, _REPLAYS_S = 1.0, 0.5
_EXAMPLE = (
    ": events\nretry: 2000\n\n: alive\nid: 0-0-4710\n\n"
    'event: changed\ndata: {"automations":["019b1f00-0000-7000-8000-000000000000"],'
    '"accounts":["019b1f00-0000-7000-8000-000000000001"],"kinds":["order.fill"],"everything":false}\nid: 0-0-4711\n\n'
)
_Price = Annotated[
    str,
    StringConstraints(
        max_length=200,
        pattern=told_as("an account and a symbol: write paper,BTC/USD", r"^[^,]+(?:,[^,]+)*,[^,/]+/[^,]+$"),
    ),
]
_ANSWERS: dict[int | str, dict[str, Any]] = {
    400: {"description": "It is not asked for as `text/event-stream`"},
    200: {"model": LiveTold, "description": "What happens from now on, or after a cursor.", "content": {}},
    403: {"description": "The caller may not see prices, or replays"},
    429: {"description": "The caller follows as much as one user may"},
}
router = ApiRouter(tags=["events"])


@router.get(
    "/live", summary="What changes, as a stream", status_code=200, response_class=EventStream, responses=_ANSWERS
)
def follow_live(
    request: Request,
    api: Annotated[Api, allow(SCOPE)],
    kind: Annotated[
        list[OneKind] | None,
        Query(max_length=_KINDS_MAX, description="Only events of these kinds; one that ends with a dot is a group."),
    ] = None,
    automation: Annotated[
        list[Annotated[str, StringConstraints(min_length=1, max_length=128)]] | None,
        Query(max_length=_AUTOMATIONS_MAX, description="Only events of these automations, by name or id."),
    ] = None,
    own: Annotated[bool, Query(description="Only one's own, also for those who see everybody's.")] = False,
    mode: Annotated[
        Literal["changed", "events", "none"],
        Query(description="What changed, gathered; each event by itself; or none of them."),
    ] = "changed",
    every: Annotated[
        float, Query(ge=0.25, le=60, description="Of `changed`: seconds between two messages at least.")
    ] = 1.0,
    price: Annotated[
        list[_Price] | None,
        Query(max_length=_SYMBOLS_MAX, description="ACCOUNT,SYMBOL whose prices are told, too: `paper,BTC/USD`."),
    ] = None,
    replay: Annotated[
        list[Annotated[str, StringConstraints(min_length=1, max_length=64)]] | None,
        Query(max_length=_REPLAYS_MAX, description="Ids of replays whose progress is told, too."),
    ] = None,
    after: Annotated[str | None, Query(max_length=64, description="The id of a message: go on after it.")] = None,
    last_event_id: Annotated[
        str | None,
        Header(alias="Last-Event-ID", max_length=64, description="What `after` says; browsers send it by themselves."),
    ] = None,
) -> Any:
    """Tell what changes, all on one connection: events, prices and how far replays are.

    By default events are gathered: `event: changed` has the ids of what to read again, once a second at most, and
    `everything` where those were too many to tell. With `mode=events` each comes by itself. `event: price` comes
    whenever a price is another than before, `event: replay` when a replay is further, the newest at first. Each message
    of events has an id, the cursor to go on after.
    """
    if not prefers(request.headers.get("accept", ""), EventStream.media_type):
        raise ApiProblem("bad-request", "this is a stream without an end: ask with Accept: text/event-stream")
    scopes = [*(["markets:read"] if price else []), *(["replays:read"] if replay else [])]
    for scope in scopes:
        if not api.may(scope):
            raise ApiProblem("forbidden", f"that takes the scope {scope}, too: use a key that has it, or leave it out")
    kinds = (_NO_KIND,) if mode == "none" else tuple(kind or ())
    which = event_filter(api.context, automation or (), kinds, api.caller.owner if own else None)
    with api.plugin_context.storage.read() as connection:
        begin = start(api.context, connection, last_event_id if last_event_id is not None else after)
    feed = feed_of(request, api)
    watched = _watched(api, feed, price or (), replay or ())
    reader = Reader(
        feed,
        api.context,
        which,
        begin,
        check_of(request, api, scopes),
        gathering=Gathering(every) if mode == "changed" else None,
        others=watched,
    )
    return EventStream(feed, reader, api.caller.name, watched)


#: No event is of it, and none comes to be.
_NO_KIND = "-"


def _watched(api: Api, feed: Feed, prices: Sequence[str], replays: Sequence[str]) -> list[Watched[Any]]:
    """Return what is watched beside events; raises for what is not there, or not the caller's."""
    found: list[Watched[Any]] = []
    if prices:
        keys = []
        for each in prices:
            account, _, symbol = each.rpartition(",")
            keys.append((account_id(api.context, account), symbol))
        found.append(Watched(_watching(api, feed, "prices"), api.caller.name, keys))
    if replays:
        if looking.PROGRESS not in api.context.registry.operations:
            raise ApiProblem("not-found", "this node has no replays: their plugin is off")
        ids = [
            str(perform_named(api.context, looking.PROGRESS, {"replay": each}).model_dump()["id"]) for each in replays
        ]
        found.append(Watched(_watching(api, feed, "replays"), api.caller.name, ids))
    return found


def _watching(api: Api, feed: Feed, what: Literal["prices", "replays"]) -> Watching[Any]:
    settings = api.plugin_context.plugin_settings(EventsSettings)
    everybodys = api.state.context
    if what == "prices":
        made: Watching[Any] = Watching(
            feed, what, partial(looking.prices, everybodys), every=_PRICES_S,
            per_user=settings.prices_per_user, most=settings.prices,
        )  # fmt: skip
    else:
        made = Watching(
            feed, what, partial(looking.replays, everybodys), every=_REPLAYS_S,
            per_user=_REPLAYS_MAX * settings.streams_per_user, most=settings.replays,
        )  # fmt: skip
    found: Watching[Any] = api.state.kept.setdefault(f"events.{what}", made)
    return found
