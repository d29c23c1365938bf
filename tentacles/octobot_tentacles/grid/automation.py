"""Deciding: what a tick of a grid does, step by step."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal, localcontext

from octobot_node import Automation, Decision, Finding, IntentStatus, Market, Notify, Wake
from octobot_tentacles.grid.about import ABOUT
from octobot_tentacles.grid.accounting import OPENING, GridTick, after_fills, cell_of, figures
from octobot_tentacles.grid.building import armed, arming_price, build, supplied
from octobot_tentacles.grid.config import DIGITS, GridConfig
from octobot_tentacles.grid.describing import next_step
from octobot_tentacles.grid.exits import close, due_exit, exit_levels, still_cancelling
from octobot_tentacles.grid.findings import findings
from octobot_tentacles.grid.levels import Cell, cells_of, problem_of
from octobot_tentacles.grid.orders import (
    Action,
    advanced,
    cancels,
    changes,
    remembered_failures,
    resting_orders,
)
from octobot_tentacles.grid.state import GridState

__all__ = ["Grid"]

_ASK_AGAIN = timedelta(minutes=1)


class Grid(Automation[GridConfig, GridState]):
    """Buy on levels below the price, sell each buy one level higher, and again."""

    name, version = "grid", 1
    about = ABOUT
    Config = GridConfig
    State = GridState
    #: An edit of a stop must leave the orders where they are; those that no longer fit are replaced below.
    live_edit = True

    def describe(self, config: GridConfig, state: GridState | None) -> str:
        """Say what it does next."""
        return next_step(config, state)

    def evaluate(self, tick: GridTick) -> Decision:
        """Follow the fills, close if it is time, and keep the orders that the cells want."""
        with localcontext(prec=DIGITS):
            center = _center(tick)
            return _decide(replace(tick, config=tick.config.laid_out(center)), center)

    def check(self, config: GridConfig, market: Market, budget: Mapping[str, Decimal]) -> list[Finding]:
        """Find levels that earn nothing, a budget for none of them or not for all, and exits within the fees."""
        return findings(config, market, budget)


def _center(tick: GridTick) -> Decimal:
    """Return the price at which the grid started, or starts now."""
    config, state = tick.config, tick.state
    if (
        state is not None
        and state.center is not None
        and (state.symbol, state.around) == (config.symbol, config.around)
    ):
        return state.center
    return tick.market.ticker(config.symbol).last


def _decide(tick: GridTick, center: Decimal) -> Decision:
    around = tick.config.around
    state = _remembered(tick)
    if around is not None or state.around is not None:
        state = state.model_copy(update={"around": around, "center": None if around is None else center})
    if state.closing:
        return close(tick, state)
    closing = due_exit(tick, state)
    if closing is not None:
        return close(tick, closing)
    rules = tick.market.rules(tick.config.symbol)
    cells = cells_of(tick.config, rules)
    problem = problem_of(cells, rules)
    if problem:
        return _refused(tick, state, problem)
    return _begin(tick, state, cells) if not state.built else _run(tick, state, cells)


def _remembered(tick: GridTick) -> GridState:
    """Return the state with the tick's fills, in the layout that the config asks for."""
    config, state = tick.config, tick.state
    if state is None:
        return GridState(symbol=config.symbol, layout=config.layout)
    if state.symbol != config.symbol:
        return GridState(symbol=config.symbol, layout=config.layout, generation=state.generation + 1)
    state = after_fills(tick, state)
    if state.layout == config.layout:
        return state
    return state.model_copy(
        update={
            "layout": config.layout,
            "generation": state.generation + 1,
            "built": False,
            "cells": (),
            "loose": state.inventory,
            "held_back": (),
            "retry_at": None,
        }
    )


def _refused(tick: GridTick, state: GridState, problem: str) -> Decision:
    """Trade nothing on levels that cannot earn: say why, once, and wait for an edit."""
    orders: list[Action] = list(cancels(tick.open_orders, state))
    notices = [Notify(f"the grid does not trade: {problem}", level="warning")] if problem != state.problem else []
    return _decided(tick, state.model_copy(update={"problem": problem, "retry_at": None}), orders, notices)


def _begin(tick: GridTick, state: GridState, cells: Sequence[Cell]) -> Decision:
    """Lay out the cells once an earlier layout's orders are gone, and buy what the upper ones are to sell."""
    known = [order for order in tick.open_orders if order.status is not IntentStatus.UNKNOWN]
    stale = [order for order in known if cell_of(order.tag, state.generation) is None]
    if stale:
        state = _asking_again(tick, state)
        return _decided(tick, state, list(cancels(stale, state)), [])
    opening = build(tick, state, cells)
    notices = [Notify(opening.notice, level="warning")] if opening.notice else []
    if opening.order is not None:
        return _decided(tick, opening.state, [opening.order], notices)
    return _run(tick, opening.state, cells, notices)


def _asking_again(tick: GridTick, state: GridState) -> GridState:
    """Return the state that cancels anew, a minute later, what is still there."""
    cancelling = () if tick.scheduled_at is not None else state.cancelling
    return state.model_copy(update={"retry_at": tick.now + _ASK_AGAIN, "cancelling": cancelling})


def _run(tick: GridTick, state: GridState, cells: Sequence[Cell], notices: Sequence[Notify] = ()) -> Decision:
    known = [order for order in tick.open_orders if order.status is not IntentStatus.UNKNOWN]
    if any(order.tag == OPENING for order in known):
        return _decided(tick, state, [], notices)
    state = armed(tick, supplied(tick, state, cells), cells)
    resting = resting_orders(tick, state)
    state = advanced(state, cells, resting, tick.market.rules(tick.config.symbol))
    state = remembered_failures(tick, state.model_copy(update={"problem": ""}))
    return _decided(tick, state, changes(tick, state, cells, resting), [*notices, *_failed_opening(tick)], cells)


def _failed_opening(tick: GridTick) -> list[Notify]:
    return [
        Notify(
            f"the grid on {result.symbol} could not buy what its levels above the price are to sell ({result.reason}):"
            " each of them waits until the price has risen past it",
            level="warning",
        )
        for result in tick.results
        if result.tag == OPENING and result.status.failed and result.symbol == tick.config.symbol
    ]


def _decided(
    tick: GridTick,
    state: GridState,
    orders: Sequence[Action],
    notices: Sequence[Notify],
    cells: Sequence[Cell] = (),
) -> Decision:
    return Decision(
        state=state.model_copy(update={"cancelling": still_cancelling(tick, state, orders)}),
        orders=orders,
        actions=notices,
        wake=_wake(tick, state, cells),
        # A level that is refused says nothing about the others.
        independent=True,
        figures=figures(tick, state),
    )


def _wake(tick: GridTick, state: GridState, cells: Sequence[Cell]) -> Wake:
    symbol, rules = tick.config.symbol, tick.market.rules(tick.config.symbol)
    below, above = exit_levels(tick, state)
    idle = (cell for cell, now in zip(cells, state.cells, strict=False) if now.phase == "idle")
    above += [arming_price(cell, rules) for cell in list(idle)[:1]]
    return Wake(
        at=state.retry_at,
        above={symbol: min(above)} if above else {},
        below={symbol: max(below)} if below else {},
    )
