"""Change what an automation has to spend, while it runs: one transaction that holds all of it or nothing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from octobot_node.automation import AutomationStatus
from octobot_node.engine.commands.status_commands import expect, gone
from octobot_node.engine.ledger.book import ZERO, Book, Owner, exact, load_book
from octobot_node.engine.ledger.budget_changes import (
    AssetBudget,
    WantedBudget,
    budget_changes,
    grow_position,
    mistakes_in,
    position_in,
)
from octobot_node.engine.ledger.budgets import balances_of
from octobot_node.engine.ledger.equity_points import leave_points, point
from octobot_node.errors import CommandRefused, Mistake, UsageError
from octobot_node.quote_assets import counted_in, paid_from
from octobot_node.shadow_ids import with_shadows
from octobot_node.store import automations, events, schedules
from octobot_node.store.events import Event
from octobot_node.store.queries import history, lists
from octobot_node.store.rows.automation import AutomationRow, LockedScheduleRow
from octobot_node.store.rows.node import AccountRow
from octobot_node.store.sql.bulk_statements import insert_many
from octobot_node.store.tables import accounts, equity

if TYPE_CHECKING:
    from octobot_node.engine.core import Core

__all__ = ["BudgetCommands", "BudgetStanding"]


@dataclass(frozen=True, slots=True)
class BudgetStanding:
    """An automation's budget and what a change of it would come to; ``wrong`` is why it would be refused."""

    row: AutomationRow
    account: str
    revision: int
    assets: Sequence[AssetBudget]
    wrong: Sequence[Mistake]


class BudgetCommands:
    """What can be done to an automation's budget."""

    _core: Core

    def look_at_budget(
        self, automation_id: str, wanted: WantedBudget, at_exchange: Mapping[str, Decimal] | None
    ) -> BudgetStanding:
        """Return how an automation's budget stands, and what a change of it would come to; nothing is written."""
        with self._core.storage.read() as connection:
            row = automations.get(connection, automation_id)
            rows = lists.automations_by_id(connection, [automation_id])
            if row is None or not rows:
                raise gone(automation_id)
            if any(wanted):
                _refuse_ended(row)
            return self._standing(connection, row, rows[0].revision, wanted, at_exchange)[0]

    def change_budget(
        self,
        automation_id: str,
        wanted: WantedBudget,
        at_exchange: Mapping[str, Decimal] | None,
        *,
        revision: int | None = None,
        by: str = "",
    ) -> BudgetStanding:
        """Give an automation money of its account, or take it; it decides at once with what it has then.

        ``at_exchange`` is what an account that is not simulated has, None where that is not known. Returns how it
        stood before. Raises CommandRefused, Conflict, or UsageError with everything that is wrong.
        """
        core = self._core
        prices = self._prices(automation_id, wanted)
        with core.storage.write(durable=True) as connection:
            locked = schedules.lock(connection, with_shadows([automation_id]))
            row = expect(connection, automation_id, locked, revision)
            _refuse_ended(row)
            # After the automation's own row, as whoever settles locks them; one change at a time gives of its money.
            locks = sa.select(accounts.c.id).where(accounts.c.id == row.account_id)
            connection.execute(locks.with_for_update(key_share=True))
            standing, book = self._standing(connection, row, locked[automation_id].revision, wanted, at_exchange)
            if standing.wrong:
                raise UsageError.of(standing.wrong)
            changes = {each.asset: each.change for each in standing.assets if each.change}
            if not changes:
                raise CommandRefused(f"the budget of {row.name!r} is that already: nothing is changed")
            self._move(connection, row, book, changes, prices, by)
            self._decides_anew(connection, locked[automation_id])
            shadow = automations.shadows_of(connection, [automation_id]).get(automation_id)
            if shadow is not None and shadow.id in locked:
                self._change_beside(connection, shadow, changes, prices, by)
                self._decides_anew(connection, locked[shadow.id])
        return standing

    def _decides_anew(self, connection: sa.Connection, locked: LockedScheduleRow) -> None:
        if locked.runnable:
            now, due_at = self._core.clock.now(), locked.due_at
            schedules.set_runnable(connection, locked.automation_id, runnable=True, next_run_at=now, due_at=due_at)
        else:
            schedules.renew(connection, locked.automation_id)

    def _change_beside(
        self,
        connection: sa.Connection,
        shadow: AutomationRow,
        changes: Mapping[str, Decimal],
        prices: Mapping[str, Decimal],
        by: str,
    ) -> None:
        """Change the budget of a shadow as its original's; of what is taken, as much as it has free."""
        status = AutomationStatus(shadow.status)
        if status.over or status.ending:
            return
        book, owner = load_book(connection, [shadow.id]), Owner(shadow.id, shadow.owner, shadow.account_id)
        stands = {each.asset: each.takeable for each in budget_changes(book, owner, WantedBudget({}, {}, {}), None)}
        left = {asset: max(change, -stands.get(asset, ZERO)) for asset, change in changes.items()}
        moved = {asset: change for asset, change in left.items() if change}
        if moved:
            self._move(connection, shadow, book, moved, prices, by)

    def _move(
        self,
        connection: sa.Connection,
        row: AutomationRow,
        book: Book,
        changes: Mapping[str, Decimal],
        prices: Mapping[str, Decimal],
        by: str,
    ) -> None:
        now, owner = self._core.clock.now(), Owner(row.id, row.owner, row.account_id, row.shard)
        # Counted in one asset, as its course is: the first that it has any budget in, if it is among those.
        standing = self._core.standings.of(connection, [row.id])[row.id]
        counted = {asset: self._counted(book, owner, asset) for asset in changes}
        asset = standing.main.asset if standing.main.asset in counted.values() else next(iter(counted.values()))
        before = point(book, owner, asset, now - 1)
        for each, change in changes.items():
            book.deposit(owner, each, change, now)
            symbol = position_in(book, owner, each)
            if symbol is not None and change > 0:
                self._grow(book, owner, symbol, change, prices)
        book.write(connection)
        _leave_before(connection, row, before)
        leave_points(connection, book, [(owner, asset)], now)
        automations.update(connection, [{"id": row.id, "updated_at": now}])
        budget = {each: book.asset(owner, each).budget for each in changes}
        data = {"changes": changes, "budget": budget, "by": by}
        events.append(connection, [Event(row.owner, row.account_id, row.id, "budget.changed", data)], now)

    @staticmethod
    def _counted(book: Book, owner: Owner, asset: str) -> str:
        symbol = position_in(book, owner, asset)
        return asset if symbol is None else counted_in(symbol, book.symbols(owner))

    @staticmethod
    def _grow(book: Book, owner: Owner, symbol: str, amount: Decimal, prices: Mapping[str, Decimal]) -> None:
        payer = paid_from(symbol, book.symbols(owner))
        price, rate = prices.get(symbol), None if payer is None else prices.get(payer)
        if price is None or (payer is not None and rate is None):
            missing = symbol if price is None else payer
            reason = f"what it is worth is not known, since {missing} has no price just now: try again in a moment"
            raise CommandRefused(reason)
        grow_position(book, owner, symbol, amount, price, rate)

    def _prices(self, automation_id: str, wanted: WantedBudget) -> dict[str, Decimal]:
        """Return the prices of what is given that goes into positions; before the transaction: the market is asked."""
        with self._core.storage.read() as connection:
            rows = lists.listed_automations(connection, [automation_id])
            book = load_book(connection, with_shadows([automation_id]))
        if not rows:
            raise gone(automation_id)
        symbols: set[str | None] = set()
        for owner in (Owner(each, "", "") for each in with_shadows([automation_id])):
            held = {position_in(book, owner, asset) for _, asset, _ in wanted} - {None}
            symbols |= held | {paid_from(symbol, book.symbols(owner)) for symbol in held if symbol} - {None}
        prices, source = self._core.standings.prices, rows[0].source
        named = sorted(symbol for symbol in symbols if symbol is not None)
        prices.want({(source, symbol) for symbol in named}, newest=True)
        found = {symbol: prices.get(source, symbol) for symbol in named}
        return {symbol: price for symbol, price in found.items() if price is not None}

    def _standing(
        self,
        connection: sa.Connection,
        row: AutomationRow,
        revision: int,
        wanted: WantedBudget,
        at_exchange: Mapping[str, Decimal] | None,
    ) -> tuple[BudgetStanding, Book]:
        account = automations.account(connection, row.account_id)
        if account is None:
            raise CommandRefused(f"the account of {row.name!r} was deleted meanwhile")
        book, owner = load_book(connection, [row.id]), Owner(row.id, row.owner, row.account_id, row.shard)
        left = self._unallocated(connection, account, at_exchange)
        found = budget_changes(book, owner, wanted, left)
        wrong = mistakes_in(found, wanted, account.name)
        return BudgetStanding(row, account.name, revision, found, wrong), book

    def _unallocated(
        self, connection: sa.Connection, account: AccountRow, at_exchange: Mapping[str, Decimal] | None
    ) -> Mapping[str, Decimal] | None:
        """Return what an account has that nobody was given: of a simulated one by the rule that creating goes by."""
        if account.trading in self._core.registry.simulated_trading and "balances" in account.trading_settings:
            given = lists.budgets_on_account(connection, account.id)
            has = balances_of(account.trading_settings)
            with exact():
                return {asset: has.get(asset, ZERO) - given.get(asset, ZERO) for asset in has | given}
        if at_exchange is None:
            return None
        ours = history.money_of_account(connection, account.id)
        with exact():
            return {
                asset: at_exchange.get(asset, ZERO) - sum(ours.get(asset, (ZERO, ZERO)), ZERO)
                for asset in {*at_exchange, *ours}
            }


def _refuse_ended(row: AutomationRow) -> None:
    status = AutomationStatus(row.status)
    if status.over:
        raise CommandRefused(
            f"{row.name!r} is {row.status}: it spends nothing any more; deleted, it gives its budget back to its"
            " account, for another one"
        )
    if status.ending:
        raise CommandRefused(f"{row.name!r} is {row.status}: what it has is its own until it has ended")


def _leave_before(connection: sa.Connection, row: AutomationRow, before: Mapping[str, Any]) -> None:
    """Leave how it stood the moment before, where nothing is told of that: its course steps up, and does not climb."""
    known = sa.select(equity.c.at).where(equity.c.automation_id == row.id, equity.c.at == before["at"])
    if row.created_at <= before["at"] and connection.execute(known).first() is None:
        insert_many(connection, equity, [dict(before)])
