"""The prices to wake at: while all stay inside, no weight can have reached its limit."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import ROUND_CEILING, ROUND_FLOOR, Context, Decimal

from octobot_tentacles.rebalance.basket import Basket, Holding

__all__ = ["Levels", "around", "drift_levels"]

Levels = tuple[dict[str, Decimal], dict[str, Decimal]]

_DOWN = Context(prec=40, rounding=ROUND_FLOOR)
_UP = Context(prec=40, rounding=ROUND_CEILING)
#: Finer than any price: a level must not be the price itself, or it would wake at once, and again.
_LEAST_FACTOR = Decimal(1) + Decimal("1e-30")


def drift_levels(basket: Basket, limit: Decimal) -> Levels:
    """Return (above, below) by symbol for a basket no weight of which is ``limit`` percentage points off yet.

    With one traded asset they are exactly where its weight is that far off. With several, each may move by the same
    factor up or down: the smallest one by which the worst combination of such moves gets a weight there.
    """
    if len(basket.traded) == 1:
        return _exact(basket.traded[0], basket.quote.amount, limit)
    factor = min(_factors(basket, limit), default=None)
    if factor is None:
        return {}, {}
    return around(basket.prices, max(_DOWN.plus(factor), _LEAST_FACTOR))


def around(prices: dict[str, Decimal], factor: Decimal) -> Levels:
    """Return the levels ``factor`` times above and below ``prices``, rounded towards them."""
    above = {symbol: _DOWN.multiply(price, factor) for symbol, price in prices.items()}
    below = {symbol: _UP.divide(price, factor) for symbol, price in prices.items()}
    return above, below


def _exact(held: Holding, cash: Decimal, limit: Decimal) -> Levels:
    """Solve amount x price = share x (amount x price + cash) for the price, at the highest and lowest share.

    Rounded away from the price, so that a price with fewer digits is past the level if and only if the weight is.
    """
    if not held.amount or not cash:
        return {}, {}
    above, below = {}, {}
    most, least = held.weight + limit, held.weight - limit
    if most < 100:
        above[held.symbol] = _UP.divide(most * cash, held.amount * (100 - most))
    if least > 0:
        below[held.symbol] = _DOWN.divide(least * cash, held.amount * (100 - least))
    return above, below


def _factors(basket: Basket, limit: Decimal) -> Iterator[Decimal]:
    """Yield the factor at which each weight reaches its limit when the prices move against it as much as they may."""
    cash = basket.quote.amount
    worth = basket.total - cash
    for holding in basket.traded:
        most, least, value = holding.weight + limit, holding.weight - limit, holding.value
        others = worth - value
        if most < 100 and value:
            # It rises, the others fall: value x f = share x (value x f + others / f + cash).
            yield _root(value * (100 - most), most * cash, most * others)
        if least > 0:
            # It falls, the others rise: value / f = share x (value / f + others x f + cash).
            yield from _positive(_root_of_fall(least * others, least * cash, value * (100 - least)))
    yield from _factors_of_cash(basket.quote, worth, limit)


def _factors_of_cash(quote: Holding, worth: Decimal, limit: Decimal) -> Iterator[Decimal]:
    most, least, cash = quote.weight + limit, quote.weight - limit, quote.amount
    if most < 100 and cash:
        yield most * worth / (cash * (100 - most))
    if least > 0 and worth:
        yield cash * (100 - least) / (least * worth)


def _root(a: Decimal, b: Decimal, c: Decimal) -> Decimal:
    """Return the positive f with a f² - b f - c = 0."""
    return (b + (b * b + 4 * a * c).sqrt()) / (2 * a)


def _root_of_fall(a: Decimal, b: Decimal, c: Decimal) -> Decimal | None:
    """Return the positive f with a f² + b f - c = 0, or None if there is none."""
    if a:
        return (-b + (b * b + 4 * a * c).sqrt()) / (2 * a)
    return c / b if b else None


def _positive(factor: Decimal | None) -> Iterator[Decimal]:
    if factor is not None:
        yield factor
