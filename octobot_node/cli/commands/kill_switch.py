"""``octobot-node kill-switch …``: its commands and their options."""

from __future__ import annotations

from typing import Annotated

import typer

from octobot_node.cli.operation_groups import OperationGroup
from octobot_node.cli.options import Cursor, DataDir, Json, Limit, Yes, group

__all__ = ["commands"]

_SwitchArgument = Annotated[
    str | None,
    typer.Argument(
        metavar="[SWITCH]", help="Its id, as `kill-switch list` shows it; the one in force without.", show_default=False
    ),
]


def commands() -> typer.Typer:
    """Return the group."""
    app = group(OperationGroup)
    app.command("throw")(_throw)
    app.command("show")(_show)
    app.command("release")(_release)
    return app


def _throw(
    context: typer.Context,
    account: Annotated[
        str | None, typer.Option("--account", metavar="ACCOUNT", help="Stop this account, by name or id.")
    ] = None,
    automation: Annotated[
        str | None, typer.Option("--automation", metavar="AUTOMATION", help="Stop this automation, by name or id.")
    ] = None,
    everything: Annotated[bool, typer.Option("--everything", help="Stop everything.")] = False,
    reason: Annotated[str, typer.Option("--reason", metavar="TEXT", help="Why, for whoever reads it later.")] = "",
    yes: Yes = False,
    no_wait: Annotated[
        bool, typer.Option("--no-wait", help="Switch sending off and end; do not wait for what the exchanges confirm.")
    ] = False,
    as_json: Json = False,
    data_dir: DataDir = None,
) -> None:
    """Stop all sending at once, cancel own open orders, and wait until the exchanges confirmed what became of each.

    Works with a running node, with one that hangs, and without one. Exit code 0 only when all is confirmed.
    """
    from octobot_node.cli.actions.throw_kill_switch import chosen, throw
    from octobot_node.cli.ask_node import NodeClient, confirm

    client = NodeClient(context, data_dir, as_json=as_json)
    given = chosen(account=account, automation=automation, everything=everything, reason=reason)
    what = given.get("target") or "everything"
    confirm(f"Stop all sending of {what}, and cancel its open orders?", yes=yes)
    throw(client, given, wait=not no_wait)


def _show(
    context: typer.Context,
    switch: _SwitchArgument = None,
    live: Annotated[bool, typer.Option("--live", help="Only orders whose end is not confirmed.")] = False,
    limit: Limit = 50,
    cursor: Cursor = None,
    as_json: Json = False,
    data_dir: DataDir = None,
) -> None:
    """Show a kill switch's checklist: what each order was, and what its exchange confirmed since."""
    from octobot_node.cli.actions.throw_kill_switch import read_checklist
    from octobot_node.cli.ask_node import NodeClient
    from octobot_node.cli.output.show_kill_switch import print_checklist

    client = NodeClient(context, data_dir, as_json=as_json)
    client.show(read_checklist(client, {"id": switch, "live": live, "limit": limit, "cursor": cursor}), print_checklist)


def _release(
    context: typer.Context,
    switch: _SwitchArgument = None,
    even_if_unsettled: Annotated[
        bool,
        typer.Option("--even-if-unsettled", help="Though it is not confirmed what became of all orders."),
    ] = False,
    yes: Yes = False,
    as_json: Json = False,
    data_dir: DataDir = None,
) -> None:
    """Let orders be sent again. Asks first, and is refused while it is not confirmed what became of all orders."""
    from octobot_node.cli.ask_node import NodeClient, confirm
    from octobot_node.cli.output.show_kill_switch import print_kill_switch
    from octobot_node.operations.trading.catalogue import RELEASE_KILL_SWITCH

    client = NodeClient(context, data_dir, as_json=as_json)
    confirm("Let orders be sent again?", yes=yes)
    released = client.ask(RELEASE_KILL_SWITCH, id=switch, even_if_unsettled=even_if_unsettled)
    client.show(released, print_kill_switch)
    client.say_if_quiet("orders are sent again")
