"""One intent while it moves: what an execution does to it and to the ledger. Pure but for the new fill's id."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from octobot_node.contracts.exchanges import ExchangeTrade
from octobot_node.engine.ledger.book import Book, exact
from octobot_node.engine.ledger.intent_closing import owner_of
from octobot_node.ids import new_id
from octobot_node.orders import IntentStatus
from octobot_node.store.rows.order import IntentRow

__all__ = ["FillingIntent", "settle_one"]


@dataclass(slots=True)
class FillingIntent:
    """A locked intent while a pass changes it."""

    row: IntentRow
    status: IntentStatus
    filled: Decimal
    cost: Decimal
    fee: Decimal
    fee_asset: str | None
    reserved: Decimal
    order_id: str | None
    reason: str
    news: bool
    changed: bool = False
    wakes: bool = False

    @classmethod
    def of(cls, row: IntentRow) -> FillingIntent:
        """Return an intent as its row has it."""
        return cls(
            row, IntentStatus(row.status), row.filled, row.cost, row.fee, row.fee_asset, row.reserved,
            row.exchange_order_id, row.reason, row.news,
        )  # fmt: skip

    def become(self, status: IntentStatus, reason: str = "", *, news: bool = False) -> None:
        """Move on to ``status``; ``news`` are told to the automation."""
        self.status, self.reason, self.news = status.after(self.status), reason[:500], self.news or news
        self.changed, self.wakes = True, self.wakes or news


def settle_one(account_id: str, book: Book, intent: FillingIntent, trade: ExchangeTrade, now: int) -> dict[str, Any]:
    """Book an execution in ``book`` and move ``intent`` by it; return the row of ``fills``."""
    row, fill_id = intent.row, new_id()
    if intent.order_id is None:
        intent.order_id = trade.order_id
    if intent.status in (IntentStatus.PLANNED, IntentStatus.SENT, IntentStatus.UNKNOWN):
        # Planned: an answer said that it was not executed. The execution knows better, and nothing may leave again.
        intent.become(IntentStatus.OPEN)
    live = intent.status == IntentStatus.OPEN
    intent.reserved, realised = book.settle(
        owner_of(row), row.base, row.quote, trade, intent.reserved if live else Decimal(0), fill_id, now
    )
    with exact():
        intent.filled += trade.amount
        intent.cost += trade.cost
        intent.fee += trade.fee
    intent.fee_asset, intent.changed, intent.wakes = trade.fee_asset, True, True
    if live and row.amount is not None and intent.filled >= row.amount:
        intent.become(IntentStatus.FILLED, news=True)
    return {
        "id": fill_id,
        "owner": row.owner,
        "account_id": account_id,
        "shard": row.shard,
        "automation_id": row.automation_id,
        "intent_id": row.id,
        "news": True,
        "symbol": trade.symbol,
        "side": trade.side,
        "amount": trade.amount,
        "price": trade.price,
        "cost": trade.cost,
        "fee": trade.fee,
        "fee_asset": trade.fee_asset,
        "liquidity": trade.liquidity,
        "realised": realised,
        "exchange_trade_id": trade.id,
        "exchange_order_id": trade.order_id,
        "tag": row.tag,
        "generation": row.generation,
        "epoch": row.epoch,
        "at": trade.at,
        "settled_at": now,
    }
