"""Compare the accounts of a database that came back with their exchanges before anything on them decides again.

It was restored from a backup, or it lost what was last done: a standby that was behind took its place, say. What
happened between the backup and its restoring is at the exchange and nowhere else. Orders that the backup knows are
settled by the account poller, as after any pause. Whatever else is open or was executed on the account was decided
after the backup: by the old node, whose ledger is lost, or by a person. Only a person can say what is to become of
that.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING

import sqlalchemy as sa
import structlog

from octobot_node.automation import AutomationStatus
from octobot_node.clock import steady_ms
from octobot_node.contracts.exchanges import ExchangeOrder, ExchangeTrade
from octobot_node.engine.commands.commands import Commands
from octobot_node.errors import CommandRefused
from octobot_node.orders import IntentStatus
from octobot_node.shadow_ids import is_shadow
from octobot_node.store import events
from octobot_node.store.database import holding
from octobot_node.store.events import Event
from octobot_node.store.rows.automation import HeldAutomationRow
from octobot_node.store.rows.node import AccountRow
from octobot_node.store.sql.conditions import is_live
from octobot_node.store.tables import accounts, automations, intents

if TYPE_CHECKING:
    from octobot_node.engine.core import Core

__all__ = ["RestoreReconciliation"]

log = structlog.get_logger(__name__)
#: Executions are asked for from this long before the backup: clocks differ, and some become visible late.
_OVERLAP_MS = 60_000
#: An account that cannot be asked, or has orders whose outcome is still to come, is asked again after this.
_AGAIN_MS = 5_000
#: One that differs: somebody may cancel what should not be there, or resume what is held.
_LOOK_AGAIN_MS = 60_000
_NAMED = 3
#: As many are in the event.
_TOLD = 100
_IDS = 500


@dataclass(frozen=True, slots=True)
class _Answer:
    orders: Sequence[ExchangeOrder]
    trades: Sequence[ExchangeTrade]


class RestoreReconciliation:
    """Goes over the accounts that were restored; costs one look at ``accounts`` where none was."""

    def __init__(self, core: Core) -> None:
        self._core = core
        self._commands = Commands(core)
        self._next: dict[str, int] = {}

    def step(self) -> int:
        """Compare what can be compared now; return how many accounts were found to agree."""
        core, now = self._core, steady_ms(self._core.clock)
        with core.storage.read() as connection:
            waiting = connection.execute(sa.select(accounts).where(accounts.c.reconcile_since.is_not(None))).all()
            due = [row for row in waiting if now >= self._next.get(row.id, 0) and not _undecided(connection, row.id)]
        for row in due:
            self._next[row.id] = now + _AGAIN_MS
        due = [row for row in due if self._opens(row)]
        if not due:
            return 0
        answers = core.event_loop.call(self._ask_all(due))
        return sum(self._compare(row, answer) for row, answer in zip(due, answers, strict=True) if answer is not None)

    def _opens(self, row: AccountRow) -> bool:
        try:
            self._core.accounts.get(row.id)
        except Exception as error:  # noqa: BLE001 - a connector that is missing or set wrongly holds up no other account
            self._next[row.id] = steady_ms(self._core.clock) + _LOOK_AGAIN_MS
            log.warning("reconcile_waits", account=row.name, error=str(error) or type(error).__name__)
            return False
        return True

    async def _ask_all(self, rows: Sequence[AccountRow]) -> list[_Answer | None]:
        return list(await asyncio.gather(*(self._ask(row) for row in rows)))

    async def _ask(self, row: AccountRow) -> _Answer | None:
        trading, since = self._core.accounts.get(row.id).trading, row.reconcile_since
        assert since is not None
        try:
            async with asyncio.timeout(self._core.settings.request_timeout):
                # Orders first: one that fills in between is then among the executions.
                orders = await trading.open_orders()
                return _Answer(orders, await trading.trades(max(since - _OVERLAP_MS, 0)))
        except Exception as error:  # noqa: BLE001 - whatever a connector raises, it is asked again
            log.warning("reconcile_failed", account=row.name, error=str(error) or type(error).__name__)
            return None

    def _compare(self, row: AccountRow, answer: _Answer) -> bool:
        with self._core.storage.read() as connection:
            # After the answer: what was sent meanwhile is known by its client order id, or not known yet.
            if _undecided(connection, row.id):
                return False
            held = connection.execute(_HELD, {"account": row.id}).all()
            beginning = _beginning(held)
            # A backup may be old: whatever is open may be of after it. What a database lost that came back is of since
            # then, and what a person has had open for longer is theirs.
            opened_since = (row.reconcile_since or 0) - _OVERLAP_MS if beginning == holding.AS_OF else 0
            strange = _strange(connection, row.id, answer, opened_since)
        if not strange:
            return self._agree(row, [each.id for each in held])
        self._next[row.id] = steady_ms(self._core.clock) + _LOOK_AGAIN_MS
        self._differ(row, beginning, strange, held)
        return False

    def _agree(self, row: AccountRow, held: Sequence[str]) -> bool:
        for automation_id in held:
            if is_shadow(automation_id):
                continue  # it goes on when its original does
            # Stopped or resumed by a person this moment: theirs holds.
            with suppress(CommandRefused):
                self._commands.take_up(automation_id)
        now = self._core.clock.now()
        with self._core.storage.write(durable=True) as connection:
            connection.execute(accounts.update().where(accounts.c.id == row.id).values(reconcile_since=None))
            data = {"since": row.reconcile_since, "resumed": len(held)}
            events.append(connection, [Event(row.owner, row.id, "", "account.reconciled", data)], now)
        log.info("account_reconciled", account=row.name, resumed=len(held))
        return True

    def _differ(
        self, row: AccountRow, beginning: str, strange: Sequence[str], held: Sequence[HeldAutomationRow]
    ) -> None:
        """Say so once, where it is held; with nothing held there is nobody to wait for."""
        reason = _difference(row, beginning, strange)
        told = bool(held) and all(each.reason == reason for each in held)
        now = self._core.clock.now()
        with self._core.storage.write(durable=True) as connection:
            if not held:
                # Every one was resumed or ended by somebody, who knows by now, or none was deciding.
                connection.execute(accounts.update().where(accounts.c.id == row.id).values(reconcile_since=None))
            if not told:
                ids = [each.id for each in held]
                change = automations.update().where(automations.c.id.in_(ids), _IS_HELD)
                connection.execute(change.values(reason=reason, updated_at=now))
                data = {"since": row.reconcile_since, "strange": list(strange[:_TOLD]), "count": len(strange)}
                events.append(connection, [Event(row.owner, row.id, "", "account.differs", data)], now)
        if not told:
            log.warning("account_differs", account=row.name, strange=list(strange[:_NAMED]), count=len(strange))


_IS_HELD = sa.and_(
    automations.c.status == AutomationStatus.HELD,
    sa.or_(*(automations.c.reason.startswith(words, autoescape=True) for words in (holding.RESTORED, holding.AS_OF))),
)
_HELD = (
    sa.select(automations.c.id, automations.c.reason)
    .where(automations.c.account_id == sa.bindparam("account"), _IS_HELD)
    .order_by(automations.c.id)
)
_UNDECIDED = sa.select(intents.c.id).where(
    intents.c.account_id == sa.bindparam("account"),
    is_live,
    intents.c.status.in_((IntentStatus.SENT, IntentStatus.UNKNOWN)),
)


def _undecided(connection: sa.Connection, account_id: str) -> bool:
    """Whether an order of the account may yet turn out to be one of those at the exchange."""
    return connection.execute(_UNDECIDED.limit(1), {"account": account_id}).first() is not None


def _beginning(held: Sequence[HeldAutomationRow]) -> str:
    """Return why an account's automations are held; for a backup, where some are for that."""
    back = bool(held) and all(each.reason.startswith(holding.AS_OF) for each in held)
    return holding.AS_OF if back else holding.RESTORED


def _strange(connection: sa.Connection, account_id: str, answer: _Answer, opened_since: int) -> list[str]:
    """Return what belongs to no intent, in words: orders opened since a moment (ms UTC) first, then executions."""
    pairs = {(order.id, order.client_order_id) for order in answer.orders}
    pairs |= {(trade.order_id, trade.client_order_id) for trade in answer.trades}
    ids = _known(connection, account_id, intents.c.exchange_order_id, {order_id for order_id, _ in pairs})
    clients = _known(connection, account_id, intents.c.client_order_id, {name for _, name in pairs if name})
    orders = [
        f"open order {order.id}: {order.side} {_plain(order.amount)} {order.symbol}"
        for order in answer.orders
        if order.created_at >= opened_since and order.id not in ids and order.client_order_id not in clients
    ]
    trades = [
        f"trade {trade.id}: {trade.side} {_plain(trade.amount)} {trade.symbol} at {_plain(trade.price)}"
        for trade in answer.trades
        if trade.order_id not in ids and trade.client_order_id not in clients
    ]
    return orders + trades


def _known(connection: sa.Connection, account_id: str, column: sa.Column[str], wanted: set[str]) -> set[str]:
    """Return those of ``wanted`` that an intent has. Rides ix_intents_exchange_order, or the key of client ids."""
    ordered, found = sorted(wanted), set[str]()
    for start in range(0, len(ordered), _IDS):
        piece = ordered[start : start + _IDS]
        found |= set(connection.scalars(sa.select(column).where(intents.c.account_id == account_id, column.in_(piece))))
    return found


def _difference(row: AccountRow, beginning: str, strange: Sequence[str]) -> str:
    assert row.reconcile_since is not None
    more = f" and {len(strange) - _NAMED} more" if len(strange) > _NAMED else ""
    what = "the backup" if beginning == holding.RESTORED else "it"
    return (
        f"{holding.since_when(beginning, row.reconcile_since)}, and {row.name!r} has what {what} does not know:"
        f" {'; '.join(strange[:_NAMED])}{more}; cancel or correct it at the exchange, then resume this automation"
        " (octobot-node automations resume NAME)"
    )


def _plain(value: Decimal | None) -> str:
    return "some" if value is None else f"{value:f}"
