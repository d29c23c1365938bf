"""Stop-loss guard: watches a position that another automation holds, and stops it when the price falls too far."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from octobot_node import Automation, hookimpl
from octobot_tentacles.stop_loss_guard.automation import StopLossGuard


@hookimpl
def register_automations(register: Callable[[type[Automation[Any, Any]]], None]) -> None:
    """Offer the automation type ``stop_loss_guard``."""
    register(StopLossGuard)
