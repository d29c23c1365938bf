"""What every stream of events begins with: the node's feed, and whether its reader still may."""

from __future__ import annotations

import threading
from collections.abc import Callable, Collection
from typing import Annotated

from fastapi import Request
from pydantic import StringConstraints

from octobot_node.api import Api, ApiProblem
from octobot_node.api.access import Allow
from octobot_node.text.patterns import told_as
from octobot_plugins.api_events.feed import Feed
from octobot_plugins.api_events.settings import EventsSettings

__all__ = ["SCOPE", "OneKind", "check_of", "feed_of"]

SCOPE = "events:read"
OneKind = Annotated[
    str,
    StringConstraints(
        max_length=32,
        pattern=told_as(
            "a kind of events: use small letters, such as order.fill, or a group of them, such as order.",
            r"^[a-z0-9_.-]+$",
        ),
    ),
]


def check_of(request: Request, api: Api, scopes: Collection[str] = ()) -> Callable[[], bool]:
    """Return what says whether the caller still may, has ``scopes`` besides, and still sees the same."""

    def may_go_on() -> bool:
        try:
            found: Api = Allow(SCOPE)(request)
        except ApiProblem:
            return False
        return found.caller.sees == api.caller.sees and all(found.may(scope) for scope in scopes)

    return may_go_on


def feed_of(request: Request, api: Api) -> Feed:
    """Return the node's feed of events, which is made when it is first asked for."""
    stopping = getattr(request.app.state, "stopping", None) or threading.Event()
    kept = api.state.kept
    if "events.feed" not in kept:
        settings = api.plugin_context.plugin_settings(EventsSettings)
        kept.setdefault("events.feed", Feed(api.state.context, settings, stopping))
    found: Feed = kept["events.feed"]
    return found
