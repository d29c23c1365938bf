"""Grid: buys on levels below the price, sells one level above each buy, and again."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from octobot_node import Automation, hookimpl
from octobot_tentacles.grid.automation import Grid


@hookimpl
def register_automations(register: Callable[[type[Automation[Any, Any]]], None]) -> None:
    """Offer the automation type ``grid``."""
    register(Grid)
