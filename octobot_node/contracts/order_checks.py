"""What a plugin is shown when it may veto an order."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from octobot_node.contracts.context import PluginContext
    from octobot_node.market import Market

__all__ = ["OrderContext"]


@dataclass(frozen=True, slots=True)
class OrderContext:
    """Whose order it is and what it was decided on; ``type`` is the automation type's full name."""

    owner: str
    account: str
    automation_id: str
    automation: str
    type: str
    now: datetime
    market: Market
    node: PluginContext
