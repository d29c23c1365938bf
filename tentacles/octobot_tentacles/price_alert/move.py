"""A move within a window: measured in candles when something happened, waited for at prices in between."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

from octobot_node import Candles
from octobot_node.market import to_ms
from octobot_tentacles.price_alert.config import Move
from octobot_tentacles.price_alert.crossing import Crossing, Watch
from octobot_tentacles.price_alert.state import PriceAlertState

__all__ = ["watch_move"]

#: A new low or high is looked at when it is this part of the move beyond the last one, at most 5 % of the price.
_PART = Decimal("0.1")
_PART_MAX = Decimal("0.05")


def watch_move(move: Move, state: PriceAlertState, candles: Candles, price: Decimal, now: datetime) -> Watch:
    """Look whether ``price`` is far enough from the lowest or highest close of the window since the last alert."""
    low, high = _extremes(move, state, candles, price, now)
    share = move.percent / 100
    if move.direction != "down" and price >= low * (1 + share):
        return Watch(state, Crossing("up", low))
    if move.direction != "up" and price <= high * (1 - share):
        return Watch(state, Crossing("down", high))
    ups: list[Decimal] = []
    downs: list[Decimal] = []
    if move.direction != "down":
        target, extreme = _next_up(low, share, price)
        ups.append(target)
        downs.append(extreme)
    if move.direction != "up":
        target, extreme = _next_down(high, share, price)
        downs.append(target)
        ups.append(extreme)
    return Watch(state, above=min(ups), below=max(downs))


def _extremes(
    move: Move, state: PriceAlertState, candles: Candles, price: Decimal, now: datetime
) -> tuple[Decimal, Decimal]:
    since, prices = now - move.within, [price]
    if state.last is not None and state.last.at >= since:
        # What was told is not told again: the next move begins where the last one was told.
        since = state.last.at
        prices.append(state.last.price)
    seen = candles.time >= to_ms(since)
    if seen.any():
        # Closes, not lows and highs: a price that nobody observed wakes nobody, so a move from it would be told late.
        prices += [_exactly(float(candles.close[seen].min())), _exactly(float(candles.close[seen].max()))]
    return min(prices), max(prices)


def _exactly(price: float) -> Decimal:
    # The shortest text of a float is the price it was read from.
    return Decimal(repr(price))


def _next_up(low: Decimal, share: Decimal, price: Decimal) -> tuple[Decimal, Decimal]:
    """Return (price above which it may be far enough up, price below which there is a new low to know of).

    As time passes the low can only rise, and the level with it: the one waited for is early then, never late. A new low
    lowers it; so the level is that of the lowest low which would not wake, until the price is close.
    """
    unseen = low * (1 - min(share * _PART, _PART_MAX))
    if price < unseen * (1 + share):
        return unseen * (1 + share), unseen
    return low * (1 + share), low


def _next_down(high: Decimal, share: Decimal, price: Decimal) -> tuple[Decimal, Decimal]:
    """Return (price below which it may be far enough down, price above which there is a new high to know of)."""
    unseen = high * (1 + min(share * _PART, _PART_MAX))
    if price > unseen * (1 - share):
        return unseen * (1 - share), unseen
    return high * (1 - share), high
