"""The answer that is a stream of events."""

from __future__ import annotations

from starlette.responses import StreamingResponse
from starlette.types import Receive, Scope, Send

from octobot_node.api.problems import problem_response
from octobot_plugins.api_events.feed import Feed
from octobot_plugins.api_events.reader import Reader

__all__ = ["EventStream"]


class EventStream(StreamingResponse):
    """Gives a reader its pieces, each when the one before is taken; where there is no seat, it is a problem instead."""

    media_type = "text/event-stream"

    def __init__(self, feed: Feed, reader: Reader, caller: str) -> None:
        # nginx would gather pieces.
        super().__init__(reader.frames(), headers={"x-accel-buffering": "no"})
        self._feed, self._caller = feed, caller

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send the stream until it ends or the reader is gone."""
        refusal = self._feed.join(self._caller)
        if refusal is not None:
            headers = {"Retry-After": "5"}
            answer = problem_response(refusal.kind, refusal.detail, scope["state"]["request_id"], headers=headers)
            await answer(scope, receive, send)
            return
        try:
            await super().__call__(scope, receive, send)
        finally:
            self._feed.leave(self._caller)
