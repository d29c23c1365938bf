"""One market: its price, what rests in it, and what others offer there."""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import ROUND_DOWN, Decimal
from itertools import count

from octobot_node.orders import Side
from octobot_node.testing.exchange_emulators.core.listing import Listing
from octobot_node.testing.exchange_emulators.core.orders import STOPS, Order, Trade
from octobot_node.testing.exchange_emulators.core.prices import PriceLine

__all__ = ["Book", "Offer"]


@dataclass(frozen=True, slots=True)
class Offer:
    """The best there is against an order: somebody's at the exchange (``maker``), or the world's beyond it."""

    price: Decimal
    amount: Decimal | None
    maker: Order | None = None


@dataclass(slots=True)
class Book:
    """Orders of one market. The world outside bids at the last price and asks one tick above it.

    ``depth``: how much of base the world trades at one price, before it moves; None for any amount.
    """

    listing: Listing
    line: PriceLine
    last: Decimal
    depth: Decimal | None = None
    bids_left: Decimal | None = None
    asks_left: Decimal | None = None
    resting: dict[int, Order] = field(default_factory=dict)
    stops: dict[int, Order] = field(default_factory=dict)
    trades: list[Trade] = field(default_factory=list)
    order_numbers: count[int] = field(default_factory=lambda: count(1_000_001))
    trade_numbers: count[int] = field(default_factory=lambda: count(5_000_001))

    @property
    def bid(self) -> Decimal:
        """What the world pays."""
        return self.last

    @property
    def ask(self) -> Decimal:
        """What the world wants."""
        return self.last + self.listing.tick

    def world_price(self, side: Side) -> Decimal:
        """Return what the world trades at with an order of this side."""
        return self.ask if side == "buy" else self.bid

    def move(self, price: Decimal) -> None:
        """Let the world trade at another price, its whole depth again."""
        self.last = price
        self.bids_left = self.asks_left = self.depth

    def offer(self, order: Order) -> Offer | None:
        """Return the best offer that the order may trade with, an order here before the world at the same price."""
        maker = self._best_maker(order)
        left = self.asks_left if order.new.side == "buy" else self.bids_left
        world = None if left == 0 else Offer(self.world_price(order.new.side), left)
        best = world
        if maker is not None and maker.new.price is not None and not _better(world, maker.new.price, order.new.side):
            best = Offer(maker.new.price, maker.remaining, maker)
        if best is None or (order.new.price is not None and _beyond(best.price, order.new.price, order.new.side)):
            return None
        return best

    def taken(self, side: Side, amount: Decimal) -> None:
        """Note that an order of this side traded with the world."""
        if side == "buy" and self.asks_left is not None:
            self.asks_left -= amount
        elif side == "sell" and self.bids_left is not None:
            self.bids_left -= amount

    def can_fill(self, order: Order) -> bool:
        """Whether there is enough for all of it at its price or better."""
        side, limit = order.new.side, order.new.price
        left = self.asks_left if side == "buy" else self.bids_left
        there = sum((maker.remaining for maker in self._makers(order)), Decimal(0))
        if limit is None or not _beyond(self.world_price(side), limit, side):
            if left is None:
                return True
            there += left
        return there >= order.remaining

    def crossed(self) -> list[Order]:
        """Return the resting orders that the world now trades with, oldest first."""
        return [order for order in self.resting.values() if self._crosses(order)]

    def reached(self) -> list[Order]:
        """Return the stops whose price was reached."""
        return [order for order in self.stops.values() if reached(order, self.last)]

    def keep(self, order: Order) -> None:
        """Let an order rest, or wait for its stop."""
        (self.resting if order.resting else self.stops)[order.serial] = order

    def forget(self, order: Order) -> None:
        """Take an order out."""
        self.resting.pop(order.serial, None)
        self.stops.pop(order.serial, None)

    def whole(self, amount: Decimal) -> Decimal:
        """Round an amount down to the market's step."""
        step = self.listing.step
        return (amount / step).quantize(Decimal(1), ROUND_DOWN) * step

    def _crosses(self, order: Order) -> bool:
        price = order.new.price
        return price is not None and not _beyond(self.world_price(order.new.side), price, order.new.side)

    def _makers(self, order: Order) -> list[Order]:
        # A market order goes no further than the world would take it.
        side, limit = order.new.side, order.new.price or self.world_price(order.new.side)
        found = [
            (maker.new.price if side == "buy" else -maker.new.price, maker)
            for maker in self.resting.values()
            if maker.new.side != side and maker.new.price is not None and not _beyond(maker.new.price, limit, side)
        ]
        # The best price first, the oldest of the same: sorting keeps their order.
        return [maker for _, maker in sorted(found, key=lambda each: each[0])]

    def _best_maker(self, order: Order) -> Order | None:
        return next(iter(self._makers(order)), None)


def reached(order: Order, last: Decimal) -> bool:
    """Whether a stop's price is reached at ``last``."""
    stop = order.new.stop
    assert stop is not None
    assert order.new.kind in STOPS
    # A stop buys above and sells below; a take-profit the other way round.
    upwards = (order.new.side == "buy") == order.new.kind.startswith("stop")
    return last >= stop if upwards else last <= stop


def _better(world: Offer | None, price: Decimal, side: Side) -> bool:
    return world is not None and (world.price < price if side == "buy" else world.price > price)


def _beyond(price: Decimal, limit: Decimal, side: Side) -> bool:
    return price > limit if side == "buy" else price < limit
