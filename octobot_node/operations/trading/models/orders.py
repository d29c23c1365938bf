"""Orders, and settling those whose outcome only a person knows."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from pydantic import Field

from octobot_node.operations.models import AutomationRef, PeriodRequest, Request, Response
from octobot_node.orders import OrderType, Side
from octobot_node.specs import Amount

__all__ = [
    "AdoptOrder",
    "DeclareNotSent",
    "ListOrders",
    "OneOrder",
    "OrderPage",
    "OrderResolved",
    "OrderRow",
    "OrderStatus",
]

OrderStatus = Literal["planned", "sent", "open", "unknown", "filled", "cancelled", "refused", "expired", "skipped"]


class OrderRow(Response):
    """One order; amounts are in base, ``spend`` and prices in quote."""

    id: str
    automation: str
    automation_id: str
    account: str
    symbol: str
    side: Side
    type: OrderType
    status: OrderStatus
    reason: str
    amount: Amount | None
    spend: Amount | None
    price: Amount | None
    stop: Amount | None
    filled: Amount
    average: Amount | None
    fee: Amount
    fee_asset: str | None
    reserved: Amount
    reserved_asset: str | None
    tag: str
    tick: int
    client_order_id: str
    exchange_order_id: str | None
    created_at: datetime
    updated_at: datetime


class ListOrders(PeriodRequest):
    """Which orders; ``status`` may also be `live`: those that can still change.

    The period is that in which they were made.
    """

    automation: AutomationRef | None = Field(default=None, description="Only this one's, by name or id.")
    status: OrderStatus | Literal["live"] | None = Field(
        default=None, description="Only those that are open, unknown, filled, …; or live: those that can still change."
    )
    symbol: str | None = Field(default=None, max_length=64, description="Only those on this symbol.")


class OrderPage(Response):
    """Orders, newest first."""

    orders: list[OrderRow]
    next_cursor: str | None


class OneOrder(Request):
    """One order, by its id."""

    order: str = Field(min_length=1, max_length=64, description="An order's id, as the list of orders has it.")


class AdoptOrder(Request):
    """An order of unknown outcome, and the exchange's own id of what it became.

    Without an id the exchange is asked for the order's client id.
    """

    order: str = Field(min_length=1, max_length=64, description="An order's id, as the list of orders has it.")
    exchange_order_id: str | None = Field(
        default=None,
        min_length=1,
        max_length=128,
        examples=["4711"],
        description="The exchange's own id; without it the exchange is asked for the order's client id.",
    )


class DeclareNotSent(Request):
    """An order of unknown outcome that a person knows never reached the exchange."""

    order: str = Field(min_length=1, max_length=64, description="An order's id, as the list of orders has it.")


class OrderResolved(Response):
    """An order whose outcome a person settled."""

    order: OrderRow
