"""End automations that are stopping or completing, once nothing of theirs is live."""

from __future__ import annotations

import time
from decimal import Decimal
from typing import TYPE_CHECKING

import sqlalchemy as sa
import structlog

from octobot_node.automation import AutomationStatus, Needs
from octobot_node.engine.acting.own_orders import NO_TICK, OwnOrders
from octobot_node.engine.acting.send_fence import as_it_is
from octobot_node.engine.commands.forgetting import forget_shadow, is_leaving
from octobot_node.engine.deciding.dependents import lock_with_watchers
from octobot_node.engine.fair_turns import PASS_S, Rounds
from octobot_node.engine.ledger.book import load_book
from octobot_node.engine.workers.durable import ORDERS
from octobot_node.errors import DataUnavailable, UsageError
from octobot_node.market import Market
from octobot_node.quote_assets import paid_from
from octobot_node.store import automations, events, intents, kill_switches
from octobot_node.store.events import Event
from octobot_node.store.rows.automation import AutomationRow
from octobot_node.store.sql.conditions import is_ending
from octobot_node.store.tables import accounts
from octobot_node.store.tables import automations as automations_table
from octobot_node.text.said_once import SaidOnce

if TYPE_CHECKING:
    from octobot_node.engine.core import Core

__all__ = ["AutomationCompletion"]

log = structlog.get_logger(__name__)
_SENDING = (
    sa.select(automations_table.c.sending)
    .where(automations_table.c.id == sa.bindparam("id"))
    .with_for_update(read=True)
)


class AutomationCompletion:
    """Moves on what has been told to end."""

    def __init__(self, core: Core) -> None:
        self._core = core
        self._own_orders = OwnOrders(core)
        self._said = SaidOnce()
        self._rounds = Rounds(None if core.clock.virtual else PASS_S, time.monotonic)

    def settle(self) -> int:
        """End, or close the positions of, automations that have no live order left; return how many ended.

        Owners take turns for as long as a pass may take: prices that do not come are waited for.
        """
        ended = 0
        for row in self._rounds.through(self._ready()):
            try:
                ended += self._settle_one(row)
            except (DataUnavailable, UsageError) as error:
                # No price: it waits, and holds up nobody else.
                self._say(row, str(error))
            self._core.kick(ORDERS)
        return ended

    def _say(self, row: AutomationRow, reason: str) -> None:
        if self._said.is_news(row.id, reason):
            log.warning("close_waits", automation=row.name, reason=reason)

    def _ready(self) -> list[AutomationRow]:
        # What is sold on a restored account might be sold already: restore_reconciliation.py finds out first.
        compared = sa.select(accounts.c.id).where(accounts.c.reconcile_since.is_(None))
        statement = sa.select(automations_table).where(is_ending, automations_table.c.account_id.in_(compared))
        with self._core.storage.read() as connection:
            rows = connection.execute(statement).all()
            return [row for row in rows if not intents.live_count(connection, row.id)]

    def _settle_one(self, row: AutomationRow) -> bool:
        core, now = self._core, self._core.clock.now()
        held = self._held(row.id) if row.status == AutomationStatus.STOPPING and row.close_on_stop else {}
        if held and not self._order_sender(row):
            return False
        closed = core.accounts.why_closed(row.account_id) if held else None
        if closed is not None:
            self._say(row, closed.reason)
            return False
        # Asked before the transaction: nothing may wait for the network while it holds the writer.
        market = self._market(row, held) if held else None
        with core.storage.write(durable=True) as connection:
            watched = lock_with_watchers(connection, [row.id])
            if intents.live_count(connection, row.id):
                return False
            if market is not None:
                if self._stopped(connection, row):
                    return False
                first = self._sold_first(connection, row, held)
                if first and self._own_orders.close(connection, row, first, market, now):
                    return False
                held = {symbol: amount for symbol, amount in held.items() if symbol not in first}
                automations.update(connection, [{"id": row.id, "close_on_stop": False, "updated_at": now}])
                if self._own_orders.close(connection, row, held, market, now):
                    return False
            if is_leaving(row):
                forget_shadow(connection, core.registry, row)
                return True
            stopping = row.status == AutomationStatus.STOPPING
            status = (AutomationStatus.STOPPED if stopping else AutomationStatus.COMPLETED).after(row.status)
            automations.update(connection, [{"id": row.id, "status": status, "status_since": now, "updated_at": now}])
            event = Event(row.owner, row.account_id, row.id, f"automation.{status.value}", {})
            events.append(connection, [event], now)
            watched.wake_watchers(connection, [row.id], now)
        return True

    def _order_sender(self, row: AutomationRow) -> bool:
        """Whether no kill switch is thrown: a sale waits for its release, and is decided at the prices of then."""
        with self._core.storage.read() as connection:
            return kill_switches.sends(connection, row.id)

    def _stopped(self, connection: sa.Connection, row: AutomationRow) -> bool:
        """Whether one was thrown this very moment, or the account only observes."""
        sending = connection.scalar(_SENDING, {"id": row.id})
        return not sending or bool(as_it_is(connection, self._core.accounts.get(row.account_id)).off)

    def _held(self, automation_id: str) -> dict[str, Decimal]:
        with self._core.storage.read() as connection:
            book = load_book(connection, [automation_id])
        return {symbol: position.amount for (_, symbol), position in book.held.items() if position.amount > 0}

    def _sold_first(
        self, connection: sa.Connection, row: AutomationRow, held: dict[str, Decimal]
    ) -> dict[str, Decimal]:
        """Return what is to be sold before the rest, once: what is got for it is a position that is to be sold, too."""
        symbols = {symbol for _, symbol in load_book(connection, [row.id]).held}
        first = {symbol: amount for symbol, amount in held.items() if paid_from(symbol, symbols) is not None}
        # Nothing else has touched its row since it was told to stop.
        tried = intents.planned_since(connection, row.id, NO_TICK, row.updated_at) if first else set()
        return {} if tried & set(first) else first

    def _market(self, row: AutomationRow, held: dict[str, Decimal]) -> Market:
        source = self._core.accounts.get(row.account_id).source
        return self._core.hub.snapshot(source, Needs(tickers=tuple(held)))
