"""Rows as an author sees them: intents, executions and positions in the words of the public API."""

from __future__ import annotations

from octobot_node.automation import Position
from octobot_node.market import from_ms
from octobot_node.orders import Fill, IntentStatus, OpenOrder, OrderResult
from octobot_node.store.rows.ledger import FillRow, PositionRow
from octobot_node.store.rows.order import OpenIntentRow

__all__ = ["fill", "open_order", "order_result", "position"]


def position(row: PositionRow) -> Position:
    """Return a position's row as an author sees it."""
    return Position(row.symbol, row.amount, row.cost, row.realised)


def open_order(row: OpenIntentRow) -> OpenOrder:
    """Return an intent's row as an author sees it."""
    return OpenOrder(
        id=row.id,
        symbol=row.symbol,
        side=row.side,
        type=row.type,
        amount=row.amount,
        price=row.price,
        stop=row.stop,
        filled=row.filled,
        status=IntentStatus(row.status),
        tag=row.tag,
        created_at=from_ms(row.created_at),
    )


def fill(row: FillRow) -> Fill:
    """Return an execution's row as an author sees it."""
    return Fill(
        id=row.id,
        order_id=row.intent_id,
        symbol=row.symbol,
        side=row.side,
        amount=row.amount,
        price=row.price,
        cost=row.cost,
        fee=row.fee,
        fee_asset=row.fee_asset,
        liquidity=row.liquidity,
        tag=row.tag,
        at=from_ms(row.at),
    )


def order_result(row: OpenIntentRow) -> OrderResult:
    """Return what became of an intent, as an author is told."""
    return OrderResult(
        order_id=row.id,
        symbol=row.symbol,
        side=row.side,
        status=IntentStatus(row.status),
        reason=row.reason,
        filled=row.filled,
        average=row.cost / row.filled if row.filled else None,
        tag=row.tag,
    )
