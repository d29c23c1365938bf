"""Where a replay stands, and what it may become."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from enum import StrEnum

__all__ = ["ReplayStatus"]


class ReplayStatus(StrEnum):
    """Where a replay stands."""

    QUEUED = "queued"
    RUNNING = "running"
    FINISHED = "finished"
    FAILED = "failed"
    CANCELLED = "cancelled"

    @property
    def over(self) -> bool:
        """Whether nothing more happens to it."""
        return self in (ReplayStatus.FINISHED, ReplayStatus.FAILED, ReplayStatus.CANCELLED)

    @property
    def next(self) -> Collection[ReplayStatus]:
        """What it may become; nothing where it is over."""
        return _NEXT.get(self, ())

    def after(self, before: str) -> ReplayStatus:
        """Return this status to be written over ``before``; raise ValueError where it may not follow."""
        if self not in _NEXT.get(before, ()):
            raise ValueError(f"a replay that is {before} cannot become {self}: no such transition is in status.py")
        return self


#: The state machine: what each status may become. One that is not here is final.
_NEXT: Mapping[str, Sequence[ReplayStatus]] = {
    ReplayStatus.QUEUED: (
        ReplayStatus.RUNNING,
        ReplayStatus.CANCELLED,
        #: Its candles are gone, or it cannot be begun.
        ReplayStatus.FAILED,
    ),
    ReplayStatus.RUNNING: (
        ReplayStatus.FINISHED,
        ReplayStatus.FAILED,
        ReplayStatus.CANCELLED,
        #: Its process or its node ended: it goes on where it was.
        ReplayStatus.QUEUED,
    ),
}
