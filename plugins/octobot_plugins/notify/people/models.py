"""What the operations on people's own targets take and return."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from pydantic import Field, SecretStr

from octobot_node.operations.models import Request, Response
from octobot_node.specs import Name

__all__ = [
    "ChangeTarget",
    "CreateTarget",
    "OneTarget",
    "OwnRule",
    "TargetPage",
    "TargetRemoved",
    "TargetRow",
    "TargetTried",
    "TryTarget",
]

#: Of the rules those that are about one's own automations.
OwnRule = Literal["fills", "failures", "unknown_orders", "own"]


class CreateTarget(Request):
    """A way to tell oneself: the URL of a service that Apprise knows."""

    name: Name = Field(description="What you call it.", examples=["phone"])
    url: SecretStr = Field(
        min_length=4,
        max_length=2_000,
        description="An Apprise URL; it is never told again.",
        examples=["tgram://123456789:bot_token/chat_id"],
    )
    tell: list[OwnRule] = Field(
        default=["failures", "unknown_orders", "own"],
        max_length=4,
        description="What is told: fills, failures, unknown_orders, and own: what automations themselves say.",
    )


class OneTarget(Request):
    """One of one's own targets."""

    target: str = Field(min_length=1, max_length=64, description="Its name, or its id.")


class ChangeTarget(OneTarget):
    """What changes of a target; null: it stays."""

    revision: int | None = Field(default=None, ge=0, description="Change it only if this is its revision still.")
    name: Name | None = Field(default=None, description="What you call it from now on.")
    url: SecretStr | None = Field(default=None, min_length=4, max_length=2_000, description="Another Apprise URL.")
    tell: list[OwnRule] | None = Field(default=None, max_length=4, description="All that is told from now on.")
    enabled: bool | None = Field(
        default=None, examples=[False], description="false: nothing is told there until it is true again."
    )


class TryTarget(OneTarget):
    """What to say there."""

    message: str = Field(
        default="This is a test: OctoBot Node can reach you here.",
        min_length=1,
        max_length=500,
        description="The message's text.",
        examples=["This is a test."],
    )


class TargetRow(Response):
    """A way to tell oneself; the URL is not told."""

    id: str = Field(description="Its id.")
    name: str = Field(description="What it is called.")
    scheme: str = Field(description="What its URL is of, such as `tgram`.")
    tell: list[OwnRule] = Field(description="What is told there.")
    enabled: bool = Field(description="Whether anything is told there.")
    waiting: int = Field(description="How many messages wait to be told there.")
    told_at: datetime | None = Field(description="When one arrived last; null: none has.")
    problem: str = Field(description="Why the last one did not arrive; empty: it did, or there was none.")
    revision: int = Field(description="Counts its changes.")
    created_at: datetime = Field(description="When it was made.")


class TargetPage(Response):
    """One's own targets, by name; there are twenty at most."""

    targets: list[TargetRow] = Field(description="By name.")


class TargetRemoved(Response):
    """A target that is gone, with what waited for it."""

    id: str = Field(description="Its id.")
    name: str = Field(description="What it was called.")


class TargetTried(Response):
    """Whether a message arrived there."""

    name: str = Field(description="What the target is called.")
    service: str = Field(description="What the service calls itself; may be empty.")
    arrived: bool = Field(description="Whether the service took it.")
    error: str = Field(description="Why it did not; empty: it did.")
