"""What it does next, in words."""

from __future__ import annotations

from octobot_tentacles.dca.config import DcaConfig
from octobot_tentacles.dca.state import DcaState

__all__ = ["next_step"]


def next_step(config: DcaConfig, state: DcaState | None) -> str:
    """Return what the next scheduled time brings, and what ends it."""
    base = config.symbol.partition("/")[0]
    buys = f"buys {base} for {config.amount:f} {config.quote} {{when}}"
    sells = f"sells all of it {config.take_profit:f} % above its average cost" if config.take_profit is not None else ""
    spent = 0 if state is None or state.symbol != config.symbol else state.spent
    if config.max_spend is not None and spent + config.amount > config.max_spend:
        over = f"buys no more: {spent:f} {config.quote} of {config.max_spend:f} are spent"
        return f"{over}; {sells}" if sells else over
    return f"{buys}; {sells}" if sells else buys
