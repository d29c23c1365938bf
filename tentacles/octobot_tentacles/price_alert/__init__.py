"""Price alert: tell when a price crosses a level or moves by so many percent; trades nothing."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from octobot_node import Automation, hookimpl
from octobot_tentacles.price_alert.automation import PriceAlert


@hookimpl
def register_automations(register: Callable[[type[Automation[Any, Any]]], None]) -> None:
    """Offer the automation type ``price_alert``."""
    register(PriceAlert)
