"""Routes that no operation makes: a file of candles that is sent, and the progress of a replay as a stream."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from typing import Annotated, Any

from anyio import CapacityLimiter, to_thread
from fastapi import Query, Request, Response

from octobot_node.api import Api, ApiProblem, ApiRouter, allow
from octobot_node.api.uploads import receive_file, takes_file
from octobot_node.contracts.context import PluginContext
from octobot_node.engine.data_folder import refuse_full_disk
from octobot_plugins.replay.candle_sets.catalogue import TAKE_CANDLES
from octobot_plugins.replay.candle_sets.files import CandleFiles, file_name_of
from octobot_plugins.replay.candle_sets.models import CandleSetImported, SendCandles, TakeCandles
from octobot_plugins.replay.job_settings import ReplaysSettings
from octobot_plugins.replay.jobs.catalogue import SHOW_PROGRESS
from octobot_plugins.replay.jobs.models import OneReplay, Progress, Reference
from octobot_plugins.replay.jobs.running.stream import ProgressStream

__all__ = ["router"]

_STREAM = "text/event-stream"
#: Files that one user sends at once.
_SENDING_MAX = 2
_EXAMPLE = "timestamp,open,high,low,close,volume\n1640995200000,46200,46250,46190,46220,1.5\n"
_FRAMES = (
    'retry: 2000\n\ndata: {"id":"019b1f00-0000-7000-8000-000000000000","status":"running","reason":"","done":1440,'
    '"total":44640,"virtual_now":"2022-01-02T00:00:00Z","place":null}\n\n'
)
_ANSWERS: dict[int | str, dict[str, Any]] = {
    200: {
        "description": "How far it is, as JSON; asked for `text/event-stream`, again and again until it is over.",
        "content": {_STREAM: {"schema": {"type": "string"}, "example": _FRAMES}},
    },
    429: {"description": "The caller follows as many replays as one user may"},
}

router = ApiRouter(tags=["replays"])


def _most_bytes(context: PluginContext) -> int:
    return context.plugin_settings(ReplaysSettings).upload_mb * 1_000_000


@router.post(
    "/candles",
    status_code=201,
    summary="Send candles",
    responses={409: {}, 413: {}, 422: {}, 429: {}},
    openapi_extra={
        "requestBody": {
            "required": True,
            "description": "The file as it is: CSV, JSON or feather, also in gzip or zip (docs/candle-files.md).",
            "content": {
                "application/octet-stream": {
                    "schema": {"type": "string", "format": "binary"},
                    "example": _EXAMPLE,
                }
            },
        }
    },
)
@takes_file(_most_bytes)
async def send_candles(
    request: Request,
    response: Response,
    api: Annotated[Api, allow("replays:write")],
    how: Annotated[SendCandles, Query()],
) -> CandleSetImported:
    """Keep a file of candles, to replay on it; the same file again is the same candle set.

    It is written to disk as it comes, and read in a process of its own.
    """
    refuse_full_disk(api.plugin_context.settings)
    files = CandleFiles(api.plugin_context.settings.data_dir)
    with _one_more(api), files.incoming(file_name_of(how.file_name)) as path:
        await receive_file(request, path)
        arrived = TakeCandles(arrived=path.parent.name, **how.model_dump(exclude={"file_name"}))
        # One at a time, and in nobody's turn: reading may take long.
        lane = api.state.kept.setdefault("replays.reading", CapacityLimiter(1))
        found = await to_thread.run_sync(partial(api.perform, TAKE_CANDLES, arrived), limiter=lane)
    response.headers["Location"] = f"/api/v1/candles/{found.id}"
    return found


@contextmanager
def _one_more(api: Api) -> Iterator[None]:
    sending: Counter[str] = api.state.kept.setdefault("replays.sending", Counter())
    if sending[api.caller.name] >= _SENDING_MAX:
        raise ApiProblem("throttled", f"you send {_SENDING_MAX} files already: let one of them end first")
    sending[api.caller.name] += 1
    try:
        yield
    finally:
        sending[api.caller.name] -= 1


@router.get("/replays/{replay}/progress", summary="How far a replay is", response_model=Progress, responses=_ANSWERS)
def read_replay_progress(request: Request, api: Annotated[Api, allow("replays:read")], replay: Reference) -> Any:
    """Tell how far a replay is; with `Accept: text/event-stream` as a stream that ends when the replay is over."""
    found = api.perform(SHOW_PROGRESS, OneReplay(replay=replay))
    accepted = request.headers.get("accept", "")
    if _STREAM not in accepted or "application/json" in accepted:
        return found
    settings = api.plugin_context.plugin_settings(ReplaysSettings)
    return ProgressStream(request, api, found, settings.streams_per_user)
