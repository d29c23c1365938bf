"""Ticks that did something."""

from __future__ import annotations

from datetime import datetime

from pydantic import Field

from octobot_node.operations.automations.models.automations import OneAutomation
from octobot_node.operations.models import Limit, Response
from octobot_node.operations.trading.models.orders import OrderStatus
from octobot_node.specs import Amount

__all__ = ["ListTicks", "TickOrder", "TickPage", "TickRow"]


class ListTicks(OneAutomation):
    """An automation's ticks that did something, newest first."""

    limit: Limit = 50
    cursor: str | None = Field(default=None, max_length=64, description="`next_cursor` of the page before.")


class TickOrder(Response):
    """An order that a tick decided, as it stands now."""

    id: str
    symbol: str
    side: str
    type: str
    status: OrderStatus
    amount: Amount | None
    spend: Amount | None
    price: Amount | None
    tag: str


class TickRow(Response):
    """What a tick did: a tick that only looked is not told."""

    tick: int
    at: datetime
    orders: list[TickOrder]
    cancels: int = Field(description="How many orders it asked to cancel.")
    log: list[str] = Field(description="What its author's code noted.")
    signals: int = Field(description="How many signals it took.")
    failed: str = Field(description="Why it failed, or empty.")


class TickPage(Response):
    """Ticks that did something, newest first; those between them only looked."""

    automation: str
    automation_id: str
    ticks: list[TickRow]
    next_cursor: str | None
