"""Look at orders, and settle those whose outcome only a person knows."""

from __future__ import annotations

from octobot_node.engine.commands.manual_resolution import ManualResolution
from octobot_node.operations.context import OperationContext
from octobot_node.operations.cursors import id_in
from octobot_node.operations.lookup import automation_id
from octobot_node.operations.lookup import order_row as find_order
from octobot_node.operations.periods import the_period
from octobot_node.operations.serializers import fill_row, moment, order_row
from octobot_node.operations.trading.models.money import OrderDetail
from octobot_node.operations.trading.models.orders import (
    AdoptOrder,
    DeclareNotSent,
    ListOrders,
    OneOrder,
    OrderPage,
    OrderResolved,
)
from octobot_node.store.queries import history, lists
from octobot_node.store.queries.lists import OrderFilter

__all__ = ["adopt", "declare_not_sent", "list_orders", "show"]


def list_orders(context: OperationContext, request: ListOrders) -> OrderPage:
    """Return a page of orders, newest first."""
    found = None if request.automation is None else automation_id(context, request.automation)
    period = the_period(request.since, request.until)
    which = OrderFilter(context.owner, found, request.status, request.symbol, period)
    with context.core.storage.read() as connection:
        rows = lists.order_page(connection, which, id_in(request.cursor), request.limit + 1)
    return OrderPage(
        orders=[order_row(row) for row in rows[: request.limit]],
        next_cursor=rows[request.limit - 1].id if len(rows) > request.limit else None,
    )


def show(context: OperationContext, request: OneOrder) -> OrderDetail:
    """Return everything about one order, with its fills."""
    row = find_order(context, request.order)
    with context.core.storage.read() as connection:
        fills = history.fills_of_order(connection, row.id)
    return OrderDetail(
        **dict(order_row(row)),
        tif=row.tif,
        post_only=row.post_only,
        expires_at=moment(row.expires_at),
        sent_at=moment(row.sent_at),
        attempts=row.attempt,
        fills=[fill_row(fill) for fill in fills],
    )


def adopt(context: OperationContext, request: AdoptOrder) -> OrderResolved:
    """Say which of the exchange's orders an order of unknown outcome became; what it executed is settled at once."""
    row = find_order(context, request.order)
    ManualResolution(context.core).adopt(row.id, request.exchange_order_id, by=context.by)
    context.hurry()
    return OrderResolved(order=order_row(find_order(context, request.order)))


def declare_not_sent(context: OperationContext, request: DeclareNotSent) -> OrderResolved:
    """Say that an order of unknown outcome never reached its exchange: its funds are free again."""
    row = find_order(context, request.order)
    ManualResolution(context.core).declare_not_sent(row.id, by=context.by)
    context.hurry()
    return OrderResolved(order=order_row(find_order(context, request.order)))
