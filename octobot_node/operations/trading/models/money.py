"""What was traded and moved, and what came of it."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from pydantic import AwareDatetime, Field

from octobot_node.operations.automations.models.automations import OneAutomation
from octobot_node.operations.models import AutomationRef, PageRequest, PeriodRequest, Response
from octobot_node.operations.trading.models.orders import OrderRow
from octobot_node.orders import Side
from octobot_node.specs import Amount

__all__ = [
    "BalancePage",
    "BalanceRow",
    "EquityPoint",
    "EquitySeries",
    "FillPage",
    "FillRow",
    "ListBalances",
    "ListFills",
    "ListPostings",
    "OrderDetail",
    "PostingPage",
    "PostingRow",
    "ShowEquity",
]


class ListFills(PeriodRequest):
    """Which fills; every filter that is given must fit. The period is of the exchange's times."""

    automation: AutomationRef | None = Field(default=None, description="Only this one's, by name or id.")
    account: str | None = Field(default=None, max_length=128, description="Only those on this account, by name or id.")
    symbol: str | None = Field(default=None, max_length=64, description="Only those on this symbol.")
    order: str | None = Field(default=None, max_length=64, description="Only those of this order, by its id.")


class FillRow(Response):
    """One execution; ``amount`` is in base, ``price``, ``cost`` and ``realised`` are in quote.

    ``at`` is the exchange's time of it, ``settled_at`` is when the ledger moved.
    """

    id: str
    automation: str
    automation_id: str
    account: str
    order: str
    symbol: str
    side: Side
    amount: Amount
    price: Amount
    cost: Amount
    fee: Amount
    fee_asset: str
    liquidity: Literal["maker", "taker"]
    realised: Amount = Field(description="PnL of a sale by average cost, net of its fee.")
    tag: str
    exchange_trade_id: str
    exchange_order_id: str
    at: datetime
    settled_at: datetime


class FillPage(Response):
    """Fills, newest first."""

    fills: list[FillRow]
    next_cursor: str | None


class OrderDetail(OrderRow):
    """Everything about one order, with its fills, oldest first."""

    tif: str
    post_only: bool
    expires_at: datetime | None
    sent_at: datetime | None = Field(description="When its last request went out; None: it never did.")
    attempts: int = Field(description="How often it was sent.")
    fills: list[FillRow]


class ListPostings(PeriodRequest):
    """Which automation's postings; ``asset`` and the period narrow them."""

    automation: AutomationRef
    asset: str | None = Field(default=None, max_length=16, description="Only what moved of this one.")


class PostingRow(Response):
    """Something that moved: ``kind`` is budget, trade or fee; what left is negative. It is never changed."""

    id: str
    kind: Literal["budget", "trade", "fee"]
    asset: str
    amount: Amount
    fill: str | None = Field(description="The fill that moved it.")
    at: datetime


class PostingPage(Response):
    """Postings, newest first; all of an asset's add up to its balance."""

    automation: str
    automation_id: str
    postings: list[PostingRow]
    next_cursor: str | None


class ListBalances(PageRequest):
    """Whose balances; every filter that is given must fit."""

    automation: AutomationRef | None = Field(default=None, description="Only this one's, by name or id.")
    account: str | None = Field(default=None, max_length=128, description="Only those on this account, by name or id.")


class BalanceRow(Response):
    """What an automation has of an asset."""

    automation: str
    automation_id: str
    account: str
    asset: str
    free: Amount
    reserved: Amount


class BalancePage(Response):
    """Balances, an automation's together, the oldest first."""

    balances: list[BalanceRow]
    next_cursor: str | None


class ShowEquity(OneAutomation):
    """From when to when, both included; None: from the first, to the last."""

    since: AwareDatetime | None = None
    until: AwareDatetime | None = None
    points: int = Field(default=500, ge=10, le=5_000, description="Points at most.")


class EquityPoint(Response):
    """What an automation was worth in ``asset``, its positions at what they cost, and what it had realised by then."""

    at: datetime
    asset: str
    equity: Amount
    realised: Amount


class EquitySeries(Response):
    """Points after fills, oldest first, of the last days each, of the time before the last of every hour.

    Where there are more than was asked for they are thinned evenly over time; the first, the last, the lowest and the
    highest stay. ``thinned`` says whether any is left out.
    """

    automation: str
    automation_id: str
    points: list[EquityPoint]
    thinned: bool
