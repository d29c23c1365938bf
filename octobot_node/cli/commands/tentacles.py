"""`octobot-node tentacles …`: what helps who writes one."""

from __future__ import annotations

import json
from pathlib import Path

import typer

__all__ = ["new"]


def new(
    name: str, folder: Path | None = None, *, author: str = "", connector: bool = False, as_json: bool = False
) -> None:
    """Make a new tentacle: a package with an automation that works, or with connectors, its tests and run files.

    ``name`` is what pip will install it by; ``folder`` is where it is made, ./NAME unless given. Raises UsageError for
    a name that cannot be or is taken, and for a folder that has something in it.
    """
    from octobot_node.scaffold import make_distribution

    target = Path(name) if folder is None else folder
    files = make_distribution(name, target, author=author, connector=connector)
    # A virtual environment of Python 3.11 has a pip that knows no --group.
    upgrade = "pip install --upgrade pip"
    commands = [f"cd {target}", upgrade, "pip install --editable . --group dev", "pytest"]
    if as_json:
        made = {"name": name, "folder": str(target), "files": [str(path) for path in files], "next": commands}
        typer.echo(json.dumps(made, indent=2))
        return
    typer.echo(f"made {name}: {len(files)} files in {target}. Next:")
    for command in commands:
        typer.echo(f"  {command}")
