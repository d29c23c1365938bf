"""Commands about the node itself, and their options."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from octobot_node.cli.actions.health import TIMEOUT_S
from octobot_node.cli.options import DataDir, Json

__all__ = ["LogStyle", "RoleName", "doctor", "health", "packages", "plugins", "settings", "start", "status"]


class LogStyle(StrEnum):
    """How the log on stderr is written."""

    console = "console"
    json = "json"


class RoleName(StrEnum):
    """What a node is among those that share its database."""

    standalone = "standalone"
    master = "master"
    consumer = "consumer"


def start(
    context: typer.Context,
    role: Annotated[
        RoleName | None,
        typer.Option(
            "--role", help="Alone, or on a PostgreSQL database that others share: handing out work, or doing it."
        ),
    ] = None,
    no_work: Annotated[bool, typer.Option("--no-work", help="As master only hand out work.")] = False,
    standby: Annotated[
        bool, typer.Option("--standby", help="As master wait while another is there, and take over when it leaves.")
    ] = False,
    data_dir: DataDir = None,
    log: Annotated[LogStyle, typer.Option("--log", help="How to write the log on stderr.")] = LogStyle.console,
    log_file: Annotated[
        Path | None, typer.Option("--log-file", metavar="FILE", help="Write it there, too: six files of 20 MB at most.")
    ] = None,
) -> None:
    """Run what the data folder has, as a service, until Ctrl-C or SIGTERM; the log goes to stderr."""
    from octobot_node.cli.actions.start import serve

    context.obj.data_dir = data_dir
    given = {
        "role": role.value if role else None,
        "work": False if no_work else None,
        "standby": True if standby else None,
    }
    serve(data_dir, log.value, given, log_file)


def status(context: typer.Context, as_json: Json = False, data_dir: DataDir = None) -> None:
    """Say how the node is: automations by status, unknown orders, how late it is."""
    from octobot_node.cli.ask_node import NodeClient
    from octobot_node.cli.output.show_node import print_status
    from octobot_node.operations.node.catalogue import SHOW_NODE_STATUS

    client = NodeClient(context, data_dir, as_json=as_json)
    client.show(client.ask(SHOW_NODE_STATUS), print_status)


def plugins(context: typer.Context, as_json: Json = False, data_dir: DataDir = None) -> None:
    """List plugins: version, origin, what they register, the commands that they add, and what is wrong with them."""
    from octobot_node.cli.actions.node_facts import list_plugins

    list_plugins(context, data_dir, as_json=as_json)


def packages(context: typer.Context, as_json: Json = False, data_dir: DataDir = None) -> None:
    """List the Python packages that are installed beside the node, with their licences."""
    from octobot_node.cli.ask_node import NodeClient
    from octobot_node.cli.output.show_node import print_packages
    from octobot_node.operations.node.catalogue import LIST_PACKAGES

    client = NodeClient(context, data_dir, as_json=as_json)
    client.show(client.ask(LIST_PACKAGES), print_packages)


def settings(context: typer.Context, as_json: Json = False, data_dir: DataDir = None) -> None:
    """List every setting in force and where it came from; secrets are masked."""
    from octobot_node.cli.actions.node_facts import list_settings

    list_settings(context, data_dir, as_json=as_json)


def doctor(context: typer.Context, as_json: Json = False, data_dir: DataDir = None) -> None:
    """Check the database, the plugins, the clock, the disk and more; exit code 1 if something failed."""
    from octobot_node.cli.actions.node_facts import examine

    examine(context, data_dir, as_json=as_json)


def health(
    url: Annotated[
        str | None,
        typer.Option("--url", metavar="URL", help="Where the API is, http://127.0.0.1:8000; as the settings say."),
    ] = None,
    page: Annotated[
        list[str] | None,
        typer.Option("--page", metavar="URL", help="An address that has to answer, too; may be repeated."),
    ] = None,
    live: Annotated[bool, typer.Option("--live", help="Ask only whether the process should go on.")] = False,
    timeout: Annotated[
        float, typer.Option("--timeout", min=0.1, max=60, metavar="SECONDS", help="For everything together.")
    ] = TIMEOUT_S,
    as_json: Json = False,
    data_dir: DataDir = None,
) -> None:
    """Say whether the node is well, at once: exit code 0 if it is, 1 if not. For containers and load balancers."""
    from octobot_node.cli.actions.health import examine as examine_health

    examine_health(url, page or [], live=live, timeout=timeout, data_dir=data_dir, as_json=as_json)
