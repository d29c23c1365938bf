"""Judge an order by its symbol and its size."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping
from decimal import Context, Decimal
from fnmatch import fnmatchcase
from typing import assert_never

from octobot_node.market import Market
from octobot_node.orders import LimitOrder, MarketOrder, Order, StopOrder
from octobot_plugins.order_rules.settings import OrderRulesSettings

__all__ = ["refusal"]

#: More digits than a product of two of the engine's amounts has.
_WIDE = Context(prec=80)


def refusal(order: Order, market: Market, settings: OrderRulesSettings) -> str | None:
    """Return why ``order`` may not be, or None."""
    symbol = order.symbol
    denied = next((each for each in settings.deny if fnmatchcase(_folded(symbol), _folded(each))), None)
    if denied is not None:
        return f"{symbol} may not be traded: {denied!r} is denied by order_rules"
    # To the letter, unlike what is denied: both ways the doubtful order is the one that is refused.
    if settings.allow and not any(fnmatchcase(symbol, each) for each in settings.allow):
        return f"{symbol} may not be traded: order_rules allow {', '.join(settings.allow)}"
    quote = symbol.partition("/")[2]
    largest = _largest(quote, settings.max_order_quote)
    if largest is None:
        return None
    size = _size(order, market)
    if size is None:
        return f"there is no price to see whether it is above the {largest} {quote} that order_rules allow an order"
    if size > largest:
        return f"{_text(size)} {quote} is above the {largest} {quote} that order_rules allow an order"
    return None


def _largest(quote: str, sizes: Mapping[str, Decimal]) -> Decimal | None:
    return min((size for asset, size in sizes.items() if _folded(asset) == _folded(quote)), default=None)


def _folded(text: str) -> str:
    """Return the form in which what is forbidden is compared: a market may know BTC/usdt, and */USDT means it, too.

    Compatibility forms are one, too: a full-width or otherwise dressed-up letter is no way around a rule.
    """
    return unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).casefold())


def _size(order: Order, market: Market) -> Decimal | None:
    """Return the order's size in quote; a stop is one at its stop price, at the least."""
    if isinstance(order, MarketOrder):
        if order.spend is not None:
            return order.spend
        ticker = market.tickers.get(order.symbol)
        price = None if ticker is None else ticker.last
    elif isinstance(order, LimitOrder):
        price = order.price
    elif isinstance(order, StopOrder):
        price = order.stop
    else:
        assert_never(order)
    if price is None or order.amount is None:
        return None
    return _WIDE.multiply(order.amount, price)


def _text(size: Decimal) -> str:
    text = format(size, "f")
    return text.rstrip("0").rstrip(".") if "." in text else text
