"""The send fence: the only door to the network, one transaction.

What comes out of it is ``sent`` on disk, and its request may leave once. Whoever finds an intent ``sent`` later may
only ask the exchange about it (``octobot_node.engine.acting.account_poller``), never send it again.
"""

from __future__ import annotations

import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Literal, TypeAlias, assert_never

import sqlalchemy as sa

from octobot_node.automation import AutomationStatus
from octobot_node.engine.acting.own_orders import NO_TICK
from octobot_node.engine.ledger.intent_closing import close_intents
from octobot_node.engine.market.account import Account
from octobot_node.limits import Limits
from octobot_node.market import from_ms
from octobot_node.orders import IntentStatus, Side
from octobot_node.shadow_ids import is_shadow
from octobot_node.store import intents, schedules
from octobot_node.store.rows.automation import FencedAutomationRow
from octobot_node.store.rows.order import GroupedIntentRow, IntentRow
from octobot_node.store.tables import accounts, automations, installation
from octobot_node.store.tables import intents as intents_table

if TYPE_CHECKING:
    from octobot_node.engine.core import Core

__all__ = [
    "FENCED_MS",
    "OBSERVED",
    "THROWN",
    "AccountNow",
    "Passed",
    "SendFence",
    "as_it_is",
    "later",
    "lock_automations",
]

#: A closed fence (lease, full disk, unresolved order before this one) is tried again after this.
FENCED_MS = 1_000
#: Why an order ends that comes to the fence while a kill switch stops it.
THROWN = "the kill switch is thrown"
#: Why an order ends that was decided on an account which observes.
OBSERVED = "the account only observes: nothing is sent"
#: A cancel waits this long for the exchange's id of its order to become known.
_NAMELESS_MS = 3_000
_DAY_MS = 86_400_000
#: What becomes of an intent at the fence: the word for what it waits for, or the final status that it gets.
_Fate: TypeAlias = Literal["send", "next", "stop", "later"] | IntentStatus
_FAILURES = (IntentStatus.REFUSED, IntentStatus.SKIPPED, IntentStatus.UNKNOWN)
#: Told to stop: what it decided before is not sent any more. One that completes has decided its last orders.
_STOPPED = (AutomationStatus.STOPPING, AutomationStatus.STOPPED)
_UNDECIDED = (IntentStatus.PLANNED, IntentStatus.SENT)


@dataclass(frozen=True, slots=True)
class Passed:
    """An intent that passed the fence, with what the request needs."""

    row: IntentRow
    attempt: int
    expires_at: int
    #: The same moment on the monotonic clock, which a frozen process cannot miss.
    deadline: float
    #: Of a cancel: the exchange's id of the order.
    target: str | None = None
    symbol: str = ""

    @property
    def ready(self) -> bool:
        """Whether the request can be made: a cancel waits until the exchange's id of its order is known."""
        return self.row.kind != "cancel" or self.target is not None


class _Gate:
    """What one passage through the fence looks at, read and locked in its transaction."""

    def __init__(self, connection: sa.Connection, account: Account, shut: str) -> None:
        self.account = account
        #: Only there their orders pass: nothing leaves this machine by it.
        self.of_shadows = is_shadow(account.id) and account.simulated
        self.shut = shut
        standing = as_it_is(connection, account)
        self.off, self.limits = standing.off, standing.limits
        self.live_since, self.lacks = standing.live_since, standing.lacks
        #: Without look-ups by client id, what was sent is recognised only if nothing like it is under way.
        self.serial = account.capabilities.lookup.reach == "none"
        self.in_flight = intents.symbols_in_flight(connection, account.id) if self.serial else set()
        self.passing: set[str] = set()
        self._connection = connection
        self._sent: dict[str, int] = {}
        self._traded: dict[tuple[str, str, Side], Decimal] = {}
        self._unlimited = Limits(), Limits().tightened_by(self.limits)

    def limits_of(self, owner: FencedAutomationRow) -> tuple[Limits, Limits]:
        """Return an automation's own limits, and those that an order of it is under."""
        if not owner.limits:
            return self._unlimited
        own = Limits.model_validate(owner.limits)
        return own, own.tightened_by(self.limits)

    def sent_in_last_minute(self, column: str, scope: str, now: int) -> int:
        """Return how many orders were sent within a minute, those of this passage included."""
        if scope not in self._sent:
            self._sent[scope] = intents.orders_since(self._connection, column, scope, now - 60_000)
        return self._sent[scope]

    def traded_since_live(self, column: str, scope: str, quote: str, side: Side) -> Decimal:
        """Return what buys cost, or sales bring, that were sent since the account is live, those of this passage
        included.
        """
        key = scope, quote, side
        if key not in self._traded:
            self._traded[key] = intents.notional_since(self._connection, column, scope, quote, self.live_since, side)
        return self._traded[key]

    def let_through(self, row: IntentRow) -> None:
        """Count an order that passes."""
        self.passing.add(row.symbol)
        for scope in (row.automation_id, row.account_id):
            if (scope, row.quote, row.side) in self._traded:
                self._traded[scope, row.quote, row.side] += intents.notional(row)
        for scope in (row.automation_id, row.account_id):
            if scope in self._sent:
                self._sent[scope] += 1


_SENDING = sa.select(installation.c.sending).with_for_update(read=True)
#: A key share: settling moves the row's cursor meanwhile. Who switches sending off locks the row for update.
_ACCOUNT = (
    sa.select(accounts.c.sending, accounts.c.mode, accounts.c.live_since, accounts.c.lacks, accounts.c.limits)
    .where(accounts.c.id == sa.bindparam("account"))
    .with_for_update(read=True, key_share=True)
)


@dataclass(frozen=True, slots=True)
class AccountNow:
    """An account as its row says at this moment."""

    #: What stops all its orders, or "".
    off: str
    limits: Limits
    #: Since when its orders are sent (ms UTC).
    live_since: int
    #: What its exchange has too little of: asset -> {"needs", "has"}.
    lacks: Mapping[str, Any]


def as_it_is(connection: sa.Connection, account: Account) -> AccountNow:
    """Return how an account stands.

    Its row stays locked until the fence commits: another node may have changed it just now.
    """
    sending = connection.scalar(_SENDING)
    row = connection.execute(_ACCOUNT, {"account": account.id}).one()
    off = OBSERVED if row.mode == "observe" else ""
    if not row.sending:
        off = f"{THROWN} for the account {account.name}"
    if not sending:
        off = THROWN
    limits = Limits.model_validate(row.limits) if row.limits else Limits()
    return AccountNow(off, limits, row.live_since, row.lacks)


class SendFence:
    """Lets planned intents through, one account and one passage at a time."""

    def __init__(self, core: Core) -> None:
        self._core = core

    def pass_through(
        self, workflow_id: str, account: Account, carried: Sequence[IntentRow], *, failing: bool
    ) -> list[Passed] | None:
        """Let intents through, or give them another fate; whatever is returned is ``sent`` on disk.

        ``failing`` says that the exchange keeps failing and is left alone. Returns None when nothing could be done: the
        workflow is no longer ours, or all that it carries waits for something else.
        """
        core = self._core
        core.checkpoint("before-fence")
        # Taken before the transaction: a process that freezes from here on wakes with a dead request.
        ttl = core.settings.request_ttl
        expires_at, deadline = core.clock.now() + int(ttl * 1000), core.clock.monotonic() + ttl
        with core.storage.write(durable=True) as connection:
            if not core.owns(connection, workflow_id):
                return None
            owners = lock_automations(connection, {row.automation_id for row in carried})
            locked = {row.id: row for row in intents.lock(connection, _with_parents(carried))}
            # After the automations, as settling does it, which moves the account's cursor at its end.
            gate = _Gate(connection, account, self._shut(connection, failing=failing))
            rows = [locked[row.id] for row in carried if locked[row.id].status == IntentStatus.PLANNED]
            groups = _groups(connection, {row.group_id for row in rows})
            now = core.clock.now()
            passed: list[Passed] = []
            changes: list[dict[str, Any]] = []
            closed = _cancelled_here(rows, locked)
            stopped: list[tuple[IntentRow, IntentStatus, str]] = []
            ended = {row.id for row, _, _ in closed}
            for row in rows:
                if row.id in ended:
                    continue
                if is_shadow(row.automation_id) and not gate.of_shadows:
                    # It cannot be: whoever wrote it is mistaken, and nobody's money is to pay for that.
                    closed.append((row, IntentStatus.REFUSED, "a shadow sends nothing to an exchange"))
                    continue
                fate, reason = self._fate(gate, row, owners[row.automation_id], groups[row.group_id])
                item = _pass(row, locked, expires_at, deadline) if fate == "send" else None
                if isinstance(fate, IntentStatus):
                    closed.append((row, fate, reason))
                elif item is not None and item.ready:
                    passed.append(item)
                    changes.append(_sent(item, core.coordinator.epoch, now))
                elif fate == "send":
                    changes.append(later(row, now + _NAMELESS_MS, "its order's id is not known yet"))
                elif fate == "stop":
                    stopped.append((row, IntentStatus.SKIPPED, reason))
                elif fate == "later":
                    changes.append(later(row, now + FENCED_MS, reason))
                elif fate != "next":
                    assert_never(fate)
            close_intents(connection, closed, now)
            # Told at the next tick: woken at once, one that orders anew whenever it is told would do so for ever.
            close_intents(connection, stopped, now, wake=False)
            intents.update(connection, changes)
        core.checkpoint("after-fence")
        return passed if changes or closed or stopped else None

    def _shut(self, connection: sa.Connection, *, failing: bool) -> str:
        """Return why nothing at all may leave now, cancels included, or ""."""
        core = self._core
        if not core.coordinator.holds(connection):
            return "this node no longer holds its lease"
        if failing:
            return "the exchange keeps failing"
        lost = core.storage.lost()
        if lost:
            return lost  # a full disk: here and there something can be written still
        free = shutil.disk_usage(core.settings.data_dir).free
        if free < core.settings.disk_reserve_mb * 1_048_576:
            return f"the disk is nearly full: {free // 1_048_576} MB left, {core.settings.disk_reserve_mb} are reserved"
        return ""

    def _fate(
        self, gate: _Gate, row: IntentRow, owner: FencedAutomationRow, group: Sequence[GroupedIntentRow]
    ) -> tuple[_Fate, str]:
        """Return (send, next, stop, later or a final status, reason); "next" waits for an intent before it in this
        workflow, "stop" is the kill switch's.
        """
        off = "" if row.kind == "cancel" else gate.off or ("" if owner.sending else f"{THROWN} for the automation")
        if off:
            return "stop", off
        lack = gate.lacks.get(row.reserved_asset or "") if row.kind == "order" else None
        if lack is not None:
            return "stop", _short(gate.account, row.reserved_asset or "", lack)
        now = self._core.clock.now()
        before = [other for other in group if other.seq < row.seq and not row.independent]
        if any(other.status in _FAILURES for other in before):
            return IntentStatus.SKIPPED, "an order before it failed"
        if row.expires_at is not None and row.expires_at <= now:
            return IntentStatus.EXPIRED, "it expired before it could be sent"
        if row.kind == "order" and owner.status in _STOPPED and row.tick != NO_TICK:
            return IntentStatus.SKIPPED, f"the automation is {owner.status}"
        if gate.shut:
            return "later", gate.shut
        waiting = [other for other in before if other.status in _UNDECIDED]
        if waiting:
            same = all(other.status == IntentStatus.PLANNED and other.carrier == row.carrier for other in waiting)
            return ("next" if same else "later"), ""
        return ("send", "") if row.kind == "cancel" else self._within_limits(gate, row, owner, now)

    def _within_limits(self, gate: _Gate, row: IntentRow, owner: FencedAutomationRow, now: int) -> tuple[_Fate, str]:
        if gate.serial and row.symbol in gate.in_flight:
            return "later", f"one order at a time on {row.symbol}: the exchange finds none by client id"
        if gate.serial and row.symbol in gate.passing:
            return "next", ""
        own, limits = gate.limits_of(owner)
        most_ms = int(self._core.settings.order_max_age * 1000)
        if limits.max_data_age is not None:
            most_ms = min(most_ms, int(limits.max_data_age.total_seconds() * 1000))
        if now - row.created_at > most_ms:
            return IntentStatus.REFUSED, f"decided more than {most_ms // 1000} s ago: too old to be sent"
        for column, most in (("automation_id", own), ("account_id", gate.limits)):
            if most.max_orders_per_minute is None:
                continue
            recent = gate.sent_in_last_minute(column, getattr(row, column), now)
            if recent >= most.max_orders_per_minute:
                return "later", f"{recent} orders in the last minute; the limit is {most.max_orders_per_minute}"
        over = self._over_first_day(gate, row, own, now)
        if over:
            return IntentStatus.REFUSED, over
        gate.let_through(row)
        return "send", ""

    def _over_first_day(self, gate: _Gate, row: IntentRow, own: Limits, now: int) -> str:
        """Return why an order is more than what may be traded on the first day, or "".

        What was bought can be sold again: a limit that kept somebody in would be no protection.
        """
        if now >= gate.live_since + _DAY_MS:
            return ""
        for column, most in (("automation_id", own.max_first_day), ("account_id", gate.limits.max_first_day)):
            if most is None:
                continue
            scope = getattr(row, column)
            bought = gate.traded_since_live(column, scope, row.quote, "buy")
            traded, allowed, told = bought, most, f"{bought:f} {row.quote} of buys"
            if row.side == "sell":
                traded, allowed = gate.traded_since_live(column, scope, row.quote, "sell"), most + bought
                told = f"{traded:f} {row.quote} of sales, beside {told},"
            if traded + intents.notional(row) > allowed:
                until = from_ms(gate.live_since + _DAY_MS)
                return (
                    f"with {told} since the account is live it is above the first day's limit of {most:f} {row.quote},"
                    f" which holds until {until:%Y-%m-%d %H:%M} UTC"
                )
        return ""


_LOCK_AUTOMATIONS = (
    sa.select(automations.c.id, automations.c.status, automations.c.sending, automations.c.limits)
    .where(automations.c.id.in_(sa.bindparam("ids", expanding=True)))
    .order_by(automations.c.id)
    .with_for_update(read=True)
)


def lock_automations(connection: sa.Connection, ids: set[str]) -> dict[str, FencedAutomationRow]:
    """Lock automations before their intents, in id order; return the wide halves that the fence looks at."""
    schedules.lock(connection, ids)
    return {row.id: row for row in connection.execute(_LOCK_AUTOMATIONS, {"ids": list(ids)}).all()}


_GROUPS = sa.select(
    intents_table.c.group_id,
    intents_table.c.seq,
    intents_table.c.status,
    intents_table.c.carrier,
    intents_table.c.kind,
).where(intents_table.c.group_id.in_(sa.bindparam("ids", expanding=True)))


def _groups(connection: sa.Connection, ids: set[str]) -> dict[str, list[GroupedIntentRow]]:
    found: dict[str, list[GroupedIntentRow]] = {id_: [] for id_ in ids}
    for row in connection.execute(_GROUPS, {"ids": list(ids)}).all():
        found[row.group_id].append(row)
    return found


def _short(account: Account, asset: str, lack: Mapping[str, str]) -> str:
    return (
        f"the account {account.name} has {lack['has']} {asset} at its exchange, and its automations reckon with"
        f" {lack['needs']}: put back what is missing, or stop an automation that it is of"
    )


def _with_parents(carried: Sequence[IntentRow]) -> set[str]:
    """Return the ids of what is carried and of the orders that its cancels are about."""
    return {row.id for row in carried} | {row.parent for row in carried if row.parent is not None}


def _cancelled_here(
    rows: Sequence[IntentRow], locked: Mapping[str, IntentRow]
) -> list[tuple[IntentRow, IntentStatus, str]]:
    """Return the ends of cancels that need no exchange: their order was never sent, or has ended."""
    ends: list[tuple[IntentRow, IntentStatus, str]] = []
    skipped: set[str] = set()
    for row in rows:
        order = None if row.parent is None else locked.get(row.parent)
        if order is None:
            continue
        if order.status == IntentStatus.PLANNED and order.id not in skipped:
            skipped.add(order.id)
            ends.append((order, IntentStatus.SKIPPED, "cancelled before it was sent"))
        if order.status == IntentStatus.PLANNED or IntentStatus(order.status).terminal:
            ends.append((row, IntentStatus.DONE, ""))
    return ends


def _pass(row: IntentRow, locked: Mapping[str, IntentRow], expires_at: int, deadline: float) -> Passed:
    if row.parent is None:
        return Passed(row, row.attempt + 1, expires_at, deadline, symbol=row.symbol)
    order = locked[row.parent]
    return Passed(row, row.attempt + 1, expires_at, deadline, target=order.exchange_order_id, symbol=order.symbol)


def _sent(item: Passed, epoch: int, now: int) -> dict[str, Any]:
    return {
        "id": item.row.id,
        "status": IntentStatus.SENT.after(item.row.status),
        "attempt": item.attempt,
        "epoch": epoch,
        "send_by": item.expires_at,
        "sent_at": now,
        "retry_at": None,
        "updated_at": now,
    }


def later(row: IntentRow, retry_at: int, reason: str) -> dict[str, Any]:
    """Return the change that leaves a planned intent to a later workflow, from ``retry_at`` (ms UTC) on."""
    return {"id": row.id, "carrier": None, "retry_at": retry_at, "reason": reason[:500], "updated_at": row.updated_at}
