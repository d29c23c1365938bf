"""How a node's process is: what it takes of the machine, how much it ticks and how late."""

from __future__ import annotations

import os
import threading
import time
from collections import deque
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import NamedTuple

from octobot_node.contracts.coordinator import NodeVitals
from octobot_node.engine.counters import Counters

__all__ = ["Taken", "Vitals", "taken_by"]

#: Rates are over about so long; what was seen is new for the second, so that whoever asks often costs nothing.
_WINDOW_S, _NEW_S = 60.0, 10.0
_PROC = Path("/proc")


class Taken(NamedTuple):
    """What a process and those that it started take: seconds of CPU since each began, bytes of memory."""

    cpu: float
    memory: int | None


class _Seen(NamedTuple):
    at: float
    cpu: float
    ticks: int


class Vitals:
    """Looks at the process now and then, and tells rates since a while ago; safe from any thread."""

    def __init__(
        self,
        counters: Counters,
        now: Callable[[], int],
        monotonic: Callable[[], float] = time.monotonic,
        taken: Callable[[], Taken] | None = None,
    ) -> None:
        self._counters, self._now, self._monotonic = counters, now, monotonic
        self._taken = taken or (lambda: taken_by(os.getpid()))
        self._seen: deque[_Seen] = deque()
        self._told: tuple[float, NodeVitals] | None = None
        self._lock = threading.Lock()
        self.look()

    def look(self) -> NodeVitals:
        """Return how the process is, as of a few seconds ago at most."""
        with self._lock:
            at = self._monotonic()
            if self._told is None or at - self._told[0] >= _NEW_S:
                self._told = at, self._looked(at)
            return self._told[1]

    def _looked(self, at: float) -> NodeVitals:
        taken, lag = self._taken(), self._counters.lag.told(self._now())[0]
        self._seen.append(_Seen(at, taken.cpu, self._counters.ticks))
        # One that is as old as the window stays: it is what the rates are since.
        while len(self._seen) > 2 and at - self._seen[1].at >= _WINDOW_S:
            self._seen.popleft()
        first, last = self._seen[0], self._seen[-1]
        span = last.at - first.at
        return NodeVitals(
            # A helper that ended takes its seconds with it.
            cpu=round(max(last.cpu - first.cpu, 0.0) / span, 4) if span else None,
            memory=taken.memory,
            ticks=round((last.ticks - first.ticks) / span, 3) if span else None,
            lag=lag.median if lag.ticks else None,
            lag_most=lag.most if lag.ticks else None,
        )


def taken_by(pid: int, proc: Path = _PROC) -> Taken:
    """Return what a process and all that it started take; elsewhere than on Linux, the CPU of this process alone."""
    found = _processes(proc)
    if pid not in found:
        return Taken(time.process_time(), None)
    family, waiting = set[int](), [pid]
    while waiting:
        one = waiting.pop()
        family.add(one)
        waiting += [each for each, process in found.items() if process.parent == one and each not in family]
    tick, page = os.sysconf("SC_CLK_TCK"), os.sysconf("SC_PAGE_SIZE")
    return Taken(sum(found[each].ticks for each in family) / tick, sum(found[each].pages for each in family) * page)


class _Process(NamedTuple):
    parent: int
    ticks: int
    pages: int


def _processes(proc: Path) -> Mapping[int, _Process]:
    found: dict[int, _Process] = {}
    try:
        names = [each.name for each in proc.iterdir() if each.name.isdigit()]
    except OSError:
        return found
    for name in names:
        try:
            # A program's name is in brackets, and may have anything in it.
            fields = (proc / name / "stat").read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()
            found[int(name)] = _Process(int(fields[1]), int(fields[11]) + int(fields[12]), int(fields[21]))
        except (OSError, IndexError, ValueError):
            continue  # it has ended meanwhile
    return found
