"""Intents, and what kill switches have to do with them."""

from __future__ import annotations

from decimal import Decimal
from typing import Protocol

from octobot_node.orders import OrderType, Side
from octobot_node.store.rows.owned import OwnedRow

__all__ = [
    "AdriftIntentRow",
    "CancelRow",
    "ChecklistRow",
    "GroupedIntentRow",
    "IntentRow",
    "KillSwitchRow",
    "ListedIntentRow",
    "NotedOrderRow",
    "NotionalRow",
    "OpenIntentRow",
    "PolledIntentRow",
]


class NotionalRow(Protocol):
    """What an order's worth is reckoned from."""

    amount: Decimal | None
    spend: Decimal | None
    price: Decimal | None
    stop: Decimal | None
    snapshot_price: Decimal | None


class IntentRow(OwnedRow, Protocol):
    """A row of ``intents``. Of a cancel the type is "cancel", and symbol, base, quote and side are ""."""

    id: str
    automation_id: str
    kind: str
    tick: int
    group_id: str
    seq: int
    independent: bool
    status: str
    reason: str
    news: bool
    lacking: bool
    symbol: str
    base: str
    quote: str
    side: Side
    type: OrderType
    amount: Decimal | None
    spend: Decimal | None
    price: Decimal | None
    stop: Decimal | None
    tif: str
    post_only: bool
    expires_at: int | None
    tag: str
    parent: str | None
    reserved_asset: str | None
    reserved: Decimal
    snapshot_price: Decimal | None
    filled: Decimal
    cost: Decimal
    fee: Decimal
    fee_asset: str | None
    client_order_id: str
    exchange_order_id: str | None
    carrier: str | None
    retry_at: int | None
    send_by: int | None
    sent_at: int | None
    epoch: int | None
    attempt: int
    generation: int
    reduce_only: bool
    position_side: str
    created_at: int
    updated_at: int


class ListedIntentRow(IntentRow, Protocol):
    """An intent with the names of its automation and account, "" where they are gone."""

    automation: str
    account: str


class PolledIntentRow(Protocol):
    """What the account poller looks at; all have been sent."""

    id: str
    kind: str
    status: str
    client_order_id: str
    exchange_order_id: str | None
    sent_at: int
    send_by: int
    symbol: str
    side: Side
    amount: Decimal | None
    price: Decimal | None
    attempt: int


class OpenIntentRow(Protocol):
    """What a tick is told of an order, and what cancelling looks at."""

    id: str
    automation_id: str
    kind: str
    status: str
    reason: str
    news: bool
    parent: str | None
    symbol: str
    side: Side
    type: OrderType
    amount: Decimal | None
    price: Decimal | None
    stop: Decimal | None
    filled: Decimal
    cost: Decimal
    tag: str
    created_at: int


class GroupedIntentRow(Protocol):
    """What the send fence looks at of a decision's other intents."""

    group_id: str
    seq: int
    status: str
    carrier: str | None
    kind: str


class AdriftIntentRow(Protocol):
    """An intent to be sent, and on which account."""

    id: str
    account_id: str


class CancelRow(Protocol):
    """A cancel under way; ``parent`` is its order."""

    parent: str | None
    status: str
    reason: str


class KillSwitchRow(Protocol):
    """A row of ``kill_switches``."""

    id: str
    owner: str
    scope: str
    target_id: str
    target: str
    authority: str
    by: str
    reason: str
    thrown_at: int
    settled_at: int | None
    released_at: int | None
    released_by: str
    busy: bool


class NotedOrderRow(Protocol):
    """An order that a kill switch is still to cancel."""

    intent_id: str
    automation_id: str


class ChecklistRow(Protocol):
    """An order of a kill switch's checklist, as it was and as it is."""

    id: str
    automation_id: str
    symbol: str
    side: Side
    type: OrderType
    amount: Decimal | None
    spend: Decimal | None
    price: Decimal | None
    stop: Decimal | None
    status: str
    reason: str
    filled: Decimal
    exchange_order_id: str | None
    updated_at: int
    status_then: str
    filled_then: Decimal
    automation: str
    account: str
