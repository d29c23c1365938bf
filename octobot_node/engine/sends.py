"""Carry out what was decided: the send fence, the request, and what its answer means.

``planned -> sent`` is the only door to the network, and it is one transaction. Whoever finds an intent ``sent`` may
only ask the exchange about it (``octobot_node.engine.watcher``), never send it again.
"""

from __future__ import annotations

import asyncio
import shutil
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa
import structlog

from octobot_node.engine.accounts import Account
from octobot_node.engine.closing import close_intents
from octobot_node.errors import NotSent, OrderRefused, RequestExpired, Unresolved
from octobot_node.exchanges import ExchangeOrder, OrderRequest
from octobot_node.limits import Limits
from octobot_node.orders import IntentStatus
from octobot_node.store import intents, schedules
from octobot_node.store.tables import accounts, automations, installation
from octobot_node.store.tables import intents as intents_table
from octobot_node.store.types import AnyRow

if TYPE_CHECKING:
    from octobot_node.engine.core import Core

__all__ = ["Breaker", "Sends"]

log = structlog.get_logger(__name__)

_RETRY_MS = (1_000, 2_000, 5_000, 15_000, 60_000)
#: A closed fence (kill switch, full disk, unresolved order before this one) is tried again after this.
_FENCED_MS = 1_000
_FAILURES = (IntentStatus.REFUSED, IntentStatus.SKIPPED, IntentStatus.UNKNOWN)
_UNDECIDED = (IntentStatus.PLANNED, IntentStatus.SENT)


@dataclass(frozen=True, slots=True)
class Passed:
    """An intent that passed the fence, with what the request needs."""

    row: AnyRow
    attempt: int
    expires_at: int
    #: Of a cancel: the exchange's id of the order.
    target: str | None = None
    symbol: str = ""


@dataclass(frozen=True, slots=True)
class Answer:
    """What came of one request: an order, or an error that says what is known."""

    passed: Passed
    order: ExchangeOrder | None = None
    error: Exception | None = None


class Breaker:
    """Stops requests to an exchange that keeps failing; one per (trading connector, egress)."""

    def __init__(self, limit: int = 5, pause_ms: int = 5_000) -> None:
        self._limit = limit
        self._pause = pause_ms
        self._failures = 0
        self._open_until = 0

    def closed_until(self, now: int) -> int | None:
        """Return until when (ms UTC) nothing should be sent, or None."""
        return self._open_until if now < self._open_until else None

    def record(self, *, failed: bool, now: int) -> None:
        """Count an outcome; a success closes the breaker, the limit of failures in a row opens it."""
        self._failures = self._failures + 1 if failed else 0
        if self._failures >= self._limit:
            self._open_until = now + self._pause


class _Gate:
    """What one passage through the fence looks at, read and locked in its transaction."""

    def __init__(self, connection: sa.Connection, account: Account, shut: str) -> None:
        self.account = account
        self.shut = shut
        self.off = _switched_off(connection, account)
        #: Without look-ups by client id, what was sent is recognised only if nothing like it is under way.
        self.serial = account.capabilities.lookup.reach == "none"
        self.in_flight = intents.symbols_in_flight(connection, account.id) if self.serial else set()
        self.passing: set[str] = set()
        self._connection = connection
        self._sent: dict[str, int] = {}

    def sent_in_last_minute(self, column: str, scope: str, now: int) -> int:
        """Return how many orders were sent within a minute, those of this passage included."""
        if scope not in self._sent:
            self._sent[scope] = intents.orders_since(self._connection, column, scope, now - 60_000)
        return self._sent[scope]

    def let_through(self, row: AnyRow) -> None:
        """Count an order that passes."""
        self.passing.add(row.symbol)
        for scope in (row.automation_id, row.account_id):
            if scope in self._sent:
                self._sent[scope] += 1


def _switched_off(connection: sa.Connection, account: Account) -> str:
    """Return which kill switch stops this account's orders, or ""; its row stays locked until the fence commits."""
    if not connection.scalar(sa.select(installation.c.sending).with_for_update(read=True)):
        return "sending is switched off"
    switch = sa.select(accounts.c.sending).where(accounts.c.id == account.id).with_for_update(read=True)
    return "" if connection.scalar(switch) else f"sending is switched off for the account {account.name}"


class Sends:
    """Carries out the planned intents of one account, in waves: of each decision, what may go next."""

    def __init__(self, core: Core) -> None:
        self._core = core
        self._breakers: dict[str, Breaker] = {}

    def run(self, workflow_id: str, account_id: str) -> Mapping[str, int]:
        """Send what this workflow carries; return counts. Running it again sends only what was never sent."""
        core, sent = self._core, 0
        account = core.accounts.get(account_id)
        while not core.stopping.is_set():
            with core.storage.read() as connection:
                carried = intents.for_carrier(connection, workflow_id, core.settings.send_chunk)
            if not carried:
                break
            breaker = self._breakers.setdefault(account_id, Breaker())
            passed = self._fence(workflow_id, account, carried, breaker)
            if passed:
                answers = core.io.call(self._carry_out(account, passed))
                self._record(answers, breaker)
                sent += len(passed)
                core.watch(account_id)
        return {"sent": sent}

    # -- the fence

    def _fence(self, workflow_id: str, account: Account, carried: Sequence[AnyRow], breaker: Breaker) -> list[Passed]:
        """Let intents through, or give them another fate; whatever is returned is ``sent`` on disk."""
        core = self._core
        core.checkpoint("before-fence")
        # Taken before the transaction: a process that freezes from here on wakes with a dead request.
        expires_at = core.clock.now() + int(core.settings.request_ttl * 1000)
        ids = [row.id for row in carried]
        with core.storage.write(durable=True) as connection:
            if not core.owns(connection, workflow_id):
                return []
            gate = _Gate(connection, account, self._shut(connection, breaker))
            owners = _lock_automations(connection, {row.automation_id for row in carried})
            rows = [row for row in intents.lock(connection, ids) if row.status == IntentStatus.PLANNED]
            groups = _groups(connection, {row.group_id for row in rows})
            changes: list[dict[str, Any]] = []
            closed: list[tuple[AnyRow, str, str]] = []
            passed: list[Passed] = []
            for row in rows:
                fate, reason = self._fate(gate, row, owners[row.automation_id], groups[row.group_id])
                if fate == "send":
                    passed.append(_pass(connection, row, expires_at))
                elif fate == "later":
                    changes.append(_later(row, core.clock.now() + _FENCED_MS, reason))
                elif fate != "next":
                    closed.append((row, fate, reason))
            now = core.clock.now()
            changes += [_sent(item, core.coordinator.epoch, now) for item in passed if _ready(item)]
            changes += [_later(item.row, now + _FENCED_MS, "") for item in passed if not _ready(item)]
            close_intents(connection, closed, now)
            intents.update(connection, changes)
        core.checkpoint("after-fence")
        return [item for item in passed if _ready(item)]

    def _shut(self, connection: sa.Connection, breaker: Breaker) -> str:
        """Return why nothing at all may leave now, cancels included, or ""."""
        core = self._core
        if not core.coordinator.holds(connection):
            return "this node no longer holds its lease"
        if breaker.closed_until(core.clock.now()) is not None:
            return "the exchange keeps failing"
        free = shutil.disk_usage(core.settings.data_dir).free
        if free < core.settings.disk_reserve_mb * 1_048_576:
            return f"the disk is nearly full: {free // 1_048_576} MB left, {core.settings.disk_reserve_mb} are reserved"
        return ""

    def _fate(self, gate: _Gate, row: AnyRow, owner: AnyRow, group: Sequence[AnyRow]) -> tuple[str, str]:
        """Return (send, next, later or a final status, reason); "next" waits for an intent before it in this
        workflow.
        """
        now = self._core.clock.now()
        before = [other for other in group if other.seq < row.seq and not row.independent]
        if any(other.status in _FAILURES for other in before):
            return IntentStatus.SKIPPED, "an order before it failed"
        if row.expires_at is not None and row.expires_at <= now:
            return IntentStatus.EXPIRED, "it expired before it could be sent"
        if row.kind == "order" and owner.status in ("stopping", "stopped") and row.tag != "stop":
            return IntentStatus.SKIPPED, f"the automation is {owner.status}"
        off = "" if row.kind == "cancel" else gate.off or ("" if owner.sending else "sending is off for the automation")
        if gate.shut or off:
            return "later", gate.shut or off
        waiting = [other for other in before if other.status in _UNDECIDED]
        if waiting:
            same = all(other.status == IntentStatus.PLANNED and other.carrier == row.carrier for other in waiting)
            return ("next" if same else "later"), ""
        return ("send", "") if row.kind == "cancel" else self._within_limits(gate, row, owner, now)

    def _within_limits(self, gate: _Gate, row: AnyRow, owner: AnyRow, now: int) -> tuple[str, str]:
        if gate.serial and row.symbol in gate.in_flight:
            return "later", f"one order at a time on {row.symbol}: the exchange finds none by client id"
        if gate.serial and row.symbol in gate.passing:
            return "next", ""
        own = Limits.model_validate(owner.limits)
        limits = own.tightened_by(gate.account.limits)
        if limits.max_data_age is not None and now - row.created_at > limits.max_data_age.total_seconds() * 1000:
            return IntentStatus.REFUSED, f"decided more than {limits.max_data_age} ago"
        for column, most in (("automation_id", own), ("account_id", gate.account.limits)):
            if most.max_orders_per_minute is None:
                continue
            recent = gate.sent_in_last_minute(column, getattr(row, column), now)
            if recent >= most.max_orders_per_minute:
                return "later", f"{recent} orders in the last minute; the limit is {most.max_orders_per_minute}"
        gate.let_through(row)
        return "send", ""

    # -- the request

    async def _carry_out(self, account: Account, passed: Sequence[Passed]) -> list[Answer]:
        limit = asyncio.Semaphore(self._core.settings.send_concurrency)
        started = time.monotonic()

        async def one(item: Passed) -> Answer:
            async with limit:
                # The request would be dead on arrival: it surely was not sent, which is worth more than asking.
                if time.monotonic() - started > self._core.settings.request_ttl and not self._core.clock.virtual:
                    return Answer(item, error=NotSent("its time to be sent ran out"))
                return await self._request(account, item)

        return list(await asyncio.gather(*(one(item) for item in passed)))

    async def _request(self, account: Account, item: Passed) -> Answer:
        self._core.checkpoint("before-request")
        try:
            async with asyncio.timeout(self._core.settings.request_timeout):
                if item.row.kind == "cancel":
                    assert item.target is not None
                    await account.trading.cancel_order(item.symbol, item.target)
                    return Answer(item)
                order = await account.trading.create_order(_request_of(item))
        except TimeoutError:
            return Answer(item, error=Unresolved(f"no answer within {self._core.settings.request_timeout:g} s"))
        except (OrderRefused, NotSent, Unresolved) as error:
            return Answer(item, error=error)
        except Exception as error:  # noqa: BLE001 - what a connector did not classify is not known
            log.warning("connector_failed", intent=item.row.id, error=repr(error))
            return Answer(item, error=Unresolved(repr(error)))
        self._core.checkpoint("after-request")
        return Answer(item, order=order)

    # -- the answer

    def _record(self, answers: Sequence[Answer], breaker: Breaker) -> None:
        """Write what the answers say. Losing this is harmless: the intents are ``sent`` and will be asked about."""
        core = self._core
        core.checkpoint("before-record")
        now = core.clock.now()
        with core.storage.write() as connection:
            _lock_automations(connection, {answer.passed.row.automation_id for answer in answers})
            current = {row.id: row for row in intents.lock(connection, [a.passed.row.id for a in answers])}
            changes: list[dict[str, Any]] = []
            closed: list[tuple[AnyRow, str, str]] = []
            for answer in answers:
                row = current[answer.passed.row.id]
                if (row.status, row.attempt) != (IntentStatus.SENT, answer.passed.attempt):
                    continue  # the watcher, or another life of this node, already knows more
                breaker.record(failed=isinstance(answer.error, NotSent | Unresolved), now=now)
                _read_answer(answer, row, now, changes, closed)
            close_intents(connection, closed, now)
            intents.update(connection, changes)
        core.counters.sent += len(answers)
        core.checkpoint("after-record")


def _read_answer(
    answer: Answer,
    row: AnyRow,
    now: int,
    changes: list[dict[str, Any]],
    closed: list[tuple[AnyRow, str, str]],
) -> None:
    error = answer.error
    if isinstance(error, NotSent | RequestExpired):
        delay = _RETRY_MS[min(row.attempt, len(_RETRY_MS)) - 1]
        if isinstance(error, NotSent) and error.retry_after is not None:
            delay = max(delay, int(error.retry_after * 1000))
        changes.append(_later(row, now + delay, str(error)) | {"status": IntentStatus.PLANNED})
    elif isinstance(error, OrderRefused):
        closed.append((row, IntentStatus.REFUSED, str(error)))
    elif isinstance(error, Unresolved):
        if row.kind == "cancel":  # repeatable: asking twice is how it is made sure
            changes.append(_later(row, now + _FENCED_MS, str(error)) | {"status": IntentStatus.PLANNED})
        else:
            changes.append({"id": row.id, "reason": str(error)[:500], "updated_at": now})
    elif row.kind == "cancel":
        closed.append((row, IntentStatus.DONE, ""))
    else:
        assert answer.order is not None
        changes.append(_acknowledged(row, answer.order, now))


def _acknowledged(row: AnyRow, order: ExchangeOrder, now: int) -> dict[str, Any]:
    # What a finished order by `spend` bought is known from here on, so that its executions alone can end it.
    amount = order.filled if row.amount is None and order.status == "filled" else row.amount
    return {
        "id": row.id,
        "status": IntentStatus.OPEN,
        "exchange_order_id": order.id,
        "amount": amount,
        "reason": "",
        "updated_at": now,
    }


def _lock_automations(connection: sa.Connection, ids: set[str]) -> dict[str, AnyRow]:
    """Lock automations before their intents, in id order; return the wide halves that the fence looks at."""
    schedules.lock(connection, ids)
    columns = automations.c
    statement = (
        sa.select(columns.id, columns.status, columns.sending, columns.limits)
        .where(columns.id.in_(ids))
        .order_by(columns.id)
        .with_for_update(read=True)
    )
    return {row.id: row for row in connection.execute(statement)}


def _groups(connection: sa.Connection, ids: set[str]) -> dict[str, list[AnyRow]]:
    columns = intents_table.c
    statement = sa.select(columns.group_id, columns.seq, columns.status, columns.carrier, columns.kind).where(
        columns.group_id.in_(ids)
    )
    found: dict[str, list[AnyRow]] = {id_: [] for id_ in ids}
    for row in connection.execute(statement):
        found[row.group_id].append(row)
    return found


def _pass(connection: sa.Connection, row: AnyRow, expires_at: int) -> Passed:
    if row.kind != "cancel":
        return Passed(row, row.attempt + 1, expires_at, symbol=row.symbol)
    columns = intents_table.c
    statement = sa.select(columns.exchange_order_id, columns.symbol).where(columns.id == row.parent)
    target = connection.execute(statement).one()
    return Passed(row, row.attempt + 1, expires_at, target=target.exchange_order_id, symbol=target.symbol)


def _ready(item: Passed) -> bool:
    # A cancel waits until the exchange's id of its order is known.
    return item.row.kind != "cancel" or item.target is not None


def _sent(item: Passed, epoch: int, now: int) -> dict[str, Any]:
    return {
        "id": item.row.id,
        "status": IntentStatus.SENT,
        "attempt": item.attempt,
        "epoch": epoch,
        "send_by": item.expires_at,
        "sent_at": now,
        "retry_at": None,
        "updated_at": now,
    }


def _later(row: AnyRow, retry_at: int, reason: str) -> dict[str, Any]:
    return {"id": row.id, "carrier": None, "retry_at": retry_at, "reason": reason[:500], "updated_at": row.updated_at}


def _request_of(item: Passed) -> OrderRequest:
    row = item.row
    return OrderRequest(
        intent_id=row.id,
        client_order_id=row.client_order_id,
        symbol=row.symbol,
        side=row.side,
        type=row.type,
        amount=row.amount,
        spend=row.spend,
        price=row.price,
        stop=row.stop,
        tif=row.tif,
        post_only=row.post_only,
        expires_at=item.expires_at,
    )
