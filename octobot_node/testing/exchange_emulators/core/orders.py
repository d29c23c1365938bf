"""Orders and trades as the exchange knows them, whatever its clients are told."""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, Literal

from octobot_node.orders import Side

__all__ = ["STOPS", "Kind", "NewOrder", "Order", "Refused", "RefusedFor", "Status", "StpMode", "Tif", "Trade"]

Kind = Literal["market", "limit", "stop", "stop_limit", "take_profit", "take_profit_limit"]
Tif = Literal["gtc", "ioc", "fok"]
Status = Literal["open", "filled", "cancelled", "expired"]
#: What a self-trade does: nothing, or it ends the incoming order, the resting one, or both.
StpMode = Literal["none", "taker", "maker", "both"]
Liquidity = Literal["maker", "taker"]

RefusedFor = Literal["funds", "would_take", "would_trigger", "closed"]

STOPS: frozenset[Kind] = frozenset({"stop", "stop_limit", "take_profit", "take_profit_limit"})


class Refused(Exception):
    """An order that does not come to be; ``why`` is for the front to put into its exchange's words."""

    def __init__(self, why: RefusedFor) -> None:
        super().__init__(why)
        self.why: RefusedFor = why


@dataclass(frozen=True, slots=True)
class NewOrder:
    """An order as it is placed. Exactly one of ``amount`` (base) and ``spend`` (quote, market orders only) is given.

    ``extra`` is the front's own, such as Kraken's userref; the core never looks at it.
    """

    account: str
    symbol: str
    side: Side
    kind: Kind
    client_id: str = ""
    amount: Decimal | None = None
    spend: Decimal | None = None
    price: Decimal | None = None
    stop: Decimal | None = None
    tif: Tif = "gtc"
    post_only: bool = False
    stp: StpMode = "none"
    fee_in: Literal["received", "quote", "base"] = "received"
    extra: dict[str, Any] = field(default_factory=dict)


@dataclass(slots=True, eq=False)
class Order:
    """An order that was accepted. Times are ms UTC of the exchange, but for what is due: that is by the true time.

    ``serial`` counts all orders of the exchange, ``number`` those of its market where an exchange counts so.
    ``visible_at`` is when look-ups show it. ``resting``: it can be matched, as a stop that was not reached cannot.
    """

    serial: int
    number: int
    new: NewOrder
    created_at: int
    visible_at: int
    resting: bool
    updated_at: int = 0
    working_at: int = 0
    status: Status = "open"
    reason: str = ""
    filled: Decimal = Decimal(0)
    cost: Decimal = Decimal(0)
    locked: Decimal = Decimal(0)
    prevented: Decimal = Decimal(0)
    #: Of a fill that comes in parts: what each is, and when the next is due; 0 for none.
    part: Decimal = Decimal(0)
    part_due: int = 0
    trades: list[Trade] = field(default_factory=list)

    @property
    def open(self) -> bool:
        """Whether it may still trade."""
        return self.status == "open"

    @property
    def remaining(self) -> Decimal:
        """What is left, in base; of an order by quote: nothing."""
        return Decimal(0) if self.new.amount is None else self.new.amount - self.filled

    @property
    def effective(self) -> bool:
        """Whether it moved money or still may."""
        return self.open or self.filled > 0

    @property
    def account(self) -> str:
        """Whose it is."""
        return self.new.account

    @property
    def symbol(self) -> str:
        """Its market."""
        return self.new.symbol


@dataclass(frozen=True, slots=True, eq=False)
class Trade:
    """One execution of one order; ``id`` counts those of its market, from the same number in each."""

    id: int
    serial: int
    order: Order
    amount: Decimal
    price: Decimal
    fee: Decimal
    fee_asset: str
    liquidity: Liquidity
    at: int

    @property
    def cost(self) -> Decimal:
        """Its worth in quote."""
        return self.amount * self.price
