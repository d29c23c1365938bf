"""Owners take turns, so that one's flood keeps nobody else waiting."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Protocol, TypeVar

__all__ = ["OwnedT", "in_turn"]


class _Owned(Protocol):
    id: Any
    owner: str


OwnedT = TypeVar("OwnedT", bound=_Owned)


def in_turn(rows: Iterable[OwnedT]) -> list[OwnedT]:
    """Return the first row of each owner, then the second of each, and so on; an owner's own keep their order."""
    seen: dict[str, int] = {}
    ranked: list[tuple[int, OwnedT]] = []
    for row in rows:
        rank = seen[row.owner] = seen.get(row.owner, -1) + 1
        ranked.append((rank, row))
    return [row for _, row in sorted(ranked, key=lambda pair: pair[0])]
