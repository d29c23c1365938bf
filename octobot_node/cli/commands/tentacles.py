"""`octobot-node tentacles …`: what helps who writes one, and who installs those of others."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import typer

if TYPE_CHECKING:
    from octobot_node.installing.locks import Lock
    from octobot_node.installing.sets import Sets
    from octobot_node.settings import Settings

__all__ = ["install", "list_installed", "new", "remove", "sync"]

_NEXT = "a node that runs goes on with those that it has, until it is started again"


def new(
    name: str,
    folder: Path | None = None,
    *,
    author: str = "",
    connector: bool = False,
    panel: bool = False,
    as_json: bool = False,
) -> None:
    """Make a new tentacle: a package with an automation that works, or with connectors, its tests and run files.

    ``name`` is what pip will install it by; ``folder`` is where it is made, ./NAME unless given. Raises UsageError for
    a name that cannot be or is taken, and for a folder that has something in it.
    """
    from octobot_node.scaffold import make_distribution

    target = Path(name) if folder is None else folder
    files = make_distribution(name, target, author=author, connector=connector, panel=panel)
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


def install(packages: Sequence[str], wheelhouse: Path | None, data_dir: Path | None, *, as_json: bool) -> None:
    """Install packages beside those that are installed."""
    from octobot_node.installing.changes import add

    _print(add(_sets(data_dir), packages, wheelhouse), as_json=as_json, changed=True)


def remove(names: Sequence[str], data_dir: Path | None, *, as_json: bool) -> None:
    """Remove packages, and what only they needed."""
    from octobot_node.installing.changes import remove as taken_away

    _print(taken_away(_sets(data_dir), names), as_json=as_json, changed=True)


def sync(lock: Path | None, wheelhouse: Path | None, data_dir: Path | None, *, as_json: bool) -> None:
    """Install exactly what a lock has, or what the settings name, or what the master of the database has."""
    from octobot_node.configuration import Configuration
    from octobot_node.errors import UsageError
    from octobot_node.installing.changes import bring_to, bring_to_lock
    from octobot_node.installing.locks import read_lock
    from octobot_node.installing.sets import Sets

    settings = Configuration.load(data_dir=data_dir).settings
    sets = Sets(settings.tentacles_folder())
    before = sets.lock
    if lock is not None:
        try:
            wanted = read_lock(lock.read_text(encoding="utf-8"), str(lock))
        except (OSError, UnicodeDecodeError) as error:
            raise UsageError(f"{lock} cannot be read ({error}): check the path") from None
        found = bring_to_lock(sets, wanted, wheelhouse)
    elif settings.tentacles is not None and settings.role != "consumer":
        found = bring_to(sets, settings.tentacles, wheelhouse)
    elif not settings.url().startswith("sqlite:"):
        found = bring_to_lock(sets, _masters(settings), wheelhouse)
    else:
        raise UsageError(
            "neither a lock nor OCTOBOT_TENTACLES says what there should be, and no database that a master shares:"
            " give --lock or set it"
        )
    _print(found, as_json=as_json, changed=found != before)


def list_installed(data_dir: Path | None, *, as_json: bool) -> None:
    """Print what is installed; as JSON it is the lock."""
    _print(_sets(data_dir).lock, as_json=as_json, changed=False)


def _masters(settings: Settings) -> Lock:
    from octobot_node.errors import UsageError
    from octobot_node.live.masters_tentacles import masters_lock

    found = masters_lock(settings)
    if found is None:
        raise UsageError(
            "no master of this database has said which tentacles it has: start it, with this release; or give --lock"
        )
    return found


def _sets(data_dir: Path | None) -> Sets:
    from octobot_node.configuration import Configuration
    from octobot_node.installing.sets import Sets

    return Sets(Configuration.load(data_dir=data_dir).settings.tentacles_folder())


def _print(lock: Lock, *, as_json: bool, changed: bool) -> None:
    if as_json:
        typer.echo(lock.as_json(), nl=False)
        return
    for each in lock.packages:
        typer.echo(f"{each.name} {each.version}  sha256:{each.sha256[:12]}…")
    kind = (
        "no package"
        if not lock.packages
        else "1 package"
        if len(lock.packages) == 1
        else f"{len(lock.packages)} packages"
    )
    typer.echo(f"{kind}, set {lock.fingerprint}{f'; {_NEXT}' if changed else ''}")
