"""``octobot-node secrets …``: its commands and their options. No secret is given on a command line: others see it."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from octobot_node.cli.options import Cursor, DataDir, Json, Limit, Yes, group

__all__ = ["commands"]

_Name = Annotated[str, typer.Argument(metavar="NAME", help="What configs and settings call it.")]
_File = Annotated[Path | None, typer.Option("--file", metavar="FILE", help="A file that has the secret; - for stdin.")]


def commands() -> typer.Typer:
    """Return the group; without a command it lists."""
    app = group()
    app.info.no_args_is_help = False
    app.callback(invoke_without_command=True)(_default)
    app.command("list")(_list)
    app.command("set")(_set)
    app.command("rotate")(_rotate)
    app.command("remove")(_remove)
    app.command("rotate-key")(_rotate_key)
    app.command("start-anew")(_start_anew)
    return app


def _default(context: typer.Context, as_json: Json = False, data_dir: DataDir = None) -> None:
    """List secrets by name; or keep, change and remove them."""
    if context.invoked_subcommand is None:
        _list(context, 50, None, as_json, data_dir)


def _list(
    context: typer.Context,
    limit: Limit = 50,
    cursor: Cursor = None,
    as_json: Json = False,
    data_dir: DataDir = None,
) -> None:
    """List secrets by name, who points to them and when they were used; never what they are."""
    from octobot_node.cli.ask_node import NodeClient
    from octobot_node.cli.output.show_secrets import print_secrets
    from octobot_node.operations.secrets.catalogue import LIST_SECRETS

    client = NodeClient(context, data_dir, as_json=as_json)
    client.show(client.ask(LIST_SECRETS, limit=limit, cursor=cursor), print_secrets)


def _set(
    context: typer.Context, name: _Name, file: _File = None, as_json: Json = False, data_dir: DataDir = None
) -> None:
    """Keep a new secret, sealed. Asks for it, unless a file or stdin has it."""
    from octobot_node.cli.ask_node import NodeClient
    from octobot_node.cli.input_files import one_secret
    from octobot_node.cli.output.show_secrets import print_secret
    from octobot_node.operations.secrets.catalogue import SET_SECRET

    client = NodeClient(context, data_dir, as_json=as_json)
    client.show(client.ask(SET_SECRET, name=name, value=one_secret(file, name)), print_secret)


def _rotate(
    context: typer.Context, name: _Name, file: _File = None, as_json: Json = False, data_dir: DataDir = None
) -> None:
    """Give a secret another value; accounts that point to it are opened anew. Asks for it, unless a file has it."""
    from octobot_node.cli.ask_node import NodeClient
    from octobot_node.cli.input_files import one_secret
    from octobot_node.cli.output.show_secrets import print_secret
    from octobot_node.operations.secrets.catalogue import ROTATE_SECRET

    client = NodeClient(context, data_dir, as_json=as_json)
    client.show(client.ask(ROTATE_SECRET, name=name, value=one_secret(file, name)), print_secret)


def _remove(
    context: typer.Context, name: _Name, yes: Yes = False, as_json: Json = False, data_dir: DataDir = None
) -> None:
    """Remove a secret that no account points to. Asks first."""
    from octobot_node.cli.ask_node import NodeClient, confirm
    from octobot_node.cli.output.show_secrets import print_removed
    from octobot_node.operations.secrets.catalogue import REMOVE_SECRET

    client = NodeClient(context, data_dir, as_json=as_json)
    confirm(f"Remove the secret {name}? Configs that point to it find nothing then.", yes=yes)
    client.show(client.ask(REMOVE_SECRET, name=name), print_removed)


def _rotate_key(context: typer.Context, yes: Yes = False, as_json: Json = False, data_dir: DataDir = None) -> None:
    """Seal everything under another master key. Killed in the middle, it goes on when given again. Asks first."""
    from octobot_node.cli.ask_node import NodeClient, confirm
    from octobot_node.cli.output.show_secrets import print_rotated
    from octobot_node.operations.secrets.catalogue import ROTATE_MASTER_KEY

    client = NodeClient(context, data_dir, as_json=as_json)
    confirm("Seal under another master key? Backups of before need the old one: keep it as long as they.", yes=yes)
    client.show(client.ask(ROTATE_MASTER_KEY), print_rotated)


def _start_anew(context: typer.Context, yes: Yes = False, as_json: Json = False, data_dir: DataDir = None) -> None:
    """Go on without the master key of before, where it is lost. All secrets are to be entered again. Asks first."""
    from octobot_node.cli.ask_node import NodeClient, confirm
    from octobot_node.cli.output.show_secrets import print_started_anew
    from octobot_node.operations.secrets.catalogue import START_ANEW

    client = NodeClient(context, data_dir, as_json=as_json)
    confirm("Go on without the key of before? What is sealed under it cannot be opened without it.", yes=yes)
    client.show(client.ask(START_ANEW), print_started_anew)
