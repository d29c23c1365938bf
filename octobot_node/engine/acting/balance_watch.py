"""Compare what exchanges hold for live accounts with what automations on them believe to have, and say of an exchange
that does not answer: a key that was revoked, or a proxy that is blocked there, would be seen by nobody otherwise.

Somebody withdrew coins by hand, another program trades on the account, budgets were larger than the account ever was:
orders that spend what is not there are stopped before the exchange has to refuse them, and it is said. Nothing is
corrected: only a person knows whose the missing money was.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from decimal import Decimal
from itertools import islice
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa
import structlog

from octobot_node.clock import steady_ms
from octobot_node.engine.acting.silent_accounts import write_silence
from octobot_node.engine.ledger.book import exact
from octobot_node.errors import OrderRefused
from octobot_node.store import automations, events
from octobot_node.store.events import Event
from octobot_node.store.queries import history
from octobot_node.store.rows.node import AccountRow
from octobot_node.store.standings.standing_changes import note_changed
from octobot_node.store.tables import accounts

if TYPE_CHECKING:
    from octobot_node.engine.core import Core

__all__ = ["BalanceWatch"]

log = structlog.get_logger(__name__)
#: As many accounts are asked about at once, and in one step: more would only earn a 429.
_AT_ONCE = 16
#: Of what is believed, so much may be missing: an exchange rounds, and books fees to the last digit of its own.
_DUST = Decimal("0.0001")


class BalanceWatch:
    """Goes over the live accounts in turn; costs one look at ``accounts`` where none trades."""

    def __init__(self, core: Core) -> None:
        self._core = core
        self._next: dict[str, int] = {}
        #: What was missing of an account at its last look, while orders of it rested: it may have been a fill that was
        #: not settled yet, and counts once it is seen again.
        self._doubts: dict[str, Mapping[str, Any]] = {}
        #: Accounts whose exchange did not answer at the last look: once may be chance.
        self._failed: set[str] = set()

    def step(self) -> int:
        """Look at the accounts that are due; return how many were found to be otherwise than before."""
        core, now = self._core, steady_ms(self._core.clock)
        with core.storage.read() as connection:
            rows: Sequence[AccountRow] = connection.execute(sa.select(accounts).order_by(accounts.c.id)).all()
        trading = [row for row in rows if row.trading not in core.registry.simulated_trading]
        due = list(islice((row for row in trading if now >= self._next.get(row.id, 0)), _AT_ONCE))
        pause = int(core.settings.balance_check_interval * 1_000)
        for row in due:
            self._next[row.id] = now + pause
        believed = {row.id: self._believed(row.id) for row in due}
        for row in due:
            if row.unanswered and not believed[row.id]:
                self._forget_unanswered(row)
        asked = [row for row in due if believed[row.id] and core.accounts.why_closed(row.id) is None]
        if not asked:
            return 0
        answers = core.event_loop.call(self._ask_all(asked))
        found = 0
        for row, held in zip(asked, answers, strict=True):
            changed = self._note_answer(row, held)
            # While what was executed cannot be read the books are those of before: what they miss says nothing.
            if not isinstance(held, Exception) and not row.executions_unread:
                changed = self._compare(row, believed[row.id], held) or changed
            found += changed
        return found

    def _believed(self, account_id: str) -> dict[str, tuple[Decimal, Decimal]]:
        with self._core.storage.read() as connection:
            return history.money_of_account(connection, account_id, at_work=True)

    async def _ask_all(self, rows: Sequence[AccountRow]) -> list[Mapping[str, Decimal] | Exception]:
        return list(await asyncio.gather(*(self._ask(row) for row in rows)))

    async def _ask(self, row: AccountRow) -> Mapping[str, Decimal] | Exception:
        try:
            async with asyncio.timeout(self._core.settings.request_timeout):
                return await self._core.accounts.get(row.id).trading.balances()
        except Exception as error:  # noqa: BLE001 - whatever a connector raises, it is asked again
            log.warning("balances_not_told", account=row.name, error=_reason(error))
            return error

    def _note_answer(self, row: AccountRow, answer: Mapping[str, Decimal] | Exception) -> bool:
        """Write down that an exchange does not answer, or does again; return whether that is otherwise than it was."""
        if not isinstance(answer, Exception):
            self._failed.discard(row.id)
            return bool(row.unanswered) and write_silence(self._core, row.id, "unanswered", "", None)
        # What it surely refused, such as a key, it will refuse again.
        is_sure = isinstance(answer, OrderRefused) or row.id in self._failed
        self._failed.add(row.id)
        if not is_sure or row.unanswered:
            return False
        return write_silence(self._core, row.id, "unanswered", _reason(answer), self._core.clock.now())

    def _forget_unanswered(self, row: AccountRow) -> None:
        """Have nobody see to an exchange on which nothing trades any more; that it answers is not said, nor known."""
        self._failed.discard(row.id)
        with self._core.storage.write() as connection:
            automations.update_account(connection, row.id, {"unanswered": "", "unanswered_since": None})
            note_changed(connection, [row.id])

    def _compare(
        self, row: AccountRow, before: Mapping[str, tuple[Decimal, Decimal]], held: Mapping[str, Decimal]
    ) -> bool:
        """Write down what an account lacks; return whether that is otherwise than it was.

        What was ordered, filled or settled while the exchange was asked is in one of the two looks at the ledger: what
        is missing by either is nothing to be sure of.
        """
        after = self._believed(row.id)
        surely = _lacking(_least(before, after, reserved=False), held)
        maybe = _lacking(_least(before, after, reserved=True), held)
        resting = any(reserved for _, reserved in after.values())
        doubted = self._doubts.pop(row.id, {})
        if resting and maybe:
            self._doubts[row.id] = maybe
        lacks = {asset: maybe[asset] for asset in maybe if asset in surely or not resting or asset in doubted}
        if lacks == row.lacks:
            return False
        self._write(row.id, lacks)
        return True

    def _write(self, account_id: str, lacks: Mapping[str, Any]) -> None:
        now = self._core.clock.now()
        with self._core.storage.write(durable=True) as connection:
            row = automations.lock_account(connection, account_id)
            if row is None or row.lacks == lacks:
                return
            better = bool(set(row.lacks) - set(lacks))
            change = {"lacks": dict(lacks)} | ({"wakes": True} if better else {})
            automations.update_account(connection, account_id, change)
            note_changed(connection, [account_id])
            if set(lacks) == set(row.lacks):
                return  # only how much
            kind = "account.short" if lacks else "account.covered"
            data = {"account": row.name, "lacks": dict(lacks)} if lacks else {"account": row.name}
            events.append(connection, [Event(row.owner, row.id, "", kind, data)], now)
        if lacks:
            log.warning("account_short", account=row.name, assets=sorted(lacks))
        else:
            log.info("account_covered", account=row.name)


def _reason(error: Exception) -> str:
    return str(error) or type(error).__name__


def _least(
    before: Mapping[str, tuple[Decimal, Decimal]], after: Mapping[str, tuple[Decimal, Decimal]], *, reserved: bool
) -> dict[str, Decimal]:
    """Return asset -> the least that both looks agree on, what open orders may have spent by now left out or not."""
    with exact():
        sums = [
            {asset: free + (held if reserved else 0) for asset, (free, held) in each.items()}
            for each in (before, after)
        ]
    return {asset: min(amount, sums[1][asset]) for asset, amount in sums[0].items() if asset in sums[1]}


def _lacking(needed: Mapping[str, Decimal], held: Mapping[str, Decimal]) -> dict[str, dict[str, str]]:
    """Return what is missing, as it is kept: asset -> what automations believe to have, and what there is."""
    found = {}
    for asset, amount in sorted(needed.items()):
        there = held.get(asset, Decimal(0))
        with exact():
            short = there < amount * (1 - _DUST)
        if short:
            found[asset] = {"needs": f"{amount:f}", "has": f"{there:f}"}
    return found
