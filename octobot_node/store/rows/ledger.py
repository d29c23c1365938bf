"""What was traded, and what there is."""

from __future__ import annotations

from decimal import Decimal
from typing import Literal, Protocol

from octobot_node.orders import Side
from octobot_node.store.rows.owned import OwnedRow

__all__ = [
    "EquityRow",
    "EquitySampleRow",
    "FillRow",
    "FreeBalanceRow",
    "FundsRow",
    "ListedBalanceRow",
    "ListedFillRow",
    "ListedPostingRow",
    "MarkRow",
    "PositionRow",
    "PostingRow",
    "PriceSampleRow",
    "ReportedPositionRow",
    "ResultRow",
]


class FillRow(OwnedRow, Protocol):
    """A row of ``fills``."""

    id: str
    automation_id: str
    intent_id: str
    news: bool
    symbol: str
    side: Side
    amount: Decimal
    price: Decimal
    cost: Decimal
    fee: Decimal
    fee_asset: str
    liquidity: Literal["maker", "taker"]
    realised: Decimal
    exchange_trade_id: str
    exchange_order_id: str
    tag: str
    reduce_only: bool
    position_side: str
    generation: int
    epoch: int | None
    at: int
    settled_at: int


class ListedFillRow(FillRow, Protocol):
    """A fill with the names of its automation and account, "" where they are gone."""

    automation: str
    account: str


class PostingRow(OwnedRow, Protocol):
    """A row of ``postings``."""

    id: str
    automation_id: str
    kind: str
    asset: str
    amount: Decimal
    fill_id: str | None
    at: int


class ListedPostingRow(PostingRow, Protocol):
    """A posting with the names of its automation and account, "" where they are gone."""

    automation: str
    account: str


class FreeBalanceRow(Protocol):
    """What an automation has to spend of an asset."""

    automation_id: str
    asset: str
    free: Decimal


class FundsRow(OwnedRow, Protocol):
    """A row of ``balances``."""

    automation_id: str
    asset: str
    free: Decimal
    reserved: Decimal
    budget: Decimal
    fees: Decimal
    fees_beside: Decimal


class MarkRow(OwnedRow, Protocol):
    """A row of ``marks``."""

    automation_id: str
    asset: str
    day: int
    equity: Decimal
    start: Decimal
    at: int


class ResultRow(OwnedRow, Protocol):
    """A row of ``results``."""

    automation_id: str
    day: int
    asset: str
    realised: Decimal
    fees: Decimal
    fills: int


class ListedBalanceRow(OwnedRow, Protocol):
    """A row of ``balances`` with the names of its automation and account."""

    automation_id: str
    asset: str
    free: Decimal
    reserved: Decimal
    budget: Decimal
    fees: Decimal
    fees_beside: Decimal
    automation: str
    account: str


class PositionRow(Protocol):
    """A position as a tick sees it."""

    automation_id: str
    symbol: str
    amount: Decimal
    cost: Decimal
    realised: Decimal


class ReportedPositionRow(OwnedRow, Protocol):
    """A row of ``positions``."""

    automation_id: str
    symbol: str
    amount: Decimal
    cost: Decimal
    realised: Decimal
    invested: Decimal
    fees: Decimal
    opening_cost: Decimal
    fills: int
    carried: Decimal
    opening_carried: Decimal


class EquityRow(OwnedRow, Protocol):
    """A row of ``equity``."""

    automation_id: str
    at: int
    asset: str
    equity: Decimal
    start: Decimal
    realised: Decimal
    money: Decimal
    held: str


class PriceSampleRow(Protocol):
    """A row of ``price_samples``."""

    source: str
    symbol: str
    at: int
    price: Decimal


class EquitySampleRow(Protocol):
    """A row of ``equity_samples``."""

    account_id: str
    asset: str
    at: int
    owner: str
    equity: Decimal
    start: Decimal
    realised: Decimal
    unpriced: int
