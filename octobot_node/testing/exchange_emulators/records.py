"""What really happened at an emulator, as a test compares it with a node's books: nothing hidden, nothing late."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from decimal import Decimal

from pydantic import BaseModel, ConfigDict, Field

from octobot_node.contracts.exchanges import ExchangeOrder, ExchangeOrderStatus, ExchangeTrade
from octobot_node.testing.exchange_emulators.core.orders import Order, Trade

__all__ = ["Accepted", "EmulatorReport", "Executed", "accepted", "executed"]


@dataclass(frozen=True, slots=True)
class Accepted:
    """An order that the exchange took; ``serial`` counts all of them from 1."""

    account: str
    serial: int
    order: ExchangeOrder

    @property
    def effective(self) -> bool:
        """Whether it moved money or still may: two of one client id are a doubled order."""
        return self.order.status == "open" or self.order.filled > 0


@dataclass(frozen=True, slots=True)
class Executed:
    """A trade; ``order_serial`` is its order's."""

    account: str
    order_serial: int
    trade: ExchangeTrade


class EmulatorReport(BaseModel):
    """Counts since the emulator started."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    orders: int = Field(description="Orders accepted.")
    trades: int = Field(description="Trades executed.")
    refused: dict[str, int] = Field(description="Orders refused by the engine, by reason.")
    requests: dict[str, int] = Field(description="Requests that arrived, by path; those that were struck included.")
    strikes: dict[str, int] = Field(description="Strikes, by name.")
    errors: dict[str, int] = Field(description="Answers that refused something, by the exchange's own code.")
    connections: dict[str, int] = Field(description="Connections that were ever made, by the peer's address.")
    peers: list[tuple[str, int]] = Field(
        description="Each of them in order, as (address, port): what a proxy did not open itself went around it."
    )
    #: How often a redirect was followed to this server.
    redirects_followed: int = 0
    #: What all of them weighed by the exchange's own table, where it has one: Binance.
    weight: int = 0


_STATUS: dict[str, ExchangeOrderStatus] = {
    "open": "open",
    "filled": "filled",
    "cancelled": "cancelled",
    "expired": "expired",
}


def accepted(order: Order, order_id: str) -> Accepted:
    """Return the record of an order, with its id as clients see it."""
    new = order.new
    shown = ExchangeOrder(
        order_id, new.client_id or None, new.symbol, new.side, _STATUS[order.status], new.amount, new.price,
        order.filled, order.created_at, order.reason,
    )  # fmt: skip
    return Accepted(order.account, order.serial, shown)


def executed(trade: Trade, trade_id: str, order_id: str) -> Executed:
    """Return the record of a trade, with ids as clients see them."""
    new = trade.order.new
    shown = ExchangeTrade(
        trade_id, order_id, new.client_id or None, new.symbol, new.side, trade.amount, trade.price, trade.cost,
        trade.fee, trade.fee_asset, trade.liquidity, trade.at,
    )  # fmt: skip
    return Executed(trade.order.account, trade.order.serial, shown)


def total(records: Counter[str]) -> dict[str, int]:
    """Return counts in the order of their names."""
    return dict(sorted(records.items()))


def money(value: Decimal | int | str) -> Decimal:
    """Return an amount that somebody who tests gave; raise TypeError for a float, which is not exact."""
    if isinstance(value, float):
        raise TypeError(f"{value!r} is a float, which is not exact: write it as a string")
    return Decimal(value)
