"""Tell those who watch an automation that it changed.

Watchers' rows are locked together with the watched ones', in one id order, before anything else of theirs: the wake,
at the end of the transaction, then takes no further lock.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import sqlalchemy as sa

from octobot_node.store import automations, schedules
from octobot_node.store.rows.automation import LockedScheduleRow

__all__ = ["Watched", "lock_with_watchers"]


class Watched:
    """Locked automations and those who watch them."""

    def __init__(self, rows: Mapping[str, LockedScheduleRow], watchers: Mapping[str, list[str]]) -> None:
        #: id -> what ``schedules.lock`` returned of it.
        self.rows = rows
        self._dependents = watchers

    def wake_watchers(self, connection: sa.Connection, changed: Iterable[str], now: int) -> None:
        """Wake who watches one of the ``changed`` automations."""
        if self._dependents:
            found = (watcher for watched in changed for watcher in self._dependents.get(watched, ()))
            schedules.wake(connection, found, now)


def lock_with_watchers(connection: sa.Connection, ids: Iterable[str], watched: Iterable[str] | None = None) -> Watched:
    """Lock ``ids`` and who watches those of them that may change: ``watched``, or all."""
    wanted = set(ids)
    watchers = automations.watchers_of(connection, wanted if watched is None else watched)
    rows = schedules.lock(connection, wanted.union(*watchers.values()))
    return Watched(rows, watchers)
