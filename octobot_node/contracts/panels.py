"""Panels: what a plugin shows on the dashboard, in a frame of its own. Importing this loads nothing."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from octobot_node.errors import PluginError

__all__ = ["BRIDGE", "Panel", "Place"]

Place = Literal["page", "automation", "overview"]
#: The version of what dashboard and panel say to each other. It grows with what an older panel would not understand.
BRIDGE = 1
_NAME = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)*")
_HEIGHTS = (80, 2_000)


@dataclass(frozen=True, slots=True)
class Panel:
    """Files that the dashboard shows: ``folder`` has an ``index.html``, and what it asks for beside it.

    ``place`` is a page of its own, a part of the page of automations, or a card on the overview. ``types`` are those
    of whose automations it is told, in full (``package.name``) or by the name alone, and on whose pages it is.

    It runs in a sandboxed frame: an origin of its own, no cookie, no request but for its own files. What it knows of
    the node it is told by the bridge (``bridge`` is the version that it speaks), by the rights of whoever looks at it.
    """

    name: str
    title: str
    place: Place
    folder: Path
    types: Sequence[str] = ()
    #: In pixels, until the panel asks for another.
    height: int = 320
    bridge: int = BRIDGE

    def __post_init__(self) -> None:
        wrong = self._wrong()
        if wrong:
            raise PluginError(f"the panel {self.name!r} {wrong}")

    def _wrong(self) -> str:
        if not _NAME.fullmatch(self.name) or len(self.name) > 40:
            return (
                "is not called as one can be: write at most 40 small letters and digits, single hyphens between words"
            )
        if not self.title.strip() or len(self.title) > 60:
            return "has no title, or one of more than 60 characters"
        if self.place == "automation" and not self.types:
            return "is on the page of automations, and names no types: say of which"
        if not (self.folder / "index.html").is_file():
            return f"has no index.html in {self.folder}: put it there, and see that the package's build takes it along"
        low, high = _HEIGHTS
        if not low <= self.height <= high:
            return f"is {self.height} pixels high: give {low} to {high}"
        if self.bridge != BRIDGE:
            return f"speaks version {self.bridge} of the bridge, and this node {BRIDGE}: write it for that one"
        return ""
