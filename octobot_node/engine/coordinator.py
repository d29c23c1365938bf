"""Who may dispatch and who may send: the interface that standalone and replica coordination implement."""

from __future__ import annotations

from typing import Protocol

import sqlalchemy as sa

__all__ = ["Coordinator"]


class Coordinator(Protocol):
    """Grants this node the right to act, by an epoch that only ever grows."""

    #: The epoch under which this node acts; written on every intent it sends.
    epoch: int

    def start(self) -> None:
        """Take the right to act, or raise NodeError naming who holds it."""
        ...

    def may_dispatch(self) -> bool:
        """Whether this node may hand out work now."""
        ...

    def holds(self, connection: sa.Connection) -> bool:
        """Whether this node's epoch is still in force, read and locked in the caller's transaction."""
        ...

    def stop(self) -> None:
        """Give the right back."""
        ...
