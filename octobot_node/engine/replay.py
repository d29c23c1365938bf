"""Replay: the same stages on a virtual clock, inline, skipping from one thing that happens to the next.

Evaluation, commit, fence, settlement and ledger are the live node's own code. What differs: time stands still while a
stage runs; what DBOS delivers to a live node is delivered from a list, since nothing here outlives a stage; the
transactions of many instants are joined into one; and a stage that would find what it found before is not run.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from decimal import Decimal
from operator import itemgetter
from typing import Any, TypeAlias

import sqlalchemy as sa

from octobot_node.clock import VirtualClock
from octobot_node.configuration import Configuration
from octobot_node.contracts.replays import ForeseenFills, PassedOrders, PastMarket, PastTouches
from octobot_node.engine.acting.account_poller import AccountPoller
from octobot_node.engine.acting.order_sender import OrderSender
from octobot_node.engine.assembly import assemble
from octobot_node.engine.base import Base
from octobot_node.engine.commands.commands import Commands
from octobot_node.engine.core import Core
from octobot_node.engine.deciding.dispatcher import Dispatcher
from octobot_node.engine.deciding.tick_batch import TickBatch
from octobot_node.engine.evaluating.evaluator import InlineEvaluator
from octobot_node.engine.market.hub import Level
from octobot_node.engine.notice_delivery import open_notices
from octobot_node.engine.sweeper import Sweeper
from octobot_node.engine.workers.durable import TICKS
from octobot_node.engine.workers.event_loop import InlineEventLoop
from octobot_node.ids import new_id
from octobot_node.orders import IntentStatus
from octobot_node.store import intents, schedules
from octobot_node.store.sql.conditions import is_live, is_planned
from octobot_node.store.sql.joined_transactions import JoinedStorage
from octobot_node.store.tables import automations, installation, schedule, watchings
from octobot_node.store.tables import intents as intents_table

__all__ = ["PastSignal", "Replay"]

_Key: TypeAlias = tuple[str, str, Decimal, bool, bool]
_Found: TypeAlias = tuple[int, Decimal | None] | None
#: One instant that keeps finding things to do this often is not getting anywhere.
_ROUNDS_MAX = 1_000
#: What a killed replay does again, in seconds of real time.
_STRETCH_S = 0.25


@dataclass(frozen=True, slots=True)
class PastSignal:
    """A message that arrives at ``at`` (ms UTC); ``key`` is its own in its file, so that none arrives twice."""

    at: int
    payload: Any
    channel: str
    key: str


class Replay:
    """Drives automations through past candles.

    State is on disk after every stretch of a quarter of a second, whole instants each: killed, it goes on from there.
    """

    def __init__(self, base: Base, start: int, end: int, configuration: Configuration | None = None) -> None:
        self.end = end
        self.clock = VirtualClock(_resume_at(base, start))
        self._storage = JoinedStorage(base.storage)
        #: Accounts that may have something new to tell at this instant.
        self._to_watch: set[str] = set()
        #: account id -> when its next order ends by itself, of accounts with live orders that know; others' are asked
        #: at every instant.
        self._foreseen: dict[str, int | None] = {}
        self._unforeseen: set[str] = set()
        #: When the candle closes inside which a price was shown.
        self._inside_until = 0
        self._queue: deque[tuple[str, str, str]] = deque()
        self._signals: deque[tuple[int, str, PastSignal]] = deque()
        self._event_loop = InlineEventLoop()
        self.core = assemble(
            replace(base, storage=self._storage),
            clock=self.clock,
            event_loop=self._event_loop,
            evaluator=InlineEvaluator(base.registry.automations, base.settings.evaluate_timeout),
            deliver=self._deliver,
            kick=lambda _queue: None,
            owns=lambda _connection, _workflow: True,
            carried=lambda _connection, ids: ids & {workflow for _, workflow, _ in self._queue},
            configuration=configuration,
        )
        self.core.watch = self._to_watch.add
        self._levels = _LevelTimes(self.core)
        self.commands = Commands(self.core)
        self._batches = TickBatch(self.core)
        self._order_sender = OrderSender(self.core)
        self._poller = AccountPoller(self.core)
        self._dispatcher = Dispatcher(self.core, replays=True)
        self._sweeper = Sweeper(self.core, self.commands, self._dispatcher)
        self._notices = open_notices(self.core)
        self._forget_earlier_life()

    def run(self, progress: Callable[[int], None], signals: Iterable[tuple[str, PastSignal]] = ()) -> None:
        """Go on to the end; ``progress`` is told the virtual time (ms UTC) after every step.

        ``signals`` are (automation id, signal); those before the clock's time have been given, or never will be.
        """
        # Those of this very instant may have been given before a kill: the inbox knows their keys.
        coming = ((signal.at, automation_id, signal) for automation_id, signal in signals)
        self._signals = deque(sorted((item for item in coming if item[0] >= self.clock.now()), key=itemgetter(0)))
        with self._storage.read() as connection:
            self._to_watch.update(intents.accounts_to_watch(connection))
        while self._stretch(progress):
            pass

    def _stretch(self, progress: Callable[[int], None]) -> bool:
        """Go through instants for a while, and commit them; return whether there are more."""
        until = time.monotonic() + _STRETCH_S
        with self._storage.joined():
            try:
                return self._instants(progress, until)
            finally:
                # Whatever ends the stretch: the time on disk is that of what is on disk.
                with self._storage.write() as connection:
                    connection.execute(installation.update().values(virtual_now=self.clock.now()))

    def _instants(self, progress: Callable[[int], None], until: float) -> bool:
        while True:
            self._give_signals()
            self._settle_instant()
            if self.clock.now() >= self._inside_until:
                progress(self.clock.now())
            moment = self._next()
            if moment is None or moment > self.end:
                break
            self._advance(moment)
            # Between a candle's start and its close a price may be shown that nobody who goes on from here would know.
            if time.monotonic() > until and self.clock.now() >= self._inside_until:
                return True
        self._to_watch.update(self._foreseen)
        self._advance(self.end)
        self._settle_instant(deciding=False)
        progress(self.end)
        return False

    def close(self) -> None:
        """Close connectors and the loop."""
        self._notices.close()
        self.core.order_checks.close()
        self._event_loop.call(self.core.accounts.close())
        self._event_loop.close()

    def _deliver(self, _connection: sa.Connection, queue: str, argument: str) -> str:
        workflow_id = new_id()
        self._queue.append((queue, workflow_id, argument))
        return workflow_id

    def _settle_instant(self, *, deciding: bool = True) -> None:
        """Do all there is to do at this instant: fills first, then decisions, then what they send."""
        dispatched = swept = -1
        for _ in range(_ROUNDS_MAX):
            moved = self._watch()
            # Whoever looked at what is still on disk so would find the same.
            if deciding and dispatched != self._storage.writes:
                dispatched = self._storage.writes
                moved += self._dispatcher.dispatch()
            moved += self._drain()
            if swept != self._storage.writes:
                swept = self._storage.writes
                moved += self._sweeper.sweep()
            moved += self._drain()
            if not moved:
                self._notices.deliver()
                return
        raise RuntimeError(f"the instant {self.clock.now()} did not settle in {_ROUNDS_MAX} rounds")

    def _drain(self) -> int:
        done = 0
        while self._queue:
            queue, workflow_id, argument = self._queue.popleft()
            stage = self._batches.run if queue == TICKS else self._order_sender.run
            stage(workflow_id, argument)
            done += 1
        return done

    def _watch(self) -> int:
        """Ask the accounts that may have something to tell, and those that had once more; return how many had."""
        asked = sorted(self._to_watch)
        self._to_watch.clear()
        told = [account_id for account_id in asked if self._event_loop.call(self._poller.watch(account_id))]
        self._to_watch.update(told)
        return len(told)

    def _give_signals(self) -> None:
        while self._signals and self._signals[0][0] <= self.clock.now():
            _, automation_id, signal = self._signals.popleft()
            self.commands.signal(automation_id, signal.payload, channel=signal.channel, source="replay", key=signal.key)

    def _next(self) -> int | None:
        now = self.clock.now()
        with self._storage.read() as connection:
            times = list(connection.execute(_MOMENTS).one())
            live = connection.execute(_LIVE_ACCOUNTS).all()
        self._foresee(live, now)
        times += self._foreseen.values()
        times.append(self._levels.next(now))
        times.append(self._signals[0][0] if self._signals else None)
        later = [max(time, now + 1) for time in times if time is not None]
        return min(later, default=None)

    def _foresee(self, live: Iterable[tuple[str, bool]], now: int) -> None:
        self._foreseen.clear()
        self._unforeseen.clear()
        for account_id, is_dark in live:
            trading = self.core.accounts.get(account_id).trading
            if isinstance(trading, ForeseenFills):
                self._foreseen[account_id] = trading.next_fill_at(now)
            if is_dark or account_id not in self._foreseen:
                self._unforeseen.add(account_id)

    def _advance(self, moment: int) -> None:
        self.clock.advance_to(max(moment, self.clock.now()))
        self._to_watch |= self._unforeseen
        self._to_watch |= {account_id for account_id, at in self._foreseen.items() if at is not None and at <= moment}
        touches = self._touch(moment)
        woken = [touch.automation_id for touch in touches]
        woken += self.core.hub.crossed(self._shown(moment)) if self._levels else []
        if woken:
            with self._storage.write() as connection:
                schedules.wake(connection, woken, self.clock.now())
                self._show_later(connection, touches)

    def _touch(self, moment: int) -> list[_Touch]:
        """Show the prices inside candles that somebody waits for at this moment, and return them."""
        touched = []
        for touch in self._levels.touches(moment):
            market = self._touchable(touch.source)
            if market is not None:
                market.show(touch.symbol, touch.price, moment)
                shown = market.shown(touch.symbol, moment)
                self._inside_until = max(self._inside_until, shown.closes_at if shown else 0)
                self.core.hub.set_levels(touch.automation_id, touch.source, None)
                self._pass_orders(touch)
                touched.append(touch)
        return touched

    def _show_later(self, connection: sa.Connection, touches: Iterable[_Touch]) -> None:
        """Show prices again to those who have looked within the second, and look a second after that."""
        for touch in touches:
            at = connection.scalar(_NEXT_RUN, {"automation": touch.automation_id})
            market = self._touchable(touch.source)
            if market is not None and at is not None and self.clock.now() < at < self._inside_until:
                market.show(touch.symbol, touch.price, at)

    def _pass_orders(self, touch: _Touch) -> None:
        """Let the orders be filled that the way to a price has passed: whoever is shown that price decides after them.

        Those of whom it watches, too. Others' are left to the candle's close: what one automation looks at changes
        nothing for the others.
        """
        passed: dict[str, set[str]] = {}
        with self._storage.read() as connection:
            for account_id, client_order_id in connection.execute(_OWN_ORDERS, {"automation": touch.automation_id}):
                passed.setdefault(account_id, set()).add(client_order_id)
        for account_id, client_order_ids in passed.items():
            trading = self.core.accounts.get(account_id).trading
            if isinstance(trading, PassedOrders):
                self._event_loop.call(trading.pass_orders(touch.symbol, touch.price, client_order_ids))
                self._to_watch.add(account_id)

    def _shown(self, moment: int) -> set[tuple[str, str]]:
        """Return the (source, symbol) pairs whose price is not a close: only who waits for it is woken by it."""
        if moment >= self._inside_until:
            return set()
        watched = self.core.hub.levels.watched()
        markets = {source: self._touchable(source) for source in watched}
        return {
            (source, symbol)
            for source, market in markets.items()
            for symbol in watched[source]
            if market is not None and market.shown(symbol, moment) is not None
        }

    def _touchable(self, source: str) -> PastTouches | None:
        market = self.core.accounts.source(source)
        return market if isinstance(market, PastTouches) else None

    def _forget_earlier_life(self) -> None:
        """Take up what a killed replay left: its claims are nobody's, and what it sent may be asked about at once.

        That cannot race: whoever could still send held the data folder's lock.
        """
        columns = intents_table.c
        with self._storage.write() as connection:
            connection.execute(
                schedule.update().where(schedule.c.claim.is_not(None)).values(claim=None, claim_until=None)
            )
            connection.execute(intents_table.update().where(columns.status == IntentStatus.SENT).values(send_by=0))
            connection.execute(installation.update().values(virtual_now=self.clock.now()))


def _resume_at(base: Base, start: int) -> int:
    with base.storage.read() as connection:
        stood_at: int | None = connection.scalar(sa.select(installation.c.virtual_now))
    return start if stood_at is None else stood_at


@dataclass(frozen=True, slots=True)
class _Touch:
    """Somebody's level that is met inside a candle, and the price there."""

    automation_id: str
    source: str
    symbol: str
    price: Decimal


class _LevelTimes:
    """When the past reaches the price levels that somebody waits for; each is searched for once."""

    def __init__(self, core: Core) -> None:
        self._core = core
        #: level -> (the first time after which it was searched for at which it is reached, the price inside a candle).
        self._times: dict[_Key, _Found] = {}

    def __bool__(self) -> bool:
        return bool(self._core.hub.levels)

    def next(self, now: int) -> int | None:
        """Return the first time later than ``now`` (ms UTC) at which a level is reached, or None."""
        before, self._times = self._times, {}
        for level in self._core.hub.levels.each():
            key = _key(level)
            # Nothing reaches it before the time found, so that holds until it has passed.
            known = before.get(key, (0, None))
            passed = known is not None and known[0] <= now
            self._times[key] = self._search(level, now) if passed else known
        return min((found[0] for found in self._times.values() if found is not None), default=None)

    def touches(self, moment: int) -> list[_Touch]:
        """Return the levels that are met inside a candle at ``moment``."""
        if not any(found is not None and found[1] is not None and found[0] <= moment for found in self._times.values()):
            return []
        touches = []
        for level in self._core.hub.levels.each():
            found = self._times.get(_key(level))
            if found is not None and found[1] is not None and found[0] <= moment:
                touches.append(_Touch(level.automation_id, level.source, level.symbol, found[1]))
        return touches

    def _search(self, level: Level, now: int) -> _Found:
        market = self._core.accounts.source(level.source)
        above, below = (level.price, None) if level.above else (None, level.price)
        if isinstance(market, PastTouches) and not level.at_closes:
            return market.touched(level.symbol, since=now, above=above, below=below)
        if not isinstance(market, PastMarket):
            return None
        closing = market.reached(level.symbol, since=now, above=above, below=below)
        return None if closing is None else (closing, None)


def _key(level: Level) -> _Key:
    return level.source, level.symbol, level.price, level.above, level.at_closes


#: Each intent's next moment, and each automation's: the next due, the next retry, the next expiry.
_MOMENTS = sa.select(
    sa.select(sa.func.min(schedule.c.next_run_at))
    .where(schedule.c.claim.is_(None), schedule.c.next_run_at.is_not(None))
    .scalar_subquery(),
    sa.select(sa.func.min(intents_table.c.retry_at)).where(is_live, is_planned).scalar_subquery(),
    sa.select(sa.func.min(intents_table.c.expires_at))
    .where(is_live, intents_table.c.status == IntentStatus.OPEN)
    .scalar_subquery(),
)
_NEXT_RUN = sa.select(schedule.c.next_run_at).where(schedule.c.automation_id == sa.bindparam("automation"))
_WATCHED = (
    sa.select(automations.c.id)
    .join(watchings, (watchings.c.owner == automations.c.owner) & (watchings.c.name == automations.c.name))
    .where(watchings.c.automation_id == sa.bindparam("automation"))
)
#: What an automation, and those it watches, have at the exchange.
_OWN_ORDERS = sa.select(intents_table.c.account_id, intents_table.c.client_order_id).where(
    is_live,
    intents_table.c.status.in_([status for status in IntentStatus if status.at_exchange]),
    (intents_table.c.automation_id == sa.bindparam("automation")) | intents_table.c.automation_id.in_(_WATCHED),
)
#: Accounts with orders at the exchange, and whether it has yet to say what became of one.
_LIVE_ACCOUNTS = (
    sa.select(intents_table.c.account_id, sa.func.max(intents_table.c.status != IntentStatus.OPEN))
    .where(is_live, intents_table.c.status.in_([status for status in IntentStatus if status.at_exchange]))
    .group_by(intents_table.c.account_id)
)
