"""Refuse a release whose tag, version and changelog do not agree: `make release-check TAG=v1.2.3`."""

from __future__ import annotations

import re
import sys
from pathlib import Path

ROOT = Path(__file__).parent.parent


def mistakes(tag: str, version: str, changelog: str) -> list[str]:
    """Return what is wrong with releasing this, a sentence each, with its cure."""
    # [text before, name, text of it, name, text of it, …]
    _, *parts = re.split(r"^## \[(.+?)\]", changelog, flags=re.MULTILINE)
    sections = dict(zip(parts[::2], parts[1::2], strict=True))
    found = []
    if tag != f"v{version}":
        found.append(f"the tag is {tag!r}, the version {version}: tag it v{version}, or change the version")
    if re.match(r" - \d{4}-\d\d-\d\d\n+\S", sections.get(version, "")) is None:
        found.append(f"CHANGELOG.md has no section '## [{version}] - YYYY-MM-DD' with something in it: write one")
    if sections.get("Unreleased", "").strip():
        found.append(f"CHANGELOG.md has entries under [Unreleased]: move them to [{version}]")
    return found


def main(tag: str) -> int:
    """Print what is wrong with releasing the tree under this tag, and return the exit code."""
    source = (ROOT / "octobot_node" / "__init__.py").read_text()
    (version,) = re.findall(r'^__version__ = "(.+)"$', source, re.MULTILINE)
    found = mistakes(tag, version, (ROOT / "CHANGELOG.md").read_text())
    for mistake in found:
        print(f"not a release: {mistake}", file=sys.stderr)  # noqa: T201 - what it is for
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
