"""Rebalance: keep a basket of assets at fixed weights, by threshold, on a schedule, or both."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from octobot_node import Automation, hookimpl
from octobot_tentacles.rebalance.automation import Rebalance


@hookimpl
def register_automations(register: Callable[[type[Automation[Any, Any]]], None]) -> None:
    """Offer the automation type ``rebalance``."""
    register(Rebalance)
