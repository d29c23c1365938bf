"""Commit a batch's decisions: one transaction, every row checked against what was evaluated."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import TYPE_CHECKING, Any, assert_never

import sqlalchemy as sa
import structlog

from octobot_node.automation import AutomationRequest, AutomationStatus, PauseAutomation, StopAutomation
from octobot_node.engine.deciding.dependents import Watched, lock_with_watchers
from octobot_node.engine.evaluating.decision_checks import PlainDecision, load_needs
from octobot_node.engine.evaluating.evaluation import Outcome
from octobot_node.engine.evaluating.schedule import FLOOR_MS, dump_wake, next_run
from octobot_node.engine.ledger.book import Book, Owner, load_book
from octobot_node.engine.ledger.opening_positions import open_base_positions
from octobot_node.engine.ledger.planning import Plan, plan_group
from octobot_node.engine.workers.durable import ORDERS
from octobot_node.errors import UsageError
from octobot_node.ids import new_id
from octobot_node.limits import Limits
from octobot_node.market import Market, timeframe_ms
from octobot_node.orders import CancelOrder, IntentStatus, OrderAction
from octobot_node.shadow_ids import shadow_of, with_shadows
from octobot_node.store import automations, events, intents, schedules
from octobot_node.store.events import Event
from octobot_node.store.rows.automation import BatchedAutomationRow, ComparedRow
from octobot_node.store.statuses import NoticeStatus, RequestStatus

if TYPE_CHECKING:
    from octobot_node.engine.core import Core

__all__ = ["Changes", "Commit", "Evaluated"]

log = structlog.get_logger(__name__)
#: A tick that lacked data is tried again after this.
_WAIT_MS = 5_000
_REPLAY_WAIT_MS = 60_000
_BACKOFF_MAX_MS = 300_000
#: Of a failed tick, kept with the signals that it was given.
_REASON_LIMIT = 500
#: What one row's own content or account can cause; what the database's absence causes is not among them.
_REFUSALS = (
    sa.exc.StatementError,
    UsageError,
    ArithmeticError,
    AttributeError,
    LookupError,
    TypeError,
    ValueError,
)


@dataclass(frozen=True, slots=True)
class Evaluated:
    """An evaluated row: as it was loaded, what came out, and what the commit marks as seen."""

    row: BatchedAutomationRow
    now: int
    scheduled: bool
    missed: int
    outcome: Outcome
    fills: tuple[str, ...]
    results: tuple[tuple[str, str], ...]
    signals: tuple[str, ...]
    live: int
    #: Why plugins refuse orders of the decision, by place.
    vetoes: Mapping[int, str] = field(default_factory=dict)
    #: Of a shadow: whether its original decides when it ticks, and what that is called.
    follows: bool = False
    original: str = ""

    @property
    def owner(self) -> Owner:
        """Whose automation it is."""
        return Owner(self.row.id, self.row.owner, self.row.account_id, self.row.shard)


class Changes:
    """Everything a commit writes, gathered row by row and written table by table."""

    def __init__(self) -> None:
        self.finished: list[dict[str, Any]] = []
        self.released: list[dict[str, Any]] = []
        self.wide: list[dict[str, Any]] = []
        self.intents: list[dict[str, Any]] = []
        self.fills: list[str] = []
        self.results: list[tuple[str, str]] = []
        self.signals: list[automations.Consumed] = []
        #: (id, why) of those whose tick failed.
        self.signals_failed: list[tuple[str, str]] = []
        self.events: list[Event] = []
        #: What became of the rows, and when those that ticked had been due (ms UTC).
        self.outcomes: Counter[str] = Counter()
        self.due: list[int] = []
        self.notices: list[dict[str, Any]] = []
        self.requests: list[dict[str, Any]] = []
        #: (watcher, the names that it watches from now on).
        self.watchings: list[tuple[dict[str, Any], Sequence[str]]] = []
        self.levels: list[tuple[str, str, str | None]] = []
        #: Automations that changed so that those who watch them are to see it.
        self.told: list[str] = []
        #: Automations that have decided their last.
        self.done: list[str] = []
        #: account id -> its limits, of accounts that are ordered on.
        self.limits: dict[str, Limits] = {}
        #: account id -> how many more live orders it may have, of accounts that limit it.
        self.rooms: dict[str, int] = {}
        #: Orders of those who cancel that are being cancelled already.
        self.cancelling: Collection[str] = ()
        #: What orders would have needed that lacked funds, by asset; told by a rehearsal, which is of one automation.
        self.wanting: dict[str, Decimal] = {}


class Commit:
    """Writes what a batch decided, exactly once."""

    def __init__(self, core: Core) -> None:
        self._core = core

    def run(self, workflow_id: str, batch: str, evaluated: Sequence[Evaluated], market: Market) -> Mapping[str, int]:
        """Commit; rows that moved on since they were loaded are dropped. If the database refuses, try in halves.

        So one row that the database cannot take ends alone, as a failed tick, and its neighbours are committed.
        """
        try:
            changes = self._transaction(workflow_id, batch, evaluated, market)
        except _REFUSALS as error:
            if isinstance(error, sa.exc.OperationalError | sa.exc.InterfaceError):
                raise
            return self._halves(workflow_id, batch, evaluated, market, error)
        self._after(changes)
        return {"ticks": len(changes.finished), "intents": len(changes.intents), "waiting": len(changes.released)}

    def rehearse(self, item: Evaluated, market: Market, book: Book | None = None) -> Changes:
        """Return what a commit of this one row would write; nothing is written.

        ``book`` is the money of one that is not in the database.
        """
        changes = Changes()
        with self._core.storage.read() as connection:
            book = load_book(connection, _spenders([(item, item.row)])) if book is None else book
            changes.limits = _account_limits(connection, [(item, item.row)])
            changes.rooms = _rooms(connection, changes.limits)
            changes.cancelling = intents.being_cancelled(connection, _cancellers([(item, item.row)]))
        self._one(changes, item, item.row, market, book)
        return changes

    def _halves(
        self, workflow_id: str, batch: str, evaluated: Sequence[Evaluated], market: Market, error: Exception
    ) -> Mapping[str, int]:
        log.warning("commit_refused", batch=batch, rows=len(evaluated), error=str(error))
        if len(evaluated) == 1:
            if evaluated[0].outcome.problem is not None:
                raise error
            reason = f"its decision cannot be stored: {error}"
            outcome = Outcome(evaluated[0].row.id, problem="failed", reason=reason[:500])
            failed = _with_outcome(evaluated[0], outcome)
            return self.run(workflow_id, batch, [failed], market)
        middle = len(evaluated) // 2
        parts = [self.run(workflow_id, batch, half, market) for half in (evaluated[:middle], evaluated[middle:])]
        return {key: sum(part.get(key, 0) for part in parts) for key in parts[0]}

    def _transaction(self, workflow_id: str, batch: str, evaluated: Sequence[Evaluated], market: Market) -> Changes:
        core, changes = self._core, Changes()
        with core.storage.write(durable=True) as connection:
            if not core.owns(connection, workflow_id):
                return changes
            watched = _lock_telling(connection, evaluated, core.settings.failure_limit)
            held = {row.automation_id: row for row in schedules.lock_claimed(connection, batch)}
            current = [(item, held[item.row.id]) for item in evaluated if _unmoved(item, held.get(item.row.id))]
            book = load_book(connection, _spenders(current))
            changes.limits = _account_limits(connection, current)
            changes.rooms = _rooms(connection, changes.limits)
            changes.cancelling = intents.being_cancelled(connection, _cancellers(current))
            for item, lock in current:
                self._one(changes, item, lock, market, book)
            self._write(connection, changes, book)
            if changes.done and automations.any_shadows(connection):
                # From now on they tick by themselves. Their rows are locked: they are with those who may be told.
                schedules.wake(connection, map(shadow_of, changes.done), core.clock.now())
            if watched is not None:
                watched.wake_watchers(connection, changes.told, core.clock.now())
        return changes

    def _one(self, changes: Changes, item: Evaluated, lock: ComparedRow, market: Market, book: Book) -> None:
        problem = item.outcome.problem
        changes.outcomes[problem or "done"] += 1
        if problem in (None, "failed") and item.row.next_run_at is not None:
            changes.due.append(item.row.next_run_at)
        if problem is None:
            assert item.outcome.decision is not None
            self._decided(changes, item, lock, item.outcome.decision, market, book)
        elif problem == "failed":
            self._failed(changes, item, lock)
        elif problem == "held":
            self._held(changes, item)
        else:
            self._postponed(changes, item, problem)

    def _decided(
        self,
        changes: Changes,
        item: Evaluated,
        lock: ComparedRow,
        decision: PlainDecision,
        market: Market,
        book: Book,
    ) -> None:
        row, now = item.row, self._core.clock.now()
        if _needs_book(item) and open_base_positions(item.owner, load_needs(row.needs).symbols, market, book):
            changes.told.append(row.id)
        rows = self._plan(changes, item, decision, market, book, now) if decision.orders else []
        changes.intents += rows
        status, runnable = AutomationStatus.ACTIVE, True
        if decision.done:
            live = item.live + sum(intent["status"] == IntentStatus.PLANNED for intent in rows)
            status, runnable = AutomationStatus.COMPLETING if live else AutomationStatus.COMPLETED, False
        # From the tick's own time: what was planned for a moment since then is late, not gone.
        due = next_run(decision.plan, item.now) if runnable and not item.follows else None
        run_at = None if due is None else max(due, now + FLOOR_MS)
        # Refused at once: the automation is told in its next tick, not before a second has passed.
        told_later = any(intent["news"] for intent in rows)
        if runnable and (lock.wakes != row.wakes or told_later):
            run_at = now + FLOOR_MS
        changes.finished.append(
            _finish(item, now, run_at, due, runnable=runnable, levels=decision.levels if runnable else None)
        )
        changes.levels.append((row.id, row.source, decision.levels if runnable else None))
        self._wide(changes, item, decision, status)
        self._tell(changes, item, decision, rows, now)
        changes.fills += item.fills
        changes.results += item.results
        changes.signals += _consumed(item, decision, rows)

    def _plan(
        self, changes: Changes, item: Evaluated, decision: PlainDecision, market: Market, book: Book, now: int
    ) -> list[dict[str, Any]]:
        account = self._core.accounts.get(item.row.account_id)
        plan = Plan(
            installation=self._core.installation,
            owner=item.owner,
            tick=item.row.tick,
            now=now,
            market=account.charging(market),
            capabilities=account.capabilities,
            limits=Limits.model_validate(item.row.limits).tightened_by(changes.limits[account.id]),
            live_orders=item.live,
            account_room=changes.rooms.get(account.id),
            vetoes=item.vetoes,
            cancelling=changes.cancelling,
        )
        rows = plan_group(plan, decision.orders, book, independent=decision.independent)
        changes.wanting |= plan.wanting
        if account.id in changes.rooms:
            changes.rooms[account.id] -= sum(row["kind"] == "order" and _to_send(row) for row in rows)
        return rows

    def _wide(self, changes: Changes, item: Evaluated, decision: PlainDecision, status: AutomationStatus) -> None:
        row = item.row
        version = self._core.registry.automations[row.type].version
        wanted = {
            "state": row.state if decision.state is None else decision.state,
            "state_version": row.state_version if decision.state is None else version,
            "needs": decision.needs,
            "figures": row.figures if decision.figures is None else decision.figures,
            "next_step": decision.next_step,
            "wake": dump_wake(decision.plan),
            "status": status.after(row.status),
            "reason": "",
            "previous_config": None,
        }
        changed = {key: value for key, value in wanted.items() if getattr(row, key) != value}
        if "status" in changed:
            changed["status_since"] = self._core.clock.now()
        if changed:
            changes.wide.append({"id": row.id, **changed, "updated_at": self._core.clock.now()})
        if load_needs(decision.needs).automations != load_needs(row.needs).automations:
            changes.watchings.append((_dependent(row), load_needs(decision.needs).automations))
        if decision.done:
            changes.told.append(row.id)
            changes.done.append(row.id)
        if status is AutomationStatus.COMPLETED:
            changes.events.append(_event(item, "automation.completed", {}))

    def _tell(
        self, changes: Changes, item: Evaluated, decision: PlainDecision, rows: list[dict[str, Any]], now: int
    ) -> None:
        changes.events += _logged(item)
        if item.missed:
            changes.events.append(_event(item, "tick.missed", {"tick": item.row.tick, "missed": item.missed}))
        for intent in rows:
            if intent["kind"] == "order":
                kind = f"order.{IntentStatus(intent['status']).value}"
                changes.events.append(_event(item, kind, _order_data(intent)))
        for notice in decision.notices:
            changes.notices.append(
                {
                    "id": new_id(),
                    "owner": item.row.owner,
                    "account_id": item.row.account_id,
                    "shard": item.row.shard,
                    "automation_id": item.row.id,
                    "level": notice.level,
                    "message": notice.message,
                    "field": decision.found.get(notice.message),
                    "status": NoticeStatus.WAITING,
                    "created_at": now,
                }
            )

        for action, payload in decision.performs:
            asked = {"action": action, "payload": json.loads(payload), "tick": item.row.tick}
            changes.events.append(_event(item, "action.asked", asked))
        for request in decision.requests:
            changes.requests.append(
                {
                    "id": new_id(),
                    **_dependent(item.row),
                    "target": request.name,
                    "command": _command(request),
                    "status": RequestStatus.WAITING,
                    "created_at": now,
                }
            )

    def _failed(self, changes: Changes, item: Evaluated, lock: ComparedRow) -> None:
        row, now = item.row, self._core.clock.now()
        del lock
        failures = row.failures + 1
        final = failures >= self._core.settings.failure_limit
        backoff = min(1_000 * 2**failures, _BACKOFF_MAX_MS)
        changes.finished.append(
            _finish(
                item,
                now,
                None if final else now + backoff,
                None if final else row.due_at,
                runnable=not final,
                levels=None if final else row.levels,
                failures=failures,
            )
        )
        changes.signals_failed += [(signal, item.outcome.reason[:_REASON_LIMIT]) for signal in item.signals]
        status = AutomationStatus.FAILED if final else AutomationStatus(row.status)
        changes.wide.append(_status(item, status, now))
        changes.events += _logged(item)
        changes.events.append(_event(item, "tick.failed", {"tick": row.tick, "reason": item.outcome.reason}))
        if final:
            changes.told.append(row.id)
            changes.levels.append((row.id, row.source, None))
            changes.events.append(_event(item, "automation.failed", {"reason": item.outcome.reason}))

    def _held(self, changes: Changes, item: Evaluated) -> None:
        row, now = item.row, self._core.clock.now()
        changes.released.append({"id": row.id, "next_run_at": None, "suspect": False})
        changes.levels.append((row.id, row.source, None))
        if (row.status, row.reason) == (AutomationStatus.HELD, item.outcome.reason):
            return  # said already: a fill or a signal woke it
        changes.told.append(row.id)
        changes.wide.append(_status(item, AutomationStatus.HELD, now))
        changes.events.append(_event(item, "automation.held", {"reason": item.outcome.reason}))

    def _postponed(self, changes: Changes, item: Evaluated, problem: str) -> None:
        row, now = item.row, self._core.clock.now()
        slow = problem == "slow"
        run_at = now if slow else self._tried_again_at(row, now)
        changes.released.append({"id": row.id, "next_run_at": run_at, "suspect": slow or row.suspect})
        if not slow and (row.status, row.reason) != (AutomationStatus.WAITING, item.outcome.reason):
            changes.wide.append(_status(item, AutomationStatus.WAITING, now))
            changes.events.append(_event(item, "automation.waiting", {"reason": item.outcome.reason}))

    def _tried_again_at(self, row: BatchedAutomationRow, now: int) -> int:
        if not self._core.clock.virtual:
            return now + _WAIT_MS
        # Past candles change nothing between two closes: skip to the next close of those that are waited for.
        steps = [timeframe_ms(timeframe) for _, timeframe in load_needs(row.needs).candles]
        step = min(steps, default=_REPLAY_WAIT_MS)
        return now // step * step + step

    def _write(self, connection: sa.Connection, changes: Changes, book: Book) -> None:
        core, now = self._core, self._core.clock.now()
        for account_id in sorted({row["account_id"] for row in changes.intents if _to_send(row)}):
            carrier = core.deliver(connection, ORDERS, account_id)
            for row in changes.intents:
                if row["account_id"] == account_id and _to_send(row):
                    row["carrier"] = carrier
        schedules.finish(connection, changes.finished)
        schedules.release(connection, changes.released)
        automations.update(connection, changes.wide)
        intents.insert(connection, changes.intents)
        book.write(connection)
        intents.told(connection, changes.fills, changes.results)
        automations.consume_signals(connection, changes.signals)
        automations.fail_signals(connection, changes.signals_failed)
        automations.add_requests(connection, changes.requests)
        for watcher, names in changes.watchings:
            automations.watch(connection, watcher, names)
        events.append(connection, changes.events, now)
        # In the log of events, what was told comes after what happened.
        automations.add_notices(connection, changes.notices)
        if core.storage.shared and changes.levels:
            schedules.note_levels(connection, [automation_id for automation_id, _, _ in changes.levels])

    def _after(self, changes: Changes) -> None:
        core = self._core
        if not core.storage.shared:
            for automation_id, source, levels in changes.levels:
                core.hub.set_levels(automation_id, source, levels)
        if any(_to_send(row) for row in changes.intents):
            core.kick(ORDERS)
        if changes.requests:
            core.requested()
        now = core.clock.now()
        core.counters.ticked(changes.outcomes, [max(now - due, 0) / 1000 for due in changes.due], now)


def _lock_telling(connection: sa.Connection, evaluated: Sequence[Evaluated], failure_limit: int) -> Watched | None:
    """Lock the batch's automations with the watchers of those that may change for them, if any does."""
    telling = [item.row.id for item in evaluated if _may_tell(item, failure_limit)]
    ids = [item.row.id for item in evaluated]
    return lock_with_watchers(connection, with_shadows(ids), telling) if telling else None


def _may_tell(item: Evaluated, failure_limit: int) -> bool:
    outcome = item.outcome
    if outcome.problem is None:
        # A first tick may open the position of a budget in base.
        return outcome.decision is not None and (outcome.decision.done or item.row.tick == item.row.failures)
    return outcome.problem == "held" or (outcome.problem == "failed" and item.row.failures + 1 >= failure_limit)


def _dependent(row: BatchedAutomationRow) -> dict[str, Any]:
    return {"automation_id": row.id, "owner": row.owner, "account_id": row.account_id, "shard": row.shard}


def _command(request: AutomationRequest) -> str:
    if isinstance(request, PauseAutomation):
        return "pause"
    if isinstance(request, StopAutomation):
        return "close" if request.close else "stop"
    assert_never(request)


def _unmoved(item: Evaluated, lock: ComparedRow | None) -> bool:
    row = item.row
    return lock is not None and (lock.tick, lock.revision) == (row.tick, row.revision)


def _spenders(current: Sequence[tuple[Evaluated, ComparedRow]]) -> list[str]:
    return [item.row.id for item, _ in current if _needs_book(item)]


def _cancellers(current: Sequence[tuple[Evaluated, ComparedRow]]) -> list[str]:
    return [item.row.id for item, _ in current if any(isinstance(each, CancelOrder) for each in _orders_of(item))]


def _orders_of(item: Evaluated) -> Sequence[OrderAction]:
    decision = item.outcome.decision
    return () if decision is None else decision.orders


def _needs_book(item: Evaluated) -> bool:
    decision = item.outcome.decision
    # As many failures as ticks: this is the first tick that succeeds.
    return decision is not None and bool(decision.orders or item.row.tick == item.row.failures)


def _to_send(row: Mapping[str, Any]) -> bool:
    return bool(row["status"] == IntentStatus.PLANNED)


def _finish(
    item: Evaluated,
    now: int,
    run_at: int | None,
    due_at: int | None,
    *,
    runnable: bool,
    levels: str | None,
    failures: int = 0,
) -> dict[str, Any]:
    return {
        "id": item.row.id,
        "tick": item.row.tick + 1,
        "ticked_at": now,
        "next_run_at": run_at,
        "due_at": due_at,
        "runnable": runnable,
        "failures": failures,
        "suspect": item.outcome.suspect,
        "levels": levels,
    }


def _status(item: Evaluated, status: AutomationStatus, now: int) -> dict[str, Any]:
    changed = {} if status == item.row.status else {"status": status.after(item.row.status), "status_since": now}
    return {"id": item.row.id, **changed, "reason": item.outcome.reason, "updated_at": now}


def _logged(item: Evaluated) -> list[Event]:
    """Return the lines that the author's code noted, as events."""
    return [_event(item, f"log.{level}", {"tick": item.row.tick, "text": text}) for level, text in item.outcome.logged]


def _event(item: Evaluated, kind: str, data: Mapping[str, Any]) -> Event:
    return Event(item.row.owner, item.row.account_id, item.row.id, kind, data)


def _consumed(
    item: Evaluated, decision: PlainDecision, rows: Sequence[Mapping[str, Any]]
) -> list[automations.Consumed]:
    """Return what became of the tick's signals; ``rows`` are the decision's intents, orders in its own order."""
    places = [place for place, order in enumerate(decision.orders) if not isinstance(order, CancelOrder)]
    planned = dict(zip(places, (row for row in rows if row["kind"] == "order"), strict=True))
    told = {outcome.signal: outcome for outcome in decision.outcomes}
    found = []
    for signal in item.signals:
        outcome = told.get(signal)
        if outcome is None:
            found.append(automations.Consumed(signal, item.row.tick))
            continue
        orders = [planned[place] for place in outcome.orders if place in planned]
        ids = [row["id"] for row in orders]
        # None of them is to be sent: it was meant otherwise, and this is what became of it.
        refused = bool(orders) and not any(_to_send(row) for row in orders)
        name, reason = ("refused", orders[0]["reason"]) if refused else (outcome.outcome, outcome.reason)
        found.append(automations.Consumed(signal, item.row.tick, name, reason, ids))
    return found


def _order_data(intent: Mapping[str, Any]) -> dict[str, Any]:
    names = ("id", "symbol", "side", "type", "amount", "spend", "price", "stop", "tag", "reason")
    return {name: intent[name] for name in names if intent[name] not in (None, "")}


def _with_outcome(item: Evaluated, outcome: Outcome) -> Evaluated:
    return replace(item, outcome=outcome)


def _account_limits(connection: sa.Connection, current: Sequence[tuple[Evaluated, ComparedRow]]) -> dict[str, Limits]:
    """Return the limits of the accounts that are ordered on, as they are now: another node may have changed them."""
    ordering = {item.row.account_id for item, _ in current if item.outcome.decision and item.outcome.decision.orders}
    return {
        account_id: Limits.model_validate(limits) for account_id, limits in automations.limits(connection, ordering)
    }


def _rooms(connection: sa.Connection, limits: Mapping[str, Limits]) -> dict[str, int]:
    return {
        account_id: each.max_open_orders - intents.live_orders_of_account(connection, account_id)
        for account_id, each in limits.items()
        if each.max_open_orders is not None
    }
