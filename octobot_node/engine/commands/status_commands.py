"""Commands that change whether automations decide: pause, resume, run now, stop, delete; of one, or of many at once.

Many are done a few hundred to a transaction. Each is changed whole or refused with its reason; what is refused holds
up no other.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

import sqlalchemy as sa

from octobot_node.automation import AutomationStatus
from octobot_node.engine.acting.own_orders import OwnOrders
from octobot_node.engine.commands.forgetting import forget, let_shadows_go
from octobot_node.engine.deciding.dependents import Watched, lock_with_watchers
from octobot_node.engine.ledger.book import load_book
from octobot_node.engine.workers.durable import ORDERS
from octobot_node.errors import CommandRefused, Conflict
from octobot_node.shadow_ids import with_shadows
from octobot_node.store import automations, events, intents, schedules
from octobot_node.store.events import Event
from octobot_node.store.rows.automation import AutomationRow, LockedScheduleRow
from octobot_node.store.tables import automations as automations_table

if TYPE_CHECKING:
    from octobot_node.engine.core import Core

__all__ = ["ManyCommand", "Refused", "StatusCommands", "expect", "gone"]

ManyCommand: TypeAlias = Literal["pause", "resume", "run_now", "stop", "stop_close", "delete"]
#: Automation -> why it was not changed.
Refused: TypeAlias = Mapping[str, CommandRefused]

#: Automations in one transaction; a deleted one may have a long history.
_AT_ONCE = 500
_DELETED_AT_ONCE = 50


@dataclass(frozen=True, slots=True)
class _Change:
    """From which statuses to which, and what the schedule says then."""

    allowed: Callable[[AutomationStatus], bool]
    status: AutomationStatus
    runs: bool
    forgives: bool = True

    def __post_init__(self) -> None:
        for before in AutomationStatus:
            if self.allowed(before):
                self.status.after(before)


_IS_STOPPING = automations_table.c.status == AutomationStatus.STOPPING
_PAUSE = _Change(lambda status: status.pausable, AutomationStatus.PAUSED, runs=False)
_RESUME = _Change(lambda status: status.resumable, AutomationStatus.ACTIVE, runs=True)
_HOLD = _Change(lambda status: status.runs, AutomationStatus.HELD, runs=False, forgives=False)
_TAKE_UP = _Change(lambda status: status is AutomationStatus.HELD, AutomationStatus.ACTIVE, runs=True, forgives=False)


@dataclass(frozen=True, slots=True)
class _Chosen:
    """Some automations as a transaction finds them, and what is known of them for the decision whether it may be."""

    rows: Mapping[str, AutomationRow]
    live: Collection[str]
    holding: Collection[str]


#: Returns why a command does not fit an automation, "" where it does.
_WhyNot = Callable[[AutomationRow, _Chosen], str]
_Apply = Callable[[sa.Connection, Sequence[AutomationRow], Watched], None]


@dataclass(frozen=True, slots=True)
class _Work:
    """What a command is: which automations it fits, and what it does to those."""

    why_not: _WhyNot
    apply: _Apply
    durable: bool = True
    at_once: int = _AT_ONCE
    #: Whether it is done to the shadows of those, too.
    shadows_too: bool = True


class StatusCommands:
    """What can be done to automations that there are; each either happens whole or raises and changes nothing."""

    def __init__(self, core: Core) -> None:
        self._core = core
        self._own_orders = OwnOrders(core)
        self._works: Mapping[ManyCommand, _Work] = {
            "pause": self._changing(_PAUSE),
            "resume": self._changing(_RESUME),
            "run_now": _Work(_cannot_run, self._wake, durable=False),
            "stop": _Work(_cannot_stop, partial(self._stop, close=False)),
            "stop_close": _Work(_cannot_close, partial(self._stop, close=True)),
            "delete": _Work(_cannot_delete, self._delete, at_once=_DELETED_AT_ONCE, shadows_too=False),
        }

    def pause(self, automation_id: str, *, revision: int | None = None) -> None:
        """Make no more decisions; resting orders stay and fills settle."""
        self._one(automation_id, self._works["pause"], revision)

    def resume(self, automation_id: str, *, revision: int | None = None) -> None:
        """Decide again, at once. Also for one that failed or is held: its failures are forgiven."""
        self._one(automation_id, self._works["resume"], revision)

    def take_up(self, automation_id: str) -> None:
        """Let one that is held decide again, at once; its failures are not forgiven."""
        self._one(automation_id, self._changing(_TAKE_UP), None)

    def hold(self, ids: Collection[str], reason: str) -> list[str]:
        """Let those of them that decide do so no more until a person has mended what the reason says; return which."""
        held: list[str] = []
        for some in _in_pieces(ids, _AT_ONCE):
            with self._core.storage.write(durable=True) as connection:
                locked = lock_with_watchers(connection, some)
                rows, _ = _split(connection, some, _cannot_be_held)
                self._apply(_HOLD, connection, rows, locked, reason)
                held += [row.id for row in rows]
        return held

    def run_now(self, automation_id: str, *, revision: int | None = None) -> None:
        """Evaluate as soon as possible."""
        self._one(automation_id, self._works["run_now"], revision)

    def stop(self, automation_id: str, *, close: bool = False, revision: int | None = None) -> None:
        """Cancel own orders, settle, then end; with ``close`` also sell what is held, at market.

        What an automation still holds that has ended already is sold with ``close``. Where its account cannot be
        opened, it stops all the same: what rests at the exchange is cancelled once it can. Raises CommandRefused where
        there is nothing left to do, and where what it holds cannot be sold.
        """
        refused = self._without_account([automation_id], close=close)
        for refusal in refused.values():
            raise refusal
        self._one(automation_id, self._works["stop_close" if close else "stop"], revision)
        self._core.kick(ORDERS)

    def delete(self, automation_id: str, *, revision: int | None = None) -> None:
        """Remove an automation that has ended, with its history."""
        self._one(automation_id, self._works["delete"], revision)

    def holds(self, connection: sa.Connection, automation_id: str) -> bool:
        """Whether an automation has a position in anything."""
        return bool(_holding(connection, [automation_id]))

    def many(self, command: ManyCommand, ids: Collection[str], *, dry_run: bool = False) -> Refused:
        """Give one command to many and return the refused; the rest are changed. A ``dry_run`` changes nothing."""
        work = self._works[command]
        if dry_run:
            return self._would_refuse(work, ids)
        closed = self._without_account(ids, close=command == "stop_close") if command in ("stop", "stop_close") else {}
        refused = dict(closed)
        for some in _in_pieces(set(ids) - set(closed), work.at_once):
            with self._core.storage.write(durable=work.durable) as connection:
                locked = lock_with_watchers(connection, with_shadows(some))
                fit, unfit = _split(connection, some, work.why_not)
                work.apply(connection, fit, locked)
                self._shadows_too(connection, work, fit, locked)
            refused |= unfit
        self._core.kick(ORDERS)
        return refused

    def _one(self, automation_id: str, work: _Work, revision: int | None) -> None:
        with self._core.storage.write(durable=work.durable) as connection:
            locked = lock_with_watchers(connection, with_shadows([automation_id]))
            expect(connection, automation_id, locked.rows, revision)
            fit, refused = _split(connection, [automation_id], work.why_not)
            for refusal in refused.values():
                raise refusal
            work.apply(connection, fit, locked)
            self._shadows_too(connection, work, fit, locked)

    def _shadows_too(
        self, connection: sa.Connection, work: _Work, rows: Sequence[AutomationRow], locked: Watched
    ) -> None:
        """Do to the shadows of changed automations what was done to those, where it fits them."""
        if not work.shadows_too:
            return
        shadows = automations.shadows_of(connection, [row.id for row in rows])
        ids = sorted(row.id for row in shadows.values() if row.id in locked.rows)
        if ids:
            # One that failed by itself, or is over, stays so: nothing of it holds up its original.
            work.apply(connection, _split(connection, ids, work.why_not)[0], locked)

    def _would_refuse(self, work: _Work, ids: Collection[str]) -> Refused:
        refused: dict[str, CommandRefused] = {}
        for some in _in_pieces(ids, _AT_ONCE):
            with self._core.storage.read() as connection:
                refused |= _split(connection, some, work.why_not)[1]
        return refused

    # -- what each does, in the caller's transaction; the automations are locked

    def _changing(self, change: _Change) -> _Work:
        return _Work(_cannot_become(change), partial(self._apply, change))

    def _apply(
        self,
        change: _Change,
        connection: sa.Connection,
        rows: Sequence[AutomationRow],
        locked: Watched,
        reason: str = "",
    ) -> None:
        now, ids = self._core.clock.now(), [row.id for row in rows]
        values = {"status": change.status, "status_since": now, "reason": reason, "updated_at": now}
        automations.update_all(connection, ids, values)
        schedules.set_all_runnable(
            connection, ids, runnable=change.runs, next_run_at=now if change.runs else None, forgive=change.forgives
        )
        why = {"reason": reason} if reason else {}
        events.append(connection, [_event(row, f"automation.{change.status.value}", why) for row in rows], now)
        locked.wake_watchers(connection, ids, now)

    def _wake(self, connection: sa.Connection, rows: Sequence[AutomationRow], _locked: Watched) -> None:
        schedules.wake(connection, [row.id for row in rows], self._core.clock.now())

    def _stop(self, connection: sa.Connection, rows: Sequence[AutomationRow], locked: Watched, *, close: bool) -> None:
        now, ids = self._core.clock.now(), [row.id for row in rows]
        # Told twice, the stronger one holds: who wanted it sold is not undone by a second stop.
        for row in rows:
            AutomationStatus.STOPPING.after(row.status)
        closing = {row.id: close or (row.status == AutomationStatus.STOPPING and row.close_on_stop) for row in rows}
        for sells in (True, False):
            chosen = [id_ for id_ in ids if closing[id_] is sells]
            values = {
                "status": AutomationStatus.STOPPING,
                "status_since": sa.case((_IS_STOPPING, automations_table.c.status_since), else_=now),
                "reason": "",
                "close_on_stop": sells,
                "updated_at": now,
            }
            automations.update_all(connection, chosen, values)
        self._say_what_waits(connection, rows, now)
        schedules.set_all_runnable(connection, ids, runnable=False, next_run_at=None, planned=False)
        ordering = intents.with_live(connection, ids)
        for row in rows:
            if row.id in ordering:
                self._own_orders.cancel_all(connection, row, now)
        told = [_event(row, "automation.stopping", {"close": closing[row.id]}) for row in rows]
        events.append(connection, told, now)
        locked.wake_watchers(connection, ids, now)

    def _say_what_waits(self, connection: sa.Connection, rows: Sequence[AutomationRow], now: int) -> None:
        """Note why those do not end yet that have orders at an exchange which cannot be told."""
        for row in rows:
            closed = self._core.accounts.last_closed(row.account_id)
            live = 0 if closed is None else intents.live_count(connection, row.id)
            if closed is not None and live:
                reason = f"{live} of its orders may rest at the exchange until they can be cancelled: {closed.reason}"
                automations.update(connection, [{"id": row.id, "reason": reason, "updated_at": now}])

    def _delete(self, connection: sa.Connection, rows: Sequence[AutomationRow], locked: Watched) -> None:
        now, ids = self._core.clock.now(), [row.id for row in rows]
        locked.wake_watchers(connection, ids, now)
        # What rests of their shadows is cancelled first: paper fills whatever it is not told to forget.
        let_shadows_go(self._core, connection, list(automations.shadows_of(connection, ids).values()), now)
        forget(connection, self._core.registry, ids)
        events.append(connection, [_event(row, "automation.deleted", {"name": row.name}) for row in rows], now)

    # -- accounts

    def _without_account(self, ids: Collection[str], *, close: bool) -> Refused:
        """Open the accounts of those that are to stop; return those with something to sell whose account stays closed.

        Before a transaction: a connector may write, too.
        """
        refused: dict[str, CommandRefused] = {}
        for some in _in_pieces(ids, _AT_ONCE):
            with self._core.storage.read() as connection:
                rows = automations.get_all(connection, some)
                holding = _holding(connection, some) if close else set()
            closed = {each: self._core.accounts.why_closed(each) for each in {row.account_id for row in rows}}
            for row in rows:
                problem = closed[row.account_id]
                if problem is not None and row.id in holding:
                    told = f"{row.name!r} cannot sell what it holds: {problem.reason}"
                    refused[row.id] = CommandRefused(f"{told}; stopped without selling, it keeps it")
        return refused


def expect(
    connection: sa.Connection, automation_id: str, locked: Mapping[str, LockedScheduleRow], revision: int | None
) -> AutomationRow:
    """Return a locked automation's wide half; ``locked`` is what the lock returned.

    Raises CommandRefused for one that is gone, Conflict for another revision than the one that is given.
    """
    row = automations.get(connection, automation_id)
    if row is None or automation_id not in locked:
        raise gone(automation_id)
    found = locked[automation_id].revision
    if revision is not None and found != revision:
        raise changed_meanwhile(row.name, found, revision)
    return row


def changed_meanwhile(name: str, found: int, expected: int) -> Conflict:
    """Return the refusal of a command that was about an older state of things."""
    return Conflict(
        f"{name!r} was changed meanwhile (its revision is {found}, not {expected}): look at it again, and give the"
        " command with its new revision if it still holds",
        revision=found,
    )


def gone(automation_id: str) -> CommandRefused:
    """Return the refusal for an automation that is not, or not any more."""
    return CommandRefused(f"there is no automation {automation_id}")


def _split(
    connection: sa.Connection, ids: Sequence[str], why_not: _WhyNot
) -> tuple[list[AutomationRow], dict[str, CommandRefused]]:
    """Return the rows that a command fits, in order of id, and the refusals of the others."""
    rows = {row.id: row for row in automations.get_all(connection, ids)}
    ended = [id_ for id_, row in rows.items() if AutomationStatus(row.status).ended]
    chosen = _Chosen(rows, intents.with_live(connection, ended), _holding(connection, ended))
    fit, refused = [], {}
    for id_ in sorted(set(ids)):
        reason = why_not(rows[id_], chosen) if id_ in rows else ""
        if id_ not in rows:
            refused[id_] = gone(id_)
        elif reason:
            refused[id_] = CommandRefused(f"{rows[id_].name!r} is {rows[id_].status}{reason}")
        else:
            fit.append(rows[id_])
    return fit, refused


def _holding(connection: sa.Connection, ids: Sequence[str]) -> set[str]:
    book = load_book(connection, ids)
    return {automation_id for (automation_id, _), position in book.held.items() if position.amount > 0}


def _cannot_become(change: _Change) -> _WhyNot:
    def why_not(row: AutomationRow, _chosen: _Chosen) -> str:
        if change.allowed(AutomationStatus(row.status)):
            return ""
        return " already" if row.status == change.status else f" and cannot become {change.status}"

    return why_not


def _cannot_be_held(row: AutomationRow, _chosen: _Chosen) -> str:
    return "" if AutomationStatus(row.status).runs else " and decides nothing"


def _cannot_run(row: AutomationRow, _chosen: _Chosen) -> str:
    return "" if AutomationStatus(row.status).runs else ": resume it first"


def _cannot_stop(row: AutomationRow, _chosen: _Chosen) -> str:
    return " already" if AutomationStatus(row.status).over else ""


def _cannot_close(row: AutomationRow, chosen: _Chosen) -> str:
    over = AutomationStatus(row.status).over and row.id not in chosen.holding
    return " already and holds nothing" if over else ""


def _cannot_delete(row: AutomationRow, chosen: _Chosen) -> str:
    over = AutomationStatus(row.status).ended and row.id not in chosen.live
    return "" if over else ": stop it and let its orders settle first"


def _in_pieces(ids: Collection[str], size: int) -> list[list[str]]:
    wanted = sorted(set(ids))
    return [wanted[start : start + size] for start in range(0, len(wanted), size)]


def _event(row: AutomationRow, kind: str, data: Mapping[str, Any]) -> Event:
    return Event(row.owner, row.account_id, row.id, kind, data)
