"""What an exchange lists, and by which rules it is traded."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Literal

__all__ = ["Listing", "MarketStatus", "RuleBroken", "broken_rule"]

#: ``cancel_only`` takes no new order, ``post_only`` none that would take, ``limit_only`` no market order.
MarketStatus = Literal["trading", "halted", "cancel_only", "post_only", "limit_only"]

RuleBroken = Literal[
    "price_tick", "price_range", "amount_step", "amount_min", "amount_max", "market_amount_max", "notional_min",
    "notional_max", "price_far",
]  # fmt: skip


@dataclass(frozen=True, slots=True)
class Listing:
    """One market. Amounts are in base, notionals in quote, fees ratios: 0.001 is 0.1 %.

    ``far_up`` and ``far_down`` bound a limit price as multiples of the last price; 0 bounds nothing.
    """

    symbol: str
    tick: Decimal = Decimal("0.01")
    step: Decimal = Decimal("0.00001")
    min_amount: Decimal = Decimal("0.00001")
    max_amount: Decimal = Decimal(9_000)
    max_market_amount: Decimal = Decimal(100)
    min_notional: Decimal = Decimal(5)
    max_notional: Decimal = Decimal(9_000_000)
    maker_fee: Decimal = Decimal("0.001")
    taker_fee: Decimal = Decimal("0.001")
    far_up: Decimal = Decimal(5)
    far_down: Decimal = Decimal("0.2")
    max_orders: int = 200
    max_stops: int = 5
    status: MarketStatus = "trading"

    @property
    def base(self) -> str:
        """What is bought and sold."""
        return self.symbol.partition("/")[0]

    @property
    def quote(self) -> str:
        """What is paid with."""
        return self.symbol.partition("/")[2]


def broken_rule(
    listing: Listing, amount: Decimal | None, price: Decimal | None, stop: Decimal | None, last: Decimal
) -> RuleBroken | None:
    """Return the first rule that an order breaks; a market order is given without a price and valued at ``last``."""
    for level in (price, stop):
        if level is not None and level <= 0:
            return "price_range"
        if level is not None and level % listing.tick:
            return "price_tick"
    if price is not None and _far(listing, price, last):
        return "price_far"
    return None if amount is None else _broken_by_amount(listing, amount, price, last)


def _far(listing: Listing, price: Decimal, last: Decimal) -> bool:
    above = listing.far_up > 0 and price > last * listing.far_up
    return above or price < last * listing.far_down


def _broken_by_amount(listing: Listing, amount: Decimal, price: Decimal | None, last: Decimal) -> RuleBroken | None:
    if amount < listing.min_amount:
        return "amount_min"
    if amount > listing.max_amount:
        return "amount_max"
    if amount % listing.step:
        return "amount_step"
    if price is None and amount > listing.max_market_amount:
        return "market_amount_max"
    notional = amount * (last if price is None else price)
    if notional < listing.min_notional:
        return "notional_min"
    return "notional_max" if notional > listing.max_notional else None
