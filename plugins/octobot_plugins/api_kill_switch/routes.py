"""Kill switches over HTTP."""

from __future__ import annotations

from typing import Annotated

from fastapi import Path, Query, Response
from pydantic import BaseModel, ConfigDict, Field

from octobot_node.api import Api, ApiRouter, allow
from octobot_node.api.params import Cursor
from octobot_node.operations.models import Limit
from octobot_node.operations.trading.catalogue import (
    LIST_KILL_SWITCHES,
    RELEASE_KILL_SWITCH,
    SHOW_KILL_SWITCH,
    THROW_KILL_SWITCH,
)
from octobot_node.operations.trading.models.kill_switch import (
    Checklist,
    KillSwitchPage,
    KillSwitchRow,
    ListKillSwitches,
    ReleaseKillSwitch,
    ShowKillSwitch,
    ThrowKillSwitch,
    Thrown,
)

__all__ = ["router"]

Reads = Annotated[Api, allow("kill-switch:read")]
Writes = Annotated[Api, allow("kill-switch:write")]
Id = Annotated[str, Path(min_length=1, max_length=36, description="A kill switch's id.")]

router = ApiRouter(prefix="/kill-switches", tags=["kill switch"])


class Release(BaseModel):
    """How to release."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    even_if_unsettled: bool = Field(
        default=False, examples=[True], description="Though it is not confirmed what became of all orders."
    )


@router.get("", summary="Kill switches")
def list_kill_switches(request: Annotated[ListKillSwitches, Query()], api: Reads) -> KillSwitchPage:
    """List kill switches, newest first."""
    return api.perform(LIST_KILL_SWITCHES, request)


@router.post("", summary="Throw a kill switch", status_code=202, responses={404: {}})
def throw_kill_switch(body: ThrowKillSwitch, response: Response, api: Writes) -> Thrown:
    """Send nothing new from now on, and cancel own open orders; follow what is confirmed at its address."""
    found = api.perform(THROW_KILL_SWITCH, body)
    response.headers["Location"] = f"/api/v1/kill-switches/{found.switch.id}"
    return found


@router.get("/{switch}", summary="A kill switch's checklist")
def read_kill_switch(
    switch: Id,
    api: Reads,
    live: Annotated[bool, Query(description="Only orders whose end is not confirmed.")] = False,
    limit: Annotated[Limit, Query()] = 50,
    cursor: Cursor = None,
) -> Checklist:
    """Tell what became of every order that was live; `settled` when nothing is left that may still move."""
    request = ShowKillSwitch(id=switch, live=live, limit=limit, cursor=cursor)
    return api.perform(SHOW_KILL_SWITCH, request)


@router.post("/{switch}/release", summary="Release a kill switch")
def release_kill_switch(switch: Id, api: Writes, body: Release | None = None) -> KillSwitchRow:
    """Let what it stopped send again."""
    anyway = body is not None and body.even_if_unsettled
    return api.perform(RELEASE_KILL_SWITCH, ReleaseKillSwitch(id=switch, even_if_unsettled=anyway))
