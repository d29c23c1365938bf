"""Health over HTTP, for load balancers and whoever watches over processes."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Sequence
from typing import Annotated, Literal

from fastapi import Request, Response
from pydantic import BaseModel, Field

from octobot_node.api import Api, ApiRouter, public
from octobot_node.api.access import scopes_if_known
from octobot_node.plugin_system.health_runner import Answer
from octobot_plugins.api_health.liveness import Liveness
from octobot_plugins.api_health.node_checks import node_checks
from octobot_plugins.api_health.readiness import Readiness

__all__ = ["router"]

Everybody = Annotated[Api, public()]
_KEPT = "health.readiness"


class Live(BaseModel):
    """Whether the process should go on."""

    status: Literal["ok", "stuck"] = Field(description="stuck: the engine makes no progress; start the node again.")


class ReadyCheck(BaseModel):
    """What a check answered; how long it took, what it found and what to do are for callers with `node:read`."""

    name: str = Field(examples=["disk"])
    status: Literal["ok", "warning", "failed"]
    needed: bool = Field(description="Whether the node is not ready where this has failed.")
    seconds: float | None = None
    detail: str | None = None
    cure: str | None = None


class Ready(BaseModel):
    """Whether the node can do its work."""

    status: Literal["ready", "not ready"]
    checks: list[ReadyCheck]


router = ApiRouter(tags=["health"])


# Both wait for no thread of the pool: each of those may wait for a database that does not answer.
@router.get("/health/live", summary="Does the process live", responses={503: {"model": Live}})
async def live(response: Response, api: Everybody) -> Live:
    """Tell whether the engine goes round; a lost database or exchange is no reason to end the process."""
    liveness: Liveness = api.state.kept.setdefault("health.liveness", Liveness())
    if liveness.is_stuck(api.context.core):
        response.status_code = 503
        return Live(status="stuck")
    return Live(status="ok")


@router.get(
    "/health/ready",
    summary="Can the node do its work",
    responses={503: {"model": Ready}},
    response_model_exclude_none=True,
)
async def ready(request: Request, response: Response, api: Everybody) -> Ready:
    """Tell what each check says: 200 while everything that the node needs is well, 503 otherwise.

    An answer is repeated for two seconds, so that it may be asked for as often as one likes.
    """
    readiness: Readiness | None = api.state.kept.get(_KEPT)
    if readiness is None:
        readiness = api.state.kept[_KEPT] = Readiness(api.context.registry.health_checks, api.plugin_context)
    found = await asyncio.wrap_future(readiness.look())
    answers = [*node_checks(api.context.core), *found]
    told = "node:read" in await scopes_if_known(request)
    is_ready = not any(each.check.needed and each.health.status == "failed" for each in answers)
    if not is_ready:
        response.status_code = 503
    return Ready(status="ready" if is_ready else "not ready", checks=list(_shown(answers, told=told)))


def _shown(answers: Sequence[Answer], *, told: bool) -> Iterator[ReadyCheck]:
    for each in answers:
        shown = ReadyCheck(name=each.check.name, status=each.health.status, needed=each.check.needed)
        if told:
            shown.seconds, shown.detail = round(each.seconds, 3), each.health.detail
            shown.cure = each.health.cure or None
        yield shown
