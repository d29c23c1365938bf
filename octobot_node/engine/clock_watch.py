"""Whether the clock was set: what is due is due by it, and so is how long anything waits.

Each node compares its clock with seconds that nobody sets. Where they part by more than measuring explains, it was set,
by people or by NTP, or the machine was brought back from a snapshot: that is said, and the node that leads plans anew
whatever is planned further ahead than it could be. What was done at a time to come, before a clock was set back while
no node ran, is seen in the database.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import structlog

from octobot_node.engine.evaluating.schedule import load_wake, next_run
from octobot_node.ids import new_id
from octobot_node.market import from_ms
from octobot_node.store import automations, events, stepped_clock
from octobot_node.store.events import Event
from octobot_node.store.rows.automation import AheadRow
from octobot_node.store.statuses import NoticeStatus

if TYPE_CHECKING:
    from octobot_node.engine.core import Core

__all__ = ["ClockStep", "ClockWatch", "planned_anew"]

log = structlog.get_logger(__name__)
#: Clocks of several machines differ by less, and no network corrects as much at once without setting the clock.
_STEP_MS = 2_000
#: Reading both clocks takes no time; where it does, this thread was interrupted between the two.
_BETWEEN_S = 0.2
_READS = 5
#: After a step it is looked again, for what was being evaluated at the time of before.
_LOOK_AGAIN_S = (5.0, 60.0)
_CHUNK = 1_000
#: The longest that anything without a plan waits: a failed tick is tried again, and so is an order that could not be
#: sent.
_PAUSE_MS = 300_000
_RETRY_MS = 60_000
_CURE = "keep it right from the network, without steps: `timedatectl set-ntp true`, or chronyd"


@dataclass(frozen=True, slots=True)
class ClockStep:
    """The clock was set by so many seconds, forward or (below 0) back; ``noticed`` is monotonic seconds."""

    seconds: float
    noticed: float


class ClockWatch:
    """Looks at the clock now and then, in one thread."""

    def __init__(self, core: Core) -> None:
        self._core = core
        self._before = self._read()
        self._again: list[float] = []
        self._began = False
        #: What was seen and is not said and repaired yet: the database may be away just then.
        self._open: tuple[str, Mapping[str, Any]] | None = None
        #: The last one, if there was any.
        self.step: ClockStep | None = None

    def look(self) -> bool:
        """Compare the clock with steady seconds; say that it was set, and repair what is planned by the one before.

        Returns whether anything was planned anew.
        """
        now, steady = self._read()
        moved = now - self._before[0] - round((steady - self._before[1]) * 1000)
        before, self._before = self._before[0], (now, steady)
        if abs(moved) > _STEP_MS:
            self._was_set(moved, before, now, steady)
        if not self._leads:
            # Whoever leads has seen it, too, or sees when it begins what came of it.
            self._open, self._began = None, False
            return False
        if not self._began and self._open is None:
            self._open = self._behind(now)
        self._began = True
        if self._open is None and not (self._again and steady >= self._again[0]):
            return False
        count = self._repair(now)
        if self._open is not None and (count or self.step is not None):
            self._tell(*self._open, count, now)
        if self._open is None:
            self._again.pop(0)
        self._open = None
        return count > 0

    def last_set(self) -> tuple[float, float] | None:
        """Return by how many seconds the clock was set last, and how many seconds ago, or None where it was not."""
        step = self.step
        return None if step is None else (step.seconds, self._core.clock.monotonic() - step.noticed)

    @property
    def _leads(self) -> bool:
        return self._core.coordinator.may_dispatch()

    def _read(self) -> tuple[int, float]:
        clock = self._core.clock
        for _ in range(_READS):
            before, now, after = clock.monotonic(), clock.now(), clock.monotonic()
            if after - before < _BETWEEN_S:
                break
        return now, (before + after) / 2

    def _was_set(self, moved: int, before: int, now: int, steady: float) -> None:
        log.error("clock_was_set", seconds=moved / 1000, before=_shown(before), now=_shown(now), cure=_CURE)
        self.step = ClockStep(moved / 1000, steady)
        self._again = [steady + pause for pause in _LOOK_AGAIN_S]
        way = "forward" if moved > 0 else "back"
        said = f"The clock was set {way} by {_span(abs(moved))}, to {_shown(now)}"
        self._open = said, {"seconds": moved / 1000, "before": before}

    def _behind(self, now: int) -> tuple[str, Mapping[str, Any]] | None:
        """Return what is to be said where things were done, before this node began, at a time that is still to come."""
        with self._core.storage.read() as connection:
            newest = stepped_clock.newest_moment(connection)
        behind = newest - now
        if behind <= _STEP_MS:
            return None
        log.error("clock_behind", seconds=behind / 1000, now=_shown(now), newest=_shown(newest), cure=_CURE)
        said = f"The clock says {_shown(now)}, {_span(behind)} before what was done last, at {_shown(newest)}"
        return said, {"seconds": -behind / 1000, "before": newest}

    def _repair(self, now: int) -> int:
        """Plan anew what is planned further ahead than it could be; return how many automations that was."""
        core, count, after = self._core, 0, ""
        while not core.stopping.is_set():
            with core.storage.read() as connection:
                rows = stepped_clock.ahead(connection, now, after, _CHUNK)
            changes = [change for row in rows if (change := planned_anew(row, now)) is not None]
            if changes:
                with core.storage.write() as connection:
                    stepped_clock.write_anew(connection, changes)
                count += sum(change["next_run_at"] != change["was_planned"] for change in changes)
            if len(rows) < _CHUNK:
                break
            after = rows[-1].automation_id
        with core.storage.write() as connection:
            stepped_clock.shorten_claims(connection, now + int(core.settings.claim_ttl * 1000))
            stepped_clock.retry_soon(connection, now, now + _RETRY_MS)
        return count

    def _tell(self, said: str, data: Mapping[str, Any], count: int, now: int) -> None:
        message = (
            f"{said}. What was planned further ahead than it could be is planned anew: {count:,} automations. See that"
            f" the clock is right, and {_CURE}."
        )
        notice = {
            "id": new_id(), "owner": "local", "account_id": "", "automation_id": "", "shard": 0, "level": "error",
            "message": message, "status": NoticeStatus.WAITING, "created_at": now,
        }  # fmt: skip
        with self._core.storage.write(durable=True) as connection:
            events.append(connection, [Event("local", "", "", "clock.set", {**data, "planned_anew": count})], now)
            automations.add_notices(connection, [notice])


def planned_anew(row: AheadRow, now: int) -> dict[str, Any] | None:
    """Return how a row is written anew at ``now`` (ms UTC), or None where nothing of it lies too far ahead.

    A repeating plan has its next time. One for a moment that was chosen at a time to come, which nobody can tell, is
    decided anew: its automation is woken.
    """
    plan = load_wake(row.wake)
    planned = next_run(plan, now)
    ticked_ahead = row.ticked_at is not None and row.ticked_at > now
    next_run_at, due_at = row.next_run_at, row.due_at
    latest = max(planned or 0, now + (_PAUSE_MS if row.failures else _RETRY_MS if plan is None else 0))
    if ticked_ahead and plan is not None and plan.at is not None and row.next_run_at is not None:
        next_run_at, due_at = now, None
    elif next_run_at is not None and next_run_at > latest:
        next_run_at, due_at = planned or now, planned
    if (next_run_at, due_at) == (row.next_run_at, row.due_at) and not ticked_ahead:
        return None
    return {
        "id": row.automation_id,
        "was_planned": row.next_run_at,
        "was_ticked": row.ticked_at,
        "next_run_at": next_run_at,
        "due_at": due_at,
        "ticked_at": now if ticked_ahead else row.ticked_at,
    }


def _shown(moment: int) -> str:
    return f"{from_ms(moment):%Y-%m-%d %H:%M:%S} UTC"


def _span(milliseconds: int) -> str:
    seconds = round(milliseconds / 1000)
    hours, rest = divmod(seconds, 3_600)
    minutes, seconds = divmod(rest, 60)
    parts = [(hours, "h"), (minutes, "min"), (seconds, "s")]
    return " ".join(f"{number:,} {unit}" for number, unit in parts if number) or "0 s"
