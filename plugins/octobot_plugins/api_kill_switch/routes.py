"""Kill switches over HTTP."""

from __future__ import annotations

from typing import Annotated

from fastapi import Path, Query
from pydantic import BaseModel, ConfigDict, Field

from octobot_node.api import Api, ApiRouter, allow
from octobot_node.api.params import Cursor
from octobot_node.contracts.operation import Route
from octobot_node.operations.models import Limit
from octobot_node.operations.trading.catalogue import (
    LIST_KILL_SWITCHES,
    RELEASE_KILL_SWITCH,
    SHOW_KILL_SWITCH,
    THROW_KILL_SWITCH,
)
from octobot_node.operations.trading.models.kill_switch import (
    Checklist,
    KillSwitchRow,
    ReleaseKillSwitch,
    ShowKillSwitch,
)

__all__ = ["router"]

Reads = Annotated[Api, allow("kill-switch:read")]
Releases = Annotated[Api, allow("kill-switch:write", step_up=True)]
Id = Annotated[str, Path(min_length=1, max_length=36, description="A kill switch's id.")]

router = ApiRouter(prefix="/kill-switches", tags=["kill-switches"])


class Release(BaseModel):
    """How to release."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    even_if_unsettled: bool = Field(
        default=False, examples=[True], description="Though it is not confirmed what became of all orders."
    )


router.add_operation(
    LIST_KILL_SWITCHES, Route("GET", "", "kill-switch:read", "Kill switches", name="list_kill_switches")
)
router.add_operation(
    THROW_KILL_SWITCH,
    Route(
        "POST",
        "",
        "kill-switch:write",
        "Throw a kill switch",
        name="throw_kill_switch",
        status=202,
        location="/kill-switches/{switch.id}",
        problems=(404,),
    ),
)


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
def release_kill_switch(switch: Id, api: Releases, body: Release | None = None) -> KillSwitchRow:
    """Let what it stopped send again."""
    anyway = body is not None and body.even_if_unsettled
    return api.perform(RELEASE_KILL_SWITCH, ReleaseKillSwitch(id=switch, even_if_unsettled=anyway))
