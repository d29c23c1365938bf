"""One command for many automations."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from octobot_node.operations.automations.models.automations import WhichAutomations
from octobot_node.operations.models import Response

__all__ = ["BulkAutomations", "BulkRefusal", "BulkResult", "RefusalReason"]

_Id = Annotated[str, Field(min_length=1, max_length=36)]


class BulkAutomations(WhichAutomations):
    """A command for those automations that every given filter fits; without a filter, ``everything`` says that it is
    meant.

    ``stop_close`` also sells what they hold, at market.
    """

    command: Literal["pause", "resume", "run_now", "stop", "stop_close", "delete"] = Field(examples=["pause"])
    everything: bool = Field(default=False, description="All automations: what no filter at all must say.")
    ids: list[_Id] | None = Field(default=None, max_length=5_000, description="Ids of automations.")
    dry_run: bool = Field(default=False, description="Change nothing, and say what would be changed.")
    limit: int = Field(default=5_000, ge=1, le=5_000, description="Automations in this call at most.")
    cursor: str | None = Field(default=None, description="`next_cursor` of the call before; None for the first.")


class BulkRefusal(Response):
    """An automation that the command did not fit; it is as it was."""

    id: str
    reason: str


class RefusalReason(Response):
    """Why automations were refused, without their names, and how many for it."""

    reason: str
    count: int


class BulkResult(Response):
    """What a command did, or would do: each automation is changed whole or refused."""

    command: str
    dry_run: bool
    done: list[str] = Field(description="Ids of the automations that were changed.")
    refused: list[BulkRefusal]
    next_cursor: str | None = Field(description="Where to go on: there are more. None: these were all.")
    total: int = Field(description="How many automations the filters fit, in this call and those before and after it.")
    reasons: list[RefusalReason] = Field(description="Why they were refused, the most frequent first.")
