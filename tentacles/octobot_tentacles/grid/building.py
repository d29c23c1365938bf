"""Laying the cells out at the present price, and giving them inventory."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import ROUND_UP, Decimal
from itertools import zip_longest

from octobot_node import IntentStatus, MarketOrder, MarketRules
from octobot_node.text.amounts import amount_text
from octobot_tentacles.grid.accounting import OPENING, GridTick, cell_of, last_price
from octobot_tentacles.grid.levels import Cell, cost_of_buying, orderable
from octobot_tentacles.grid.state import ZERO, CellState, GridState

__all__ = [
    "SLIPPAGE",
    "Opening",
    "armed",
    "arming_price",
    "before_fee",
    "build",
    "shortage",
    "sides",
    "supplied",
]

#: A market buy may cost more than the last price says.
SLIPPAGE = Decimal("0.01")


@dataclass(frozen=True, slots=True)
class Opening:
    """A grid as it begins: the market buy it needs, if any, and what its owner should know."""

    state: GridState
    order: MarketOrder | None = None
    notice: str = ""


def build(tick: GridTick, state: GridState, cells: Sequence[Cell]) -> Opening:
    """Lay the cells out: those that buy below the price may, the others wait for inventory to sell."""
    price, rules = last_price(tick), tick.market.rules(tick.config.symbol)
    laid_out = tuple(
        CellState(phase="buy", todo=cell.amount) if cell.buy < price else CellState(phase="idle") for cell in cells
    )
    below, idle = sides(cells, price)
    need, has = _sum(cell.sale for cell in idle), _available(tick, state)
    loose = state.loose + _of_budget(tick, need, has)
    has += loose - state.loose
    buys = _sum(cost_of_buying(cell.amount, cell.buy, rules) for cell in below)
    worth = need * price if tick.config.start == "buy" else _sum(cell.amount * cell.buy for cell in idle)
    built = state.model_copy(
        update={
            "built": True,
            "cells": laid_out,
            "loose": loose,
            "capital": buys + worth,
            "retry_at": None,
            "problem": "",
        }
    )
    wanted = max(need - has, ZERO) if tick.config.start == "buy" else ZERO
    amount = _affordable(tick, below, idle, has) if wanted else ZERO
    order = MarketOrder(rules.symbol, "buy", amount=amount, tag=OPENING) if amount else None
    free = tick.balances.get(rules.quote, ZERO)
    return Opening(built, order, shortage(buys + cost_of_buying(wanted, price, rules), free, rules.quote))


def _of_budget(tick: GridTick, need: Decimal, has: Decimal) -> Decimal:
    """Return how much base of the budget, which the grid did not buy, it takes over."""
    outside = tick.balances.get(tick.config.base, ZERO) - max(has, ZERO)
    return max(min(need - has, outside), ZERO)


def _available(tick: GridTick, state: GridState) -> Decimal:
    """Return the loose inventory that no order of an earlier layout may still sell."""
    leaving = (order for order in tick.open_orders if order.symbol == state.symbol and order.side == "sell")
    stale = (order for order in leaving if cell_of(order.tag, state.generation) is None)
    return state.loose - _sum(order.remaining or ZERO for order in stale)


def _affordable(tick: GridTick, below: Sequence[Cell], idle: Sequence[Cell], has: Decimal) -> Decimal:
    """Return the base to buy for idle cells.

    Where the free quote is too little for all, the two sides of the price share it in turns, from the price outwards:
    an opening that took all of it would leave nothing to buy with when the price falls.
    """
    price, rules = last_price(tick), tick.market.rules(tick.config.symbol)
    free, need, best = tick.balances.get(tick.config.quote, ZERO), ZERO, ZERO
    opening = buys = ZERO
    for above, under in zip_longest(idle, reversed(below)):
        if above is not None:
            need += above.sale
            amount = before_fee(max(need - has, ZERO), rules)
            opening = cost_of_buying(amount, price, rules)
            if opening * (1 + SLIPPAGE) > free or opening + buys > free:
                break
            best = amount
        if under is not None:
            buys += cost_of_buying(under.amount, under.buy, rules)
            if opening + buys > free:
                break
    return best if orderable(best, price, rules) else ZERO


def before_fee(amount: Decimal, rules: MarketRules) -> Decimal:
    """Return what to buy for ``amount`` to be left after a fee in base, rounded up to the step."""
    gross = amount / (1 - rules.taker_fee) if rules.fee_in == "received" else amount
    return (gross / rules.amount_step).to_integral_value(rounding=ROUND_UP) * rules.amount_step


def shortage(cost: Decimal, free: Decimal, quote: str) -> str:
    """Return what is to be known where all levels cost more than is free, or ""."""
    if cost <= free:
        return ""
    return (
        f"all levels of the grid together need about {amount_text(cost, quote)} and {amount_text(free, quote)} is free:"
        " those nearest to the price, on both sides of it, come first, the others wait until there is money; raise the"
        " budget, or lower amount or spend"
    )


def sides(cells: Sequence[Cell], price: Decimal) -> tuple[list[Cell], list[Cell]]:
    """Return (the cells that buy below ``price``, those that begin with inventory to sell), each lowest first."""
    return [cell for cell in cells if cell.buy < price], [cell for cell in cells if cell.buy >= price]


def supplied(tick: GridTick, state: GridState, cells: Sequence[Cell]) -> GridState:
    """Return the state with loose inventory given to idle cells, from the lowest, as far as it reaches."""
    has = _available(tick, state)
    states, given = list(state.cells), ZERO
    for index, cell in enumerate(cells):
        if states[index].phase != "idle":
            continue
        if cell.sale > has - given:
            break
        given += cell.sale
        states[index] = CellState(phase="sell", todo=cell.sale, held=cell.sale, opening=True)
    return state.model_copy(update={"cells": tuple(states), "loose": state.loose - given}) if given else state


def arming_price(cell: Cell, rules: MarketRules) -> Decimal:
    """Return the price from which an idle cell may buy: one step above its buy, so that this rests."""
    return cell.buy + rules.price_step


def armed(tick: GridTick, state: GridState, cells: Sequence[Cell]) -> GridState:
    """Return the state with those idle cells buying that the price has risen past."""
    if any(order.tag == OPENING and order.status is IntentStatus.UNKNOWN for order in tick.open_orders):
        return state  # it may yet bring what they are to sell
    price, rules = last_price(tick), tick.market.rules(tick.config.symbol)
    states = [
        CellState(phase="buy", todo=cell.amount, held=now.held)
        if now.phase == "idle" and price >= arming_price(cell, rules)
        else now
        for cell, now in zip(cells, state.cells, strict=True)
    ]
    return state.model_copy(update={"cells": tuple(states)})


def _sum(amounts: Iterable[Decimal]) -> Decimal:
    return sum(amounts, ZERO)
