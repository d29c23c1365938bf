"""Rebalance: keep a basket of assets at fixed weights, by threshold, on a schedule, or both."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from octobot_node import Automation, hookimpl
from octobot_node.contracts.panels import Panel
from octobot_tentacles.rebalance.automation import Rebalance


@hookimpl
def register_automations(register: Callable[[type[Automation[Any, Any]]], None]) -> None:
    """Offer the automation type ``rebalance``."""
    register(Rebalance)


@hookimpl
def register_panels(register: Callable[[Panel], None]) -> None:
    """Offer the basket, drawn on its page: what each asset's weight is, and what it shall be."""
    folder = Path(__file__).with_name("panel")
    register(Panel("basket", "Its basket", "automation", folder, types=("octobot_tentacles.rebalance",), height=220))
