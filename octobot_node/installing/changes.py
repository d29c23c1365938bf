"""Installing and removing tentacles: everything is tried in a folder of its own before anything is changed."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import canonicalize_name

from octobot_node import __version__, hookspecs
from octobot_node.errors import UsageError
from octobot_node.installing.locks import Lock, Package
from octobot_node.installing.pip import install, resolve
from octobot_node.installing.sets import PACKAGES, Sets

__all__ = ["add", "bring_to", "bring_to_lock", "remove"]

_PYTHON = f"{sys.version_info.major}.{sys.version_info.minor}"
#: Loads what is in a folder as a node would, and says what is broken.
_TRY = """
import json, sys
sys.path.append(sys.argv[1])
from octobot_node.plugin_system.discovery import load_plugins
broken = load_plugins(folder=None).broken
print(json.dumps([[each.origin, each.name, each.error] for each in broken]))
"""
_TRY_S = 120


def add(sets: Sets, requirements: Sequence[str], wheelhouse: Path | None) -> Lock:
    """Install these beside what is installed; a name that is there already gets what is asked for now."""
    new = {_name(each): each for each in requirements}
    kept = {_name(each): each for each in sets.lock.requirements}
    return bring_to(sets, list({**kept, **new}.values()), wheelhouse)


def remove(sets: Sets, names: Sequence[str]) -> Lock:
    """Remove what was asked for by these names, and what only they needed; nothing is fetched for it."""
    lock = sets.lock
    kept = {_name(each): each for each in lock.requirements}
    for name in names:
        if kept.pop(canonicalize_name(name), None) is None:
            there = ", ".join(sorted(kept)) or "none"
            raise UsageError(f"no tentacle {name!r} was installed: there are {there}")
    needed = _needed(lock, set(kept), sets.packages)
    packages = tuple(each for each in lock.packages if canonicalize_name(each.name) in needed)
    return _make_without_fetching(sets, Lock(tuple(kept.values()), packages, lock.python, __version__))


def bring_to(sets: Sets, requirements: Sequence[str], wheelhouse: Path | None) -> Lock:
    """Install exactly what comes of these requirements, and nothing else."""

    def packages(folder: Path) -> Sequence[Package]:
        return resolve(requirements, wheelhouse, folder) if requirements else ()

    return _make(sets, tuple(requirements), packages, wheelhouse)


def bring_to_lock(sets: Sets, lock: Lock, wheelhouse: Path | None) -> Lock:
    """Install exactly what a lock has: another node's, to the byte."""
    if lock.python and lock.python != _PYTHON:
        raise UsageError(f"the lock is for Python {lock.python}, and this is {_PYTHON}: use the same image everywhere")
    return _make(sets, lock.requirements, lambda _folder: lock.packages, wheelhouse)


def _make(
    sets: Sets, requirements: tuple[str, ...], packages: Callable[[Path], Sequence[Package]], wheelhouse: Path | None
) -> Lock:
    with sets.changing() as made:
        found = packages(made)
        lock = Lock(requirements, tuple(sorted(found, key=lambda each: each.name)), _PYTHON, __version__)
        if lock == sets.lock:
            return lock
        install(lock.packages, wheelhouse, made / PACKAGES, made)
        _refuse_broken(made / PACKAGES, lock)
        sets.take(made, lock)
        return lock


def _make_without_fetching(sets: Sets, lock: Lock) -> Lock:
    """Make a set of a part of the one in use: its files are copied, so that no index need answer."""
    from importlib_metadata import distributions

    here = sets.packages
    kept = {canonicalize_name(each.name) for each in lock.packages}
    with sets.changing() as made:
        (made / PACKAGES).mkdir()
        for found in distributions(path=[str(here)]) if here is not None else ():
            if canonicalize_name(found.name) not in kept:
                continue
            for file in found.files or ():
                source, target = Path(str(found.locate_file(file))), made / PACKAGES / file
                # What a package puts elsewhere, such as a command, was never put anywhere that is looked at.
                if ".." not in file.parts and source.is_file():
                    target.parent.mkdir(parents=True, exist_ok=True)
                    shutil.copy2(source, target)
        _refuse_broken(made / PACKAGES, lock)
        sets.take(made, lock)
    return lock


def _needed(lock: Lock, names: set[str], folder: Path | None) -> set[str]:
    """Return the names of packages that these need, themselves among them."""
    from importlib_metadata import distributions

    there = distributions(path=[str(folder)]) if folder is not None else ()
    requires: dict[str, list[str]] = {canonicalize_name(each.name): each.requires or [] for each in there}
    needed, left = set[str](), set(names)
    while left:
        name = left.pop()
        needed.add(name)
        for text in requires.get(name, ()):
            requirement = Requirement(text)
            other = canonicalize_name(requirement.name)
            if (requirement.marker is None or requirement.marker.evaluate({"extra": ""})) and other in requires:
                left |= {other} - needed
    return needed & {canonicalize_name(each.name) for each in lock.packages}


def _refuse_broken(folder: Path, lock: Lock) -> None:
    """Raise UsageError for a package that is no plugin of the node, or that this version cannot load."""
    from importlib_metadata import distributions

    asked = {_name(each) for each in lock.requirements}
    for found in distributions(path=[str(folder)]):
        name = canonicalize_name(found.name)
        if name in asked and not any(entry.group == hookspecs.PROJECT for entry in found.entry_points):
            raise UsageError(
                f"{found.name} is no tentacle: it has no entry point in {hookspecs.PROJECT}; nothing was changed"
            )
    if not lock.packages:
        return
    done = subprocess.run(
        [sys.executable, "-c", _TRY, str(folder)], capture_output=True, text=True, check=False, timeout=_TRY_S
    )
    lines = done.stdout.splitlines()
    if done.returncode or not lines:
        said = done.stderr.strip().splitlines()[-1:] or ["it ended without a word"]
        raise UsageError(f"the node does not start with these tentacles ({said[0]}); nothing was changed")
    ours = {f"installed by {found.name}" for found in distributions(path=[str(folder)])}
    for origin, name, error in json.loads(lines[-1]):
        if origin in ours:
            raise UsageError(f"{name} ({origin}) does not fit this version: {error}; nothing was changed")


def _name(requirement: str) -> str:
    """Return what a requirement is for, as pip compares names; of a wheel by its file's name."""
    try:
        return canonicalize_name(Requirement(requirement).name)
    except InvalidRequirement:
        file = requirement.partition("#")[0].rstrip("/").rpartition("/")[2]
        return canonicalize_name(file.partition("-")[0])
