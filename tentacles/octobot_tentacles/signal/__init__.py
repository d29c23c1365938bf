"""Signal: trades on the messages that arrive in its inbox."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from octobot_node import Automation, hookimpl
from octobot_tentacles.signal.automation import SignalTrader


@hookimpl
def register_automations(register: Callable[[type[Automation[Any, Any]]], None]) -> None:
    """Offer the automation type ``signal``."""
    register(SignalTrader)
