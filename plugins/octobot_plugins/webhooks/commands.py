"""``octobot-node hooks``: addresses for signals."""

from __future__ import annotations

from typing import Annotated, TextIO

import typer

from octobot_node.cli.ask_node import NodeClient, confirm
from octobot_node.cli.options import AutomationArgument, Cursor, DataDir, Json, Limit, Yes, group
from octobot_plugins.webhooks.catalogue import CREATE_HOOK, DELETE_HOOK, LIST_HOOKS, ROTATE_HOOK
from octobot_plugins.webhooks.models import HookCreated, HookDeleted, HookPage, HookRow

__all__ = ["commands"]

HookArgument = Annotated[str, typer.Argument(metavar="HOOK", help="An address's id.")]


def commands() -> typer.Typer:
    """Return the commands."""
    found = group()
    found.info.help = "Addresses that alerts, such as TradingView's, are sent to."
    found.command("list")(_list)
    found.command("add")(_add)
    found.command("rotate")(_rotate)
    found.command("remove")(_remove)
    return found


def _list(
    context: typer.Context, limit: Limit = 50, cursor: Cursor = None, as_json: Json = False, data_dir: DataDir = None
) -> None:
    """List addresses, oldest first."""
    client = NodeClient(context, data_dir, as_json=as_json)
    client.show(client.ask(LIST_HOOKS, limit=limit, cursor=cursor), _print_page)


def _add(
    context: typer.Context,
    automation: AutomationArgument,
    name: Annotated[str, typer.Argument(metavar="NAME", help="What sends there, such as TradingView.")],
    allow: Annotated[
        list[str] | None,
        typer.Option("--allow", metavar="NETWORK", help="An address or network that may send; may be repeated."),
    ] = None,
    channel: Annotated[str | None, typer.Option("--channel", metavar="NAME", help="The inbox's channel.")] = None,
    as_json: Json = False,
    data_dir: DataDir = None,
) -> None:
    """Make an address for signals to AUTOMATION, and print it, this once."""
    client = NodeClient(context, data_dir, as_json=as_json)
    made = client.ask(CREATE_HOOK, automation=automation, name=name, allow=allow, channel=channel)
    client.show(made, _print_created)


def _rotate(context: typer.Context, hook: HookArgument, as_json: Json = False, data_dir: DataDir = None) -> None:
    """Replace an address's token; the old one is worth nothing from now on."""
    client = NodeClient(context, data_dir, as_json=as_json)
    client.show(client.ask(ROTATE_HOOK, hook=hook), _print_created)


def _remove(
    context: typer.Context, hook: HookArgument, yes: Yes = False, as_json: Json = False, data_dir: DataDir = None
) -> None:
    """Delete an address."""
    client = NodeClient(context, data_dir, as_json=as_json)
    confirm(f"delete the address {hook}?", yes=yes)
    client.show(client.ask(DELETE_HOOK, hook=hook), _print_deleted)


def _print_page(page: HookPage, out: TextIO) -> None:
    for row in page.hooks:
        _print(row, out)
    if page.next_cursor is not None:
        out.write(f"more: --cursor {page.next_cursor}\n")


def _print(row: HookRow, out: TextIO) -> None:
    who = ", ".join(row.allow) or "everybody who knows it"
    out.write(f"{row.id}  {row.name}  to {row.automation}, from {who}\n")


def _print_created(row: HookCreated, out: TextIO) -> None:
    _print(row, out)
    out.write(f"told this once, after the node's own address: {row.path}\n")


def _print_deleted(found: HookDeleted, out: TextIO) -> None:
    out.write(f"{found.id}: deleted\n")
