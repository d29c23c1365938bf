"""Look at orders, and settle those whose outcome only a person knows."""

from __future__ import annotations

from octobot_node.engine.commands.manual_resolution import ManualResolution
from octobot_node.operations.context import Desk
from octobot_node.operations.lookup import automation_id
from octobot_node.operations.lookup import order_row as find_order
from octobot_node.operations.models import (
    AdoptOrder,
    DeclareNotSent,
    ListOrders,
    OneOrder,
    OrderDetail,
    OrderPage,
    Resolved,
)
from octobot_node.operations.serializers import fill_row, moment, order_row
from octobot_node.store.queries import history, lists
from octobot_node.store.queries.lists import OrderFilter

__all__ = ["adopt", "declare_not_sent", "list_orders", "show"]


def list_orders(desk: Desk, wanted: ListOrders) -> OrderPage:
    """Return a page of orders, newest first."""
    found = None if wanted.automation is None else automation_id(desk, wanted.automation)
    which = OrderFilter(desk.owner, found, wanted.status, wanted.symbol)
    with desk.core.storage.read() as connection:
        rows = lists.order_page(connection, which, wanted.cursor, wanted.limit + 1)
    return OrderPage(
        orders=[order_row(row) for row in rows[: wanted.limit]],
        next_cursor=rows[wanted.limit - 1].id if len(rows) > wanted.limit else None,
    )


def show(desk: Desk, wanted: OneOrder) -> OrderDetail:
    """Return everything about one order, with its fills."""
    row = find_order(desk, wanted.order)
    with desk.core.storage.read() as connection:
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


def adopt(desk: Desk, wanted: AdoptOrder) -> Resolved:
    """Say which of the exchange's orders an order of unknown outcome became; what it executed is settled at once."""
    row = find_order(desk, wanted.order)
    ManualResolution(desk.core).adopt(row.id, wanted.exchange_order_id, by=desk.by)
    desk.hurry()
    return Resolved(order=order_row(find_order(desk, wanted.order)))


def declare_not_sent(desk: Desk, wanted: DeclareNotSent) -> Resolved:
    """Say that an order of unknown outcome never reached its exchange: its funds are free again."""
    row = find_order(desk, wanted.order)
    ManualResolution(desk.core).declare_not_sent(row.id, by=desk.by)
    desk.hurry()
    return Resolved(order=order_row(find_order(desk, wanted.order)))
