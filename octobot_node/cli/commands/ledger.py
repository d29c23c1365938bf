"""``octobot-node ledger …``: its commands and their options."""

from __future__ import annotations

from typing import Annotated

import typer

from octobot_node.cli.options import AutomationArgument, Cursor, DataDir, Json, Limit, group

__all__ = ["commands"]


def commands() -> typer.Typer:
    """Return the group."""
    app = group()
    app.command("list")(_list)
    app.command("balances")(_balances)
    return app


def _list(
    context: typer.Context,
    automation: AutomationArgument,
    asset: Annotated[str | None, typer.Option("--asset", metavar="ASSET", help="Only what moved of this one.")] = None,
    limit: Limit = 50,
    cursor: Cursor = None,
    as_json: Json = False,
    data_dir: DataDir = None,
) -> None:
    """List what moved in an automation's money, newest first: budget, trades, fees."""
    from octobot_node.cli.ask_node import NodeClient
    from octobot_node.cli.output.show_lists import print_postings
    from octobot_node.operations.trading.catalogue import LIST_POSTINGS

    client = NodeClient(context, data_dir, as_json=as_json)
    given = {"automation": automation, "asset": asset, "limit": limit, "cursor": cursor}
    client.show(client.ask(LIST_POSTINGS, **given), print_postings)


def _balances(
    context: typer.Context,
    automation: Annotated[
        str | None, typer.Option("--automation", metavar="AUTOMATION", help="Only this one's, by name or id.")
    ] = None,
    account: Annotated[
        str | None, typer.Option("--account", metavar="ACCOUNT", help="Only those on this account.")
    ] = None,
    limit: Limit = 50,
    cursor: Cursor = None,
    as_json: Json = False,
    data_dir: DataDir = None,
) -> None:
    """List what automations have of each asset, free and reserved."""
    from octobot_node.cli.ask_node import NodeClient
    from octobot_node.cli.output.show_lists import print_balances
    from octobot_node.operations.trading.catalogue import LIST_BALANCES

    client = NodeClient(context, data_dir, as_json=as_json)
    given = {"automation": automation, "account": account, "limit": limit, "cursor": cursor}
    client.show(client.ask(LIST_BALANCES, **given), print_balances)
