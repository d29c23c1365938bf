"""What it does next, in words."""

from __future__ import annotations

from itertools import pairwise

from octobot_node.text.amounts import amount_text
from octobot_tentacles.grid.config import GridConfig
from octobot_tentacles.grid.state import GridState

__all__ = ["next_step"]


def next_step(config: GridConfig, state: GridState | None) -> str:
    """Return at which prices it sells or buys next; a level is on the market's step only when it is ordered."""
    if state is None or not state.built:
        return (
            f"does not trade: {state.problem}" if state is not None and state.problem else "lays its levels out {when}"
        )
    if state.closing:
        return f"sells what it holds: {state.closing}"
    if config.around is not None and state.center is None:
        return "lays its levels out {when}"
    laid_out = config if state.center is None else config.laid_out(state.center)
    cells = list(zip(pairwise(laid_out.prices()), state.cells, strict=False))
    sells = [sell for (_, sell), cell in cells if cell.phase == "sell"]
    buys = [buy for (buy, _), cell in cells if cell.phase == "buy"]
    told = [f"sells at {amount_text(min(sells), config.quote)}"] if sells else []
    told += [f"buys at {amount_text(max(buys), config.quote)}"] if buys else []
    return " or ".join(told) or "waits until the price has risen past a level"
