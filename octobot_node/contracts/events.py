"""The event log as plugins follow it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    import sqlalchemy as sa

__all__ = ["Event", "EventFollower"]


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened: ``kind`` is such as "order.fill", ``data`` its JSON, amounts in it text; ``at`` ms UTC.

    ``automation_id`` is "" where it is about no automation. Ids rise, but not by one.
    """

    id: int
    owner: str
    automation_id: str
    kind: str
    data: Mapping[str, Any]
    at: int


class EventFollower(Protocol):
    """One reader of the log, by name: what it has read and not kept is read again after a restart.

    So each event is told at least once; act on its ``id`` where twice would harm. For one thread at a time, and on one
    node of all that share a database: in a service with ``per="cluster"``.
    """

    @property
    def unkept(self) -> int:
        """How far the place that is kept is behind what was read, in ids."""
        ...

    def read(self, most: int = 1_000) -> Sequence[Event]:
        """Return up to so many events behind those that were read, in order; none where nothing is new."""
        ...

    def keep(self, connection: sa.Connection | None = None) -> None:
        """Keep the place up to where was read, durably.

        In a transaction of the plugin's own, given by its ``connection``, what that writes is written once.
        """
        ...
