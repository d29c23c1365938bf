"""A live node: the engine on the real clock, with DBOS to deliver and threads to look for work."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa
import structlog
from pydantic import BaseModel

from octobot_node.clock import Clock, SystemClock
from octobot_node.configuration import Configuration
from octobot_node.contracts.coordinator import Engine
from octobot_node.engine.acting.account_poller import AccountPoller
from octobot_node.engine.acting.balance_watch import BalanceWatch
from octobot_node.engine.acting.order_sender import OrderSender
from octobot_node.engine.acting.poller_pool import PollerPool
from octobot_node.engine.assembly import assemble, load_levels
from octobot_node.engine.base import Base, open_base
from octobot_node.engine.clock_watch import ClockWatch
from octobot_node.engine.commands.commands import Commands
from octobot_node.engine.commands.restore_reconciliation import RestoreReconciliation
from octobot_node.engine.core import Core
from octobot_node.engine.deciding.dispatcher import Dispatcher
from octobot_node.engine.deciding.price_levels import take_levels
from octobot_node.engine.deciding.tick_batch import TickBatch
from octobot_node.engine.evaluating.evaluator import ProcessEvaluator
from octobot_node.engine.market.request_gates import REQUESTS
from octobot_node.engine.notice_delivery import open_notices
from octobot_node.engine.sampling import Sampler
from octobot_node.engine.sweeper import Sweeper
from octobot_node.engine.workers.durable import ORDERS, TICKS, Durable
from octobot_node.engine.workers.event_loop import ThreadedEventLoop
from octobot_node.engine.workers.periodic_thread import PeriodicThread
from octobot_node.errors import DatabaseChanged, SecretsLocked, StartInterrupted, StorageUnavailable
from octobot_node.live.control_server import ControlServer
from octobot_node.live.vitals import Vitals
from octobot_node.operations.context import OperationContext
from octobot_node.operations.perform import perform_named
from octobot_node.plugin_system.discovery import plugins_for
from octobot_node.plugin_system.registry import Registry
from octobot_node.plugin_system.service_supervisor import ServiceSupervisor
from octobot_node.settings import Settings
from octobot_node.store import retention, schedules
from octobot_node.store.standings import standing_changes

if TYPE_CHECKING:
    from octobot_node.api.server import ApiServer

__all__ = ["Node"]

log = structlog.get_logger(__name__)

#: Ended workflows are kept this long, for whoever looks into a problem.
_KEEP_WORKFLOWS_MS = 3_600_000
_FORGOTTEN_AT_ONCE = 500
#: Equity is a point a fill for a week, and one an hour before.
_FINE_EQUITY_MS = 7 * 86_400_000
#: Notifiers that hang when the node stops have this long, in seconds.
_PATIENCE_S = 5.0
#: What is written is in the files that somebody may copy after so long at most.
_FOLD_S = 120.0
#: And so long after a command that changed something; those that come meanwhile are folded with it.
_FOLD_COMMANDS_S = 2.0
#: Work that met an outage of the database is tried again after this.
_OUTAGE_S = 0.5
#: How often a node counts on in the database and remembers it: what is lost of less than that is not seen by it.
_PULSE_S, _PULSE_ALONE_S = 2.0, 10.0
#: How often the clock is compared with steady seconds.
_CLOCK_S = 1.0
#: How often it is looked which accounts' balances are due.
_BALANCES_S = 60.0


class Node:
    """One process that dispatches, evaluates, sends and watches. Use it as a context manager.

    ``checkpoint`` is called at each named point of the send fence; crash tests end the process there.
    ``serve_api``: the REST API, too. ``asked_to_end`` is asked while the start waits for others.
    """

    core: Core
    commands: Commands

    def __init__(
        self,
        settings: Settings,
        *,
        registry: Registry | None = None,
        configuration: Configuration | None = None,
        checkpoint: Callable[[str], None] | None = None,
        serve_api: bool = False,
        asked_to_end: Callable[[], bool] = lambda: False,
    ) -> None:
        self.settings = settings
        #: The REST API, once it is served.
        self.api: ApiServer | None = None
        self._serve_api = serve_api
        self.registry = registry or plugins_for(settings)
        self.configuration = configuration or Configuration(settings)
        #: Set when the node shall end, because somebody asked for it from elsewhere or it may go on no more.
        self.leaving = threading.Event()
        #: Why it may go on no more; "" where it was asked to end.
        self.failure = ""
        #: Whether it ends because its database is another than it began on: whoever started it starts it again.
        self.begins_anew = False
        self._checkpoint = checkpoint
        self._asked_to_end = asked_to_end
        self._clock: Clock = SystemClock()
        self._loops: list[PeriodicThread] = []
        self._kicked: set[str] = set()
        self._polled = 0.0
        self._closers: list[Callable[[], None]] = []

    def __enter__(self) -> Node:
        self.start()
        return self

    def __exit__(self, *_error: object) -> None:
        self.stop()

    def start(self) -> None:
        """Open everything, resume what was unfinished, and begin to look for work.

        Raises NodeError when the data folder or the database cannot be used; nothing stays open then. StartInterrupted
        says that they could, and that the same is to be begun again.
        """
        base = open_base(
            self.settings, self.registry, SystemClock().now(), configuration=self.configuration,
            asked_to_end=self._asked_to_end,
        )  # fmt: skip
        self._closers = [base.close]
        # Without those whose tables cannot be brought up to date.
        self.registry = base.registry
        assert base.watch is not None
        base.watch.on_change = self._begin_anew
        self._clock = base.storage.open_clock()
        try:
            self._make_first_key(base)
            self._start_engine(base)
        except BaseException as error:
            self.stop()
            if base.storage.shared and _is_outage(error):
                raise StartInterrupted(f"{base.storage.shown} was lost while the node started: {error}") from error
            raise

    def _make_first_key(self, base: Base) -> None:
        try:
            base.sealing.make_first_key()
        except SecretsLocked as error:
            if error.lasting:
                raise
            # A vault that is down: whoever needs it waits.
            log.warning("secrets_wait", why=str(error))

    def stop(self) -> None:
        """Stop taking work, leave for the next start what is in flight, and close everything, newest first."""
        if hasattr(self, "core"):
            self.core.draining.set()
            self._finish()
            self.core.stopping.set()
            # At once: a batch that waits for an evaluation that hangs would hold up everything else.
            self.core.evaluator.close()
        while self._closers:
            self._closers.pop()()

    def _finish(self) -> None:
        """Take nothing new, and give what runs its time: what is handed back is begun anew elsewhere."""
        if not self.core.storage.shared or self.begins_anew:
            return
        self.core.coordinator.withdraw()
        until = time.monotonic() + self.settings.drain_grace
        while self._durable.running() and time.monotonic() < until:
            time.sleep(0.05)

    def hurry(self) -> None:
        """Look now for due automations, and for what is to be sent or ended: a command was just given."""
        self._hear("dispatch")
        self.core.storage.announce("dispatch")

    @property
    def context(self) -> OperationContext:
        """Where operations are given to this node, from any thread."""
        return OperationContext(self.core, self.commands, self.configuration, self.core.context, self.hurry, live=True)

    def _start_engine(self, base: Base) -> None:
        event_loop = self._event_loop = ThreadedEventLoop()
        self._closers.append(event_loop.close)
        executor_id = base.coordinator.executor_id
        handlers = {TICKS: self._tick, ORDERS: self._send}
        self._durable = Durable(base.storage, self.settings, executor_id, handlers, self._kick_here)
        evaluator = ProcessEvaluator(self.registry, self.settings)
        self._closers.append(evaluator.close)
        self.core = assemble(
            base,
            clock=self._clock,
            event_loop=event_loop,
            evaluator=evaluator,
            deliver=self._durable.enqueue,
            kick=self._kick,
            owns=self._durable.owns,
            carried=self._durable.carried,
            configuration=self.configuration,
        )
        self._closers.append(self.core.order_checks.close)
        self._closers.append(lambda: event_loop.call(self.core.accounts.close()))
        if self._checkpoint is not None:
            self.core.checkpoint = self._checkpoint
        self.core.accounts.without_key = self._leave
        self._build_stages(event_loop)
        if not base.storage.shared:
            with base.storage.write() as connection:
                schedules.extend_claims(connection, self._clock.now() + int(self.settings.claim_ttl * 1000))
        if base.coordinator.role != "consumer":
            self.commands.hold_without_connector()
            self.commands.take_up_held()
        self._start_looking()
        self._start_watching_the_clock()
        self._start_remembering(base)
        self.core.still_for = self._still_for
        control = ControlServer(self.settings.data_dir, self._perform)
        control.start()
        self._closers.append(control.stop)
        # After the socket is there: a service may ask the node for something.
        self._start_plugins()
        if self._serve_api:
            self._start_api()
        base.coordinator.attach(
            Engine(
                *(self._still_for, self._durable.running, self._rejoined, self._hurry_all, self._leave),
                vitals=self._vitals.look,
            )
        )

    def _build_stages(self, event_loop: ThreadedEventLoop) -> None:
        self.commands = Commands(self.core)
        self._batches = TickBatch(self.core)
        self._order_sender = OrderSender(self.core)
        dispatcher = Dispatcher(self.core)
        self._sweeper = Sweeper(self.core, self.commands, dispatcher)
        self._pollers = PollerPool(self.core, AccountPoller(self.core), event_loop)
        self.core.watch = self._pollers.poke
        self._dispatch = PeriodicThread("dispatch", dispatcher.dispatch, self.settings.dispatch_interval)
        self._sweep = PeriodicThread("sweep", self._sweeper.sweep, self.settings.sweep_interval)
        self.core.requested = self._sweep.hurry
        self._levels = PeriodicThread("levels", self._wake_crossed, self.settings.sweep_interval)
        self._retention = PeriodicThread("retention", self._prune, 60.0)
        self._fold = PeriodicThread("fold", self._fold_soon, _FOLD_S, at_once=False)
        self._sampler = Sampler(self.core)
        self._changes = standing_changes.Kept()
        self._vitals = Vitals(self.core.counters, self.core.clock.now)
        # Kicks come from threads that just committed; one thread runs them, so that none of those waits for DBOS.
        # Now and then it looks at both queues by itself: where nodes share them, word of another's work may be lost.
        self._kicks = PeriodicThread("kick", self._run_kicks, self.settings.queue_poll_interval)

    def _start_looking(self) -> None:
        self._pollers.start()
        self._closers.append(self._pollers.stop)
        self._kicks.start()
        # Before it is begun: what is begun halfway is in the way of a start that is tried again.
        self._closers += [self._durable.stop, self._kicks.stop]
        self._durable.start()
        # What an earlier life left is queued again by now: take it up at once, not at the next poll.
        self._kick(TICKS)
        self._kick(ORDERS)
        self._closers.append(self.core.storage.listen(self._hear))
        self._loops = [self._kicks]
        if self.core.coordinator.role == "consumer":
            return
        self._loops += [self._dispatch, self._sweep, self._levels]
        # Apart: it waits for exchanges.
        reconciling = RestoreReconciliation(self.core)
        reconcile = PeriodicThread("reconcile", self._if_leading(reconciling.step), self.settings.sweep_interval)
        reconcile.start()
        self._closers.append(reconcile.stop)
        for loop in (self._dispatch, self._sweep, self._levels, self._retention, self._fold):
            loop.start()
            self._closers.append(loop.stop)
        if self.settings.balance_check_interval:
            # A minute after the start: what was filled meanwhile is settled first.
            balances = PeriodicThread(
                "balances",
                self._if_leading(BalanceWatch(self.core).step),
                min(_BALANCES_S, self.settings.balance_check_interval),
                at_once=False,
            )
            balances.start()
            self._closers.append(balances.stop)
        if self.settings.equity_sample_interval:
            # Apart: it waits for prices.
            sampling = PeriodicThread(
                "samples", self._if_leading(self._sample), self.settings.equity_sample_interval, at_once=False
            )
            sampling.start()
            self._closers.append(sampling.stop)

    def _start_watching_the_clock(self) -> None:
        watch = ClockWatch(self.core)
        self.core.clock_set = watch.last_set

        def look() -> None:
            if watch.look():
                self._hear("dispatch")

        loop = PeriodicThread("clock", look, _CLOCK_S)
        loop.start()
        self._closers.append(loop.stop)

    def _start_remembering(self, base: Base) -> None:
        """Count on in the database, the last time before it is left."""
        watch, clock = base.watch, self._clock
        assert watch is not None

        def pulse() -> None:
            watch.pulse(clock.now())
            # So that rates are of the last minute whenever somebody asks.
            self._vitals.look()

        loop = PeriodicThread("pulse", pulse, _PULSE_S if base.storage.shared else _PULSE_ALONE_S)

        def end() -> None:
            loop.stop()
            if not base.storage.lost():
                with suppress(StorageUnavailable, sa.exc.SQLAlchemyError):
                    pulse()

        loop.start()
        self._closers.append(end)

    def _start_plugins(self) -> None:
        """Deliver notices and run services: after everything that trades, and stopped before it."""
        told = open_notices(self.core)
        self._closers.append(told.close)
        # Each in a thread of its own: a slow notifier must hold up nothing.
        lanes = [
            PeriodicThread(f"notices-{lane.name}", self._if_leading(lane.deliver), self.settings.sweep_interval)
            for lane in told.lanes
        ]
        for loop in lanes:
            loop.start()
        self._closers.append(lambda: _stop_together(lanes, _PATIENCE_S))
        owners = {
            name: plugin.name
            for plugin in self.registry.plugins
            for name in plugin.registers.get("register_services", ())
        }
        supervisor = ServiceSupervisor(
            self.registry.services,
            self.core.context,
            self.core.plugin_failures,
            may_lead=self.core.coordinator.may_dispatch,
            owners=owners,
        )
        self.core.services = supervisor.states
        supervisor.start()
        self._closers.append(supervisor.stop)

    def _start_api(self) -> None:
        from octobot_node.api.server import ApiServer

        self.api = ApiServer(replace(self.context, via="api"))
        self.api.start()
        self._closers.append(self.api.stop)

    def _perform(self, operation: str, arguments: Mapping[str, Any], by: str) -> BaseModel:
        try:
            return perform_named(replace(self.context, by=by), operation, arguments)
        finally:
            known = self.registry.operations.get(operation)
            if known is not None and known.writes:
                self._fold.hurry()

    def _fold_soon(self) -> None:
        self.core.stopping.wait(_FOLD_COMMANDS_S)
        self.core.storage.fold()

    def _if_leading(self, step: Callable[[], Any]) -> Callable[[], Any]:
        """Return a step that does nothing on nodes that do not lead: one tells for all."""
        return lambda: step() if self.core.coordinator.may_dispatch() else None

    # -- what the coordinator asks, and what other nodes tell

    def _still_for(self) -> float:
        """Return for how long the slowest of the loops that everything hangs on has not gone round, in seconds."""
        now = time.monotonic()
        return max(self._event_loop.still_for(), *(now - loop.went_round - loop.interval for loop in self._loops))

    def _rejoined(self) -> None:
        self._durable.act_as(self.core.coordinator.executor_id)
        if self.core.coordinator.role != "consumer":
            load_levels(self.core)
        self._hurry_all()

    def _hurry_all(self) -> None:
        for queue in (TICKS, ORDERS):
            self._kick_here(queue)

    def _leave(self, why: str) -> None:
        if not self.leaving.is_set():
            self.failure = why
            self.core.draining.set()
            self.leaving.set()

    def _begin_anew(self, why: str) -> None:
        """End, to be started again: what this process remembers is of a database that there is no more."""
        del why  # said where it was found
        self.begins_anew = True
        if hasattr(self, "core"):
            self.core.draining.set()
        self.leaving.set()

    def _hear(self, topic: str) -> None:
        if topic in (TICKS, ORDERS):
            self._kick_here(topic)
        elif topic == "dispatch":
            self._dispatch.hurry()
            self._sweep.hurry()
        elif topic.startswith("account "):
            # Not here: whoever hears must not wait for the database, which may be gone, or another one.
            self.core.accounts.doubt(topic.removeprefix("account "))
            self._kicks.hurry()
        elif topic == REQUESTS:
            self.core.accounts.gates.doubt()
        elif topic.startswith("watch "):
            self._pollers.take_up(topic.removeprefix("watch "))
        elif topic == "":
            self.core.accounts.doubt_all()
            self.core.accounts.gates.doubt()
            self._hurry_all()
            self._hear("dispatch")

    def _tick(self, workflow_id: str, batch: str) -> Mapping[str, int]:
        return self._through_outages(lambda: self._batches.run(workflow_id, batch))

    def _send(self, workflow_id: str, account_id: str) -> Mapping[str, int]:
        return self._through_outages(lambda: self._order_sender.run(workflow_id, account_id))

    def _through_outages(self, work: Callable[[], Mapping[str, int]]) -> Mapping[str, int]:
        """Do it again when the database is back: nobody else does while this node is alive, and it does no harm."""
        while True:
            try:
                return work()
            except StorageUnavailable:
                if self.core.stopping.wait(_OUTAGE_S):
                    raise

    def _kick(self, queue: str) -> None:
        self._kick_here(queue)
        self.core.storage.announce(queue)

    def _kick_here(self, queue: str) -> None:
        self._kicked.add(queue)
        self._kicks.hurry()

    def _run_kicks(self) -> None:
        if self.core.accounts.renew_doubted():
            # Not waited for: a connector that hangs as it is closed would keep every queue waiting.
            self._event_loop.spawn(self.core.accounts.close_replaced())
        wanted, self._kicked = self._kicked, set()
        now = time.monotonic()
        if now - self._polled >= self.settings.queue_poll_interval:
            wanted, self._polled = {TICKS, ORDERS}, now
        if self.core.coordinator.may_work():
            for queue in sorted(wanted):
                self._durable.kick(queue)

    def _prune(self) -> None:
        """As leader, delete ended workflows in small pieces: ours keep nothing that our own tables do not."""
        self.core.sealing.uses.write()
        if not self.core.coordinator.may_dispatch():
            return
        before = self._clock.now() - _KEEP_WORKFLOWS_MS
        while not self.core.stopping.is_set() and self._durable.prune(before):
            self.core.stopping.wait(0.05)
        oldest = self._clock.now() - int(self.settings.keep_days * 86_400_000)
        while not self.core.stopping.is_set() and self._forget(oldest):
            self.core.stopping.wait(0.05)
        oldest = self._clock.now() - int(self.settings.audit_keep_days * 86_400_000)
        while not self.core.stopping.is_set() and retention.prune_audit(self.core.storage, oldest, self._clock.now()):
            self.core.stopping.wait(0.05)

    def _sample(self) -> None:
        self._sampler.step()
        while not self.core.stopping.is_set() and self._sampler.thin_out():
            self.core.stopping.wait(0.05)

    def _forget(self, before: int) -> int:
        now = self._clock.now()
        with self.core.storage.write() as connection:
            deleted = retention.prune(connection, before, _FORGOTTEN_AT_ONCE)
            deleted += self._changes.prune(connection, now, _FORGOTTEN_AT_ONCE)
            deleted += retention.prune_answers(connection, now - retention.ANSWERS_KEPT_MS, _FORGOTTEN_AT_ONCE)
            return deleted + retention.roll_up_equity(connection, now - _FINE_EQUITY_MS, _FORGOTTEN_AT_ONCE, now)

    def _wake_crossed(self) -> None:
        if not self.core.coordinator.may_dispatch():
            return
        if self.core.storage.shared:
            take_levels(self.core)
        woken = self.core.hub.crossed()
        if not woken:
            return
        try:
            with self.core.storage.write() as connection:
                schedules.wake(connection, woken, self._clock.now())
        except Exception:
            # Taken, but not woken: what the store still has is watched again, or an alert would be lost.
            load_levels(self.core)
            raise
        self._dispatch.hurry()


def _is_outage(error: BaseException) -> bool:
    """Whether the database went away; of what DBOS asks it there is only the driver's word."""
    if isinstance(error, StorageUnavailable):
        return not isinstance(error, DatabaseChanged)
    return isinstance(error, sa.exc.OperationalError | sa.exc.InterfaceError | sa.exc.TimeoutError)


def _stop_together(loops: Sequence[PeriodicThread], patience: float) -> None:
    until = time.monotonic() + patience
    for loop in loops:
        loop.end_soon()
    for loop in loops:
        loop.stop(max(until - time.monotonic(), 0))
