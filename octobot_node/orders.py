"""The orders an author writes in a ``Decision``, and what comes back about them."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import Literal

__all__ = [
    "CancelOrder",
    "Fill",
    "IntentStatus",
    "LimitOrder",
    "MarketOrder",
    "OpenOrder",
    "Order",
    "OrderAction",
    "OrderResult",
    "OrderType",
    "Side",
    "StopOrder",
    "diff_orders",
]

Side = Literal["buy", "sell"]
OrderType = Literal["market", "limit", "stop"]


class IntentStatus(StrEnum):
    """Where an intent stands; docs/engine.md draws the transitions."""

    PLANNED = "planned"
    SENT = "sent"
    OPEN = "open"
    FILLED = "filled"
    CANCELLED = "cancelled"
    REFUSED = "refused"
    EXPIRED = "expired"
    SKIPPED = "skipped"
    UNKNOWN = "unknown"
    #: Of a cancel: the exchange took the request; the order's own final state tells the outcome.
    DONE = "done"

    @property
    def terminal(self) -> bool:
        """Whether nothing more can happen to the intent."""
        return self not in _NEXT

    @property
    def failed(self) -> bool:
        """Whether the order ended without being filled whole."""
        return self in _FAILED

    @property
    def at_exchange(self) -> bool:
        """Whether the exchange has it, or may have it."""
        return not self.terminal and self is not IntentStatus.PLANNED

    @property
    def next(self) -> Collection[IntentStatus]:
        """What it may become; nothing where it is at its end."""
        return _NEXT.get(self, ())

    def after(self, before: str) -> IntentStatus:
        """Return this status to be written over ``before``; raise ValueError where it may not follow.

        Whoever writes a status goes through here, so that no other transition than the table's comes to be.
        """
        if self not in _NEXT.get(before, ()):
            raise ValueError(f"an intent that is {before} cannot become {self}: no such transition is in orders.py")
        return self


#: The state machine: what each status may become. One that is not here is final.
_NEXT: Mapping[str, Sequence[IntentStatus]] = {
    IntentStatus.PLANNED: (
        IntentStatus.SENT,
        IntentStatus.REFUSED,
        IntentStatus.SKIPPED,
        IntentStatus.EXPIRED,
        #: An answer said that it was not executed, and then an execution arrives.
        IntentStatus.OPEN,
        #: Of a cancel whose order was never sent, or has ended.
        IntentStatus.DONE,
    ),
    IntentStatus.SENT: (
        IntentStatus.OPEN,
        IntentStatus.PLANNED,
        IntentStatus.UNKNOWN,
        IntentStatus.REFUSED,
        IntentStatus.DONE,
    ),
    IntentStatus.OPEN: (
        IntentStatus.FILLED,
        IntentStatus.CANCELLED,
        IntentStatus.EXPIRED,
        IntentStatus.REFUSED,
        #: The exchange no longer knows it.
        IntentStatus.UNKNOWN,
    ),
    IntentStatus.UNKNOWN: (
        IntentStatus.OPEN,
        IntentStatus.PLANNED,
        #: By a person who knows that it is gone, or was never sent.
        IntentStatus.CANCELLED,
        IntentStatus.REFUSED,
    ),
}
_FAILED = frozenset({IntentStatus.REFUSED, IntentStatus.CANCELLED, IntentStatus.EXPIRED, IntentStatus.SKIPPED})


@dataclass(frozen=True, slots=True, kw_only=True)
class _Tagged:
    #: The author's own word for this order; comes back on its fills, results and open order.
    tag: str = ""
    #: Another account than the automation's own, by name. Reserved: refused until accounts can be shared.
    account: str | None = None


@dataclass(frozen=True, slots=True)
class MarketOrder(_Tagged):
    """Trade at once at the market's price: ``amount`` in base, or ``spend`` in quote (buy only).

    A buy never takes more than ``spend``. One by ``amount`` must be paid for 5 % above what is asked at the look; where
    less is free than that, it goes by what it costs now, or buys less where the exchange takes amounts alone.
    """

    symbol: str
    side: Side
    amount: Decimal | None = None
    spend: Decimal | None = None


@dataclass(frozen=True, slots=True)
class LimitOrder(_Tagged):
    """Trade ``amount`` (base) at ``price`` (quote per base) or better.

    ``tif`` is good-till-cancelled, immediate-or-cancel or fill-or-kill. ``post_only`` refuses to take
    liquidity. ``expires`` is an aware time at which the engine cancels it.
    """

    symbol: str
    side: Side
    amount: Decimal
    price: Decimal
    tif: Literal["gtc", "ioc", "fok"] = "gtc"
    post_only: bool = False
    expires: datetime | None = None


@dataclass(frozen=True, slots=True)
class StopOrder(_Tagged):
    """Trade ``amount`` (base) at market once the price reaches ``stop`` (quote per base).

    A buy is refused where less is free than it costs 5 % above ``stop``.
    """

    symbol: str
    side: Side
    amount: Decimal
    stop: Decimal


@dataclass(frozen=True, slots=True)
class CancelOrder:
    """Cancel an open order of this automation by the ``id`` of its ``OpenOrder``.

    One that is being cancelled already is left to that.
    """

    id: str


Order = MarketOrder | LimitOrder | StopOrder
OrderAction = Order | CancelOrder


@dataclass(frozen=True, slots=True)
class OpenOrder:
    """An order of this automation that is planned, sent, open or unknown."""

    id: str
    symbol: str
    side: Side
    type: str
    #: Base amount asked for; None for a market order by ``spend``.
    amount: Decimal | None
    price: Decimal | None
    stop: Decimal | None
    filled: Decimal
    status: IntentStatus
    tag: str
    created_at: datetime

    @property
    def remaining(self) -> Decimal | None:
        """Base amount not filled yet, or None where the order was by ``spend``."""
        return None if self.amount is None else self.amount - self.filled


@dataclass(frozen=True, slots=True)
class Fill:
    """A trade the exchange reported for one of this automation's orders.

    ``amount`` is in base, ``price`` in quote per base, ``cost`` = amount x price before fees.
    """

    id: str
    order_id: str
    symbol: str
    side: Side
    amount: Decimal
    price: Decimal
    cost: Decimal
    fee: Decimal
    fee_asset: str
    liquidity: Literal["maker", "taker"]
    tag: str
    at: datetime


@dataclass(frozen=True, slots=True)
class OrderResult:
    """An order reached a state worth telling: filled, cancelled, refused, expired, skipped or unknown."""

    order_id: str
    symbol: str
    side: Side
    status: IntentStatus
    #: Why, where there is a reason: the exchange's words or the engine's.
    reason: str
    filled: Decimal
    average: Decimal | None
    tag: str


def _same(order: Order, resting: OpenOrder) -> bool:
    wanted = (
        order.symbol,
        order.side,
        order.tag,
        getattr(order, "price", None),
        getattr(order, "stop", None),
        getattr(order, "amount", None),
    )
    return wanted == (
        resting.symbol,
        resting.side,
        resting.tag,
        resting.price,
        resting.stop,
        resting.remaining,
    )


def diff_orders(wanted: Iterable[LimitOrder | StopOrder], resting: Sequence[OpenOrder]) -> list[OrderAction]:
    """Return the cancels and orders that turn the ``resting`` orders into the ``wanted`` ones.

    An order is kept when symbol, side, tag, price, stop and *remaining* amount are equal, compared as numbers; give
    amounts and prices already rounded to the market's rules, or they will never match what rests.
    Cancels come first. An order whose outcome is unknown is neither cancelled, for its funds may be spent, nor ordered
    again, for it may rest: it counts as the wanted order that is equal to it.
    """
    left = list(resting)
    create: list[OrderAction] = []
    for order in wanted:
        kept = next((o for o in left if _same(order, o)), None)
        if kept is None:
            create.append(order)
        else:
            left.remove(kept)
    return [*(CancelOrder(o.id) for o in left if o.status is not IntentStatus.UNKNOWN), *create]
