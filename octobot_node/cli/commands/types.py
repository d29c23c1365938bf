"""``octobot-node types …``: its commands and their options."""

from __future__ import annotations

from typing import Annotated

import typer

from octobot_node.cli.operation_groups import OperationGroup
from octobot_node.cli.options import DataDir, Json, group

__all__ = ["commands"]


def commands() -> typer.Typer:
    """Return the group."""
    app = group(OperationGroup)
    app.command("plan")(_plan)
    return app


def _plan(
    context: typer.Context,
    automation_type: Annotated[str, typer.Argument(metavar="TYPE", help="A type, such as dca.")],
    account: Annotated[str, typer.Option("--account", metavar="ACCOUNT", help="The account that it would trade on.")],
    budget: Annotated[
        list[str] | None,
        typer.Option("--budget", metavar="ASSET=AMOUNT", help="The money it might use; may be repeated."),
    ] = None,
    changes: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="FIELD=VALUE", help="A field of its config, such as amount=50; may be repeated."),
    ] = None,
    as_json: Json = False,
    data_dir: DataDir = None,
) -> None:
    """Show what an automation would do first, on live data, without creating it; or all that is wrong with it."""
    from octobot_node.cli.ask_node import NodeClient
    from octobot_node.cli.input_files import config_fields, fields
    from octobot_node.cli.output.show_automations import print_plan
    from octobot_node.operations.automations.catalogue import PLAN_TYPE

    given = {"budget": fields(budget or [], "--budget"), "config": config_fields(changes or [])}
    client = NodeClient(context, data_dir, as_json=as_json)
    client.show(client.ask(PLAN_TYPE, type=automation_type, account=account, **given), print_plan)
