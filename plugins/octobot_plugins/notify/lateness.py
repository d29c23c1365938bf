"""Watch the schedule: automations that are late, and a node in which nothing ticks."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import sqlalchemy as sa

from octobot_node.contracts.context import PluginContext
from octobot_node.store.tables import automations, schedule
from octobot_plugins.notify.settings import NotifySettings

__all__ = ["Lateness", "Look", "duration", "look"]

#: What lacks data is tried again within this; what fails waits longer, and is told as a failure.
_TRIED_AGAIN_MS = 5_000
#: An episode ends when nothing was late for this long, so that a node at its limit is not told of every minute.
_OVER_MS = 60_000

_s, _a = schedule.c, automations.c
_BEFORE: sa.BindParameter[int] = sa.bindparam("before")
#: Since when it waits: what is woken is due at ``next_run_at``; what lacks data was due at ``due_at``.
_SINCE = sa.case(
    (sa.and_(_s.failures == 0, _s.due_at < _s.next_run_at), _s.due_at),
    else_=_s.next_run_at,
)
_UNCLAIMED = sa.and_(_s.claim.is_(None), _s.next_run_at.is_not(None), _s.next_run_at <= sa.bindparam("soon"))
_CLAIMED = sa.and_(sa.text("schedule.claim IS NOT NULL"), _s.next_run_at.is_not(None))
_WHICH = (sa.func.count().label("late"), sa.func.min(_SINCE).label("since"))
#: Each rides its index: ix_schedule_due, ix_schedule_claim.
_LATE = tuple(sa.select(*_WHICH).where(which, _SINCE <= _BEFORE) for which in (_UNCLAIMED, _CLAIMED))
_SOME = tuple(
    sa.select(_a.name, _a.reason)
    .join_from(schedule, automations, _s.automation_id == _a.id)
    .where(which, _SINCE <= _BEFORE)
    .order_by(_SINCE)
    .limit(3)
    for which in (_UNCLAIMED, _CLAIMED)
)
_LAST_TICK = sa.select(sa.func.max(_s.ticked_at))


@dataclass(frozen=True, slots=True)
class Look:
    """How many automations are late, since when the first of them is due, and some of their names with the reason."""

    late: int
    since: int
    some: tuple[str, ...]
    last_tick: int


def look(context: PluginContext, late_after_ms: int) -> Look:
    """Look at the schedule; times are in ms UTC, 0 where there is none."""
    now = context.clock.now()
    given: Mapping[str, int] = {"before": now - late_after_ms, "soon": now + _TRIED_AGAIN_MS}
    with context.storage.read() as connection:
        found = [connection.execute(statement, given).one() for statement in _LATE]
        late = sum(int(row.late) for row in found)
        if not late:
            return Look(0, 0, (), 0)
        some = [row for statement in _SOME for row in connection.execute(statement, given)]
        last: int | None = connection.scalar(_LAST_TICK)
    names = tuple(f"{row.name} ({row.reason})" if row.reason else row.name for row in some[:3])
    return Look(late, min(row.since for row in found if row.since is not None), names, last or 0)


class Lateness:
    """Tells of each episode once. After a start, what was due while the node was down has its time to catch up."""

    def __init__(self, context: PluginContext, settings: NotifySettings) -> None:
        self._context = context
        self._settings = settings
        self._late_after = int(settings.late_after * 1000)
        self._dead_after = int(settings.dead_man_after * 1000)
        self._started = context.clock.now()
        self._late_told = False
        self._late_last = 0
        self._dead_since: int | None = None

    def step(self) -> bool:
        """Look, and tell what there is to tell; return whether the node makes progress."""
        now = self._context.clock.now()
        long_late = look(self._context, self._dead_after)
        quiet = now - max(long_late.last_tick, self._started)
        dead = bool(long_late.late) and quiet >= self._dead_after
        if "dead_man" in self._settings.tell:
            self._tell_dead(long_late, now, dead=dead)
        if "late_ticks" in self._settings.tell and not dead:
            seen = look(self._context, self._late_after)
            self._tell_late(seen, now, late=bool(seen.late) and now - self._started >= self._late_after)
        return not dead

    def _tell_late(self, seen: Look, now: int, *, late: bool) -> None:
        if late:
            self._late_last = now
            if not self._late_told:
                self._late_told = True
                how = f"late, by up to {duration(now - seen.since)}"
                self._tell(f"{_counted(seen)} {how}: {_and_more(seen)}. See `octobot-node status`.", "warning")
        elif self._late_told and now - self._late_last >= _OVER_MS:
            self._late_told = False

    def _tell_dead(self, seen: Look, now: int, *, dead: bool) -> None:
        if dead and self._dead_since is None:
            self._dead_since = max(seen.last_tick, self._started)
            quiet = duration(now - self._dead_since)
            self._tell(
                f"Nothing has ticked for {quiet} though {_counted(seen)} due: {_and_more(seen)}."
                " See `octobot-node status` and `octobot-node doctor`.",
                "error",
            )
        elif not dead and self._dead_since is not None:
            self._tell(f"Automations tick again, after {duration(now - self._dead_since)}.", "info")
            self._dead_since = None

    def _tell(self, message: str, level: str) -> None:
        self._context.tell(message, level=level)


def _counted(seen: Look) -> str:
    return "1 automation is" if seen.late == 1 else f"{seen.late} automations are"


def _and_more(seen: Look) -> str:
    more = seen.late - len(seen.some)
    return ", ".join(seen.some) + (f" and {more} more" if more > 0 else "")


def duration(milliseconds: int) -> str:
    """Return a length of time in its two largest units, such as "2 min 5 s"."""
    seconds = milliseconds // 1000
    units = ((86_400, "d"), (3_600, "h"), (60, "min"), (1, "s"))
    parts = []
    for length, name in units:
        count, seconds = divmod(seconds, length)
        if count:
            parts.append(f"{count} {name}")
    return " ".join(parts[:2]) or "0 s"
