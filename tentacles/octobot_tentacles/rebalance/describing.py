"""What it does next, in words."""

from __future__ import annotations

from octobot_tentacles.rebalance.config import RebalanceConfig
from octobot_tentacles.rebalance.state import RebalanceState

__all__ = ["next_step"]


def next_step(config: RebalanceConfig, state: RebalanceState | None) -> str:
    """Return when it rebalances."""
    if state is not None and state.to_buy:
        return f"buys {', '.join(state.to_buy)} once its sales are settled"
    scheduled = config.every or config.daily or config.cron
    whens = ["{when}"] if scheduled else []
    if config.limit is not None:
        whens.append(f"when a weight is {config.limit:f} percentage points off")
    if state is not None and state.stuck_at:
        whens.append("once a price has moved by 1 %, since its last try failed")
    return f"rebalances {' or '.join(whens)}"
