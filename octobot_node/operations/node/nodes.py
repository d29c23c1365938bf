"""The nodes that share the database: look at them, and let one leave."""

from __future__ import annotations

from octobot_node.market import from_ms
from octobot_node.operations.context import OperationContext
from octobot_node.operations.models import EmptyRequest
from octobot_node.operations.node.models.node import DrainNode, NodePage, NodeRow

__all__ = ["drain", "list_nodes"]


def list_nodes(context: OperationContext, request: EmptyRequest) -> NodePage:
    """Return every node that works on the database, or did lately."""
    del request
    me = context.core.context.node_id if context.live else ""
    return NodePage(
        nodes=[
            NodeRow(
                id=node.id,
                role=node.role,
                state=node.state,
                leads=node.leads,
                works=node.works,
                version=node.version,
                plugins=node.plugins,
                host=node.host,
                load=node.load,
                heartbeat_age=round(node.silent, 1),
                since=from_ms(node.since),
                this=node.id == me,
            )
            for node in context.core.coordinator.nodes()
        ]
    )


def drain(context: OperationContext, request: DrainNode) -> NodePage:
    """Ask a node to finish what it does and end; raise UnknownName or CommandRefused."""
    context.core.coordinator.drain(request.node)
    return list_nodes(context, EmptyRequest())
