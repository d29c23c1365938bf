"""Levels: when one is crossed, and when it may be told again."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from octobot_tentacles.price_alert.config import PriceAlertConfig
from octobot_tentacles.price_alert.state import PriceAlertState

__all__ = ["Crossing", "Watch", "watch_levels"]


@dataclass(frozen=True, slots=True)
class Crossing:
    """Something to tell: the price is ``direction`` (above, below) a level, or went up or down from it."""

    direction: str
    level: Decimal


@dataclass(frozen=True, slots=True)
class Watch:
    """What a look at the price found: the state after it, what to tell, and else the prices to look again at."""

    state: PriceAlertState
    crossing: Crossing | None = None
    above: Decimal | None = None
    below: Decimal | None = None


def watch_levels(config: PriceAlertConfig, state: PriceAlertState, price: Decimal, *, quiet: bool) -> Watch:
    """Look at the levels; when ``quiet``, one that is crossed is told later, if the price is still past it then."""
    margin = config.hysteresis / 100
    high, low = config.above, config.below
    high_again = None if high is None else high * (1 - margin)
    low_again = None if low is None else low * (1 + margin)
    state = state.model_copy(
        update={
            "told_above": state.told_above and high_again is not None and price > high_again,
            "told_below": state.told_below and low_again is not None and price < low_again,
        }
    )
    if high is not None and price >= high and not (state.told_above or quiet):
        return Watch(state.model_copy(update={"told_above": True}), Crossing("above", high))
    if low is not None and price <= low and not (state.told_below or quiet):
        return Watch(state.model_copy(update={"told_below": True}), Crossing("below", low))
    ups = [low_again if state.told_below else None, None if state.told_above or quiet else high]
    downs = [high_again if state.told_above else None, None if state.told_below or quiet else low]
    return Watch(
        state,
        above=min((level for level in ups if level is not None and level > price), default=None),
        below=max((level for level in downs if level is not None and level < price), default=None),
    )
