"""The prices that matter to an open trade, and what reaching them changes."""

from __future__ import annotations

from decimal import Context, Decimal

from octobot_tentacles.smart_trade.config import SmartTradeConfig, TakeProfit
from octobot_tentacles.smart_trade.scene import Scene
from octobot_tentacles.smart_trade.state import ZERO, Trade

__all__ = ["BREAK_EVEN", "STOP_LOSS", "TIME_LIMIT", "TRAILING", "levels_above", "observe", "stop_of", "targets"]

STOP_LOSS = "stop-loss"
TRAILING = "trailing-stop"
BREAK_EVEN = "break-even"
TIME_LIMIT = "time-limit"


def observe(scene: Scene, trade: Trade) -> Trade:
    """Return ``trade`` after this tick's price and time: peak, break-even, and whether it is time to sell."""
    average = trade.average
    if average is None or trade.exit is not None:
        return trade
    trade = trade.model_copy(
        update={"peak": _peak(scene, trade, average), "break_even": _breaks_even(scene, trade, average)}
    )
    reason = _exit(scene, trade)
    if reason is None:
        return trade
    # What kept a take-profit from being accepted says nothing about this sale.
    return trade.model_copy(update={"exit": reason, "failures": 0, "retry_at": None})


def _peak(scene: Scene, trade: Trade, average: Decimal) -> Decimal | None:
    trailing = scene.config.trailing
    if trailing is None:
        return None
    if trade.peak is not None:
        return max(trade.peak, scene.price)
    waits = trailing.activate_at is not None and scene.price < trailing.activate_at.at(average)
    return None if waits else scene.price


def _breaks_even(scene: Scene, trade: Trade, average: Decimal) -> bool:
    rule = scene.config.break_even
    if rule is None or trade.break_even:
        return rule is not None
    if rule.percent is not None:
        return scene.price >= _break_even_from(scene.config, average)
    reached = targets(scene, trade)[: rule.after_take_profit]
    return bool(reached) and trade.sold >= reached[-1][1]


def _break_even_from(config: SmartTradeConfig, average: Decimal) -> Decimal:
    percent = config.break_even.percent if config.break_even else None
    return average * (1 + (percent or ZERO) / 100)


def _exit(scene: Scene, trade: Trade) -> str | None:
    stop = stop_of(scene, trade)
    if stop is not None and scene.price <= stop[0]:
        return stop[1]
    limit = scene.config.time_limit
    if limit is not None and trade.opened_at is not None and scene.now >= trade.opened_at + limit:
        return TIME_LIMIT
    return None


def stop_of(scene: Scene, trade: Trade) -> tuple[Decimal, str] | None:
    """Return the price at or below which everything is sold, and which of the stops that is; None without one."""
    average, config = trade.average, scene.config
    if average is None:
        return None
    stops = []
    if config.stop_loss is not None:
        stops.append((config.stop_loss.at(average), STOP_LOSS))
    if config.trailing is not None and trade.peak is not None:
        stops.append((trade.peak * (1 - config.trailing.percent / 100), TRAILING))
    if trade.break_even:
        # What selling at this price returns, its fee taken off, is what was paid.
        stops.append((average / (1 - scene.rules.taker_fee), BREAK_EVEN))
    return max(stops, key=lambda stop: stop[0], default=None)


def levels_above(scene: Scene, trade: Trade) -> list[Decimal]:
    """Return the prices above the present one that change something: a new peak, an activation, a break-even."""
    average, config = trade.average, scene.config
    if average is None:
        return []
    levels = []
    if config.trailing is not None and trade.peak is not None:
        # At the peak itself nothing changes: a level there would wake the trade for as long as the price stands on it.
        levels.append(trade.peak + scene.rules.price_step)
    elif config.trailing is not None and config.trailing.activate_at is not None:
        levels.append(config.trailing.activate_at.at(average))
    if config.break_even is not None and config.break_even.percent is not None and not trade.break_even:
        levels.append(_break_even_from(config, average))
    return levels


def targets(scene: Scene, trade: Trade) -> list[tuple[Decimal, Decimal]]:
    """Return (price, base sold once it is taken, those before it included) of each take-profit, lowest first."""
    average, rules = trade.average, scene.rules
    if average is None:
        return []
    found, share = [], ZERO
    for target in sorted(scene.config.take_profits, key=lambda target: target.at(average)):
        share += target.share
        found.append((_price(scene, target, average), rules.round_amount(trade.received * share / 100)))
    return found


def _price(scene: Scene, target: TakeProfit, average: Decimal) -> Decimal:
    # The average is a quotient, off by its last digits; unrounded, these would move the order by a whole step.
    return scene.rules.round_price(Context(prec=20).plus(target.at(average)), "sell")
