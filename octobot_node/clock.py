"""Time, injected: the machine's clock for a live node, a virtual one for a replay."""

from __future__ import annotations

import time
from typing import Protocol

__all__ = ["STEADY", "Clock", "SystemClock", "VirtualClock", "steady_ms"]

#: The machine's seconds that nobody sets. Those of its sleep are among them, where the system counts them: a machine
#: that slept has not had its clock set.
STEADY = getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)


class Clock(Protocol):
    """What the engine asks for the time."""

    virtual: bool

    def now(self) -> int:
        """Return milliseconds since 1970, UTC."""
        ...

    def monotonic(self) -> float:
        """Return seconds that never run backwards; for time-outs and leases."""
        ...


class SystemClock:
    """The machine's clock."""

    virtual = False

    def now(self) -> int:
        """Return the machine's time in milliseconds since 1970, UTC."""
        return time.time_ns() // 1_000_000

    def monotonic(self) -> float:
        """Return the machine's seconds that nobody sets, those of its sleep included."""
        return time.clock_gettime(STEADY)


class VirtualClock:
    """A clock that stands still until it is moved forward."""

    virtual = True

    def __init__(self, now: int) -> None:
        self._now = now

    def now(self) -> int:
        """Return the virtual milliseconds since 1970, UTC."""
        return self._now

    def monotonic(self) -> float:
        """Return the virtual time in seconds."""
        return self._now / 1000

    def advance_to(self, moment: int) -> None:
        """Move forward to ``moment`` (ms UTC); raise ValueError for a moment that has passed."""
        if moment < self._now:
            raise ValueError(f"the clock is at {self._now} and cannot go back to {moment}")
        self._now = moment


def steady_ms(clock: Clock) -> int:
    """Return milliseconds that never run backwards: for how old something is, and until when something waits.

    What is kept in memory alone is measured by them, so that a clock that is set changes nothing of it.
    """
    return round(clock.monotonic() * 1000)
