"""What a tick of a smart trade looks at: the price, the rules, and its own open orders."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from octobot_node import CancelOrder, IntentStatus, MarketRules, OpenOrder, Tick
from octobot_tentacles.smart_trade.config import SmartTradeConfig
from octobot_tentacles.smart_trade.state import ZERO, Trade

__all__ = ["ENTRY", "TAKE_PROFIT", "Scene", "SmartTick", "deadline"]

ENTRY = "entry"
#: Followed by its place among the take-profits, lowest first, from 1: "take-profit-1".
TAKE_PROFIT = "take-profit-"

SmartTick = Tick[SmartTradeConfig, Trade]


def deadline(config: SmartTradeConfig, trade: Trade) -> datetime | None:
    """Return when the entry expires, or None if it does not."""
    return None if config.entry.expires is None else trade.started_at + config.entry.expires


@dataclass(frozen=True, slots=True)
class Scene:
    """One tick's view of one symbol; ``price`` is the last one observed."""

    config: SmartTradeConfig
    rules: MarketRules
    price: Decimal
    now: datetime
    scheduled: bool
    buys: Sequence[OpenOrder]
    sells: Sequence[OpenOrder]

    @classmethod
    def of(cls, tick: SmartTick, symbol: str) -> Scene:
        """Return what ``tick`` shows of ``symbol``."""
        return cls(
            config=tick.config,
            rules=tick.market.rules(symbol),
            price=tick.market.ticker(symbol).last,
            now=tick.now,
            scheduled=tick.scheduled_at is not None,
            buys=[order for order in tick.open_orders if order.side == "buy"],
            sells=[order for order in tick.open_orders if order.side == "sell"],
        )

    @property
    def locked(self) -> Decimal:
        """Base that open sells may still sell, those of unknown outcome included."""
        return sum((order.remaining or ZERO for order in self.sells), ZERO)

    def sellable(self, amount: Decimal, price: Decimal) -> Decimal:
        """Return what of ``amount`` the exchange lets us sell at ``price``: 0 when that is below its minimum."""
        rounded = self.rules.round_amount(amount)
        too_little = rounded < self.rules.min_amount or rounded * price < self.rules.min_notional
        return ZERO if too_little else rounded

    def cancels(self, orders: Sequence[OpenOrder], trade: Trade) -> list[CancelOrder]:
        """Return the cancels of those ``orders`` that can be cancelled and were not asked to be.

        Of an unknown outcome: it may have been filled already, so it is left to whoever finds out. A market order is as
        good as filled. At a scheduled time all are asked again, lest one that got lost keeps the trade from ending.
        """
        return [
            CancelOrder(order.id)
            for order in orders
            if order.status is not IntentStatus.UNKNOWN
            and order.price is not None
            and (self.scheduled or order.id not in trade.cancelling)
        ]
