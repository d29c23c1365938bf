"""What a market says against a config: a stop within what buying and selling cost."""

from __future__ import annotations

from decimal import Decimal

from octobot_node import Finding, Market
from octobot_node.text.amounts import percent_hint, percent_text
from octobot_tentacles.stop_loss_guard.config import StopLossGuardConfig

__all__ = ["findings"]


def findings(config: StopLossGuardConfig, market: Market) -> list[Finding]:
    """Return what its owner should know before it guards."""
    rules, ticker = market.rules(config.symbol), market.ticker(config.symbol)
    average = rules.cost_with_fee(ticker.ask)
    costs = (1 - rules.brings_after_fee(ticker.bid) / average) * 100
    found = []
    if config.loss is not None and average * (1 - config.loss / 100) >= ticker.last:
        text = (
            f"{percent_text(config.loss)} below the average cost, which has the fee of buying in it, is where the price"
            f" is when something is bought: it acts at once, and buying and selling cost {percent_text(costs)}"
        )
        found.append(Finding("loss", text + percent_hint(config.loss)))
    elif config.loss is not None:
        found += _within("loss", config.loss, costs)
    if config.trailing is not None:
        found += _within("trailing", config.trailing, costs)
    if config.price is not None and config.price >= ticker.last:
        text = f"{config.price:f} is not below the price of {ticker.last:f}: it acts as soon as something is held"
        found.append(Finding("price", text))
    return found


def _within(field: str, percent: Decimal, costs: Decimal) -> list[Finding]:
    if percent > costs:
        return []
    text = (
        f"{percent_text(percent)} is within what buying and selling cost, {percent_text(costs)}: the first small move"
        f" sells at a loss{percent_hint(percent)}"
    )
    return [Finding(field, text)]
