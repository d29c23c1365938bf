"""Smart trade: one trade from its entry to its exit, with take-profits, stop-loss, trailing stop and break-even."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from octobot_node import Automation, hookimpl
from octobot_tentacles.smart_trade.automation import SmartTrade


@hookimpl
def register_automations(register: Callable[[type[Automation[Any, Any]]], None]) -> None:
    """Offer the automation type ``smart_trade``."""
    register(SmartTrade)
