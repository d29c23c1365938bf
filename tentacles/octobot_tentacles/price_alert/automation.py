"""Deciding: whether to tell, and the prices to wake at otherwise."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from decimal import Context, Decimal, localcontext

from octobot_node import Automation, Decision, MarketRules, Needs, Notify, Tick, Wake
from octobot_tentacles.price_alert.about import ABOUT
from octobot_tentacles.price_alert.config import PriceAlertConfig
from octobot_tentacles.price_alert.crossing import Crossing, Watch, watch_levels
from octobot_tentacles.price_alert.describing import next_step
from octobot_tentacles.price_alert.message import fill_in
from octobot_tentacles.price_alert.move import watch_move
from octobot_tentacles.price_alert.state import Last, PriceAlertState

__all__ = ["PriceAlert"]

#: Levels come out the same wherever a tick is evaluated.
_PRECISE = Context(prec=50)
_LEVEL_MESSAGE = "{symbol} is {direction} {level}: {price}"
_MOVE_MESSAGE = "{symbol} went {direction} {change} % from {level}: {price}"

AlertTick = Tick[PriceAlertConfig, PriceAlertState]


class PriceAlert(Automation[PriceAlertConfig, PriceAlertState]):
    """Tell when a price crosses a level, or moves by so many percent within a window."""

    name, version = "price_alert", 1
    about = ABOUT
    Config = PriceAlertConfig
    State = PriceAlertState
    live_edit = True

    def needs(self, config: PriceAlertConfig, state: PriceAlertState | None) -> Needs:
        """Return the ticker, and the window's candles if a move is watched."""
        del state
        move = config.move
        candles = {} if move is None else {(config.symbol, move.timeframe): move.candles}
        return Needs(tickers=(config.symbol,), candles=candles)

    def describe(self, config: PriceAlertConfig, state: PriceAlertState | None) -> str:
        """Say what it does next."""
        return next_step(config, state)

    def evaluate(self, tick: AlertTick) -> Decision:
        """Tell what happened, unless it is too soon after the last alert, and wait for the next price that matters."""
        with localcontext(_PRECISE):
            state = _remembered(tick)
            quiet_until = _quiet_until(tick.config, state)
            if quiet_until is not None and tick.now < quiet_until:
                watch = _watch(tick, state, quiet=True)
            else:
                quiet_until, watch = None, _watch(tick, state, quiet=False)
            if watch.crossing is None:
                return _wait(tick, watch, quiet_until)
            return _tell(tick, watch, watch.crossing)


def _watch(tick: AlertTick, state: PriceAlertState, *, quiet: bool) -> Watch:
    config, price = tick.config, tick.market.ticker(tick.config.symbol).last
    if config.move is None:
        return watch_levels(config, state, price, quiet=quiet)
    if quiet:
        return Watch(state)  # what it moved meanwhile is seen when the time is over
    candles = tick.market.candles(config.symbol, config.move.timeframe)
    return watch_move(config.move, state, candles, price, tick.now)


def _wait(tick: AlertTick, watch: Watch, quiet_until: datetime | None) -> Decision:
    symbol = tick.config.symbol
    return Decision(
        state=watch.state,
        wake=Wake(
            at=quiet_until,
            at_closes=True,
            above={} if watch.above is None else {symbol: watch.above},
            below={} if watch.below is None else {symbol: watch.below},
        ),
        figures=_figures(watch.state, tick),
    )


def _tell(tick: AlertTick, watch: Watch, crossing: Crossing) -> Decision:
    config, price = tick.config, tick.market.ticker(tick.config.symbol).last
    state = watch.state.model_copy(update={"last": Last(at=tick.now, price=price), "count": watch.state.count + 1})
    rules = tick.market.rules(config.symbol)
    values = {
        "symbol": config.symbol,
        "price": _on_step(price, rules),
        "level": _digits(crossing.level) if config.move is None else _on_step(crossing.level, rules),
        "direction": crossing.direction,
        "change": f"{100 * (price / crossing.level - 1):+.2f}",
        "at": f"{tick.now:%Y-%m-%d %H:%M:%S} UTC",
        "count": str(state.count),
    }
    template = config.message or (_LEVEL_MESSAGE if config.move is None else _MOVE_MESSAGE)
    notice = Notify(fill_in(template, values), config.importance)
    if not config.repeat:
        return Decision(state=state, actions=[notice], done=True, figures=_figures(state, tick))
    waiting = _wait(tick, _watch(tick, state, quiet=config.cooldown is not None), _quiet_until(config, state))
    return replace(waiting, actions=[notice])


def _remembered(tick: AlertTick) -> PriceAlertState:
    state, before, now = tick.state or PriceAlertState(), tick.previous_config, tick.config
    if before is None:
        return state
    if before.symbol != now.symbol:
        return PriceAlertState(count=state.count)
    # A level that was changed has not been told.
    return state.model_copy(
        update={
            "told_above": state.told_above and before.above == now.above,
            "told_below": state.told_below and before.below == now.below,
        }
    )


def _quiet_until(config: PriceAlertConfig, state: PriceAlertState) -> datetime | None:
    if config.cooldown is None or state.last is None:
        return None
    return state.last.at + config.cooldown


def _on_step(price: Decimal, rules: MarketRules) -> str:
    """Return a price as the exchange writes it: data may carry digits that only a float's printing added."""
    return _digits((price / rules.price_step).to_integral_value() * rules.price_step)


def _digits(price: Decimal) -> str:
    return format(price.normalize(), "f")


def _figures(state: PriceAlertState, tick: AlertTick) -> dict[str, int | str]:
    figures: dict[str, int | str] = {"alerts": state.count}
    if state.last is not None:
        price = _on_step(state.last.price, tick.market.rules(tick.config.symbol))
        figures["last alert"] = f"{price} at {state.last.at:%Y-%m-%d %H:%M} UTC"
    return figures
