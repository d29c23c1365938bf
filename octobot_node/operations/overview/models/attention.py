"""What needs somebody, and what mends itself."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal

from pydantic import Field

from octobot_node.operations.models import Request, Response

__all__ = ["Attention", "Cause", "Causes", "Help", "ShowAttention"]


class ShowAttention(Request):
    """From when on being late is told, and how long ago an order was refused for want of funds at the most."""

    late_after: float = Field(default=60.0, ge=1, le=86_400, description="Seconds.")
    refused_within: float = Field(default=3_600.0, ge=60, le=604_800, description="Seconds.")


class Help(Response):
    """An operation that helps, as the catalogue and the API know it, with what it takes."""

    operation: str = Field(examples=["automations.bulk"])
    arguments: dict[str, Any] = Field(examples=[{"command": "resume", "status": ["failed"]}])


class Cause(Response):
    """Things that need somebody for the same reason."""

    kind: Literal[
        "failed",
        "held",
        "unknown_orders",
        "late",
        "lacking_funds",
        "short_account",
        "silent_account",
        "silent_node",
        "broken_plugin",
        "kill_switch",
        "waiting",
        "expiring_key",
        "other",
    ]
    title: str = Field(description="What is the matter, in words.")
    detail: str = Field(description="Why, as the node knows it; empty where the title says it.")
    cure: str = Field(description="What to do about it, in words; where it mends itself, that there is nothing to do.")
    count: int = Field(description="Of how many automations, orders, nodes, plugins, keys or kill switches it is so.")
    oldest: datetime | None = Field(description="Since when, of the one for which it has been so longest.")
    mends_itself: bool = Field(description="Whether there is nothing to do but to wait.")
    help: Help | None = Field(description="What may be done about all of them at once; null: nothing at once.")


class Causes(Response):
    """What an operation called `attention.…` answers: a plugin's own causes, which are told among the node's."""

    causes: list[Cause] = Field(description="Those of whoever asks.")


class Attention(Response):
    """Causes, those that need somebody first, the largest first."""

    causes: list[Cause]
    automations: int = Field(description="How many automations need somebody.")
    as_of: datetime
