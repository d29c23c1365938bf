"""Carry out what was decided: through the fence, the request, and what its answer means."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import structlog

from octobot_node.clock import steady_ms
from octobot_node.contracts.exchanges import ExchangeOrder, OrderRequest
from octobot_node.engine.acting.send_fence import FENCED_MS, Passed, SendFence, later, lock_automations
from octobot_node.engine.ledger.intent_closing import close_intents
from octobot_node.engine.market.account import Account
from octobot_node.errors import NotSent, OrderRefused, RequestExpired, Unresolved
from octobot_node.orders import IntentStatus
from octobot_node.shadow_ids import is_shadow
from octobot_node.store import intents
from octobot_node.store.rows.order import IntentRow

if TYPE_CHECKING:
    from octobot_node.engine.core import Core

__all__ = ["Breaker", "OrderSender"]

log = structlog.get_logger(__name__)

#: Where an account is closed, what is to be sent is looked at again after this.
_CLOSED_MS = 5_000
_RETRY_MS = (1_000, 2_000, 5_000, 15_000, 60_000)


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

    def is_open(self, now: int) -> bool:
        """Whether the exchange should be left alone at ``now`` (steady ms)."""
        return now < self._open_until

    def record(self, *, failed: bool, now: int) -> None:
        """Count an outcome; a success closes the breaker, the limit of failures in a row opens it."""
        self._failures = self._failures + 1 if failed else 0
        if self._failures >= self._limit:
            self._open_until = now + self._pause


class OrderSender:
    """Carries out the planned intents of one account, in waves: of each decision, what may go next."""

    def __init__(self, core: Core) -> None:
        self._core = core
        self._fence = SendFence(core)
        self._breakers: dict[str, Breaker] = {}

    def run(self, workflow_id: str, account_id: str) -> Mapping[str, int]:
        """Send what this workflow carries; return counts. Running it again sends only what was never sent."""
        core, sent = self._core, 0
        closed = core.accounts.why_closed(account_id)
        if closed is not None:
            self._put_off(workflow_id, closed.reason)
            return {"sent": 0}
        account = core.accounts.get(account_id)
        while not core.stopping.is_set():
            with core.storage.read() as connection:
                carried = intents.for_carrier(connection, workflow_id, core.settings.send_chunk)
            if not carried:
                break
            breaker = self._breakers.setdefault(account.route, Breaker())
            failing = breaker.is_open(steady_ms(core.clock))
            passed = self._fence.pass_through(workflow_id, account, carried, failing=failing)
            if passed is None:
                break
            if passed:
                answers = core.event_loop.call(self._carry_out(account, passed))
                self._record(answers, breaker)
                sent += len(passed)
                core.watch(account_id)
        return {"sent": sent}

    def _put_off(self, workflow_id: str, reason: str) -> None:
        """Leave to a later workflow what cannot be sent without the account; what grew too old by then ends."""
        core = self._core
        oldest = core.clock.now() - int(core.settings.order_max_age * 1000)
        while not core.stopping.is_set():
            with core.storage.write() as connection:
                if not core.owns(connection, workflow_id):
                    return
                carried = intents.for_carrier(connection, workflow_id, core.settings.send_chunk)
                if not carried:
                    return
                lock_automations(connection, {row.automation_id for row in carried})
                locked = intents.lock(connection, [row.id for row in carried])
                rows = [row for row in locked if row.status == IntentStatus.PLANNED]
                now = core.clock.now()
                old = [row for row in rows if row.kind == "order" and row.created_at < oldest]
                # Told at the next tick: woken at once, one that orders anew whenever it is told would do so for ever.
                close_intents(connection, [(row, IntentStatus.SKIPPED, reason) for row in old], now, wake=False)
                intents.update(connection, [later(row, now + _CLOSED_MS, reason) for row in rows if row not in old])
            if not rows:
                return

    async def _carry_out(self, account: Account, passed: Sequence[Passed]) -> list[Answer]:
        limit = asyncio.Semaphore(self._core.settings.send_concurrency)

        async def one(item: Passed) -> Answer:
            async with limit:
                # The request would be dead on arrival: it surely was not sent, which is worth more than asking.
                if self._core.clock.monotonic() > item.deadline:
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

    def _record(self, answers: Sequence[Answer], breaker: Breaker) -> None:
        """Write what the answers say. Losing this is harmless: the intents are ``sent`` and will be asked about."""
        core = self._core
        core.checkpoint("before-record")
        now = core.clock.now()
        with core.storage.write() as connection:
            lock_automations(connection, {answer.passed.row.automation_id for answer in answers})
            current = {row.id: row for row in intents.lock(connection, [a.passed.row.id for a in answers])}
            changes: list[dict[str, Any]] = []
            closed: list[tuple[IntentRow, IntentStatus, str]] = []
            for answer in answers:
                row = current[answer.passed.row.id]
                if (row.status, row.attempt) != (IntentStatus.SENT, answer.passed.attempt):
                    continue  # the account poller, or another life of this node, already knows more
                breaker.record(failed=isinstance(answer.error, NotSent | Unresolved), now=steady_ms(core.clock))
                _read_answer(answer, row, now, changes, closed)
            close_intents(connection, closed, now)
            intents.update(connection, changes)
        core.counters.became(_outcomes(answers))
        core.checkpoint("after-record")


def _outcomes(answers: Sequence[Answer]) -> Counter[str]:
    """Return what became of the orders whose request left."""
    orders = [answer.error for answer in answers if answer.passed.row.kind == "order"]
    sent = sum(not isinstance(error, NotSent) for error in orders)
    refused = sum(isinstance(error, OrderRefused) and not isinstance(error, RequestExpired) for error in orders)
    return Counter({"sent": sent, "refused": refused})


def _read_answer(
    answer: Answer,
    row: IntentRow,
    now: int,
    changes: list[dict[str, Any]],
    closed: list[tuple[IntentRow, IntentStatus, str]],
) -> None:
    error = answer.error
    if isinstance(error, NotSent | RequestExpired):
        delay = _RETRY_MS[min(row.attempt, len(_RETRY_MS)) - 1]
        if isinstance(error, NotSent) and error.retry_after is not None:
            delay = max(delay, int(error.retry_after * 1000))
        changes.append(later(row, now + delay, str(error)) | {"status": IntentStatus.PLANNED.after(row.status)})
    elif isinstance(error, OrderRefused):
        closed.append((row, IntentStatus.REFUSED, str(error)))
    elif isinstance(error, Unresolved):
        if row.kind == "cancel":  # repeatable: asking twice is how it is made sure
            changes.append(later(row, now + FENCED_MS, str(error)) | {"status": IntentStatus.PLANNED.after(row.status)})
        else:
            changes.append({"id": row.id, "reason": str(error)[:500], "updated_at": now})
    elif row.kind == "cancel":
        closed.append((row, IntentStatus.DONE, ""))
    else:
        assert answer.order is not None
        changes.append(_acknowledged(row, answer.order, now))


def _acknowledged(row: IntentRow, order: ExchangeOrder, now: int) -> dict[str, Any]:
    # What a finished order by `spend` bought is known from here on, so that its executions alone can end it.
    amount = order.filled if row.amount is None and order.status == "filled" else row.amount
    return {
        "id": row.id,
        "status": IntentStatus.OPEN.after(row.status),
        "exchange_order_id": order.id,
        "amount": amount,
        "reason": "",
        "updated_at": now,
    }


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
        seen=row.snapshot_price if is_shadow(row.automation_id) and row.type != "stop" else None,
    )
