"""One order at a time: whether a decision orders what is under way already."""

from __future__ import annotations

from collections.abc import Sequence

from octobot_node.orders import CancelOrder, OpenOrder, Order, OrderAction
from octobot_node.testing.checking.words import order_text

__all__ = ["doubled"]


def doubled(open_orders: Sequence[OpenOrder], actions: Sequence[OrderAction]) -> str | None:
    """Return what is wrong where an order has the symbol, side and tag of one that is not over, else None.

    One that is cancelled in the same decision is not over: the cancel may come too late.
    """
    under_way = {_kind(order): f"{order_text(order)} of {_since(order)}" for order in open_orders}
    for order in actions:
        if isinstance(order, CancelOrder):
            continue
        if _kind(order) in under_way:
            return f"it orders {order_text(order)} while {under_way[_kind(order)]}: both may execute"
        under_way[_kind(order)] = f"{order_text(order)} of the same decision is planned"
    return None


def _kind(order: Order | OpenOrder) -> tuple[str, str, str]:
    return order.symbol, order.side, order.tag


def _since(order: OpenOrder) -> str:
    how = "of unknown outcome" if order.status == "unknown" else order.status.value
    return f"{order.created_at:%m-%d %H:%M:%S} is {how}"
