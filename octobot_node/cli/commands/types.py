"""``octobot-node types …``: its commands and their options."""

from __future__ import annotations

from typing import Annotated

import typer

from octobot_node.cli.options import DataDir, Json, group

__all__ = ["commands"]


def commands() -> typer.Typer:
    """Return the group."""
    app = group()
    app.command("list")(_list)
    app.command("show")(_show)
    return app


def _list(context: typer.Context, as_json: Json = False, data_dir: DataDir = None) -> None:
    """List the automation types that are installed."""
    from octobot_node.cli.ask_node import NodeClient
    from octobot_node.cli.output.show_lists import print_types
    from octobot_node.operations.automations.catalogue import LIST_TYPES

    client = NodeClient(context, data_dir, as_json=as_json)
    client.show(client.ask(LIST_TYPES), print_types)


def _show(
    context: typer.Context,
    kind: Annotated[str, typer.Argument(metavar="TYPE", help="package.name, or name alone.")],
    as_json: Json = False,
    data_dir: DataDir = None,
) -> None:
    """Show what an automation type does, and the fields of its config."""
    from octobot_node.cli.ask_node import NodeClient
    from octobot_node.cli.output.show_lists import print_type
    from octobot_node.operations.automations.catalogue import SHOW_TYPE

    client = NodeClient(context, data_dir, as_json=as_json)
    client.show(client.ask(SHOW_TYPE, type=kind), print_type)
