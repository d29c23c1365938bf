"""What fills do to the cells, and what the grid has gained."""

from __future__ import annotations

from decimal import Decimal

from octobot_node import Fill, Tick
from octobot_tentacles.grid.config import GridConfig
from octobot_tentacles.grid.state import ZERO, CellState, GridState

__all__ = [
    "CLOSE",
    "OPENING",
    "GridTick",
    "after_fills",
    "booked",
    "cell_of",
    "figures",
    "last_price",
    "received",
    "total_profit",
]

GridTick = Tick[GridConfig, GridState]

OPENING = "opening"
CLOSE = "close"
#: The cost of dust is rounded to this, in quote.
_COST_STEP = Decimal("1e-18")


def cell_of(tag: str, generation: int) -> int | None:
    """Return the index of the cell that an order with ``tag`` is of, or None if of none of this generation.

    A tag is "buy-3" or "sell-3" for the cell with index 3, and after an edit of the levels "buy-3-g1".
    """
    side, _, rest = tag.partition("-")
    index, _, edited = rest.partition("-g")
    is_ours = side in {"buy", "sell"} and index.isdigit() and (edited or "0") == str(generation)
    return int(index) if is_ours else None


def after_fills(tick: GridTick, state: GridState) -> GridState:
    """Return the state with the tick's fills in its cells; what is of no cell any more moves the loose inventory."""
    base, _, quote = state.symbol.partition("/")
    cells, loose, profit, trips = list(state.cells), state.loose, state.grid_profit, state.round_trips
    for fill in tick.fills:
        if fill.symbol != state.symbol:
            continue
        index = cell_of(fill.tag, state.generation)
        if index is None or index >= len(cells) or cells[index].phase != fill.side:
            loose += received(fill, base)
            continue
        cells[index] = _filled(cells[index], fill, base, quote)
        if _sold_out(cells[index]):
            cells[index], gained = booked(cells[index])
            profit, trips = profit + (gained or ZERO), trips + (gained is not None)
    return state.model_copy(update={"cells": tuple(cells), "loose": loose, "grid_profit": profit, "round_trips": trips})


def received(fill: Fill, base: str) -> Decimal:
    """Return the base that a fill added, negative if it took some, its fee included."""
    fee = fill.fee if fill.fee_asset == base else ZERO
    return (fill.amount if fill.side == "buy" else -fill.amount) - fee


def _filled(cell: CellState, fill: Fill, base: str, quote: str) -> CellState:
    fee = fill.fee if fill.fee_asset == quote else ZERO
    is_buy = fill.side == "buy"
    return cell.model_copy(
        update={
            "todo": max(cell.todo - fill.amount, ZERO),
            "held": cell.held + received(fill, base),
            "sold": cell.sold + (ZERO if is_buy else fill.amount),
            "got": cell.got + (ZERO if is_buy else fill.cost - fee),
            "paid": cell.paid + (fill.cost + fee if is_buy else ZERO),
        }
    )


def _sold_out(cell: CellState) -> bool:
    return cell.phase == "sell" and cell.todo == 0


def booked(cell: CellState) -> tuple[CellState, Decimal | None]:
    """Return the cell with its round ended, and what the round trip gained: None where there was none to book.

    Dust that the amount's step leaves unsold stays in the cell, at its share of the cost.
    """
    if not cell.sold:
        return cell, None
    kept = (cell.paid * cell.held / (cell.held + cell.sold)).quantize(_COST_STEP)
    ended = cell.model_copy(update={"sold": ZERO, "got": ZERO, "paid": kept})
    return ended, None if cell.opening else cell.got - (cell.paid - kept)


def last_price(tick: GridTick) -> Decimal:
    """Return the market's last price."""
    return tick.market.ticker(tick.config.symbol).last


def total_profit(tick: GridTick) -> Decimal:
    """Return realised and unrealised PnL together, in quote, net of the fees paid so far."""
    position = tick.position(tick.config.symbol)
    return position.realised + position.amount * last_price(tick) - position.cost


def figures(tick: GridTick, state: GridState) -> dict[str, Decimal | int | str]:
    """Return what to tell people. Grid profit and trend add up to the total, to the last digit."""
    total = total_profit(tick)
    told: dict[str, Decimal | int | str] = {
        "grid profit": state.grid_profit,
        "trend": total - state.grid_profit,
        "total profit": total,
        "round trips": state.round_trips,
        "inventory": state.inventory,
        "at price": last_price(tick),
    }
    if state.problem:
        told["problem"] = state.problem[:200]
    return told
