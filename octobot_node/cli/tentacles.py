"""`octobot-node tentacles …`: what helps who writes one."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

__all__ = ["new"]


def new(
    name: Annotated[str, typer.Argument(metavar="NAME", help="What pip will install it by, such as my-momentum.")],
    folder: Annotated[
        Path | None, typer.Option("--folder", metavar="DIR", help="Where to make it; ./NAME unless given.")
    ] = None,
    author: Annotated[str, typer.Option("--author", help="Who wrote it, for its pyproject.toml.")] = "",
) -> None:
    """Make a new tentacle: a distribution with an automation that works, its tests and run files."""
    from octobot_node.scaffold import make_distribution

    target = Path(name) if folder is None else folder
    files = make_distribution(name, target, author=author)
    typer.echo(f"made {name}: {len(files)} files in {target}. Next:")
    for command in (f"cd {target}", "pip install --editable . --group dev", "pytest"):
        typer.echo(f"  {command}")
