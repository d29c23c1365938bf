"""Orders over HTTP."""

from __future__ import annotations

from typing import Annotated

from fastapi import Query
from pydantic import BaseModel, ConfigDict, Field

from octobot_node.api import Api, ApiRouter, allow
from octobot_node.api.params import OrderPath
from octobot_node.operations.trading.catalogue import (
    ADOPT_ORDER,
    DECLARE_ORDER_NOT_SENT,
    LIST_BALANCES,
    LIST_FILLS,
    LIST_ORDERS,
    SHOW_ORDER,
)
from octobot_node.operations.trading.models.money import BalancePage, FillPage, ListBalances, ListFills, OrderDetail
from octobot_node.operations.trading.models.orders import (
    AdoptOrder,
    DeclareNotSent,
    ListOrders,
    OneOrder,
    OrderPage,
    Resolved,
)

__all__ = ["router"]

Reads = Annotated[Api, allow("orders:read")]
Writes = Annotated[Api, allow("orders:write")]

router = ApiRouter(tags=["orders"])


class Adoption(BaseModel):
    """What an order of unknown outcome became."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    exchange_order_id: str | None = Field(
        default=None,
        min_length=1,
        max_length=128,
        examples=["4711"],
        description="The exchange's own id; without it the exchange is asked for the order's client id.",
    )


@router.get("/orders", summary="Orders")
def list_orders(request: Annotated[ListOrders, Query()], api: Reads) -> OrderPage:
    """List orders, newest first."""
    return api.perform(LIST_ORDERS, request)


@router.get("/orders/{order}", summary="An order")
def read_order(order: OrderPath, api: Reads) -> OrderDetail:
    """Tell everything about an order, with its fills."""
    return api.perform(SHOW_ORDER, OneOrder(order=order))


@router.get("/fills", summary="Fills")
def list_fills(request: Annotated[ListFills, Query()], api: Reads) -> FillPage:
    """List executions, newest first."""
    return api.perform(LIST_FILLS, request)


@router.get("/balances", summary="Balances")
def list_balances(request: Annotated[ListBalances, Query()], api: Reads) -> BalancePage:
    """List what automations have of each asset, free and reserved."""
    return api.perform(LIST_BALANCES, request)


@router.post("/orders/{order}/adopt", summary="Say what an unknown order became", responses={502: {}})
def adopt_order(order: OrderPath, api: Writes, body: Adoption | None = None) -> Resolved:
    """Say which of the exchange's orders an order of unknown outcome became; what it executed is settled at once."""
    found = None if body is None else body.exchange_order_id
    return api.perform(ADOPT_ORDER, AdoptOrder(order=order, exchange_order_id=found))


@router.post("/orders/{order}/declare-not-sent", summary="Say that an unknown order never arrived")
def declare_order_not_sent(order: OrderPath, api: Writes) -> Resolved:
    """Say that an order of unknown outcome never reached its exchange: its funds are free again."""
    return api.perform(DECLARE_ORDER_NOT_SENT, DeclareNotSent(order=order))
