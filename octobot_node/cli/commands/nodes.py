"""Commands about the nodes that share a database."""

from __future__ import annotations

import typer

from octobot_node.cli.operation_groups import OperationGroup
from octobot_node.cli.options import DataDir, Json, group

__all__ = ["commands"]


def commands() -> typer.Typer:
    """Return the group; without a command it lists."""
    nodes = group(OperationGroup)
    nodes.info.no_args_is_help = False
    nodes.callback(invoke_without_command=True)(_list)
    return nodes


def _list(context: typer.Context, as_json: Json = False, data_dir: DataDir = None) -> None:
    """List the nodes on the database: role, state, version, plugins, heartbeat, load."""
    if context.invoked_subcommand is not None:
        return
    from octobot_node.cli.ask_node import NodeClient
    from octobot_node.cli.output.show_node import print_nodes
    from octobot_node.operations.node.catalogue import LIST_NODES

    client = NodeClient(context, data_dir, as_json=as_json)
    client.show(client.ask(LIST_NODES), print_nodes)
