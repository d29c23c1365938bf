"""Orders that the engine itself decides: cancelling what an automation left, selling what it holds."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from octobot_node.contracts.exchanges import Capabilities
from octobot_node.engine.ledger.book import Owner, load_book
from octobot_node.engine.ledger.intent_closing import close_intents, owner_of
from octobot_node.engine.ledger.planning import Plan, plan_cancel, plan_group
from octobot_node.engine.workers.durable import ORDERS
from octobot_node.ids import new_id
from octobot_node.limits import Limits
from octobot_node.market import Market, from_ms
from octobot_node.orders import IntentStatus, MarketOrder
from octobot_node.store import intents
from octobot_node.store.rows.automation import AutomationRow
from octobot_node.store.rows.order import IntentRow, OpenIntentRow

if TYPE_CHECKING:
    from octobot_node.engine.core import Core

__all__ = ["NO_TICK", "OwnOrders"]

#: The tick of orders that no tick decided; the fence lets them pass though their automation is stopping.
NO_TICK = -1


class OwnOrders:
    """Plans in the caller's transaction, which holds the automation's lock; to sell, its account is open.

    A cancel is planned whatever became of the account's connector: it is sent when there is one.
    """

    def __init__(self, core: Core) -> None:
        self._core = core

    def cancel_all(self, connection: sa.Connection, row: AutomationRow, now: int) -> None:
        """Cancel every live order of an automation (its row in ``automations``)."""
        live = [order.id for order in intents.open_of(connection, [row.id]) if _is_live(order)]
        self.cancel(connection, intents.lock(connection, live), now)

    def cancel(
        self, connection: sa.Connection, live: Sequence[IntentRow], now: int, why: str = "cancelled before it was sent"
    ) -> None:
        """Skip what was never sent; ask the exchange to cancel the rest, once each. All are of one account."""
        planned = [order for order in live if order.status == IntentStatus.PLANNED]
        close_intents(connection, [(order, IntentStatus.SKIPPED, why) for order in planned], now)
        done = intents.being_cancelled(connection, {order.automation_id for order in live})
        done |= {order.id for order in planned}
        rows = [
            plan_cancel(self._plan_cancel(owner_of(order), now), new_id(), 0, order.id)
            for order in live
            if order.kind == "order" and _is_live(order) and order.id not in done
        ]
        self._send(connection, rows)

    def close(
        self, connection: sa.Connection, row: AutomationRow, held: Mapping[str, Decimal], market: Market, now: int
    ) -> bool:
        """Plan market sells of ``held`` (symbol -> base amount); return whether there is anything to wait for."""
        book = load_book(connection, [row.id])
        orders = [
            MarketOrder(symbol, "sell", amount=amount, tag="stop")
            for symbol, amount in held.items()
            if symbol in market.all_rules
        ]
        rows = plan_group(
            self._plan(Owner(row.id, row.owner, row.account_id, row.shard), now, market), orders, book, independent=True
        )
        self._send(connection, rows)
        book.write(connection)
        return any(intent["status"] == IntentStatus.PLANNED for intent in rows)

    def _plan_cancel(self, owner: Owner, now: int) -> Plan:
        market, anything = Market(as_of=from_ms(now)), Capabilities()
        return Plan(self._core.installation, owner, NO_TICK, now, market, anything, Limits())

    def _plan(self, owner: Owner, now: int, market: Market) -> Plan:
        account = self._core.accounts.get(owner.account_id)
        return Plan(
            installation=self._core.installation,
            owner=owner,
            tick=NO_TICK,
            now=now,
            market=account.charging(market),
            capabilities=account.capabilities,
            limits=Limits(),
        )

    def _send(self, connection: sa.Connection, rows: list[dict[str, Any]]) -> None:
        if any(row["status"] == IntentStatus.PLANNED for row in rows):
            carrier = self._core.deliver(connection, ORDERS, rows[0]["account_id"])
            rows = [{**row, "carrier": carrier} for row in rows]
        intents.insert(connection, rows)


def _is_live(order: OpenIntentRow) -> bool:
    return not IntentStatus(order.status).terminal
