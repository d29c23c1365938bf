"""What the exchange counted, above all duplicates: per intent, never per client id."""

from __future__ import annotations

from collections import defaultdict

from pydantic import BaseModel, ConfigDict, Field

from octobot_node.testing.hostile_exchange.book import Book, BookOrder

__all__ = ["HostileReport", "report_of"]

_QUESTIONS = ("create", "cancel", "find", "order", "open", "trades", "balances")


class HostileReport(BaseModel):
    """Counts of one account, or of all."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    orders: int = Field(description="Orders accepted.")
    trades: int = Field(description="Trades executed.")
    intents: int = Field(description="Intents that an accepted order belongs to.")
    duplicates: int = Field(
        description="Orders beyond the first of their intent, counting those that executed anything or rest open."
    )
    duplicated_intents: dict[str, list[str]] = Field(description="Intents with duplicates -> ids of those orders.")
    requests: dict[str, int] = Field(description="Requests that arrived, by kind; those that were struck included.")
    refused: int = 0
    expired: int = 0
    duplicates_refused: int = Field(default=0, description="Orders refused because their client id was taken.")
    cancel_races: int = Field(default=0, description="Cancels answered ok whose order filled instead.")
    rate_limited: int = 0
    dropped_before: int = 0
    dropped_after: int = 0
    errors_before: int = Field(default=0, description="5xx without any effect.")
    errors_after: int = Field(default=0, description="5xx although the request had its effect.")


def report_of(book: Book, account: str | None = None) -> HostileReport:
    """Count one account's orders, or everyone's."""
    by_intent: dict[str, list[BookOrder]] = defaultdict(list)
    for order in book.orders.values():
        if account in (None, order.account):
            by_intent[order.intent_id].append(order)
    counts: dict[str, int] = defaultdict(int)
    for (owner, what), count in book.counts.items():
        if account in (None, owner):
            counts[what] += count
    effective = {intent: [o.id for o in orders if o.effective] for intent, orders in by_intent.items()}
    duplicated = {intent: orders for intent, orders in effective.items() if len(orders) > 1}
    return HostileReport(
        orders=sum(map(len, by_intent.values())),
        trades=sum(len(trades) for owner, trades in book.trades.items() if account in (None, owner)),
        intents=len(by_intent),
        duplicates=sum(len(orders) - 1 for orders in duplicated.values()),
        duplicated_intents=duplicated,
        requests={kind: counts.pop(kind) for kind in _QUESTIONS if kind in counts},
        **counts,
    )
