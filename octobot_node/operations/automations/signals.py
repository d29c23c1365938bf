"""Look into automations' inboxes."""

from __future__ import annotations

import json
from collections.abc import Mapping

from octobot_node.engine.workers.durable import json_decode
from octobot_node.errors import CommandRefused
from octobot_node.market import from_ms
from octobot_node.operations.automations.models.signals import ListSignals, SignalOrder, SignalPage, SignalRow
from octobot_node.operations.context import OperationContext
from octobot_node.operations.cursors import id_in
from octobot_node.operations.lookup import automation_id
from octobot_node.operations.serializers import moment
from octobot_node.store import automations
from octobot_node.store.queries import history
from octobot_node.store.rows import automation as automation_rows
from octobot_node.store.statuses import SignalStatus

__all__ = ["list_signals"]


def list_signals(context: OperationContext, request: ListSignals) -> SignalPage:
    """Return a page of an automation's signals, newest first."""
    found = automation_id(context, request.automation)
    with context.core.storage.read() as connection:
        automation = automations.get(connection, found)
        rows = history.signal_page(connection, found, request.status, id_in(request.cursor), request.limit + 1)
        shown = rows[: request.limit]
        orders = history.ends_of(connection, [order for row in shown for order in json.loads(row.orders)])
    if automation is None:
        raise CommandRefused(f"the automation {found} was deleted meanwhile")
    return SignalPage(
        automation=automation.name,
        automation_id=found,
        signals=[_signal(row, orders, context.core.clock.now()) for row in shown],
        next_cursor=rows[request.limit - 1].id if len(rows) > request.limit else None,
    )


def _signal(row: automation_rows.SignalRow, orders: Mapping[str, tuple[str, str]], now: int) -> SignalRow:
    expired = row.status == SignalStatus.WAITING and row.expires_at is not None and row.expires_at <= now
    return SignalRow(
        id=row.id,
        channel=row.channel,
        source=row.source,
        key=row.dedup_key,
        payload=json_decode(row.payload),
        status=row.status,
        tries=row.tries,
        received_at=from_ms(row.received_at),
        expires_at=moment(row.expires_at),
        consumed_tick=row.consumed_tick,
        outcome="expired" if expired else row.outcome,
        reason=row.reason,
        orders=[
            SignalOrder(id=id_, status=orders[id_][0], reason=orders[id_][1])
            for id_ in json.loads(row.orders)
            if id_ in orders
        ],
    )
