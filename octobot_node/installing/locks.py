"""What a set of tentacles is made of, to the byte."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from octobot_node.errors import UsageError

__all__ = ["Lock", "Package", "read_lock"]

_VERSION = 1


@dataclass(frozen=True, slots=True)
class Package:
    """One package; ``url`` is where it is, of those that are in no index."""

    name: str
    version: str
    sha256: str
    url: str = ""

    @property
    def requirement(self) -> str:
        """The line by which pip installs this and nothing else."""
        what = f"{self.name} @ {self.url}" if self.url else f"{self.name}=={self.version}"
        return f"{what} --hash=sha256:{self.sha256}"


@dataclass(frozen=True, slots=True)
class Lock:
    """What was asked for, and what came of it; two nodes with one fingerprint have the same packages."""

    requirements: tuple[str, ...] = ()
    packages: tuple[Package, ...] = ()
    #: What it was resolved for: packages have builds for a Python.
    python: str = ""
    node: str = ""

    @property
    def fingerprint(self) -> str:
        """Sixteen hexadecimal digits over the packages."""
        parts = sorted((each.name, each.version, each.sha256) for each in self.packages)
        return hashlib.sha256(json.dumps(parts).encode()).hexdigest()[:16]

    def as_json(self) -> str:
        """Return the lock as its file has it."""
        return json.dumps({"version": _VERSION, **asdict(self)}, indent=2, sort_keys=True) + "\n"


def read_lock(text: str, where: str) -> Lock:
    """Return the lock that a file has; raise UsageError, naming the file, for one that is none."""
    try:
        read: Mapping[str, Any] = json.loads(text)
        if read["version"] != _VERSION:
            raise UsageError(f"{where}: is a lock of another release ({read['version']}): make it anew with this one")
        packages = tuple(
            Package(str(each["name"]), str(each["version"]), str(each["sha256"]), str(each.get("url", "")))
            for each in read["packages"]
        )
        requirements = tuple(str(each) for each in read["requirements"])
        return Lock(requirements, packages, str(read["python"]), str(read["node"]))
    except (ValueError, KeyError, TypeError, AttributeError):
        raise UsageError(f"{where}: is no lock of tentacles: `octobot-node tentacles list --json` prints one") from None
