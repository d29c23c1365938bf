"""Sums of all automations where nobody looks: kept alone, without the automations, and read anew once they moved."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TYPE_CHECKING

from octobot_node.engine.standings.board import Account, account_of
from octobot_node.engine.standings.standing import Standing, day_of, first_day, standings_in
from octobot_node.engine.standings.sums import Group, Key
from octobot_node.store.queries import standings
from octobot_node.store.standings import standing_changes

if TYPE_CHECKING:
    from octobot_node.clock import Clock
    from octobot_node.contracts.storage import Storage

__all__ = ["Sums"]

#: Reading everything may take one part in so many of the time: with 100,000 automations that is every ten minutes.
_SHARE = 100


class Sums:
    """Exact sums by group; as old as reading them is dear, where something moved."""

    def __init__(self, storage: Storage, clock: Clock) -> None:
        self._storage = storage
        self._clock = clock
        self.groups: dict[Key, Group] = {}
        self.accounts: dict[str, Account] = {}
        self._place: int | None = None
        self._read_at = self._day = 0
        self._took = 0.0

    def refresh(self, passing: Callable[[Standing, str], None]) -> None:
        """Read everything again if anything changed, and it is time; each automation is shown to ``passing``, with the
        source of its prices.
        """
        now = self._clock.now()
        rested = now - self._read_at >= self._took * 1_000 * _SHARE
        with self._storage.read() as connection:
            place = standing_changes.now_at(connection)
            moved = self._place is None or day_of(now) != self._day or standing_changes.since(connection, self._place)
            if not moved or not (rested or self._place is None):
                return
            began = time.thread_time()
            self.accounts = {row.id: account_of(row) for row in standings.accounts_of(connection, None)}
            groups: dict[Key, Group] = {}
            for piece in standings.all_of_them(connection, first_day(now)):
                for standing in standings_in(piece, now):
                    key = Key(standing.owner, standing.account_id, standing.type, standing.status)
                    groups.setdefault(key, Group()).add(standing.money, 1)
                    account = self.accounts.get(standing.account_id)
                    passing(standing, "" if account is None else account.source)
        self.groups, self._place, self._read_at, self._day = groups, place, now, day_of(now)
        self._took = time.thread_time() - began
