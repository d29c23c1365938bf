"""Deciding: where the stop is, whether it is reached, and what to do then."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

from octobot_node import (
    Automation,
    AutomationStatus,
    Decision,
    Finding,
    Market,
    MarketRules,
    Needs,
    Notify,
    PauseAutomation,
    Position,
    StopAutomation,
    Tick,
    Wake,
    WatchedAutomation,
)
from octobot_node.text.amounts import legible
from octobot_tentacles.stop_loss_guard.about import ABOUT
from octobot_tentacles.stop_loss_guard.config import StopLossGuardConfig
from octobot_tentacles.stop_loss_guard.describing import next_step
from octobot_tentacles.stop_loss_guard.findings import findings
from octobot_tentacles.stop_loss_guard.state import StopLossGuardState

__all__ = ["StopLossGuard"]

#: An average has as many digits at least, and eight decimals.
_DIGITS = 8
_PAST = {AutomationStatus.STOPPED: "been stopped", AutomationStatus.COMPLETED: "completed"}
_DOES = {
    "close": "it is stopped and what it holds is sold",
    "stop": "it is stopped, its position stays",
    "pause": "it is paused, its position stays",
    "notify": "nothing is done about it",
}

GuardTick = Tick[StopLossGuardConfig, StopLossGuardState]


@dataclass(frozen=True, slots=True)
class _Watch:
    """A position that is held, with the stop below it."""

    target: WatchedAutomation
    position: Position
    average: Decimal
    last: Decimal
    highest: Decimal
    #: Rounded down to the market's step; 0 where no price can reach it.
    stop: Decimal
    #: Which of the configured stops it is, in words.
    why: str

    @property
    def reached(self) -> bool:
        return self.last <= self.stop


class StopLossGuard(Automation[StopLossGuardConfig, StopLossGuardState]):
    """Watch another automation's position; stop, pause or tell when it has lost too much."""

    name, version = "stop_loss_guard", 1
    about = ABOUT
    Config = StopLossGuardConfig
    State = StopLossGuardState
    #: It has no orders.
    live_edit = True

    def needs(self, config: StopLossGuardConfig, state: StopLossGuardState | None) -> Needs:
        """Return the ticker, and the automation that is watched."""
        del state
        return Needs(tickers=(config.symbol,), automations=(config.automation,))

    def describe(self, config: StopLossGuardConfig, state: StopLossGuardState | None) -> str:
        """Say what it does next."""
        return next_step(config, state)

    def evaluate(self, tick: GuardTick) -> Decision:
        """Act when the stop is reached; otherwise be woken when it is, or when the highest price rises."""
        state = _remembered(tick)
        target = tick.automations.get(tick.config.automation)
        if target is None:
            return _missing(tick, state)
        watch = _watch(tick, state, target)
        if watch is None:
            return _nothing_held(tick, target)
        acted_on = state.acted_on
        if acted_on is not None and (watch.average != acted_on or not watch.reached):
            acted_on = None  # armed again
        state = state.model_copy(update={"highest": watch.highest, "acted_on": acted_on, "told_missing": False})
        if not watch.reached:
            return Decision(state=state, wake=_armed(tick, watch), figures=_figures(watch))
        if acted_on is not None:
            return Decision(state=state, wake=_above(tick, watch.stop), figures=_figures(watch))
        if target.status is AutomationStatus.STOPPING:
            # Somebody is stopping it: what it still holds when that is over is looked at then.
            return Decision(state=state, figures=_figures(watch))
        return _act(tick, state, watch)

    def check(self, config: StopLossGuardConfig, market: Market, budget: Mapping[str, Decimal]) -> list[Finding]:
        """Find stops within what buying and selling cost."""
        del budget
        return findings(config, market)


def _remembered(tick: GuardTick) -> StopLossGuardState:
    config, state = tick.config, tick.state
    if state is not None and (state.automation, state.symbol) == (config.automation, config.symbol):
        # A changed stop or action is a new order to the guard, whatever it did before.
        return state if tick.previous_config is None else state.model_copy(update={"acted_on": None})
    return StopLossGuardState(automation=config.automation, symbol=config.symbol)


def _missing(tick: GuardTick, state: StopLossGuardState) -> Decision:
    """Say once that nobody bears the name, and wait: the guard is woken when somebody does."""
    name = tick.config.automation
    message = f"there is no automation {name!r} to guard: this waits until there is one, or until you change the name"
    return Decision(
        state=StopLossGuardState(automation=state.automation, symbol=state.symbol, told_missing=True),
        actions=() if state.told_missing else [Notify(message, level="warning")],
        figures={"watched": "missing"},
    )


def _nothing_held(tick: GuardTick, target: WatchedAutomation) -> Decision:
    """Wait for a fill, which wakes the guard; an automation that has ended will have none."""
    config = tick.config
    over = config.once and target.status.over
    message = f"{target.name!r} has ended and holds no {config.symbol}: there is nothing left to guard"
    return Decision(
        state=StopLossGuardState(automation=config.automation, symbol=config.symbol),
        actions=[Notify(message)] if over else (),
        done=over,
        figures={"watched": target.status.value},
    )


def _watch(tick: GuardTick, state: StopLossGuardState, target: WatchedAutomation) -> _Watch | None:
    """Return the position with its stop, or None where nothing is held that could be sold."""
    symbol, last = tick.config.symbol, tick.market.ticker(tick.config.symbol).last
    rules, position = tick.market.rules(symbol), target.position(symbol)
    average = position.average
    if average is None or not _sellable(position.amount, last, rules):
        return None
    highest = max(last, state.highest or last)
    stop, why = max(_stops(tick.config, average, highest))
    # A price is on the step: one at or below the exact stop is at or below the rounded one.
    return _Watch(target, position, average, last, highest, rules.round_price(stop, "buy"), why)


def _sellable(amount: Decimal, price: Decimal, rules: MarketRules) -> bool:
    rounded = rules.round_amount(amount)
    return rounded > 0 and rounded >= rules.min_amount and rounded * price >= rules.min_notional


def _stops(config: StopLossGuardConfig, average: Decimal, highest: Decimal) -> list[tuple[Decimal, str]]:
    found = []
    if config.loss is not None:
        found.append((average * (1 - config.loss / 100), f"{config.loss:f} % below its average cost"))
    if config.price is not None:
        found.append((config.price, "the given price"))
    if config.trailing is not None:
        found.append((highest * (1 - config.trailing / 100), f"{config.trailing:f} % below the highest price"))
    return found


def _armed(tick: GuardTick, watch: _Watch) -> Wake:
    below = {tick.config.symbol: watch.stop} if watch.stop > 0 else {}
    above = _above(tick, watch.highest).above if tick.config.trailing is not None else {}
    return Wake(above=above, below=below)


def _above(tick: GuardTick, price: Decimal) -> Wake:
    """Return the wake at the first price above ``price``."""
    return Wake(above={tick.config.symbol: price + tick.market.rules(tick.config.symbol).price_step})


def _act(tick: GuardTick, state: StopLossGuardState, watch: _Watch) -> Decision:
    config = tick.config
    said = (
        f"{config.symbol} is at {watch.last:f}, {watch.target.name!r} holds {watch.position.amount:f} of it and its"
        f" stop was {watch.stop:f} ({watch.why})"
    )
    obstacle = _obstacle(config, watch.target)
    requests = [] if obstacle else _requests(config, watch.target.name)
    notice = Notify(f"{said}: {obstacle or _DOES[config.action]}", level="error" if obstacle else "warning")
    return Decision(
        state=state.model_copy(update={"acted_on": watch.average}),
        actions=[*requests, notice],
        # A position that changes, or a price above the stop, arms it again.
        wake=None if config.once else _above(tick, watch.stop),
        done=config.once,
        figures=_figures(watch) | {"acted at": watch.last},
    )


def _obstacle(config: StopLossGuardConfig, target: WatchedAutomation) -> str:
    """Return why the action cannot be, or has no sense, or ""."""
    if config.action == "stop" and target.status.over:
        return f"it has {_PAST[target.status]} already, and its position stays"
    if config.action == "pause" and not target.status.pausable:
        return f"it is {target.status} and buys no more, what it holds can only be sold by you"
    return ""


def _requests(config: StopLossGuardConfig, name: str) -> list[StopAutomation | PauseAutomation]:
    if config.action == "notify":
        return []
    return [PauseAutomation(name) if config.action == "pause" else StopAutomation(name, close=config.action == "close")]


def _figures(watch: _Watch) -> dict[str, Decimal | str]:
    return {
        "watched": watch.target.status,
        "stop": watch.stop,
        "average cost": legible(watch.average, _DIGITS),
        "highest price": watch.highest,
    }
