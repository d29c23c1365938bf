"""Standalone coordination: this node is alone on its data folder, and proves it with a lock."""

from __future__ import annotations

from octobot_node import hookimpl
from octobot_node.contracts.coordinator import Coordinator
from octobot_node.hookspecs import NodeContext


@hookimpl
def open_coordinator(node: NodeContext) -> Coordinator:
    """Coordinate a node that shares its database with nobody."""
    from octobot_plugins.standalone.coordinator import StandaloneCoordinator

    return StandaloneCoordinator(node)
