"""Hand out what is due: claim a batch and enqueue its workflow in one transaction."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import sqlalchemy as sa
import structlog

from octobot_node.automation import AutomationStatus
from octobot_node.engine.deciding.dependents import lock_with_watchers
from octobot_node.engine.workers.durable import TICKS
from octobot_node.ids import new_id
from octobot_node.shadow_ids import shadow_of
from octobot_node.store import automations, events, schedules
from octobot_node.store.events import Event
from octobot_node.store.schedules import Due

if TYPE_CHECKING:
    from octobot_node.engine.core import Core

__all__ = ["Dispatcher"]

log = structlog.get_logger(__name__)
#: An automation whose batch never came back, though it was alone in it, this often is failed.
_TRIES = 3


class Dispatcher:
    """Claims due automations in batches that share a market data source and an evaluating process."""

    def __init__(self, core: Core, *, replays: bool = False) -> None:
        self._core = core
        #: A replay has no shadows, and many looks.
        self._shadows = not replays

    def dispatch(self) -> int:
        """Claim and enqueue everything due, at most a few batches a transaction; return how many automations."""
        total = 0
        while not self._core.stopping.is_set():
            count = self._dispatch_some()
            total += count
            if count < self._limit():
                break
        return total

    def _limit(self) -> int:
        return self._core.settings.batch_size * 4

    def _dispatch_some(self) -> int:
        core = self._core
        if not core.coordinator.may_dispatch():
            return 0
        now = core.clock.now()
        with core.storage.read() as connection:
            # Most looks find nothing; only a find is worth the writer's turn.
            next_at = schedules.next_due_at(connection)
        if next_at is None or next_at > now:
            return 0
        with core.storage.write() as connection:
            if not core.coordinator.leads(connection):
                return 0
            due = self._due(connection, now)
            ids = [item.automation_id for item in due if item.shadows]
            shadows, busy = schedules.shadows_riding(connection, ids)
            # What goes along with its original is in that one's batch, for it sees the very same market.
            alone = [item for item in due if item.automation_id not in shadows]
            for group in _batches(alone, core.settings.batch_size, self._suspects_together()):
                ids = [item.automation_id for item in group]
                self._claim(connection, [*ids, *(shadow_of(id_) for id_ in ids if shadow_of(id_) in shadows)], now)
        if busy:
            # They are being told of something of their own: they look right after, in a transaction of its own since
            # whoever works on them now may wait for what this one holds.
            with core.storage.write() as connection:
                schedules.wake(connection, busy, now)
        core.kick(TICKS)
        return len(due)

    def _due(self, connection: sa.Connection, now: int) -> list[Due]:
        """Return what is due; suspects only while no other suspects are being evaluated.

        Each may cost the full time-out: more batches of them at once would take the workers from the healthy.
        """
        due = schedules.due(connection, now, self._limit(), shadows=self._shadows)
        if any(item.suspect for item in due) and schedules.suspects_claimed(connection):
            return schedules.due(connection, now, self._limit(), suspects=False)
        return due

    def _suspects_together(self) -> int:
        """Return how many suspects fit into half the time of a claim, if each has to be killed."""
        settings = self._core.settings
        return max(1, int(settings.claim_ttl / 2 / (settings.evaluate_timeout * 3 + 1)))

    def _claim(self, connection: sa.Connection, ids: Sequence[str], now: int) -> None:
        batch = new_id()
        schedules.claim(connection, batch, ids, now + int(self._core.settings.claim_ttl * 1000))
        self._core.deliver(connection, TICKS, batch)

    def reclaim(self) -> int:
        """Take expired claims again, in two halves, so that whatever keeps a batch from ending ends up alone, and
        failed.
        """
        core, now = self._core, self._core.clock.now()
        with core.storage.read() as connection:
            if not schedules.expired_claims(connection, now):
                return 0
        taken = 0
        with core.storage.write() as connection:
            expired = schedules.expired_claims(connection, now)
            # In id order, as everybody locks them, and read again: a batch may have ended meanwhile.
            schedules.lock(connection, [automation_id for rows in expired.values() for automation_id, _ in rows])
            claims = schedules.expired_claims(connection, now)
            hopeless = [rows[0][0] for rows in claims.values() if _is_hopeless(rows)]
            watched = lock_with_watchers(connection, hopeless)
            for batch, rows in claims.items():
                log.warning("claim_expired", batch=batch, automations=len(rows))
                if _is_hopeless(rows):
                    self._give_up(connection, rows[0][0], now)
                    continue
                ids = [automation_id for automation_id, _ in rows]
                middle = (len(ids) + 1) // 2
                for half in (ids[:middle], ids[middle:]):
                    if half:
                        self._claim(connection, half, now)
                        taken += len(half)
            watched.wake_watchers(connection, hopeless, now)
        core.kick(TICKS)
        return taken

    def _give_up(self, connection: sa.Connection, automation_id: str, now: int) -> None:
        row = automations.get(connection, automation_id)
        assert row is not None
        reason = f"its evaluation did not end in {_TRIES} tries"
        schedules.set_runnable(connection, automation_id, runnable=False, next_run_at=None, due_at=None)
        status = AutomationStatus.FAILED.after(row.status)
        change = {"id": automation_id, "status": status, "status_since": now, "reason": reason, "updated_at": now}
        automations.update(connection, [change])
        event = Event(row.owner, row.account_id, automation_id, "automation.failed", {"reason": reason})
        events.append(connection, [event], now)


def _is_hopeless(claimed: Sequence[tuple[str, int]]) -> bool:
    return len(claimed) == 1 and claimed[0][1] >= _TRIES


def _batches(due: Sequence[Due], size: int, suspects: int) -> list[list[Due]]:
    """Return what is claimed together: batches of ``size``, and one of so many suspects."""
    groups: dict[tuple[str, bool], list[Due]] = {}
    for item in due:
        groups.setdefault((item.source, item.suspect), []).append(item)
    found, apart = [], []
    for (_, suspect), items in groups.items():
        if suspect:
            apart.append(items[: min(size, suspects)])
        else:
            found += [items[start : start + size] for start in range(0, len(items), size)]
    return found + apart[:1]
