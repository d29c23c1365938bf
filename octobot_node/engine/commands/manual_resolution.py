"""Orders whose outcome is unknown and that a person knows more of than can be found out."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from octobot_node.contracts.exchanges import ExchangeOrder, ExchangeTrade
from octobot_node.engine.acting.settlement import CLOCKS_APART_MS, Observed, Settlement
from octobot_node.engine.ledger.intent_closing import close_intents
from octobot_node.engine.market.account import Account
from octobot_node.errors import CommandRefused, Unresolved
from octobot_node.orders import IntentStatus
from octobot_node.store import events, intents, schedules
from octobot_node.store.events import Event
from octobot_node.store.rows.order import IntentRow

if TYPE_CHECKING:
    from octobot_node.engine.core import Core

__all__ = ["ManualResolution"]


class ManualResolution:
    """What a person may say of an order of unknown outcome; said by whom is an event."""

    def __init__(self, core: Core) -> None:
        self._core = core

    def adopt(self, intent_id: str, exchange_order_id: str | None, *, by: str) -> None:
        """Take over the exchange's order, as the account poller does with one that it finds itself.

        Without an id, the exchange is asked for the order's client id. Raises CommandRefused when the order is not
        unknown, or the exchange's order is another one; ExchangeError when the exchange cannot be asked.
        """
        row = self._unknown(intent_id)
        account = self._core.accounts.get(row.account_id)
        order, trades = self._core.event_loop.call(self._ask(account, row, exchange_order_id))
        if order is None:
            named = "with its client id" if exchange_order_id is None else repr(exchange_order_id)
            raise CommandRefused(f"{account.name!r} knows no order {named} on {row.symbol}: check the id")
        _refuse_another(row, order)
        self._refuse_taken(row, order)
        Settlement(self._core).apply(account, [row], Observed(trades, ended={}, asked={row.id: order}, by=by))
        adopted = self._get(intent_id)
        if adopted.exchange_order_id != order.id:
            raise CommandRefused(f"the order was resolved meanwhile: it is {adopted.status}")
        self._core.watch(account.id)

    def declare_not_sent(self, intent_id: str, *, by: str) -> None:
        """End an order that never reached the exchange: its funds are free, its automation is told that it is refused.

        One that the exchange knew before is told as cancelled. Raises CommandRefused when it is not unknown.
        """
        core, now = self._core, self._core.clock.now()
        row = self._unknown(intent_id)
        with core.storage.write(durable=True) as connection:
            schedules.lock(connection, [row.automation_id])
            (row,) = intents.lock(connection, [row.id])
            _refuse_known(row)
            was_there = row.exchange_order_id is not None
            status = IntentStatus.CANCELLED if was_there else IntentStatus.REFUSED
            reason = f"declared {'gone' if was_there else 'not sent'} by {by}"
            said = Event(
                row.owner, row.account_id, row.automation_id, "order.declared_not_sent", {"id": row.id, "by": by}
            )
            events.append(connection, [said], now)
            close_intents(connection, [(row, status, reason)], now)

    async def _ask(
        self, account: Account, row: IntentRow, order_id: str | None
    ) -> tuple[ExchangeOrder | None, list[ExchangeTrade]]:
        # As the account poller does: a clock may have been wrong then, and what is not found is declared not sent.
        trading, since = account.trading, max((row.sent_at or row.created_at) - CLOCKS_APART_MS, 0)
        try:
            async with asyncio.timeout(self._core.settings.request_timeout):
                named = order_id or row.exchange_order_id
                if named is not None:
                    order = await trading.order(row.symbol, named)
                else:
                    order = await trading.find_order(row.symbol, row.client_order_id, since)
                if order is None:
                    return None, []
                return order, list(await trading.trades(min(since, max(order.created_at - CLOCKS_APART_MS, 0))))
        except TimeoutError:
            raise Unresolved(f"{account.name!r} did not answer in time: try again, nothing was changed") from None

    def _unknown(self, intent_id: str) -> IntentRow:
        row = self._get(intent_id)
        _refuse_known(row)
        return row

    def _get(self, intent_id: str) -> IntentRow:
        with self._core.storage.read() as connection:
            row = intents.get(connection, intent_id)
        if row is None:
            raise CommandRefused(f"there is no order {intent_id}")
        return row

    def _refuse_taken(self, row: IntentRow, order: ExchangeOrder) -> None:
        if row.exchange_order_id == order.id:
            return
        with self._core.storage.read() as connection:
            if intents.known_to_exchange(connection, row.account_id, [order.id]):
                raise CommandRefused(f"{order.id!r} is another order of this account already: check the exchange's id")


def _refuse_known(row: IntentRow) -> None:
    if row.kind != "order" or row.status != IntentStatus.UNKNOWN:
        raise CommandRefused(f"the order {row.id} is {row.status}: only one whose outcome is unknown can be settled so")


def _refuse_another(row: IntentRow, order: ExchangeOrder) -> None:
    amount = row.amount is None or order.amount is None or order.amount == row.amount
    price = row.price is None or order.price is None or order.price == row.price
    if (order.symbol, order.side) != (row.symbol, row.side) or not amount or not price:
        theirs = _described(order.side, order.amount, order.symbol, order.price)
        ours = _described(row.side, row.amount, row.symbol, row.price)
        raise CommandRefused(f"{order.id!r} is another order ({theirs}) than this one ({ours}): check its id")
    if order.client_order_id not in (None, row.client_order_id):
        raise CommandRefused(f"{order.id!r} has another client id than this order: it is somebody else's")


def _described(side: str, amount: object, symbol: str, price: object) -> str:
    at = f" at {price}" if price is not None else ""
    return f"{side} {amount if amount is not None else 'some'} {symbol}{at}"
