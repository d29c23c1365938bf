"""What a trading connector may offer a replay, so that it goes from one thing that happens to the next."""

from __future__ import annotations

from collections.abc import Collection
from decimal import Decimal
from typing import Protocol, runtime_checkable

__all__ = ["ForeseenFills", "PassedOrders"]


@runtime_checkable
class ForeseenFills(Protocol):
    """A trading connector that knows when its next order ends by itself; others are asked at every instant."""

    def next_fill_at(self, after: int) -> int | None:
        """Return the first time later than ``after`` (ms UTC) at which an open order fills or ends, None for never."""
        ...


@runtime_checkable
class PassedOrders(Protocol):
    """A trading connector that fills resting orders when a price inside a candle has passed them."""

    async def pass_orders(self, symbol: str, price: Decimal, client_order_ids: Collection[str]) -> None:
        """Fill now, at their prices, those of the given orders that ``price`` has passed."""
        ...
