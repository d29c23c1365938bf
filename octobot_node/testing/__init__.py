"""The test kit: what to run automations and the node itself against."""

from __future__ import annotations

from octobot_node.testing.hostile.behaviour import Behaviour
from octobot_node.testing.hostile.process import HostileExchange

__all__ = ["Behaviour", "HostileExchange"]
