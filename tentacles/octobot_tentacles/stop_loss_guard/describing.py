"""What it does next, in words."""

from __future__ import annotations

from octobot_tentacles.stop_loss_guard.config import StopLossGuardConfig
from octobot_tentacles.stop_loss_guard.state import StopLossGuardState

__all__ = ["next_step"]

_ACTIONS = {
    "close": "stops {name} and sells what it holds",
    "stop": "stops {name}",
    "pause": "pauses {name}",
    "notify": "tells of {name}",
}


def next_step(config: StopLossGuardConfig, state: StopLossGuardState | None) -> str:
    """Return whom it stops, and at which price."""
    if state is not None and state.told_missing:
        return f"waits until there is an automation {config.automation!r}"
    quote = config.symbol.partition("/")[2]
    stops = [f"{config.loss:f} % below its average cost"] if config.loss is not None else []
    stops += [f"at {config.price:f} {quote}"] if config.price is not None else []
    stops += [f"{config.trailing:f} % below its highest price"] if config.trailing is not None else []
    does = _ACTIONS[config.action].replace("{name}", repr(config.automation))
    return f"{does} when {config.symbol} is {' or '.join(stops)}"
