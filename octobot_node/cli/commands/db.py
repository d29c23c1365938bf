"""``octobot-node db …``: its commands and their options."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from octobot_node.cli.options import DataDir, Json, Yes, group

__all__ = ["commands"]


def commands() -> typer.Typer:
    """Return the group."""
    app = group()
    app.command("copy")(_copy)
    app.command("backup")(_backup)
    app.command("restore")(_restore)
    app.command("vacuum")(_vacuum)
    return app


def _copy(
    context: typer.Context,
    to: Annotated[
        str,
        typer.Option(
            "--to",
            metavar="URL",
            help="An empty database: postgresql://USER@HOST:PORT/DATABASE; its password is better in"
            " OCTOBOT_DATABASE_PASSWORD.",
        ),
    ] = "",
    abandon: Annotated[
        bool, typer.Option("--abandon", help="Take back a copy that never arrived; the node starts here again.")
    ] = False,
    as_json: Json = False,
    data_dir: DataDir = None,
) -> None:
    """Move a standalone node's database to PostgreSQL; the node starts there from then on, and never here again.

    Given again after an interruption, it finishes what was begun.
    """
    from octobot_node.cli.actions import transfer

    context.obj.data_dir = data_dir
    transfer.copy(data_dir, to, abandon=abandon, as_json=as_json)


def _backup(
    context: typer.Context,
    file: Annotated[
        Path | None,
        typer.Argument(
            metavar="[FILE]", help="Where to; octobot-backup-DATE.zip here unless given.", show_default=False
        ),
    ] = None,
    as_json: Json = False,
    data_dir: DataDir = None,
) -> None:
    """Write the database into a file, also while a node runs. The file is as private as the database is."""
    from octobot_node.cli.actions import transfer

    context.obj.data_dir = data_dir
    transfer.backup(data_dir, file, as_json=as_json)


def _restore(
    context: typer.Context,
    file: Annotated[Path, typer.Argument(metavar="FILE", help="What `db backup` wrote.")],
    yes: Yes = False,
    as_json: Json = False,
    data_dir: DataDir = None,
) -> None:
    """Fill an empty database from a backup. Automations are held until their accounts were compared. Asks first."""
    from octobot_node.cli.actions import transfer

    context.obj.data_dir = data_dir
    transfer.restore(data_dir, file, yes=yes, as_json=as_json)


def _vacuum(context: typer.Context, as_json: Json = False, data_dir: DataDir = None) -> None:
    """Give the disk back what was deleted from a SQLite database. No node may run on it meanwhile."""
    from octobot_node.cli.actions import transfer

    context.obj.data_dir = data_dir
    transfer.vacuum(data_dir, as_json=as_json)
