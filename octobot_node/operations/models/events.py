"""What happened."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from pydantic import Field

from octobot_node.operations.models.base import Asked, Limit, Told, Wanted

__all__ = ["EventPage", "EventRow", "ListEvents"]


class EventRow(Told):
    """Something that happened; ids only grow. ``automation`` is "" for the node, and an id's where it was deleted."""

    id: int
    at: datetime
    automation: str
    automation_id: str
    kind: str
    data: dict[str, Any]


class ListEvents(Asked):
    """Events after an id, oldest first; or the newest ``limit``, with ``before`` the newest before an id.

    ``kind`` is one kind, or a group of kinds that ends with a dot: ``order.``.
    """

    automation: Wanted | None = None
    after: int | None = Field(default=None, ge=0)
    before: int | None = Field(default=None, ge=0)
    kind: str | None = Field(default=None, max_length=32)
    limit: Limit = 50


class EventPage(Told):
    """Events, oldest first.

    ``last`` is the id to go on after, ``first`` the one to go back before, None where nothing is before.
    """

    events: list[EventRow]
    last: int
    first: int | None = None
