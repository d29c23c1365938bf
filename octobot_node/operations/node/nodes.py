"""The nodes that share the database: look at them, and let one leave."""

from __future__ import annotations

from collections.abc import Mapping

from octobot_node.contracts.coordinator import NodeState
from octobot_node.market import from_ms
from octobot_node.operations.context import OperationContext
from octobot_node.operations.models import EmptyRequest
from octobot_node.operations.node.models.node import DrainNode, NodePage, NodeRow, PluginDifference

__all__ = ["drain", "list_nodes"]


def list_nodes(context: OperationContext, request: EmptyRequest) -> NodePage:
    """Return every node that works on the database, or did lately."""
    del request
    me = context.core.context.node_id if context.live else ""
    nodes = context.core.coordinator.nodes()
    leading: Mapping[str, str] = next((node.parts for node in nodes if node.leads), {})
    return NodePage(nodes=[_row(node, me, leading) for node in nodes])


def _row(node: NodeState, me: str, leading: Mapping[str, str]) -> NodeRow:
    vitals = node.vitals
    return NodeRow(
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
        # What a life that is over took last says nothing of now.
        cpu=None if node.state.gone else vitals.cpu,
        memory=None if node.state.gone else vitals.memory,
        ticks_per_second=None if node.state.gone else vitals.ticks,
        lag_median=vitals.lag,
        lag_95=vitals.lag_most,
        differs=_differences(node.parts, leading),
    )


def _differences(here: Mapping[str, str], leading: Mapping[str, str]) -> list[PluginDifference]:
    """Return in what a node differs; nothing where one of the two does not say what it has."""
    if not here or not leading:
        return []
    return [
        PluginDifference(name=name, version=here.get(name), expected=leading.get(name))
        for name in sorted({*here, *leading})
        if here.get(name) != leading.get(name)
    ]


def drain(context: OperationContext, request: DrainNode) -> NodePage:
    """Ask a node to finish what it does and end; raise UnknownName or CommandRefused."""
    context.core.coordinator.drain(request.node)
    return list_nodes(context, EmptyRequest())
