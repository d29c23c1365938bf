"""DCA: a fixed quote amount on a schedule, with optional safety orders and take-profit."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from octobot_node import Automation, hookimpl
from octobot_tentacles.dca.automation import Dca


@hookimpl
def register_automations(register: Callable[[type[Automation[Any, Any]]], None]) -> None:
    """Offer the automation type ``dca``."""
    register(Dca)
