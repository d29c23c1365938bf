"""What a market says against a config: fees that eat what it gains, buys that cannot be."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from itertools import pairwise

from octobot_node import Finding, Market, MarketRules
from octobot_node.text.amounts import amount_text, percent_hint, percent_text
from octobot_tentacles.dca.config import DcaConfig, SafetyOrders

__all__ = ["findings"]


def findings(config: DcaConfig, market: Market, budget: Mapping[str, Decimal]) -> list[Finding]:
    """Return what its owner should know before it trades."""
    rules, last = market.rules(config.symbol), market.ticker(config.symbol).last
    found = [] if config.take_profit is None else _take_profit(config.take_profit, rules, last)
    if config.safety_orders is not None:
        found += _ladder(config.safety_orders, rules)
    return found + _buy(config, rules, last, budget.get(config.quote, Decimal(0)))


def _take_profit(percent: Decimal, rules: MarketRules, last: Decimal) -> list[Finding]:
    # The average cost has the fee of buying in it.
    average = rules.cost_with_fee(last)
    if rules.gains_at(average * (1 + percent / 100), average):
        return []
    text = (
        f"{percent_text(percent)} above the average cost does not cover the fee of selling,"
        f" {percent_text(rules.maker_fee * 100)}: each sale loses, or gains nothing{percent_hint(percent)}"
    )
    return [Finding("take_profit", text)]


def _ladder(ladder: SafetyOrders, rules: MarketRules) -> list[Finding]:
    fee = rules.maker_fee * 100
    drops = [Decimal(0), *ladder.drops]
    gap = min(lower - upper for upper, lower in pairwise(drops))
    if gap > fee:
        return []
    text = (
        f"safety orders that are {percent_text(gap)} apart are no further apart than what the fee of buying takes,"
        f" {percent_text(fee)}: all are bought within one small move{percent_hint(ladder.step)}"
    )
    return [Finding("safety_orders.step", text)]


def _buy(config: DcaConfig, rules: MarketRules, last: Decimal, free: Decimal) -> list[Finding]:
    quote, least = rules.quote, max(rules.min_amount, rules.amount_step)
    cost = config.amount * (1 + rules.taker_fee if rules.fee_in == "quote" else 1)
    if cost > free:
        text = (
            f"a buy takes {amount_text(cost, quote)} with its fee, and the budget has {amount_text(free, quote)}:"
            " nothing is bought; raise the budget, or lower amount"
        )
        return [Finding("amount", text)]
    bought = rules.round_amount(config.amount / last) if last else Decimal(0)
    if config.amount < rules.min_notional or bought < rules.min_amount or not bought:
        text = (
            f"a buy of {amount_text(config.amount, quote)} is less than {rules.symbol} takes,"
            f" {amount_text(rules.min_notional, quote)} and {amount_text(least, rules.base)}:"
            " nothing is bought; raise it"
        )
        return [Finding("amount", text)]
    return []
