"""``automations events``: what happened, and what happens."""

from __future__ import annotations

import sys
import time

from octobot_node.cli.ask_node import NodeClient
from octobot_node.cli.output.show_node import event_line, print_events
from octobot_node.errors import UsageError
from octobot_node.operations.node.catalogue import LIST_EVENTS
from octobot_node.operations.node.models.events import EventPage
from octobot_node.text.printable import json_shown, printable

__all__ = ["events"]

_EVERY_S = 0.5
_PAGE = 500


def events(
    client: NodeClient,
    *,
    automation: str | None,
    kind: str | None,
    after: int | None,
    before: int | None,
    since: str | None,
    until: str | None,
    limit: int,
    follow: bool,
) -> None:
    """Print events; with ``follow``, go on until Ctrl-C."""
    if follow and (before is not None or until is not None):
        raise UsageError("--before and --until go back and --follow goes on: give one of them")
    given = {"automation": automation, "kind": kind, "after": after, "before": before, "limit": limit}
    given |= {"since": since, "until": until}
    page = client.ask(LIST_EVENTS, **given)
    if not follow:
        client.show(page, print_events)
        return
    _print(client, page)
    shown = {event.id for event in page.events}
    client.say_if_quiet("what happens is shown")
    while True:
        time.sleep(_EVERY_S)
        # Without a node nothing happens, and whoever looked would keep one from starting.
        if client.live or client.answers():
            page = _next(client, page, automation, kind)
            # What the first page showed before its turn comes again, once.
            _print(client, page.model_copy(update={"events": [each for each in page.events if each.id not in shown]}))


def _next(client: NodeClient, page: EventPage, automation: str | None, kind: str | None) -> EventPage:
    # A node of the release before knows ids alone.
    where = {"newer_than": page.newer} if page.newer else {"after": page.last}
    return client.ask(LIST_EVENTS, automation=automation, kind=kind, limit=_PAGE, **where)


def _print(client: NodeClient, page: EventPage) -> None:
    for event in page.events:
        sys.stdout.write(f"{json_shown(event.model_dump_json()) if client.as_json else printable(event_line(event))}\n")
    sys.stdout.flush()
