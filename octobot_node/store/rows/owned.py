"""What most tables have."""

from __future__ import annotations

from typing import Protocol

__all__ = [
    "OwnedRow",
]


class OwnedRow(Protocol):
    """What most tables have: whose it is, and where."""

    owner: str
    account_id: str
    shard: int
