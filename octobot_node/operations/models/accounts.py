"""Accounts."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from pydantic import Field

from octobot_node.operations.models.base import Told

__all__ = ["AccountPage", "AccountRow"]


class AccountRow(Told):
    """One account; its connectors' settings are not told, they may hold secrets."""

    id: str
    name: str
    market_data: str
    trading: str
    simulated: bool | None = Field(description="Orders never leave the machine; None: its plugin is missing.")
    sending: bool
    limits: dict[str, Any]
    automations: int
    open_orders: int
    unknown_orders: int
    created_at: datetime


class AccountPage(Told):
    """Accounts, oldest first."""

    accounts: list[AccountRow]
    next_cursor: str | None
