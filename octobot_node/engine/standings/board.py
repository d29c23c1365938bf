"""All automations, as lists and sums show them: read once, then what changed.

What is in memory is never the source of anything: it is read out of the ledger's tables, and whoever asks sees what was
committed before they asked. It is read when somebody first asks, so that a node at which nobody looks pays nothing.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Collection
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import sqlalchemy as sa

from octobot_node.engine.market.account import source_key
from octobot_node.engine.standings.columns import Columns, Floats
from octobot_node.engine.standings.prices import Priced, Prices
from octobot_node.engine.standings.standing import Standing, day_of, first_day, standings_in, unpacked
from octobot_node.engine.standings.sums import Group, Key
from octobot_node.store.queries import standings
from octobot_node.store.rows.node import StandingAccountRow
from octobot_node.store.standings import standing_changes

if TYPE_CHECKING:
    from octobot_node.clock import Clock
    from octobot_node.contracts.storage import Storage

__all__ = ["Account", "Board", "account_of"]

#: Changes are kept for longer than this (`retention`): whoever did not look for so long reads everything anew.
_STALE_S = 600.0
#: Nobody looks any more who did not for so long: what is kept for them takes half a kilobyte for each automation.
_RESTS_S = 900.0
#: Once so many slots of four are dead, everything is read anew.
_DEAD_SHARE = 4


class Account(NamedTuple):
    """What is shown of an account."""

    owner: str
    name: str
    source: str
    trading: str


def account_of(row: StandingAccountRow) -> Account:
    """Return what is shown of an account."""
    source = source_key(row.market_data, row.market_data_settings, row.market_data_egress)
    return Account(row.owner, row.name, source, row.trading)


class Board:
    """Every automation's standing, in columns and in exact sums by group. ``refresh`` it, and use it under ``lock``."""

    def __init__(self, storage: Storage, clock: Clock, prices: Prices) -> None:
        self._storage = storage
        self._clock = clock
        self.prices = prices
        self.lock = threading.RLock()
        #: Counts what changed: what was computed of the same number is still right.
        self.version = 0
        self._place: int | None = None
        self._read_at = self._looked_at = 0.0
        self._day = 0
        self._forget()

    def _forget(self) -> None:
        self._equity: tuple[tuple[int, int], Floats] | None = None
        self.columns = Columns()
        self.groups: dict[Key, Group] = {}
        self.accounts: dict[str, Account] = {}

    @property
    def awake(self) -> bool:
        """Whether everything is in memory."""
        return self._place is not None

    def rest(self, after: float = _RESTS_S) -> None:
        """Forget everything if nobody looked for so many seconds: the next one to look reads it anew."""
        with self.lock:
            if self.awake and time.monotonic() - self._looked_at >= after:
                self._forget()
                self._place = None

    def refresh(self, *, looked: bool = True) -> None:
        """Take up what was committed until now; ``looked``: because somebody looks."""
        with self.lock:
            if looked:
                self._looked_at = time.monotonic()
            old = time.monotonic() - self._read_at > _STALE_S
            turned = day_of(self._clock.now()) != self._day
            dead = len(self.columns) - len(self.columns.slots)
            with self._storage.read() as connection:
                place = standing_changes.now_at(connection)
                if self._place is None or old or turned or dead > max(len(self.columns) // _DEAD_SHARE, 1_024):
                    self._forget()
                    self._read(connection, None)
                elif changed := standing_changes.since(connection, self._place):
                    everything = standing_changes.EVERYTHING in changed
                    if everything:
                        self._forget()
                    self._read(connection, None if everything else changed)
                self._place = place
            self._read_at = time.monotonic()

    def _read(self, connection: sa.Connection, changed: Collection[str] | None) -> None:
        now = self._clock.now()
        self._day = day_of(now)
        self.version += 1
        for row in standings.accounts_of(connection, changed):
            self.accounts[row.id] = account_of(row)
        if changed is None:
            pieces = standings.all_of_them(connection, first_day(now))
        else:
            for automation_id in changed:
                self._take_out(automation_id)
            pieces = standings.some_of_them(connection, changed, first_day(now))
        found: list[str] = []
        for piece in pieces:
            missing = {row.account_id for row in piece.rows} - set(self.accounts)
            for account in standings.accounts_of(connection, missing) if missing else ():
                self.accounts[account.id] = account_of(account)
            for standing in standings_in(piece, now):
                self._put_in(standing)
                found.append(standing.id)
        for automation_id in set(changed or ()) - set(found):
            self.columns.drop(automation_id)

    def _put_in(self, standing: Standing) -> None:
        account = self.accounts.get(standing.account_id)
        self.columns.put(standing, "" if account is None else account.source)
        self._group(standing.owner, standing.account_id, standing.type, standing.status).add(standing.money, 1)

    def _take_out(self, automation_id: str) -> None:
        columns = self.columns
        slot = columns.slots.get(automation_id)
        if slot is None or not columns.packed[slot]:
            return
        key = self.key_of(slot)
        group = self.groups[key]
        group.add(unpacked(columns.packed[slot]), -1)
        columns.packed[slot] = ""
        if not group.count:
            del self.groups[key]

    def _group(self, *key: str) -> Group:
        return self.groups.setdefault(Key(*key), Group())

    def key_of(self, slot: int) -> Key:
        """Return the group of a slot."""
        columns = self.columns
        return Key(
            columns.owners.words[columns.number("owner")[slot]],
            columns.accounts.words[columns.number("account")[slot]],
            columns.types.words[columns.number("type")[slot]],
            columns.statuses.words[columns.number("status")[slot]],
        )

    def source_of(self, slot: int) -> str:
        """Return where a slot's prices come from."""
        account = self.accounts.get(self.key_of(slot).account_id)
        return "" if account is None else account.source

    # -- prices

    def want_prices(self, wanted: Collection[Priced] | None = None) -> None:
        """See to it that these prices are known, None: those of everything that is held."""
        self.prices.want(self.columns.priced.words if wanted is None else wanted)

    def equity(self) -> Floats:
        """Return what each slot is worth in its asset; kept until something changes, or a price. Do not change it."""
        key = (self.version, self.prices.version)
        if self._equity is None or self._equity[0] != key:
            self._equity = (key, self.columns.equity(self.floats()))
        return self._equity[1]

    def floats(self) -> Floats:
        """Return the prices by their numbers, NaN for those that are not known."""
        found = (self.prices.get(*each) for each in self.columns.priced.words)
        return np.array([np.nan if each is None else float(each) for each in found], dtype=np.float64)
