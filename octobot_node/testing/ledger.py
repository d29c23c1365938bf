"""The orders and money of one automation in memory: planned, settled and ended by the engine's own functions."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from decimal import Decimal
from types import SimpleNamespace
from typing import Any

from octobot_node.automation import Position
from octobot_node.contracts.exchanges import Capabilities, ExchangeTrade, Lookup
from octobot_node.engine.deciding import author_view
from octobot_node.engine.ledger.book import Book, Owner
from octobot_node.engine.ledger.fill_application import FillingIntent, settle_one
from octobot_node.engine.ledger.intent_closing import close_with
from octobot_node.engine.ledger.opening_positions import open_base_positions
from octobot_node.engine.ledger.planning import Installation, Plan, plan_group
from octobot_node.limits import Limits
from octobot_node.market import Market
from octobot_node.orders import CancelOrder, Fill, IntentStatus, OpenOrder, OrderAction, OrderResult

__all__ = ["EVERYTHING", "Ledger"]

#: An exchange that has every kind of order, as paper trading has.
EVERYTHING = Capabilities(
    dedupe="forever", lookup=Lookup("all"), request_expiry=True, market_spend=True, native_stops=True, post_only=True
)
#: Columns of an intent that only sending fills in.
_UNSENT = {"exchange_order_id": None, "fee_asset": None, "epoch": None, "sent_at": None, "send_by": None}


class Ledger:
    """One automation's intents and ``Book``; times are ms UTC."""

    def __init__(
        self, automation_id: str, budget: Mapping[str, Decimal], limits: Limits, capabilities: Capabilities, now: int
    ) -> None:
        self.owner = Owner(automation_id, "local", "account")
        self.book = Book()
        self.fills: list[Fill] = []
        self.results: list[OrderResult] = []
        self._limits = limits
        self._capabilities = capabilities
        self._rows: dict[str, Any] = {}
        self._trades = 0
        for asset, amount in budget.items():
            self.book.deposit(self.owner, asset, amount, now)

    # -- looking

    @property
    def live(self) -> list[Any]:
        """The rows of orders that are not over, oldest first."""
        return [row for row in self._rows.values() if not IntentStatus(row.status).terminal]

    @property
    def open_orders(self) -> list[OpenOrder]:
        """The orders as an author sees them."""
        return [author_view.open_order(row) for row in self.live]

    @property
    def positions(self) -> dict[str, Position]:
        """The positions by symbol."""
        return {
            symbol: Position(symbol, held.amount, held.cost, held.realised)
            for (_, symbol), held in self.book.held.items()
        }

    @property
    def free(self) -> dict[str, Decimal]:
        """What is free to spend, by asset."""
        return {asset: funds.free for (_, asset), funds in self.book.funds.items()}

    @property
    def reserved(self) -> dict[str, Decimal]:
        """What open orders hold, by asset."""
        return {asset: funds.reserved for (_, asset), funds in self.book.funds.items()}

    # -- moving

    def open_positions(self, symbols: Collection[str], market: Market) -> None:
        """Make what the budget gives in base assets a position."""
        open_base_positions(self.owner, symbols, market, self.book)

    def plan(
        self, orders: Sequence[OrderAction], market: Market, *, tick: int, now: int, independent: bool
    ) -> list[str]:
        """Plan a decision's orders: those that can be are open afterwards, the others refused with their reason.

        Returns the ids of the orders that it asks to cancel.
        """
        plan = Plan(
            installation=Installation("test", 0),
            owner=self.owner,
            tick=tick,
            now=now,
            market=market,
            capabilities=self._capabilities,
            limits=self._limits,
            live_orders=len(self.live),
        )
        rows = [
            SimpleNamespace(**_UNSENT | row) for row in plan_group(plan, orders, self.book, independent=independent)
        ]
        for row in rows:
            if row.kind == "order":
                self._rows[row.id] = row
                if row.status == IntentStatus.PLANNED:
                    row.status, row.sent_at, row.exchange_order_id = IntentStatus.OPEN, now, f"x{len(self._rows)}"
                else:
                    self._tell(row)
        return [order.id for order in orders if isinstance(order, CancelOrder)]

    def fill(
        self, row: Any, amount: Decimal, price: Decimal, *, fee: Decimal, fee_asset: str, taker: bool, now: int
    ) -> Fill:
        """Settle an execution, as the engine does."""
        self._trades += 1
        trade = ExchangeTrade(
            id=f"t{self._trades}",
            order_id=row.exchange_order_id,
            client_order_id=row.client_order_id,
            symbol=row.symbol,
            side=row.side,
            amount=amount,
            price=price,
            cost=amount * price,
            fee=fee,
            fee_asset=fee_asset,
            liquidity="taker" if taker else "maker",
            at=now,
        )
        intent = FillingIntent.of(row)
        settled = settle_one(self.owner.account_id, self.book, intent, trade, now)
        vars(row).update(
            status=intent.status,
            reason=intent.reason,
            filled=intent.filled,
            cost=intent.cost,
            fee=intent.fee,
            fee_asset=intent.fee_asset,
            reserved=intent.reserved,
        )
        if intent.status.terminal:
            self.end(row, intent.status, row.reason, now)
        executed: Any = SimpleNamespace(**settled)
        fill = author_view.fill(executed)
        self.fills.append(fill)
        return fill

    def end(self, row: Any, status: IntentStatus, reason: str, now: int) -> None:
        """End an order and give back what is left of its funds."""
        vars(row).update(close_with(self.book, row, status, reason, row.reserved, now))
        self._tell(row)

    def doubt(self, row: Any, reason: str) -> None:
        """Make an order's outcome unknown."""
        row.status, row.reason = IntentStatus.UNKNOWN, reason
        self._tell(row)

    def _tell(self, row: Any) -> None:
        self.results.append(author_view.order_result(row))
