"""Orders over HTTP."""

from __future__ import annotations

from octobot_node.api import ApiRouter
from octobot_node.contracts.operation import Route
from octobot_node.operations.trading.catalogue import (
    ADOPT_ORDER,
    DECLARE_ORDER_NOT_SENT,
    LIST_BALANCES,
    LIST_FILLS,
    LIST_ORDERS,
    SHOW_ORDER,
)

__all__ = ["router"]

router = ApiRouter(tags=["orders"])
router.add_operation(LIST_ORDERS, Route("GET", "/orders", "orders:read", "Orders"))
router.add_operation(SHOW_ORDER, Route("GET", "/orders/{order}", "orders:read", "An order", name="read_order"))
router.add_operation(LIST_FILLS, Route("GET", "/fills", "orders:read", "Fills"))
router.add_operation(LIST_BALANCES, Route("GET", "/balances", "orders:read", "Balances", name="list_balances"))
router.add_operation(
    ADOPT_ORDER,
    Route(
        "POST",
        "/orders/{order}/adopt",
        "orders:write",
        "Say what an unknown order became",
        name="adopt_order",
        problems=(502,),
        step_up=True,
    ),
)
router.add_operation(
    DECLARE_ORDER_NOT_SENT,
    Route(
        "POST",
        "/orders/{order}/declare-not-sent",
        "orders:write",
        "Say that an unknown order never arrived",
        name="declare_order_not_sent",
        step_up=True,
    ),
)
