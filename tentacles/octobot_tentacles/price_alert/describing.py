"""What it does next, in words."""

from __future__ import annotations

from datetime import timedelta

from octobot_tentacles.price_alert.config import PriceAlertConfig
from octobot_tentacles.price_alert.state import PriceAlertState

__all__ = ["next_step"]

_DIRECTIONS = {"up": "risen", "down": "fallen", "any": "moved"}


def next_step(config: PriceAlertConfig, state: PriceAlertState | None) -> str:
    """Return of which price it tells next."""
    quote = config.symbol.partition("/")[2]
    if config.move is not None:
        move = config.move
        minutes = move.within // timedelta(minutes=1)
        moved = f"{_DIRECTIONS[move.direction]} by {move.percent:f} % within {minutes:,} minutes"
        return f"tells when {config.symbol} has {moved}"
    told_above, told_below = (False, False) if state is None else (state.told_above, state.told_below)
    levels = [
        f"{level:f} {quote} or {side}" + (", after it was back from there" if told else "")
        for side, level, told in (("above", config.above, told_above), ("below", config.below, told_below))
        if level is not None
    ]
    return f"tells when {config.symbol} is at {', or at '.join(levels)}"
