"""Who did what."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal

from pydantic import AwareDatetime, Field

from octobot_node.operations.models import Limit, Request, Response

__all__ = ["AuditPage", "AuditRow", "ListAudit"]


class ListAudit(Request):
    """Which entries; every filter that is given must fit."""

    limit: Limit = 50
    cursor: int | None = Field(
        default=None, ge=0, le=2**63 - 1, description="`next_cursor` of the page before; None for the first."
    )
    actor: str | None = Field(default=None, max_length=128)
    action: str | None = Field(
        default=None, max_length=64, description="One action, or a group that ends with a dot: `automations.`"
    )
    target_id: str | None = Field(default=None, max_length=64, description="The id of what was changed.")
    since: AwareDatetime | None = None
    until: AwareDatetime | None = Field(default=None, description="Before this moment.")


class AuditRow(Response):
    """What somebody did, or tried.

    ``outcome`` is ``unknown`` where the process died before it wrote down how it ended.
    """

    id: int
    at: datetime
    actor: str
    via: str = Field(description="How the actor came: cli, session, key NAME, login, or a plugin's way.")
    address: str
    request_id: str
    action: str
    outcome: Literal["done", "refused", "failed", "unknown"]
    owner: str = Field(description='Whose automations it is about; "" where it is about the node.')
    target: str
    target_id: str
    data: dict[str, Any] = Field(description="Arguments, before, after, error; secrets are masked.")


class AuditPage(Response):
    """Entries, newest first."""

    entries: list[AuditRow]
    next_cursor: int | None
