"""Every operation of the node by its name: what a control socket may ask for."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from octobot_node.contracts.operation import Operation
from octobot_node.operations.automations import catalogue as automations
from octobot_node.operations.node import catalogue as node
from octobot_node.operations.overview import catalogue as overview
from octobot_node.operations.secrets import catalogue as secrets
from octobot_node.operations.trading import catalogue as trading

__all__ = ["OPERATIONS"]

OPERATIONS: Mapping[str, Operation[Any, Any]] = {
    operation.name: operation
    for subject in (automations, trading, node, overview, secrets)
    for operation in subject.OPERATIONS
}
