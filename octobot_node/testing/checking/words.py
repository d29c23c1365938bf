"""Orders and markets in the words of a violation."""

from __future__ import annotations

from typing import Any

from octobot_node.testing.automation_test import AutomationTest

__all__ = ["market_text", "order_text", "what_of"]


def what_of(order: Any) -> tuple[Any, ...]:
    """Return what makes two orders equal."""
    names = ("symbol", "side", "tag", "amount", "price", "stop")
    return tuple(getattr(order, name, None) for name in names)


def order_text(order: Any) -> str:
    """Return an order, as decided or as open, such as "limit buy 2 BTC/USD at 90 [dip]"."""
    if not hasattr(order, "symbol"):
        return "a cancel"
    kind = getattr(order, "type", None) or type(order).__name__.removesuffix("Order").lower()
    spend = getattr(order, "spend", None)
    # An open order does not tell by how much it spends.
    size = f"{order.amount:f} " if order.amount is not None else "" if spend is None else f"{spend:f} quote "
    at = getattr(order, "price", None) or getattr(order, "stop", None)
    tag = f" [{order.tag}]" if order.tag else ""
    return f"{kind} {order.side} {size}{order.symbol}{f' at {at:f}' if at else ''}{tag}"


def market_text(trade: AutomationTest) -> str:
    """Return the market that an automation under test is in, and its budget."""
    market = trade.market.build()
    texts = []
    for symbol, rules in sorted(market.all_rules.items()):
        ticker = market.tickers.get(symbol)
        steps = f"steps {rules.price_step:f}/{rules.amount_step:f}, smallest {rules.min_amount:f}"
        texts.append(f"{symbol} at {format(ticker.last, 'f') if ticker else '?'}, {steps}, fee in {rules.fee_in}")
    budget = ", ".join(f"{amount:f} {asset}" for asset, amount in trade.balances.items())
    return f"{'; '.join(texts) or 'no market'}; budget {budget}"
