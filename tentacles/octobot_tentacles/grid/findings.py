"""What a market says against a config: levels that earn nothing, too little money, exits within the fees."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal, localcontext

from octobot_node import Finding, Market, MarketRules
from octobot_node.text.amounts import amount_text, percent_hint, percent_text
from octobot_tentacles.grid.building import SLIPPAGE, before_fee, shortage, sides
from octobot_tentacles.grid.config import DIGITS, GridConfig
from octobot_tentacles.grid.levels import Cell, cells_of, cost_of_buying, problem_of
from octobot_tentacles.grid.state import ZERO

__all__ = ["findings"]


def findings(config: GridConfig, market: Market, budget: Mapping[str, Decimal]) -> list[Finding]:
    """Return what its owner should know before it trades."""
    rules, price = market.rules(config.symbol), market.ticker(config.symbol).last
    with localcontext(prec=DIGITS):
        cells = cells_of(config.laid_out(price), rules)
        problem = problem_of(cells, rules)
        if problem:
            return [Finding("", problem, "error")]
        return [*_exits(config, rules), *_money(config, cells, price, rules, budget)]


def _exits(config: GridConfig, rules: MarketRules) -> list[Finding]:
    fee = rules.taker_fee * 100
    gain, loss, found = config.take_profit_percent, config.stop_loss_percent, []
    if gain is not None and gain <= fee:
        text = (
            f"{percent_text(gain)} is no more than the fee of the closing sale, {percent_text(fee)}, which is not in it"
            f" yet: what the grid holds is sold at a loss{percent_hint(gain)}"
        )
        found.append(Finding("take_profit_percent", text))
    if loss is not None and loss <= fee:
        text = (
            f"{percent_text(loss)} is within the fee of buying, {percent_text(fee)}: the grid closes as soon as it has"
            f" bought{percent_hint(loss)}"
        )
        found.append(Finding("stop_loss_percent", text))
    return found


def _money(
    config: GridConfig, cells: Sequence[Cell], price: Decimal, rules: MarketRules, budget: Mapping[str, Decimal]
) -> list[Finding]:
    below, idle = sides(cells, price)
    free, has = budget.get(rules.quote, ZERO), budget.get(rules.base, ZERO)
    buys_now = config.start == "buy"
    wanted = max(sum((cell.sale for cell in idle), ZERO) - has, ZERO) if buys_now else ZERO
    cost = sum((cost_of_buying(cell.amount, cell.buy, rules) for cell in below), ZERO)
    cost += cost_of_buying(wanted, price, rules)
    least = min(_first_costs(below, idle, price, rules, has, buys_now=buys_now))
    if least > free:
        text = (
            f"not one level can be paid: the nearest takes {amount_text(least, rules.quote)} and the budget has"
            f" {amount_text(free, rules.quote)}; raise the budget, or lower"
            f" {'spend' if config.amount is None else 'amount'}"
        )
        return [Finding("amount" if config.spend is None else "spend", text, "error")]
    text = shortage(cost, free, rules.quote)
    return [Finding("", text)] if text else []


def _first_costs(
    below: Sequence[Cell], idle: Sequence[Cell], price: Decimal, rules: MarketRules, has: Decimal, *, buys_now: bool
) -> list[Decimal]:
    """Return what it may begin with costs: the nearest buy below the price, or what the nearest cell above it sells."""
    costs = [cost_of_buying(cell.amount, cell.buy, rules) for cell in below[-1:]]
    for cell in idle[:1]:
        missing = before_fee(max(cell.sale - has, ZERO), rules)
        at_market = cost_of_buying(missing, price, rules) * (1 + SLIPPAGE)
        costs.append(at_market if buys_now or not missing else cost_of_buying(cell.amount, cell.buy, rules))
    return costs
