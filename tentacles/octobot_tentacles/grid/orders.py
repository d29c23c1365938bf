"""From the cells to the orders that should rest, and from those to what has to be done."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from octobot_node import CancelOrder, IntentStatus, LimitOrder, MarketOrder, MarketRules, OpenOrder, diff_orders
from octobot_tentacles.grid.accounting import GridTick, booked, cell_of
from octobot_tentacles.grid.levels import Cell, cost_of_buying, orderable
from octobot_tentacles.grid.state import ZERO, CellState, GridState

__all__ = ["Action", "Resting", "advanced", "cancels", "changes", "remembered_failures", "resting_orders"]

Action = MarketOrder | LimitOrder | CancelOrder
#: A level whose order was refused, or cancelled by somebody else, is tried again after this.
_RETRY = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Resting:
    """The open orders of the present layout by tag, the cells of which one is unknown, and all other orders."""

    by_tag: dict[str, OpenOrder]
    unknown: frozenset[int]
    others: tuple[OpenOrder, ...]


def resting_orders(tick: GridTick, state: GridState) -> Resting:
    """Return the open orders, sorted."""
    by_tag: dict[str, OpenOrder] = {}
    unknown, others = set(), []
    for order in tick.open_orders:
        index = cell_of(order.tag, state.generation) if order.symbol == state.symbol else None
        if index is None:
            others.append(order)
            continue
        by_tag[order.tag] = order
        if order.status is IntentStatus.UNKNOWN:
            unknown.add(index)
    return Resting(by_tag, frozenset(unknown), tuple(others))


def advanced(state: GridState, cells: Sequence[Cell], resting: Resting, rules: MarketRules) -> GridState:
    """Return the state with every cell whose phase is over in the next one."""
    states = list(state.cells)
    profit, trips = state.grid_profit, state.round_trips
    for index, (cell, now) in enumerate(zip(cells, state.cells, strict=True)):
        if now.phase == "idle" or index in resting.unknown or _tag(state, now, index) in resting.by_tag:
            continue
        if now.phase == "sell" and _is_over(now, cell, rules):
            ended, gained = booked(now)
            profit, trips = profit + (gained or ZERO), trips + (gained is not None)
            states[index] = CellState(phase="buy", todo=cell.amount, held=ended.held, paid=ended.paid)
        elif now.phase == "buy" and now.todo < cell.amount and _is_over(now, cell, rules):
            states[index] = now.model_copy(update={"phase": "sell", "todo": rules.round_amount(now.held)})
    return state.model_copy(update={"cells": tuple(states), "grid_profit": profit, "round_trips": trips})


def _is_over(now: CellState, cell: Cell, rules: MarketRules) -> bool:
    # A remainder below the exchange's minimum can be ordered no more.
    return not orderable(now.todo, cell.buy if now.phase == "buy" else cell.sell, rules)


def changes(tick: GridTick, state: GridState, cells: Sequence[Cell], resting: Resting) -> list[Action]:
    """Return what turns the open orders into those that the cells want, as far as there are funds.

    A cell with an order of unknown outcome is left alone.
    """
    wanted = {order.tag: order for order in _wanted(tick, state, cells) if _index(order, state) not in resting.unknown}
    orders: list[Action] = list(cancels(resting.others, state))
    for tag, order in resting.by_tag.items():
        if _index(order, state) in resting.unknown:
            continue
        found = wanted.pop(tag, None)
        changed = diff_orders([] if found is None else [found], [order])
        if changed:
            # Its successor comes when this one is known to be gone: until then its funds are its own, or spent.
            orders += cancels([order], state)
    return orders + _within_funds(tick, list(wanted.values()))


def _wanted(tick: GridTick, state: GridState, cells: Sequence[Cell]) -> list[LimitOrder]:
    """Return the orders that should rest, sells before buys, each side from the price outwards."""
    symbol, most = tick.config.symbol, tick.config.max_orders_per_side
    sells, buys = [], []
    for index, (cell, now) in enumerate(zip(cells, state.cells, strict=True)):
        if now.phase == "idle" or index in state.held_back or not now.todo:
            continue
        tag = _tag(state, now, index)
        if now.phase == "sell":
            sells.append(LimitOrder(symbol, "sell", now.todo, cell.sell, tag=tag))
        else:
            buys.append(LimitOrder(symbol, "buy", now.todo, cell.buy, tag=tag))
    return sells[:most] + buys[::-1][:most]


def _within_funds(tick: GridTick, orders: Sequence[LimitOrder]) -> list[LimitOrder]:
    """Return those orders, nearest to the price first, that the free balances pay for."""
    rules = tick.market.rules(tick.config.symbol)
    free = {
        "sell": tick.balances.get(tick.config.base, ZERO),
        "buy": tick.balances.get(tick.config.quote, ZERO),
    }
    paid: list[LimitOrder] = []
    for order in orders:
        cost = order.amount if order.side == "sell" else cost_of_buying(order.amount, order.price, rules)
        if cost <= free[order.side]:
            free[order.side] -= cost
            paid.append(order)
        else:
            free[order.side] = ZERO  # the next one's turn comes after this one's
    return paid


def cancels(orders: Sequence[OpenOrder], state: GridState) -> list[CancelOrder]:
    """Return the cancels of ``orders``, but not of those of unknown outcome, nor again of those asked before."""
    return [
        CancelOrder(order.id)
        for order in orders
        if order.status is not IntentStatus.UNKNOWN and order.id not in state.cancelling
    ]


def remembered_failures(tick: GridTick, state: GridState) -> GridState:
    """Return the state with the cells held back whose orders failed in this tick, and those let go whose time is up."""
    held, retry_at = set(state.held_back), state.retry_at
    if retry_at is not None and tick.now >= retry_at:
        held, retry_at = set(), None
    for result in tick.results:
        index = cell_of(result.tag, state.generation) if result.symbol == state.symbol else None
        if index is not None and result.status.failed and result.order_id not in state.cancelling:
            held.add(index)
            retry_at = retry_at or tick.now + _RETRY
    return state.model_copy(update={"held_back": tuple(sorted(held)), "retry_at": retry_at})


def _tag(state: GridState, now: CellState, index: int) -> str:
    edited = f"-g{state.generation}" if state.generation else ""
    return f"{now.phase}-{index}{edited}"


def _index(order: LimitOrder | OpenOrder, state: GridState) -> int:
    index = cell_of(order.tag, state.generation)
    assert index is not None
    return index
