"""The exchange's memory: an append-only file of events, one JSON list of them a line."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

__all__ = ["Event", "Journal"]

#: A tag and its JSON-clean values; ``Book`` knows each.
Event = list[Any]

_encode = json.JSONEncoder(separators=(",", ":")).encode


class Journal:
    """Events survive the process as soon as ``append`` returns; no fsync, since this machine is never power-cut."""

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self._path = path
        self._file = path.open("ab", buffering=0)

    def replay(self) -> Iterator[Event]:
        """Yield every event so far; a last line that a kill left unfinished is cut off, since nobody was answered."""
        whole = 0
        with self._path.open("rb") as lines:
            for line in lines:
                if not line.endswith(b"\n"):
                    break
                whole += len(line)
                yield from json.loads(line)
        self._file.truncate(whole)

    def append(self, events: list[Event]) -> None:
        """Write events that belong together: all of them are replayed, or none."""
        self._file.write(_encode(events).encode() + b"\n")

    def close(self) -> None:
        """Close the file."""
        self._file.close()
