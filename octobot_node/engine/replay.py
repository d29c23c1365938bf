"""Replay: the same stages on a virtual clock, inline, skipping from one thing that happens to the next.

Evaluation, commit, fence, settlement and ledger are the live node's own code. What differs: time stands still while a
stage runs, and what DBOS delivers to a live node is delivered from a list, since nothing here outlives a stage.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable
from operator import itemgetter
from typing import Protocol, runtime_checkable

import sqlalchemy as sa
import structlog

from octobot_node.assembly import Base, assemble
from octobot_node.clock import VirtualClock
from octobot_node.engine.batch import TickBatch
from octobot_node.engine.commands import Commands
from octobot_node.engine.dispatcher import Dispatcher
from octobot_node.engine.durable import TICKS
from octobot_node.engine.evaluator import InlineEvaluator
from octobot_node.engine.io import InlineIo
from octobot_node.engine.notices import deliver_notices
from octobot_node.engine.sends import Sends
from octobot_node.engine.sweeper import Sweeper
from octobot_node.engine.watcher import Watcher
from octobot_node.exchanges import PastMarket
from octobot_node.ids import new_id
from octobot_node.past_signals import PastSignal
from octobot_node.store import intents, schedules
from octobot_node.store.tables import installation, schedule
from octobot_node.store.tables import intents as intents_table

__all__ = ["Replay"]

log = structlog.get_logger(__name__)
#: One instant that keeps finding things to do this often is not getting anywhere.
_ROUNDS_MAX = 1_000


@runtime_checkable
class _Foresees(Protocol):
    """A trading connector that knows when its next order fills."""

    def next_fill_at(self, after: int) -> int | None: ...


class Replay:
    """Drives automations through past candles. State is on disk after every step: killed, it goes on where it was."""

    def __init__(self, base: Base, start: int, end: int) -> None:
        self.end = end
        self.clock = VirtualClock(_resume_at(base, start))
        self._base = base
        self._queue: deque[tuple[str, str, str]] = deque()
        self._signals: deque[tuple[int, str, PastSignal]] = deque()
        self._io = InlineIo()
        self.core = assemble(
            base,
            clock=self.clock,
            io=self._io,
            evaluator=InlineEvaluator(base.registry.automations, base.settings.evaluate_timeout),
            deliver=self._deliver,
            kick=lambda _queue: None,
            owns=lambda _connection, _workflow: True,
            carried=lambda _connection, ids: ids & {workflow for _, workflow, _ in self._queue},
        )
        self.commands = Commands(self.core)
        self._batches = TickBatch(self.core)
        self._sends = Sends(self.core)
        self._watcher = Watcher(self.core)
        self._dispatcher = Dispatcher(self.core)
        self._sweeper = Sweeper(self.core, self.commands, self._dispatcher)
        self._forget_earlier_life()

    def run(self, progress: Callable[[int], None], signals: Iterable[tuple[str, PastSignal]] = ()) -> None:
        """Go on to the end; ``progress`` is told the virtual time (ms UTC) after every step.

        ``signals`` are (automation id, signal); those before the clock's time have been given, or never will be.
        """
        # Those of this very instant may have been given before a kill: the inbox knows their keys.
        coming = ((signal.at, automation_id, signal) for automation_id, signal in signals)
        self._signals = deque(sorted((item for item in coming if item[0] >= self.clock.now()), key=itemgetter(0)))
        while True:
            self._give_signals()
            self._settle_instant()
            progress(self.clock.now())
            moment = self._next()
            if moment is None or moment > self.end:
                break
            self._advance(moment)
        self._advance(self.end)
        self._settle_instant(deciding=False)
        progress(self.end)

    def close(self) -> None:
        """Close connectors and the loop."""
        self._io.call(self.core.accounts.close())
        self._io.close()

    def _deliver(self, _connection: sa.Connection, queue: str, argument: str) -> str:
        workflow_id = new_id()
        self._queue.append((queue, workflow_id, argument))
        return workflow_id

    def _settle_instant(self, *, deciding: bool = True) -> None:
        """Do all there is to do at this instant: fills first, then decisions, then what they send."""
        for _ in range(_ROUNDS_MAX):
            moved = self._watch()
            if deciding:
                moved += self._dispatcher.dispatch()
            moved += self._drain()
            moved += self._sweeper.sweep()
            moved += self._drain()
            if not moved:
                deliver_notices(self.core)
                return
        raise RuntimeError(f"the instant {self.clock.now()} did not settle in {_ROUNDS_MAX} rounds")

    def _drain(self) -> int:
        done = 0
        while self._queue:
            queue, workflow_id, argument = self._queue.popleft()
            stage = self._batches.run if queue == TICKS else self._sends.run
            stage(workflow_id, argument)
            done += 1
        return done

    def _watch(self) -> int:
        with self.core.storage.read() as connection:
            accounts = intents.accounts_to_watch(connection)
        return sum(bool(self._io.call(self._watcher.watch(account_id))) for account_id in accounts)

    def _give_signals(self) -> None:
        while self._signals and self._signals[0][0] <= self.clock.now():
            _, automation_id, signal = self._signals.popleft()
            self.commands.signal(automation_id, signal.payload, channel=signal.channel, source="replay", key=signal.key)

    def _next(self) -> int | None:
        now = self.clock.now()
        with self.core.storage.read() as connection:
            times = [schedules.next_due_at(connection), intents.due_retries(connection)]
            accounts = intents.accounts_to_watch(connection)
            times += _deadlines(connection)
        times += [self._next_fill(account_id, now) for account_id in accounts]
        times.append(self._next_level(now))
        times.append(self._signals[0][0] if self._signals else None)
        later = [max(time, now + 1) for time in times if time is not None]
        return min(later, default=None)

    def _next_fill(self, account_id: str, now: int) -> int | None:
        trading = self.core.accounts.get(account_id).trading
        return trading.next_fill_at(now) if isinstance(trading, _Foresees) else None

    def _next_level(self, now: int) -> int | None:
        times = []
        for _, source, symbol, price, is_above in self.core.hub.levels.each():
            market = self.core.accounts.source(source)
            if isinstance(market, PastMarket):
                above, below = (price, None) if is_above else (None, price)
                times.append(market.reached(symbol, since=now, above=above, below=below))
        return min((time for time in times if time is not None), default=None)

    def _advance(self, moment: int) -> None:
        self.clock.advance_to(max(moment, self.clock.now()))
        woken = self.core.hub.crossed()
        with self.core.storage.write() as connection:
            connection.execute(installation.update().values(virtual_now=self.clock.now()))
            schedules.wake(connection, woken, self.clock.now())

    def _forget_earlier_life(self) -> None:
        """Take up what a killed replay left: its claims are nobody's, and what it sent may be asked about at once.

        That cannot race: whoever could still send held the data folder's lock.
        """
        columns = intents_table.c
        with self.core.storage.write() as connection:
            connection.execute(
                schedule.update().where(schedule.c.claim.is_not(None)).values(claim=None, claim_until=None)
            )
            connection.execute(intents_table.update().where(columns.status == "sent").values(send_by=0))
            connection.execute(installation.update().values(virtual_now=self.clock.now()))


def _resume_at(base: Base, start: int) -> int:
    with base.storage.read() as connection:
        stood_at: int | None = connection.scalar(sa.select(installation.c.virtual_now))
    return start if stood_at is None else stood_at


def _deadlines(connection: sa.Connection) -> list[int | None]:
    columns = intents_table.c
    live = sa.text("intents.status IN ('planned', 'sent', 'open', 'unknown')")
    expiry = sa.select(sa.func.min(columns.expires_at)).where(live, columns.status == "open")
    return [connection.scalar(expiry)]
