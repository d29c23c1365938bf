"""Messages for automations."""

from __future__ import annotations

from typing import Any

from pydantic import Field

from octobot_node.operations.models.automations import OneAutomation
from octobot_node.operations.models.base import Told

__all__ = ["SendSignal", "SignalSent"]


class SendSignal(OneAutomation):
    """A message for an automation's inbox; one with a ``key`` that arrived before is not taken again."""

    payload: Any
    channel: str = Field(default="default", min_length=1, max_length=64)
    key: str | None = Field(default=None, min_length=1, max_length=128)
    expires_in: float | None = Field(default=None, gt=0, le=31_536_000, description="Seconds until it is worthless.")


class SignalSent(Told):
    """Whether the inbox took it: False for a key that arrived before."""

    automation: str
    id: str
    accepted: bool
