"""The progress of one replay as server-sent events, until it is over."""

from __future__ import annotations

import asyncio
import threading
from collections import Counter
from collections.abc import AsyncIterator

from anyio import CapacityLimiter, to_thread
from fastapi import Request
from fastapi.sse import format_sse_event
from starlette.responses import StreamingResponse
from starlette.types import Receive, Scope, Send

from octobot_node.api import Api, ApiProblem
from octobot_node.api.access import Allow
from octobot_node.api.problems import problem_response
from octobot_node.errors import StorageUnavailable, UnknownName
from octobot_plugins.replay.jobs.catalogue import SHOW_PROGRESS
from octobot_plugins.replay.jobs.models import OneReplay, Progress

__all__ = ["ProgressStream"]

_SCOPE = "replays:read"
#: How often it is looked, a sign of life is given, and whether the caller still may is asked again, in seconds.
_LOOK_S, _ALIVE_S, _CHECK_S = 0.5, 15.0, 30.0
#: After this long a browser comes again whose stream ended.
_RETRY_MS = 2_000


class ProgressStream(StreamingResponse):
    """Tells of every change; where a caller has as many streams as one may, it is a problem instead."""

    media_type = "text/event-stream"

    def __init__(self, request: Request, api: Api, first: Progress, most: int) -> None:
        # nginx would gather pieces.
        super().__init__(self._frames(first), headers={"x-accel-buffering": "no"})
        self._request, self._api, self._most = request, api, most
        self._stopping = getattr(request.app.state, "stopping", None) or threading.Event()
        #: Those of requests are not theirs to take.
        self._lane: CapacityLimiter = api.state.kept.setdefault("replays.following", CapacityLimiter(1))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send the stream until the replay is over, or its reader is gone."""
        seats: Counter[str] = self._api.state.kept.setdefault("replays.seats", Counter())
        caller = self._api.caller.name
        if seats[caller] >= self._most:
            detail = f"{caller} follows {self._most} replays already: end one of the streams"
            await problem_response("throttled", detail, scope["state"]["request_id"], headers={"Retry-After": "5"})(
                scope, receive, send
            )
            return
        seats[caller] += 1
        try:
            await super().__call__(scope, receive, send)
        finally:
            seats[caller] -= 1

    async def _frames(self, progress: Progress) -> AsyncIterator[bytes]:
        clock = asyncio.get_running_loop().time
        yield format_sse_event(comment="replay", retry=_RETRY_MS) + _frame(progress)
        sent_at, check_at = clock(), clock() + _CHECK_S
        while not progress.status.over and not self._stopping.is_set():
            await asyncio.sleep(_LOOK_S)
            if clock() >= check_at:
                if not await to_thread.run_sync(self._may_go_on, limiter=self._lane):
                    return
                check_at = clock() + _CHECK_S
            found = await to_thread.run_sync(self._look, progress, limiter=self._lane)
            if found is None:
                return
            if found != progress:
                yield _frame(found)
                progress, sent_at = found, clock()
            elif clock() >= sent_at + _ALIVE_S:
                yield format_sse_event(comment="alive")
                sent_at = clock()

    def _look(self, before: Progress) -> Progress | None:
        try:
            return self._api.perform(SHOW_PROGRESS, OneReplay(replay=before.id))
        except StorageUnavailable:
            return before
        except UnknownName:
            return None  # It was deleted.

    def _may_go_on(self) -> bool:
        try:
            found: Api = Allow(_SCOPE)(self._request)
        except ApiProblem:
            return False
        except StorageUnavailable:
            # Nobody is let go on unchecked; the reader comes again.
            return False
        return found.caller.sees == self._api.caller.sees


def _frame(progress: Progress) -> bytes:
    return format_sse_event(data_str=progress.model_dump_json())
