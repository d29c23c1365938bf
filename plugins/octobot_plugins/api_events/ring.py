"""The newest events, encoded once for all readers, in bounded memory."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from typing import NamedTuple

from octobot_node.store.queries.event_cursor import Position

__all__ = ["Entry", "Ring"]

#: Objects around the bytes of an entry.
_OVERHEAD = 400


class Entry(NamedTuple):
    """An event: where it is, what it is filtered by, and as it is sent."""

    position: Position
    owner: str
    automation_id: str
    account_id: str
    kind: str
    frame: bytes


class Ring:
    """All events behind ``floor``, up to ``head``."""

    def __init__(self, floor: Position, count_max: int, bytes_max: int) -> None:
        self.floor = self.head = floor
        self._count_max, self._bytes_max = count_max, bytes_max
        self._entries: list[Entry] = []
        self._bytes = 0

    def add(self, entries: Sequence[Entry], head: Position) -> None:
        """Add what comes next, up to ``head``, and let go of the oldest where there is too much."""
        self._entries += entries
        self._bytes += sum(map(_size, entries))
        self.head = head
        gone = 0
        while len(self._entries) - gone > self._count_max or self._bytes > self._bytes_max:
            self._bytes -= _size(self._entries[gone])
            gone += 1
        if gone:
            self.floor = self._entries[gone - 1].position
            del self._entries[:gone]

    def covers(self, position: Position) -> bool:
        """Whether everything behind a position is here."""
        return position >= self.floor

    def after(self, position: Position, count: int) -> Sequence[Entry]:
        """Return up to ``count`` entries behind a position that it covers."""
        start = bisect_right(self._entries, position, key=_position)
        return self._entries[start : start + count]


def _position(entry: Entry) -> Position:
    return entry.position


def _size(entry: Entry) -> int:
    return len(entry.frame) + _OVERHEAD
