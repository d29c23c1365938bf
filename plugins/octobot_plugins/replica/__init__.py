"""Replica coordination: nodes that share a PostgreSQL database, one of which leads."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from octobot_node import hookimpl
from octobot_node.errors import UsageError
from octobot_node.hookspecs import NodeContext

if TYPE_CHECKING:
    from octobot_node.contracts.coordinator import Coordinator
    from octobot_node.contracts.tables import PluginTables


@hookimpl
def register_tables(register: Callable[[PluginTables], None]) -> None:
    """Offer the table of nodes."""
    from octobot_plugins.replica.tables import REPLICA_TABLES

    register(REPLICA_TABLES)


@hookimpl(tryfirst=True)
def open_coordinator(node: NodeContext) -> Coordinator | None:
    """Coordinate a node on a database that others may share; raise UsageError for a role that needs such a one."""
    role = node.settings.role
    if not node.storage.shared:
        if role == "standalone":
            return None
        raise UsageError(
            f"a {role} shares its database with other nodes, and {node.storage.shown} is one node's own: set"
            " OCTOBOT_DATABASE_URL to postgresql://…, or leave the role at standalone"
        )
    from octobot_plugins.replica.coordinator import ReplicaCoordinator

    return ReplicaCoordinator(node)
