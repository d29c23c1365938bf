"""What it does next, in words."""

from __future__ import annotations

from octobot_node.text.amounts import amount_text
from octobot_tentacles.smart_trade.config import SmartTradeConfig
from octobot_tentacles.smart_trade.state import Trade

__all__ = ["next_step"]


def next_step(config: SmartTradeConfig, trade: Trade | None) -> str:
    """Return how the trade begins or, once it has, which exit comes next."""
    symbol = config.symbol if trade is None else trade.symbol
    base, _, quote = symbol.partition("/")
    if trade is None or not trade.entered:
        return _entry(config, base, quote)
    if trade.exit is not None:
        return f"sells all of it: {trade.exit}"
    average = trade.average
    if average is None:
        return "waits until its entry has filled"
    exits = []
    if config.take_profits:
        exits.append(f"by take-profits from {amount_text(config.take_profits[0].at(average), quote)}")
    if trade.break_even:
        exits.append(f"at break-even, {amount_text(average, quote)}")
    elif config.stop_loss is not None:
        exits.append(f"at the stop-loss of {amount_text(config.stop_loss.at(average), quote)}")
    if config.trailing is not None and trade.peak is not None:
        stop = trade.peak * (1 - config.trailing.percent / 100)
        exits.append(f"at the trailing stop, {amount_text(stop, quote)} now")
    elif config.trailing is not None and config.trailing.activate_at is not None:
        exits.append(f"by a trailing stop from {amount_text(config.trailing.activate_at.at(average), quote)} on")
    if config.time_limit is not None:
        exits.append("when its time is over")
    return f"sells {', or '.join(exits)}" if exits else "sells at its trailing stop, from its first price on"


def _entry(config: SmartTradeConfig, base: str, quote: str) -> str:
    if config.existing is not None:
        return f"takes over the {base} of its budget {{when}}"
    size = f"{base} for {config.spend:f} {quote}" if config.spend is not None else f"{config.amount:f} {base}"
    entry = config.entry
    limit = f" at {entry.limit:f} {quote}" if entry.limit is not None else ""
    if entry.above is not None:
        return f"buys {size}{limit} once the price is at {entry.above:f} {quote} or above"
    if entry.below is not None:
        return f"buys {size}{limit} once the price is at {entry.below:f} {quote} or below"
    return f"buys {size}{limit or ' {when}'}"
