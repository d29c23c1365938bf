"""What the operations on addresses take and return."""

from __future__ import annotations

import ipaddress
from datetime import datetime
from typing import Annotated

from pydantic import AfterValidator, Field

from octobot_node.operations.automations.models.automations import OneAutomation
from octobot_node.operations.models import AutomationRef, PageRequest, Request, Response
from octobot_node.text.lines import Line

__all__ = [
    "CreateHook",
    "HookCreated",
    "HookDeleted",
    "HookPage",
    "HookRow",
    "HookSecret",
    "ListHooks",
    "OneHook",
    "SignHook",
]


def _network(text: str) -> str:
    try:
        found = ipaddress.ip_network(text, strict=False)
    except ValueError:
        raise ValueError(f"{text!r} is not a valid address or network: write 52.89.214.238 or 192.0.2.0/24") from None
    # Senders' addresses are compared as IPv4, through whatever socket they came.
    mapped = getattr(found.network_address, "ipv4_mapped", None)
    if mapped is not None and found.prefixlen >= 96:
        return str(ipaddress.ip_network((mapped, found.prefixlen - 96)))
    return str(found)


Network = Annotated[str, Field(max_length=64), AfterValidator(_network)]
Name = Annotated[
    Line,
    Field(min_length=1, max_length=64, description="What sends there, such as TradingView.", examples=["TradingView"]),
]
Channel = Annotated[Line, Field(min_length=1, max_length=64, description="The inbox's channel.")]


class ListHooks(PageRequest):
    """A page of addresses, oldest first."""

    automation: AutomationRef | None = Field(default=None, description="Only those to this one, by name or id.")


class CreateHook(OneAutomation):
    """An address for signals to one automation."""

    name: Name
    channel: Channel = "default"
    allow: list[Network] = Field(
        default=[],
        max_length=64,
        description="Networks that may send; an empty list lets everybody who knows the address.",
        examples=[["52.89.214.238", "34.212.75.30"]],
    )
    expires_in: float = Field(
        default=300, gt=0, le=31_536_000, description="Seconds until a signal that no tick took is worthless."
    )
    same_within: float = Field(
        default=30,
        ge=0,
        le=86_400,
        description="The same body again is the same signal until it was not sent for so many seconds; 0: never.",
    )
    id_field: str = Field(
        default="id",
        max_length=64,
        description="The field of a JSON message that tells signals apart: one of the same id is the same signal,"
        " whenever and however often it is sent. Empty for none.",
    )
    per_minute: int = Field(default=60, ge=1, le=6_000, description="Signals a minute at most, on each node.")
    signed: bool = Field(
        default=False,
        description="Take signed signals alone: HMAC-SHA256 of id, time and body, as Standard Webhooks has it.",
    )
    tolerance: float = Field(
        default=300, ge=1, le=3_600, description="Seconds that a signed signal's time may be away from the node's."
    )


class OneHook(Request):
    """One address."""

    hook: str = Field(min_length=1, max_length=64, description="An address's id, or its name where no other has it.")


class SignHook(OneHook):
    """A new secret that signals are to be signed with."""

    overlap: float = Field(
        default=86_400,
        ge=0,
        le=2_592_000,
        examples=[3_600],
        description="Seconds for which signatures of the secret before still do.",
    )


class HookRow(Response):
    """An address; its token is not kept."""

    id: str
    automation: str
    automation_id: str
    name: str
    channel: str
    allow: list[str]
    expires_in: float
    same_within: float
    id_field: str
    per_minute: int
    created_at: datetime
    rotated_at: datetime | None = Field(description="When its token was last replaced.")
    signed: bool = Field(description="Whether it takes signed signals alone.")
    old_secret_until: datetime | None = Field(description="Until when signatures of the secret before still do.")
    tolerance: float


class HookCreated(HookRow):
    """An address with its token, told this once: signals are POSTed to ``path``."""

    token: str
    path: str = Field(description="What follows the node's own address.", examples=["/hooks/…"])
    secret: str | None = Field(default=None, description="What to sign with, where signals are to be signed.")


class HookSecret(HookRow):
    """An address with the secret that signals are to be signed with, told this once."""

    secret: str


class HookPage(Response):
    """Addresses, oldest first."""

    hooks: list[HookRow]
    next_cursor: str | None


class HookDeleted(Response):
    """An address that is gone."""

    id: str
