"""pip, asked what it would install beside the node, and told to install exactly that."""

from __future__ import annotations

import importlib.util
import json
import os
import re
import subprocess
import sys
from collections.abc import Sequence
from importlib.metadata import distributions
from pathlib import Path
from typing import Any

from octobot_node.errors import NodeError, UsageError
from octobot_node.installing.locks import Package

__all__ = ["install", "resolve"]

#: Where an image has it: a zip that Python runs.
_ZIPPED = Path(sys.prefix) / "pip.zip" / "pip"
#: An index may be slow; nothing here takes longer.
_PATIENCE_S = 600
_USER = re.compile(r"://[^/\s]*@")
_HASHED = re.compile(r"#(?:.*&)?sha256=[0-9a-f]{64}")


def resolve(requirements: Sequence[str], wheelhouse: Path | None, folder: Path) -> list[Package]:
    """Return what has to be installed for ``requirements`` beside what the node has, and replaces nothing of it.

    ``wheelhouse`` is a folder of wheels to take them from, with no index; ``folder`` is for what pip writes meanwhile.
    Raises UsageError for what cannot be, with pip's reason.
    """
    for text in requirements:
        _refuse_unsafe(text)
    constraints, report = folder / "constraints.txt", folder / "report.json"
    # What is there stays as it is: a package that wants another version of it does not fit.
    constraints.write_text("".join(f"{name}=={version}\n" for name, version in _of_the_node()), encoding="utf-8")
    _run(
        [
            "--dry-run",
            "--report",
            str(report),
            "--constraint",
            str(constraints),
            *_from(wheelhouse),
            "--",
            *requirements,
        ],
        f"cannot be installed beside this version of the node: {', '.join(requirements)}",
    )
    return [_package(each) for each in json.loads(report.read_text(encoding="utf-8"))["install"]]


def install(packages: Sequence[Package], wheelhouse: Path | None, target: Path, folder: Path) -> None:
    """Install exactly these packages into ``target``; raise UsageError where one is not to be had as it was locked."""
    target.mkdir()
    if not packages:
        return
    lines = folder / "requirements.txt"
    lines.write_text("".join(f"{each.requirement}\n" for each in packages), encoding="utf-8")
    _run(
        ["--no-deps", "--require-hashes", *_from(wheelhouse), "--target", str(target), "--requirement", str(lines)],
        "the packages of the lock cannot be installed",
    )


def _refuse_unsafe(text: str) -> None:
    if text.startswith("-"):
        raise UsageError(f"{text!r} is not a package: write a name such as my-momentum==1.2, a file or an address")
    is_direct = "://" in text or "/" in text or text.endswith((".whl", ".zip", ".tar.gz"))
    if is_direct and _USER.search(text):
        raise UsageError(
            "a password in the address would be in the lock, which other nodes read: give it to pip in ~/.netrc instead"
        )
    if is_direct and not _HASHED.search(text):
        raise UsageError(
            f"{text!r} has no hash: write its SHA-256 behind it, …#sha256=0123…, so that it is what you mean"
        )


def _of_the_node() -> list[tuple[str, str]]:
    found = {(each.metadata["Name"], each.version) for each in distributions(path=_own_path())}
    return sorted(found)


def _own_path() -> list[str]:
    # Without the tentacles that are in use: they are to be replaced.
    prefixes = (sys.prefix, sys.base_prefix)
    return [each for each in sys.path if each.startswith(prefixes)]


def _from(wheelhouse: Path | None) -> list[str]:
    # Wheels only: to build one would run what nothing has a hash of.
    given = ["--only-binary", ":all:"]
    if wheelhouse is None:
        return given
    if not wheelhouse.is_dir():
        raise UsageError(
            f"there is no folder {wheelhouse}: give one with wheels (`pip download --dest DIR my-momentum`)"
        )
    return [*given, "--no-index", "--find-links", str(wheelhouse.absolute())]


def _run(arguments: Sequence[str], failed: str) -> None:
    command = [
        sys.executable,
        "-I",
        *_pip(),
        "install",
        "--quiet",
        "--no-input",
        "--disable-pip-version-check",
        *arguments,
    ]
    environment = {**os.environ, "PIP_ROOT_USER_ACTION": "ignore", "HOME": os.environ.get("HOME", "/tmp")}  # noqa: S108 - for pip without a home
    try:
        done = subprocess.run(
            command, capture_output=True, text=True, check=False, timeout=_PATIENCE_S, env=environment, errors="replace"
        )
    except subprocess.TimeoutExpired:
        raise NodeError(f"{failed}: pip did not end within {_PATIENCE_S} s: see whether its index answers") from None
    if done.returncode:
        raise UsageError(f"{failed}: {_reason(done.stderr)}; nothing was changed")


def _pip() -> list[str]:
    if _ZIPPED.parent.is_file():
        return [str(_ZIPPED)]
    if importlib.util.find_spec("pip") is not None:
        return ["-m", "pip"]
    raise NodeError(f"there is no pip beside this node's Python: {sys.executable} -m ensurepip")


def _reason(said: str) -> str:
    errors = [line.partition("ERROR:")[2].strip() for line in said.splitlines() if line.startswith("ERROR:")]
    # The line before the last says what, the last one that it is so.
    return next(
        (line for line in errors if line), said.strip().splitlines()[-1] if said.strip() else "pip gave no reason"
    )


def _package(found: Any) -> Package:
    metadata, download = found["metadata"], found["download_info"]
    digest = download.get("archive_info", {}).get("hashes", {}).get("sha256")
    if not digest:
        raise UsageError(f"{metadata['name']} comes from a place that tells no hash ({download['url']}): take a wheel")
    url = download["url"] if found.get("is_direct") else ""
    return Package(metadata["name"], metadata["version"], digest, url)
