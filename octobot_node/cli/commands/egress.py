"""Commands about the ways out of this machine."""

from __future__ import annotations

from typing import Annotated

import typer

from octobot_node.cli.options import DataDir, Json

__all__ = ["egress"]


def egress(
    context: typer.Context,
    look: Annotated[bool, typer.Option("--look", help="Look how each stands now, which takes some seconds.")] = False,
    as_json: Json = False,
    data_dir: DataDir = None,
) -> None:
    """List the ways out of this machine that accounts may name: direct, proxies, Tor; and how each stands."""
    from octobot_node.cli.ask_node import NodeClient
    from octobot_node.cli.output.show_node import print_routes
    from octobot_node.operations.node.catalogue import LIST_ROUTES

    client = NodeClient(context, data_dir, as_json=as_json)
    client.show(client.ask(LIST_ROUTES, look=look), print_routes)
