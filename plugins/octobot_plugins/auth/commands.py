"""``octobot-node users`` and ``octobot-node keys``: whoever may write to the data folder is the machine's admin."""

from __future__ import annotations

import sys
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from octobot_node.cli.ask_node import NodeClient, confirm
from octobot_node.cli.options import DataDir, Json, Yes, group
from octobot_node.errors import UsageError
from octobot_node.text.from_outside import read_text, without_mark
from octobot_plugins.auth import shown
from octobot_plugins.auth.catalogue import (
    CREATE_KEY,
    CREATE_USER,
    EDIT_USER,
    SET_PASSWORD,
)
from octobot_plugins.auth.second_factor.catalogue import NEW_CODES, RESET_FACTOR, SHOW_FACTOR

__all__ = ["keys", "users"]


class RoleName(StrEnum):
    """What a user may do."""

    viewer = "viewer"
    trader = "trader"
    admin = "admin"


UserArgument = Annotated[str, typer.Argument(metavar="USER", help="A user's name.")]
PasswordFile = Annotated[
    Path | None,
    typer.Option(
        "--password-file", metavar="FILE", help="A file with the password; - for stdin. Otherwise it is asked."
    ),
]
Owner = Annotated[
    str | None, typer.Option("--owner", metavar="NAME", help="Whose automations they see and create for.")
]


def users() -> typer.Typer:
    """Return the commands about users."""
    found = group()
    found.info.help = "Who may use the API."
    found.command("add")(_add)
    found.command("edit")(_edit)
    found.command("password")(_password)
    found.add_typer(second_factors(), name="second-factor")
    return found


def second_factors() -> typer.Typer:
    """Return the commands about second factors, for an operator who helps whoever is locked out."""
    found = group()
    found.info.help = "Codes of authenticators beside passwords."
    found.command("show")(_show_factor)
    found.command("codes")(_new_codes)
    found.command("reset")(_reset_factor)
    return found


def keys() -> typer.Typer:
    """Return the commands about API keys."""
    found = group()
    found.info.help = "Keys for programs that use the API."
    found.command("add")(_add_key)
    return found


def _add(
    context: typer.Context,
    user: UserArgument,
    role: Annotated[
        RoleName, typer.Option("--role", help="viewer looks, trader trades, admin does all.")
    ] = RoleName.trader,
    owner: Owner = None,
    password_file: PasswordFile = None,
    generate: Annotated[bool, typer.Option("--generate", help="Generate the password and print it.")] = False,
    as_json: Json = False,
    data_dir: DataDir = None,
) -> None:
    """Create a user."""
    client = NodeClient(context, data_dir, as_json=as_json)
    password = None if generate else _read_password(password_file)
    made = client.ask(CREATE_USER, user=user, role=role.value, owner=owner, password=password)
    client.show(made, shown.user_created)


def _edit(
    context: typer.Context,
    user: UserArgument,
    role: Annotated[RoleName | None, typer.Option("--role", help="What they may do.")] = None,
    owner: Owner = None,
    disabled: Annotated[
        bool | None, typer.Option("--disable/--enable", help="Whether they may come in at all.")
    ] = None,
    as_json: Json = False,
    data_dir: DataDir = None,
) -> None:
    """Change a user's role or owner, disable or enable them."""
    client = NodeClient(context, data_dir, as_json=as_json)
    given = {"role": None if role is None else role.value, "owner": owner, "disabled": disabled}
    if all(value is None for value in given.values()):
        raise UsageError("nothing is to be changed: give --role, --owner, --disable or --enable")
    client.show(client.ask(EDIT_USER, user=user, **given), shown.user)


def _password(
    context: typer.Context,
    user: UserArgument,
    password_file: PasswordFile = None,
    as_json: Json = False,
    data_dir: DataDir = None,
    keep_keys: Annotated[bool, typer.Option("--keep-keys", help="Leave their API keys as they are.")] = False,
) -> None:
    """Set a user's password; their sessions end, and their API keys are revoked."""
    client = NodeClient(context, data_dir, as_json=as_json)
    found = client.ask(SET_PASSWORD, user=user, password=_read_password(password_file), keep_keys=keep_keys)
    client.show(found, shown.user)


def _show_factor(context: typer.Context, user: UserArgument, as_json: Json = False, data_dir: DataDir = None) -> None:
    """Tell whether a user must show a second factor, and how many recovery codes are left."""
    client = NodeClient(context, data_dir, as_json=as_json)
    client.show(client.ask(SHOW_FACTOR, user=user), shown.second_factor)


def _new_codes(
    context: typer.Context, user: UserArgument, yes: Yes = False, as_json: Json = False, data_dir: DataDir = None
) -> None:
    """Make new recovery codes for a user; those of before are worth nothing any more. Asks first."""
    client = NodeClient(context, data_dir, as_json=as_json)
    confirm(f"Make new recovery codes for {user}? Those of before are worth nothing then.", yes=yes)
    client.show(client.ask(NEW_CODES, user=user), shown.recovery_codes)


def _reset_factor(
    context: typer.Context, user: UserArgument, yes: Yes = False, as_json: Json = False, data_dir: DataDir = None
) -> None:
    """Take away the second factor of a user who lost it; their sessions end. Asks first."""
    client = NodeClient(context, data_dir, as_json=as_json)
    confirm(f"Take away the second factor of {user}? The password alone lets them in then.", yes=yes)
    client.show(client.ask(RESET_FACTOR, user=user), shown.revoked)


def _add_key(
    context: typer.Context,
    user: UserArgument,
    name: Annotated[str, typer.Argument(metavar="NAME", help="What it is for, such as grafana.")],
    scopes: Annotated[list[str], typer.Option("--scope", metavar="SCOPE", help="What it may do; may be repeated.")],
    expires_in: Annotated[
        str | None,
        typer.Option("--expires-in", metavar="DURATION", help="When it ends: 30d, 12h. Otherwise it does not."),
    ] = None,
    as_json: Json = False,
    data_dir: DataDir = None,
) -> None:
    """Make an API key and print its token, this once."""
    from octobot_node.cli.input_files import seconds

    client = NodeClient(context, data_dir, as_json=as_json)
    made = client.ask(CREATE_KEY, user=user, name=name, scopes=scopes, expires_in=seconds(expires_in, "--expires-in"))
    client.show(made, shown.key_created)


def _read_password(file: Path | None) -> str:
    """Return a password from a file, or from whoever sits at the terminal; never from the command line itself."""
    if file is not None:
        try:
            text = without_mark(sys.stdin.read()) if str(file) == "-" else read_text(file)
        except (OSError, UnicodeDecodeError) as error:
            raise UsageError(f"--password-file {file} cannot be read ({error}): check the path") from None
        # An editor on Windows ends the line with two characters, and neither is the password's.
        return text.rstrip("\r\n")
    if not sys.stdin.isatty():
        raise UsageError("there is no terminal to ask for the password: give --password-file, or - for stdin")
    from getpass import getpass

    first = getpass("password: ")
    if getpass("again: ") != first:
        raise UsageError("the two passwords are not the same: nothing was changed, try again")
    return first
