"""The trade in figures, for people."""

from __future__ import annotations

from decimal import Decimal

from octobot_node.text.amounts import legible
from octobot_tentacles.smart_trade.levels import stop_of
from octobot_tentacles.smart_trade.scene import Scene
from octobot_tentacles.smart_trade.state import Trade

__all__ = ["ending", "figures"]

#: A price has as many digits at least, and eight decimals.
_DIGITS = 8


def figures(scene: Scene, trade: Trade) -> dict[str, Decimal | str]:
    """Return how far the trade is, its averages and PnL, and the stop as it stands; prices are in quote per base."""
    found: dict[str, Decimal | str] = {"phase": _phase(scene, trade)}
    average, stop = trade.average, stop_of(scene, trade)
    if average is not None:
        found["entry average"] = _short(average)
    if average is not None and trade.sold:
        found["exit average"] = _short(trade.proceeds / trade.sold)
        found["sold %"] = _short(100 * trade.sold / trade.received)
        found["PnL"] = _short(trade.proceeds - average * trade.sold)
    if stop is not None:
        found["stop"], found["stop kind"] = _short(stop[0]), stop[1]
    if trade.peak is not None:
        found["peak"] = trade.peak
    return found


def _short(value: Decimal) -> Decimal:
    return legible(value, _DIGITS)


def _phase(scene: Scene, trade: Trade) -> str:
    if trade.exit is not None:
        return f"selling: {trade.exit}"
    if trade.received:
        return "open"
    level = scene.config.entry.level
    if trade.entered or level is None:
        return "entering"
    return f"waiting for {'above' if scene.config.entry.above else 'below'} {level:f}"


def ending(scene: Scene, trade: Trade, problem: str) -> str:
    """Return, in a few words, how the trade ended."""
    if not trade.received:
        return f"not entered: {problem or 'nothing was bought'}"[:200]
    how = trade.exit or ("take-profit" if trade.sold else "nothing sold")
    left = scene.rules.round_amount(trade.held)
    return f"closed: {how}" + (f"; {left:f} {scene.rules.base} left, below the market's minimum" if left else "")
