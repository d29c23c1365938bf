"""The cells of a grid on a given market, and whether they can earn anything there."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import ROUND_HALF_EVEN, Decimal
from itertools import pairwise

from octobot_node import MarketRules
from octobot_tentacles.grid.config import GridConfig

__all__ = ["Cell", "cells_of", "cost_of_buying", "orderable", "problem_of"]


@dataclass(frozen=True, slots=True)
class Cell:
    """Two neighbouring levels: ``amount`` is bought at ``buy``, and ``sale``, what the fee leaves, sold at ``sell``."""

    buy: Decimal
    sell: Decimal
    amount: Decimal
    sale: Decimal


def cells_of(config: GridConfig, rules: MarketRules) -> tuple[Cell, ...]:
    """Return the cells, lowest first, on the market's steps."""
    prices = [_nearest(price, rules.price_step) for price in config.prices()]
    kept = 1 - rules.maker_fee if rules.fee_in == "received" else Decimal(1)
    cells = []
    for buy, sell in pairwise(prices):
        wanted = config.amount if config.amount is not None else _amount_for(config.spend, buy)
        amount = rules.round_amount(wanted)
        cells.append(Cell(buy, sell, amount, rules.round_amount(amount * kept)))
    return tuple(cells)


def _amount_for(spend: Decimal | None, price: Decimal) -> Decimal:
    assert spend is not None
    return spend / price if price else Decimal(0)


def _nearest(price: Decimal, step: Decimal) -> Decimal:
    return (price / step).to_integral_value(rounding=ROUND_HALF_EVEN) * step


def cost_of_buying(amount: Decimal, price: Decimal, rules: MarketRules) -> Decimal:
    """Return what buying ``amount`` at ``price`` takes of the quote, with the fee where the quote pays it."""
    return amount * price * (1 + rules.taker_fee if rules.fee_in == "quote" else 1)


def orderable(amount: Decimal, price: Decimal, rules: MarketRules) -> bool:
    """Whether the exchange takes an order of ``amount`` at ``price``."""
    return amount > 0 and amount >= rules.min_amount and amount * price >= rules.min_notional


def problem_of(cells: tuple[Cell, ...], rules: MarketRules) -> str:
    """Return why these cells cannot be traded on this market, in one sentence, or ""."""
    for cell in cells:
        if not _earns(cell, rules.maker_fee):
            return (
                f"the gap between the levels {cell.buy:f} and {cell.sell:f} does not cover the fee of buying and"
                f" selling, {_short(rules.maker_fee * 100)} % each: set fewer levels, a larger step or a wider range"
            )
        if not (orderable(cell.amount, cell.buy, rules) and orderable(cell.sale, cell.sell, rules)):
            return (
                f"the level {cell.buy:f} buys {cell.amount:f} {rules.base} and can sell {cell.sale:f} after the fee,"
                f" but {rules.symbol} takes no order below {max(rules.min_amount, rules.amount_step):f} {rules.base} or"
                f" {rules.min_notional:f} {rules.quote}:"
                " raise amount or spend, or set fewer levels"
            )
    return ""


def _earns(cell: Cell, fee: Decimal) -> bool:
    # Whichever asset pays it, a round trip keeps (1 - fee) of what is sold for and pays at most 1 / (1 - fee).
    return cell.sell * (1 - fee) * (1 - fee) > cell.buy


def _short(number: Decimal) -> str:
    return format(number.normalize(), "f")
