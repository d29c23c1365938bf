"""What a market says against a config: levels within what buying and selling cost, an entry that cannot be paid."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

from octobot_node import Finding, Market, MarketRules, Ticker
from octobot_node.text.amounts import amount_text, percent_hint, percent_text
from octobot_tentacles.smart_trade.config import SmartTradeConfig, TakeProfit

__all__ = ["findings"]


@dataclass(frozen=True, slots=True)
class _Entry:
    """How the trade would begin: the price that stops are compared with then, and the average cost."""

    config: SmartTradeConfig
    rules: MarketRules
    price: Decimal
    average: Decimal
    #: Percent that buying and selling lose where the price does not move: fees and spread.
    costs: Decimal


def findings(config: SmartTradeConfig, market: Market, budget: Mapping[str, Decimal]) -> list[Finding]:
    """Return what its owner should know before it trades."""
    if config.symbol not in market.all_rules:
        return []  # an edit named another symbol than the running trade's: the trade goes on with its own
    entry = _entry(config, market.rules(config.symbol), market.ticker(config.symbol))
    found = [_take_profit(entry, index, target) for index, target in enumerate(config.take_profits)]
    found += [_stop_loss(entry), _trailing(entry), _break_even(entry), _unpaid(entry, budget)]
    return [each for each in found if each is not None]


def _entry(config: SmartTradeConfig, rules: MarketRules, ticker: Ticker) -> _Entry:
    costs = (1 - rules.brings_after_fee(ticker.bid) / rules.cost_with_fee(ticker.ask)) * 100
    if config.existing is not None:
        return _Entry(config, rules, ticker.last, config.existing.price or ticker.last, costs)
    wanted = config.entry.limit or config.entry.level
    if wanted is None:
        return _Entry(config, rules, ticker.last, rules.cost_with_fee(ticker.ask), costs)
    rests = config.entry.limit is not None and config.entry.limit < ticker.ask
    return _Entry(config, rules, wanted, rules.cost_with_fee(wanted, maker=rests), costs)


def _take_profit(entry: _Entry, index: int, target: TakeProfit) -> Finding | None:
    rules = entry.rules
    price = target.at(entry.average)
    if rules.gains_at(price, entry.average):
        return None
    fee = percent_text(rules.maker_fee * 100)
    if target.percent is None:
        text = (
            f"{price:f} is not above the average cost of {amount_text(entry.average, rules.quote)} by the fee of"
            f" selling, {fee}: the sale loses, or gains nothing"
        )
        return Finding(f"take_profits.{index}.price", text)
    text = (
        f"{percent_text(target.percent)} above the average entry does not cover the fee of selling, {fee}: the sale"
        f" loses, or gains nothing{percent_hint(target.percent)}"
    )
    return Finding(f"take_profits.{index}.percent", text)


def _stop_loss(entry: _Entry) -> Finding | None:
    stop = entry.config.stop_loss
    if stop is None:
        return None
    level, costs = stop.at(entry.average), percent_text(entry.costs)
    if stop.percent is None:
        if level < entry.price:
            return None
        text = (
            f"{level:f} is not below the price of {entry.price:f}: what is held is sold at once, and nothing is bought"
        )
        return Finding("stop_loss.price", text)
    hint = percent_hint(stop.percent)
    if level >= entry.price:
        text = (
            f"{percent_text(stop.percent)} below the average entry, which has the fee of buying in it, is where the"
            f" price is already: it sells at once, and buying and selling cost {costs}{hint}"
        )
        return Finding("stop_loss.percent", text)
    if stop.percent > entry.costs:
        return None
    text = f"{percent_text(stop.percent)} is within what buying and selling cost, {costs}: it loses mostly fees{hint}"
    return Finding("stop_loss.percent", text)


def _trailing(entry: _Entry) -> Finding | None:
    trailing = entry.config.trailing
    if trailing is None or trailing.percent > entry.costs:
        return None
    text = (
        f"{percent_text(trailing.percent)} is within what buying and selling cost, {percent_text(entry.costs)}: unless"
        f" the price rises at once by as much, the stop sells at a loss{percent_hint(trailing.percent)}"
    )
    return Finding("trailing.percent", text)


def _break_even(entry: _Entry) -> Finding | None:
    rule, rules = entry.config.break_even, entry.rules
    if rule is None or rule.percent is None or rules.brings_after_fee(1 + rule.percent / 100) > 1:
        return None
    text = (
        f"{percent_text(rule.percent)} above the average entry does not cover the fee of selling,"
        f" {percent_text(rules.taker_fee * 100)}: the stop moves above the price, and sells at once"
        f"{percent_hint(rule.percent)}"
    )
    return Finding("break_even.percent", text)


def _unpaid(entry: _Entry, budget: Mapping[str, Decimal]) -> Finding | None:
    config, rules = entry.config, entry.rules
    if config.existing is not None:
        return None
    size = config.spend if config.spend is not None else (config.amount or Decimal(0)) * entry.price
    cost = size * (1 + rules.taker_fee if rules.fee_in == "quote" else 1)
    # What is bought already was paid from the same budget.
    held = budget.get(rules.base, Decimal(0)) * entry.price
    free = budget.get(rules.quote, Decimal(0))
    if cost <= free + held:
        return None
    text = (
        f"the entry takes {amount_text(cost, rules.quote)} with its fee, and the budget has"
        f" {amount_text(free, rules.quote)}: nothing is bought; raise the budget, or lower the size"
    )
    return Finding("spend" if config.spend is not None else "amount", text)
