"""Ask exchanges no more than they allow, all nodes and accounts of one address or key together.

What an exchange allows is so much weight in each window of time, or a count that falls by itself. Of a window a node
takes parts from the database, a twentieth at a time, and spends those by itself: a write for many requests. A node
alone on its database counts in memory. A part is kept for what cannot wait, such as cancels and orders of unknown
outcome. Where the exchange says that it is too much all the same (429, 418), nobody asks until the time that it names,
on any node, and after a restart.
"""

from __future__ import annotations

import asyncio
import hashlib
import math
import threading
from typing import TYPE_CHECKING

import sqlalchemy as sa
import structlog

from octobot_node.contracts.exchanges import RequestBudget, RequestLimit
from octobot_node.engine.market.request_counts import Falling, count_of
from octobot_node.errors import NotSent, StorageUnavailable
from octobot_node.store import request_budgets

if TYPE_CHECKING:
    from octobot_node.clock import Clock
    from octobot_node.contracts.storage import Storage

__all__ = ["REQUESTS", "Gate", "RequestGates", "allowed_a_minute"]

log = structlog.get_logger(__name__)
#: What nodes tell each other when an exchange shut one out.
REQUESTS = "requests"
#: What is kept of each window for what cannot wait.
_RESERVE = 0.2
#: What a node takes at once.
_PART = 0.05
#: So long is waited for the next window, in seconds; who would wait for longer is told to come back then.
_PATIENCE, _URGENT_PATIENCE = 2.0, 5.0
#: For a count that falls: who came back later would find no more, and has asked for the first half of what it wants.
_LONG_PATIENCE = 8.0
_TRIES = 3


def allowed_a_minute(limit: RequestLimit) -> float:
    """Return what ordinary requests may take of a limit in a minute, day in, day out."""
    lasting = limit.weight * 60 / limit.seconds
    return lasting if limit.burst else lasting * (1 - _RESERVE)


class RequestGates:
    """The gates of one node, by what each is about."""

    def __init__(self, storage: Storage, clock: Clock) -> None:
        self.storage = storage
        self.clock = clock
        self._gates: dict[str, Gate] = {}
        self._lock = threading.Lock()

    def gate(self, limit: RequestLimit, who: str) -> Gate:
        """Return the gate of a limit for one address or key; of the same the same."""
        told = f"{limit.exchange}\n{limit.name}\n{limit.per}\n{who}"
        budget = hashlib.sha256(told.encode()).hexdigest()
        with self._lock:
            found = self._gates.get(budget)
            if found is None or found.limit != limit:
                found = self._gates[budget] = Gate(self, budget, limit)
            return found

    def doubt(self) -> None:
        """Have every gate look into the database before it is passed next: an exchange shut another node out."""
        with self._lock:
            for gate in self._gates.values():
                gate.doubt()


class Gate:
    """``RequestGate`` of one limit. From any thread and event loop."""

    def __init__(self, gates: RequestGates, budget: str, limit: RequestLimit) -> None:
        self.limit = limit
        self._gates = gates
        self._budget = budget
        self._lock = threading.Lock()
        #: What this node took, and of what it took of the database's, what is still to be spent.
        self._count = count_of(limit)
        self._left = 0.0
        self._closed_until = 0
        self._looked = False

    def doubt(self) -> None:
        """Forget what was taken and not spent."""
        with self._lock:
            self._left, self._looked = 0.0, False

    async def take(self, weight: float = 1.0, *, urgent: bool = False) -> None:
        """Wait until a request of this weight may be made, and count it.

        Raises NotSent, with when to come back, where that is longer than a few seconds from now.
        """
        patience = _LONG_PATIENCE if self.limit.burst else _URGENT_PATIENCE if urgent else _PATIENCE
        # One that is heavier than all there is passes where nothing else did.
        weight = min(weight, self._ceiling(urgent=urgent))
        while True:
            wait = self._take_here(weight, urgent=urgent)
            if wait is None:
                wait = await asyncio.to_thread(self._take_part, weight, urgent=urgent)
            if wait <= 0:
                return
            if wait > patience:
                raise NotSent(
                    f"{self.limit.exchange} lets nothing more be asked for {wait:.0f} s ({self.limit.name})",
                    retry_after=wait,
                )
            await asyncio.sleep(wait)

    def _take_here(self, weight: float, *, urgent: bool) -> float | None:
        """Return how long to wait (s), 0 where it was counted, None where the database is to be asked."""
        shared = self._gates.storage.shared
        with self._lock:
            now = self._gates.clock.now()
            if now < self._closed_until:
                return (self._closed_until - now) / 1_000
            self._turn(now)
            if not self._looked:
                return None
            if weight <= 0:
                # What is not counted, as Kraken's orders, needs no room.
                return 0.0
            if shared and self._left < weight:
                return None
            if shared:
                self._left -= weight
            elif wait := self._count.wait(weight, self._ceiling(urgent=urgent), now):
                return wait
            self._count.spent += weight
            return 0.0

    def _take_part(self, weight: float, *, urgent: bool) -> float:
        """Take a part of the budget from the database; return how long to wait (s), 0 where it was counted."""
        gates = self._gates
        try:
            if not gates.storage.shared or weight <= 0:
                with gates.storage.read() as connection:
                    closed = request_budgets.closed_until(connection, self._budget)
                with self._lock:
                    self._looked, self._closed_until = True, max(self._closed_until, closed)
                return self._take_here(weight, urgent=urgent) or 0.0
            for asked in self._parts(weight):
                found = self._lease(asked, urgent=urgent)
                with self._lock:
                    self._closed_until = max(self._closed_until, found.closed_until)
                    if found.granted:
                        self._looked = True
                        self._left += asked - weight
                        self._count.spent += weight
                        return 0.0
        except StorageUnavailable as error:
            # How much others asked is not known: nothing is asked, as nothing is decided.
            raise NotSent(
                "the database does not answer: nobody knows how much may be asked", retry_after=1.0
            ) from error
        with self._lock:
            now = gates.clock.now()
            return max((self._closed_until - now) / 1_000, found.wait or self._count.rest(now))

    def _parts(self, weight: float) -> tuple[float, ...]:
        """Return what to ask the database for, until something of it is granted."""
        if isinstance(self._count, Falling):
            # What is kept for later would not fall meanwhile.
            return (weight,)
        least = math.ceil(weight)
        return max(least, int(self.limit.weight * _PART)), least

    def _lease(self, weight: float, *, urgent: bool) -> request_budgets.Lease:
        gates, count = self._gates, self._count
        for left in reversed(range(_TRIES)):
            with self._lock:
                now = gates.clock.now()
                self._turn(now)
                window_at = count.began_at
            ceiling = self._ceiling(urgent=urgent)
            try:
                with gates.storage.write() as connection:
                    if isinstance(count, Falling):
                        return request_budgets.raise_count(
                            connection, self._budget, weight, ceiling, count.per_second, now
                        )
                    return request_budgets.lease(connection, self._budget, window_at, int(weight), int(ceiling), now)
            except sa.exc.IntegrityError:
                if not left:
                    raise
        raise AssertionError("unreachable")

    async def shut(self, seconds: float) -> None:
        """Let nobody pass for so long, on any node: the exchange said so."""
        until = self._gates.clock.now() + int(seconds * 1_000)
        with self._lock:
            if until <= self._closed_until:
                return
            self._closed_until, self._left = until, 0.0
            self._turn(self._gates.clock.now())
            self._count.fill()
        log.warning("exchange_shut_us_out", exchange=self.limit.exchange, limit=self.limit.name, seconds=seconds)
        await asyncio.to_thread(self._write_shut, until)

    def _write_shut(self, until: int) -> None:
        gates = self._gates
        full = (gates.clock.now(), self.limit.burst) if self.limit.burst else None
        for left in reversed(range(_TRIES)):
            try:
                with gates.storage.write() as connection:
                    request_budgets.shut(connection, self._budget, until, full)
            except sa.exc.IntegrityError:
                if not left:
                    raise
            except StorageUnavailable:
                return  # held here; whoever else asks is shut out by the exchange
            else:
                break
        gates.storage.announce(REQUESTS)

    def told(self, used: float) -> None:
        """Take note of what the exchange says was used of this window: others may use the address, too."""
        with self._lock:
            now = self._gates.clock.now()
            self._turn(now)
            if used >= self._count.most:
                self._closed_until = max(self._closed_until, now + math.ceil(self._count.rest(now) * 1_000))
            elif not self._gates.storage.shared:
                self._count.spent = max(self._count.spent, used)
            elif used >= self._ceiling(urgent=False):
                self._left = 0.0

    def budget(self) -> RequestBudget:
        """Return what this node knows of the budget, for metrics."""
        with self._lock:
            now = self._gates.clock.now()
            self._turn(now)
            most = self._count.most
            left = 0.0 if now < self._closed_until else max(most - self._count.spent, 0.0)
            return RequestBudget(self.limit.name, most, left)

    def _turn(self, now: int) -> None:
        if self._count.turn(now):
            self._left = 0.0

    def _ceiling(self, *, urgent: bool) -> float:
        return self._count.most if urgent else max(self._count.most * (1 - _RESERVE), 1.0)
