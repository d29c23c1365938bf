"""The commands and their options; what they do is in files of their own."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, cast

import typer
from typer.core import TyperGroup

from octobot_node import __version__
from octobot_node.cli.commands import (
    accounts,
    audit,
    automations,
    db,
    egress,
    export,
    kill_switch,
    markets,
    node,
    nodes,
    orders,
    secrets,
    signals,
    types,
)
from octobot_node.cli.operation_groups import OperationGroup
from octobot_node.cli.options import DataDir, Json, group
from octobot_node.runs.options import Gaps

if TYPE_CHECKING:
    from typer._click import Command, Context

__all__ = ["Session", "build_app"]


@dataclass(slots=True)
class Session:
    """What a command lets the rest of the command line know."""

    #: Where the log is; None for the settings' own folder.
    data_dir: Path | None = None
    #: What whoever gave the command takes from others of the files that they make: of code to be shared, say.
    umask: int = 0o022


class _Commands(TyperGroup):
    """Our commands, and those that plugins add: plugins are loaded for a name that is not one of ours."""

    def get_command(self, ctx: Context, cmd_name: str) -> Command | None:
        own = super().get_command(ctx, cmd_name)
        if own is not None or ctx.resilient_parsing:
            return own
        from octobot_node.cli.plugin_commands import plugged_command

        return cast("Command | None", plugged_command(cmd_name))


def build_app() -> typer.Typer:
    """Return the command line, ready to be called."""
    # No rich help: it would double what `--help` takes. No rich tracebacks: failures.py says what went wrong.
    app = typer.Typer(
        cls=_Commands,
        rich_markup_mode=None,
        pretty_exceptions_enable=False,
        epilog="Plugins may add commands: `octobot-node plugins` lists them.",
    )
    app.callback(invoke_without_command=True)(_top)
    app.command("run")(_run)
    app.command("start")(node.start)
    app.command("status")(node.status)
    app.add_typer(automations.commands(), name="automations", help="Look at automations, and change what they do.")
    app.add_typer(orders.commands(), name="orders", help="Look at orders, and settle those of unknown outcome.")
    app.add_typer(
        kill_switch.commands(), name="kill-switch", help="Stop all sending and cancel, at once; let it go on."
    )
    app.add_typer(signals.commands(), name="signals", help="Send signals to automations, and look into inboxes.")
    app.add_typer(group(OperationGroup), name="ledger", help="Look at what moved, and at what there is.")
    app.add_typer(group(OperationGroup), name="overview", help="Look at all automations at a glance.")
    app.add_typer(markets.commands(), name="markets", help="Look at markets as automations see them.")
    app.add_typer(types.commands(), name="types", help="Look at the automation types that are installed.")
    app.add_typer(audit.commands(), name="audit", help="Look at who did what.")
    app.add_typer(nodes.commands(), name="nodes", help="List the nodes on the database, and let one leave.")
    app.add_typer(db.commands(), name="db", help="Move the database, back it up, restore it.")
    app.command("export")(export.export)
    app.add_typer(accounts.commands(), name="accounts", help="List accounts, make them, change them.")
    app.add_typer(secrets.commands(), name="secrets", help="Keep secrets by name, and change the key they are under.")
    app.command("exchanges")(accounts.exchanges)
    app.command("egress")(egress.egress)
    app.command("plugins")(node.plugins)
    app.command("packages")(node.packages)
    app.command("settings")(node.settings)
    app.command("doctor")(node.doctor)
    app.command("health")(node.health)
    app.add_typer(_tentacles(), name="tentacles", help="Write automation types of your own; install those of others.")
    app.command("schema")(_schema)
    return app


def _tentacles() -> typer.Typer:
    tentacles = group()
    tentacles.command("new")(_new_tentacle)
    tentacles.command("install")(_install_tentacles)
    tentacles.command("remove")(_remove_tentacles)
    tentacles.command("list")(_list_tentacles)
    tentacles.command("sync")(_sync_tentacles)
    return tentacles


Wheelhouse = Annotated[
    Path | None, typer.Option("--wheelhouse", metavar="DIR", help="Take wheels from this folder, and ask no index.")
]


def _install_tentacles(
    packages: Annotated[
        list[str],
        typer.Argument(metavar="PACKAGE...", help="Names as pip takes them, or wheels with …#sha256=HASH behind them."),
    ],
    wheelhouse: Wheelhouse = None,
    as_json: Json = False,
    data_dir: DataDir = None,
) -> None:
    """Install tentacles beside those that there are: by hash, into a folder of their own, all of it or nothing."""
    from octobot_node.cli.commands.tentacles import install

    install(packages, wheelhouse, data_dir, as_json=as_json)


def _remove_tentacles(
    names: Annotated[list[str], typer.Argument(metavar="NAME...", help="What was installed, by its name.")],
    as_json: Json = False,
    data_dir: DataDir = None,
) -> None:
    """Remove tentacles, and what only they needed."""
    from octobot_node.cli.commands.tentacles import remove

    remove(names, data_dir, as_json=as_json)


def _list_tentacles(as_json: Json = False, data_dir: DataDir = None) -> None:
    """List the packages that are installed for tentacles; --json prints the lock."""
    from octobot_node.cli.commands.tentacles import list_installed

    list_installed(data_dir, as_json=as_json)


def _sync_tentacles(
    lock: Annotated[
        Path | None,
        typer.Option("--lock", metavar="FILE", help="A lock, such as the master's `tentacles list --json`."),
    ] = None,
    wheelhouse: Wheelhouse = None,
    as_json: Json = False,
    data_dir: DataDir = None,
) -> None:
    """Install exactly what a lock has, what OCTOBOT_TENTACLES names, or what the master has, and nothing else."""
    from octobot_node.cli.commands.tentacles import sync

    sync(lock, wheelhouse, data_dir, as_json=as_json)


def _new_tentacle(
    context: typer.Context,
    name: Annotated[str, typer.Argument(metavar="NAME", help="What pip will install it by, such as my-momentum.")],
    folder: Annotated[
        Path | None, typer.Option("--folder", metavar="DIR", help="Where to make it; ./NAME unless given.")
    ] = None,
    author: Annotated[str, typer.Option("--author", metavar="NAME", help="Who wrote it, for its pyproject.toml.")] = "",
    connector: Annotated[
        bool, typer.Option("--connector", help="With market data and a trading connector instead of an automation.")
    ] = False,
    panel: Annotated[bool, typer.Option("--panel", help="With a panel of the automation on the dashboard.")] = False,
    as_json: Json = False,
) -> None:
    """Make a new tentacle: a package with an automation that works, its tests and run files."""
    from octobot_node.cli.commands.tentacles import new

    os.umask(context.obj.umask)
    new(name, folder, author=author, connector=connector, panel=panel, as_json=as_json)


def _print_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"octobot-node {__version__}")
        raise typer.Exit


def _top(
    context: typer.Context,
    version: Annotated[
        bool, typer.Option("--version", callback=_print_version, is_eager=True, help="Print the version and exit.")
    ] = False,
) -> None:
    """Run trading automations: no order twice, no order lost."""
    del version
    if context.invoked_subcommand is None:
        typer.echo(context.get_help())


def _run(
    context: typer.Context,
    files: Annotated[list[Path], typer.Argument(metavar="FILE", help="Run files: accounts and automations, in YAML.")],
    data: Annotated[
        list[str] | None,
        typer.Option("--data", metavar="SYMBOL=PATH", help="Candles to replay for a symbol; may be repeated."),
    ] = None,
    duration: Annotated[
        str | None, typer.Option("--for", metavar="DURATION", help="Stop a live run after this time: 30s, 5m, 1h30m.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the report as JSON, and nothing else.")] = False,
    data_dir: DataDir = None,
    gaps: Annotated[
        Gaps, typer.Option(help="Missing candles: count them in the report, or refuse the data.")
    ] = "count",
    fresh: Annotated[bool, typer.Option("--fresh", help="Start a replay over instead of going on with it.")] = False,
    serve: Annotated[bool, typer.Option("--serve", help="Serve the API and the dashboard during a live run.")] = False,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Show nothing while it runs.")] = False,
) -> None:
    """Run the automations in FILE...: live until stopped, or through the candles of a replay.

    Stop with Ctrl-C; the same command goes on where it stopped.
    """
    from octobot_node.cli.actions import run

    context.obj.data_dir = data_dir
    options = run.read_options(data or [], duration=duration, data_dir=data_dir, gaps=gaps, fresh=fresh, serve=serve)
    run.run(files, options, as_json=as_json, quiet=quiet)


def _schema() -> None:
    """Print the JSON schema of a run file."""
    from octobot_node.run_files.run_file import json_schema

    typer.echo(json.dumps(json_schema(), indent=2))
