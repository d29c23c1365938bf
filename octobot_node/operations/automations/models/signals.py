"""Messages for automations."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal

from pydantic import Field

from octobot_node.operations.automations.models.automations import OneAutomation
from octobot_node.operations.models import AutomationRef, PageRequest, Response
from octobot_node.text.lines import Line

__all__ = ["ListSignals", "SendSignal", "SignalOrder", "SignalPage", "SignalRow", "SignalSent", "SignalStatus"]

SignalStatus = Literal["waiting", "consumed", "dead"]


class SendSignal(OneAutomation):
    """A message for an automation's inbox; one with a ``key`` that arrived before is not taken again."""

    payload: Any = Field(description="What the automation is given.", examples=[{"side": "buy"}])
    channel: Line = Field(default="default", min_length=1, max_length=64)
    key: Line | None = Field(
        default=None, min_length=1, max_length=128, description="One that arrived before is not taken again."
    )
    expires_in: float | None = Field(default=None, gt=0, le=31_536_000, description="Seconds until it is worthless.")


class SignalSent(Response):
    """Whether the inbox took it: False for a key that arrived before."""

    automation: str
    id: str
    accepted: bool


class ListSignals(PageRequest):
    """Whose inbox, and perhaps which signals of it."""

    automation: AutomationRef
    status: SignalStatus | None = Field(default=None, description="Only those that are waiting, consumed or dead.")


class SignalOrder(Response):
    """An order that follows from a signal."""

    id: str
    status: str
    reason: str = Field(description="Why it was refused or ended.")


class SignalRow(Response):
    """One signal: it waits, a tick consumed it, or it is dead since ticks that were given it failed.

    What is over is forgotten after a time.
    """

    id: str
    channel: str
    source: str = Field(description="Who sent it.")
    key: str
    payload: Any
    status: SignalStatus
    tries: int = Field(description="Failed ticks that it was given to.")
    received_at: datetime
    expires_at: datetime | None = Field(description="No tick is given it after this.")
    consumed_tick: int | None
    outcome: str = Field(
        description="What became of it, as its automation says, such as traded, ignored or refused; failed: the ticks"
        ' that were given it; expired: none was; "": not said, or not known yet.'
    )
    reason: str = Field(description='Why, as a sentence; "" where there is nothing to say.')
    orders: list[SignalOrder] = Field(description="The orders that follow from it, as they stand now.")


class SignalPage(Response):
    """An automation's signals, newest first."""

    automation: str
    automation_id: str
    signals: list[SignalRow]
    next_cursor: str | None
