"""Who did what."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal

from pydantic import AwareDatetime, Field

from octobot_node.operations.models import Limit, Request, Response
from octobot_node.text.patterns import told_as

__all__ = ["AuditPage", "AuditRow", "AuditVerified", "BrokenEntry", "ListAudit", "ListOwnAudit", "VerifyAudit"]


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


class ListOwnAudit(ListAudit):
    """Of those entries the ones about an owner's things, and about a user: log-ins, sessions, keys, password."""

    owner: str = Field(max_length=64, description="Whose things.")
    user: str = Field(max_length=64, description="Which user.")


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


class VerifyAudit(Request):
    """From where on the audit's chain of hashes is to be looked at."""

    since: str | None = Field(
        default=None,
        pattern=told_as(
            "an anchor: write ID:HASH, a number and 64 hexadecimal digits, as `octobot-node audit verify` tells them",
            "^[0-9]{1,18}:[0-9a-f]{64}$",
        ),
        description="An anchor, `ID:HASH`, that somebody kept: that entry must have that hash still, and what follows"
        " must follow from it. None: from the oldest entry on.",
    )


class BrokenEntry(Response):
    """The first entry at which the chain does not hold."""

    id: int
    why: str


class AuditVerified(Response):
    """Whether entries are what was written, none is missing and none was slipped in, as far as can be told."""

    holds: bool
    broken: BrokenEntry | None = Field(description="The first entry that is not as it was, with the reason.")
    verified: int = Field(description="Entries that were looked at and hold.")
    anchor: str = Field(description="`ID:HASH` of the last of them: kept elsewhere it shows later what was changed.")
    more: bool = Field(description="Whether there are more: go on with `since` = `anchor`.")
    entries: int = Field(description="Entries that are kept.")
    bytes: int = Field(description="Characters of data in them.")
    pruned_id: int = Field(description="The last entry that was pruned; 0: none was.")
    pruned_until: datetime | None = Field(description="When that one was made.")
    remembered: str = Field(description="What the data folder remembers of the audit, and whether that fits.")
