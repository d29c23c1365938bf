"""What connectors may offer a replay: the past, to skip ahead by, prices inside candles, and what was assumed."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Protocol, runtime_checkable

from octobot_node.orders import Side

__all__ = [
    "ForeseenFills",
    "PassedOrders",
    "PastMarket",
    "PastTouches",
    "PastVolumes",
    "ShownPrice",
    "StatesAssumptions",
]


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


@runtime_checkable
class PastMarket(Protocol):
    """Market data whose future is known: what a replay may skip ahead by. Times are ms UTC."""

    #: The opening time of the first candle, and the closing time of the last.
    start: int
    end: int

    def opening(self, symbol: str, since: int) -> tuple[int, Decimal] | None:
        """Return (time, open) of the first candle that starts at or after ``since``, or None past the end."""
        ...

    def traded_through(self, symbol: str, side: Side, price: Decimal, since: int) -> int | None:
        """Return when the first candle that starts at or after ``since`` and trades strictly through ``price`` closes.

        Through means below it for a buy, above it for a sell. None if that never happens.
        """
        ...

    def reached(self, symbol: str, *, since: int, above: Decimal | None, below: Decimal | None) -> int | None:
        """Return the first closing time after ``since`` whose close is at or past a level, or None."""
        ...


@dataclass(frozen=True, slots=True)
class ShownPrice:
    """A price inside the candle that opens and closes at these times (ms UTC)."""

    price: Decimal
    opens_at: int
    closes_at: int


@runtime_checkable
class PastTouches(Protocol):
    """A past market that can show prices inside its candles, as somebody would have seen them who looked every second.

    How the price went inside a candle is not known. The way that is careful for whoever holds something is taken: from
    the open down to the low, up to the high, and to the close. Times are ms UTC.
    """

    def touched(
        self, symbol: str, *, since: int, above: Decimal | None, below: Decimal | None
    ) -> tuple[int, Decimal] | None:
        """Return (when, price) of the first moment after ``since`` at which the price is at or past a level, or None.

        Exactly one level is given. The price is the level's, on the market's step; the open's where the candle opens
        past it; and the candle's high for a level above that is asked for after the price has turned upwards. To whom
        asks while it falls the high may be over, and only the close counts.
        """
        ...

    def show(self, symbol: str, price: Decimal, at: int) -> None:
        """Let tickers show ``price`` at ``at`` and some whole seconds later, as long as the candle is open."""
        ...

    def shown(self, symbol: str, at: int) -> ShownPrice | None:
        """Return what ``show`` lets tickers show at ``at``, or None if that is the newest close."""
        ...

    def arrival(self, symbol: str, at: int) -> int:
        """Return from when on an order meets candles that arrives at ``at``.

        That is its candle's start for one that arrives some seconds after it; otherwise ``at``.
        """
        ...

    def price(self, symbol: str, at: int) -> Decimal | None:
        """Return the newest price that was known at ``at`` without looking inside a candle, or None."""
        ...


@runtime_checkable
class StatesAssumptions(Protocol):
    """A connector of a replay that says what its figures rest on: a person should read it beside them."""

    def assumptions(self) -> Sequence[str]:
        """Return what was assumed, a sentence each."""
        ...


@runtime_checkable
class PastVolumes(Protocol):
    """A past market that knows how much was traded in each candle."""

    def with_volume(self, *, base: Decimal | None = None, quote: Decimal | None = None) -> PastMarket:
        """Return the market as its candles show it in which at least so much was traded, of base or worth in quote.

        The other candles are not there for ``opening`` and ``traded_through``; one without any volume never is.
        """
        ...
