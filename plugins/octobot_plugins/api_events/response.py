"""The answer that is a stream of events."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AsyncExitStack
from typing import Any

from starlette.responses import StreamingResponse
from starlette.types import Receive, Scope, Send

from octobot_node.api.problems import problem_response
from octobot_plugins.api_events.feed import Feed, Refusal
from octobot_plugins.api_events.live.watching import Watched
from octobot_plugins.api_events.reader import Reader

__all__ = ["EventStream"]


class EventStream(StreamingResponse):
    """Gives a reader its pieces, each when the one before is taken; where there is no seat, it is a problem instead."""

    media_type = "text/event-stream"

    def __init__(self, feed: Feed, reader: Reader, caller: str, watched: Sequence[Watched[Any]] = ()) -> None:
        # nginx would gather pieces.
        super().__init__(reader.frames(), headers={"x-accel-buffering": "no"})
        self._feed, self._caller, self._watched = feed, caller, watched

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send the stream until it ends or the reader is gone."""
        async with AsyncExitStack() as seats:
            refusal = self._take_seats(seats)
            if refusal is None:
                await super().__call__(scope, receive, send)
                return
        headers = {"Retry-After": "5"}
        answer = problem_response(refusal.kind, refusal.detail, scope["state"]["request_id"], headers=headers)
        await answer(scope, receive, send)

    def _take_seats(self, seats: AsyncExitStack) -> Refusal | None:
        refusal = self._feed.join(self._caller)
        if refusal is not None:
            return refusal
        seats.callback(self._feed.leave, self._caller)
        for each in self._watched:
            refusal = each.join()
            if refusal is not None:
                return refusal
            seats.callback(each.leave)
        return None
