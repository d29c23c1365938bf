"""Deciding: what a tick of a smart trade does."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta
from decimal import Decimal

from octobot_node import Automation, CancelOrder, Decision, Finding, IntentStatus, Market, Needs, Notify, Tick, Wake
from octobot_tentacles.smart_trade.about import ABOUT
from octobot_tentacles.smart_trade.config import SmartTradeConfig
from octobot_tentacles.smart_trade.describing import next_step
from octobot_tentacles.smart_trade.figures import ending, figures
from octobot_tentacles.smart_trade.findings import findings
from octobot_tentacles.smart_trade.levels import levels_above, observe, stop_of
from octobot_tentacles.smart_trade.orders import Action, begin, entry_cancels, entry_is_over, is_over, sells
from octobot_tentacles.smart_trade.progress import follow
from octobot_tentacles.smart_trade.scene import ENTRY, Scene, deadline
from octobot_tentacles.smart_trade.state import Trade

__all__ = ["SmartTrade"]

#: How long what should end soon, a cancelled order say, is left before it is looked at again.
_LOOK_AGAIN = timedelta(seconds=30)


class SmartTrade(Automation[SmartTradeConfig, Trade]):
    """Buy once, then sell by take-profits, stop-loss, trailing stop, break-even or time limit; then complete."""

    name, version = "smart_trade", 1
    about = ABOUT
    Config = SmartTradeConfig
    State = Trade
    #: An edit must not leave the position without its take-profits; those that no longer fit are replaced.
    live_edit = True

    def needs(self, config: SmartTradeConfig, state: Trade | None) -> Needs:
        """Ask for the symbol of the trade that has begun, or of the one to begin."""
        return Needs(tickers=(state.symbol if state is not None and state.entered else config.symbol,))

    def describe(self, config: SmartTradeConfig, state: Trade | None) -> str:
        """Say what it does next."""
        return next_step(config, state)

    def evaluate(self, tick: Tick[SmartTradeConfig, Trade]) -> Decision:
        """Follow the fills, enter if it is time, then keep the exits in place, or sell."""
        trade, notices = follow(tick)
        if trade.symbol not in tick.market.all_rules or trade.symbol not in tick.market.tickers:
            # An edit named another symbol than the running trade's: needs() asks for the right one from now on.
            return Decision(state=trade, actions=notices, wake=Wake(at=tick.now))
        scene, problem = Scene.of(tick, trade.symbol), ""
        orders: list[Action] = []
        if not trade.entered:
            trade, orders, problem = begin(scene, trade, tick.balances)
        trade = observe(scene, trade)
        if problem or (not orders and is_over(scene, trade)):
            return _done(scene, trade, notices, problem or _entry_problem(tick))
        orders = [*orders, *entry_cancels(scene, trade), *sells(scene, trade)] if trade.entered else []
        trade = _remember_cancels(trade, orders)
        return Decision(
            state=trade,
            orders=orders,
            actions=notices,
            wake=_wake(scene, trade),
            # A take-profit that is refused says nothing about the others.
            independent=True,
            figures=figures(scene, trade),
        )

    def check(self, config: SmartTradeConfig, market: Market, budget: Mapping[str, Decimal]) -> list[Finding]:
        """Find levels within what buying and selling cost, and an entry that cannot be paid."""
        return findings(config, market, budget)


def _entry_problem(tick: Tick[SmartTradeConfig, Trade]) -> str:
    ends = [result for result in tick.results if result.tag == ENTRY and result.status is not IntentStatus.FILLED]
    return f"the entry was {ends[-1].status}{f': {ends[-1].reason}' if ends[-1].reason else ''}" if ends else ""


def _done(scene: Scene, trade: Trade, notices: Sequence[Notify], problem: str) -> Decision:
    outcome = ending(scene, trade, problem)
    level = "info" if trade.sold else "warning"
    return Decision(
        state=trade,
        actions=[*notices, Notify(f"{trade.symbol}: {outcome}", level)],
        done=True,
        figures=figures(scene, trade) | {"phase": outcome},
    )


def _remember_cancels(trade: Trade, orders: Sequence[Action]) -> Trade:
    asked = [order.id for order in orders if isinstance(order, CancelOrder)]
    return trade.model_copy(update={"cancelling": tuple(sorted({*trade.cancelling, *asked}))}) if asked else trade


def _wake(scene: Scene, trade: Trade) -> Wake | None:
    config, symbol = scene.config, trade.symbol
    times = [trade.retry_at]
    above: dict[str, Decimal] = {}
    below: dict[str, Decimal] = {}
    if not trade.entered:
        above, below = _single(symbol, config.entry.above), _single(symbol, config.entry.below)
    elif not trade.received:
        # Bought at its limit, it may need its stop within the same second of a fall, or candle of a replay.
        below = _single(symbol, _through_entry(scene))
    if trade.exit is None:
        stop = stop_of(scene, trade)
        below = below or _single(symbol, stop and stop[0])
        above = above or _single(symbol, min(levels_above(scene, trade), default=None))
        if config.time_limit is not None and trade.opened_at is not None:
            times.append(trade.opened_at + config.time_limit)
    expiry = deadline(config, trade)
    if expiry is not None and expiry > scene.now and (scene.buys or not trade.received):
        times.append(expiry)
    ends_soon = trade.exit is not None and scene.sells
    if trade.cancelling or ends_soon or (scene.buys and entry_is_over(scene, trade)):
        times.append(scene.now + _LOOK_AGAIN)
    at = min((time for time in times if time is not None and time > scene.now), default=None)
    return Wake(at=at, above=above, below=below) if at is not None or above or below else None


def _through_entry(scene: Scene) -> Decimal | None:
    limit = scene.config.entry.limit
    through = None if limit is None else scene.rules.round_price(limit, "buy") - scene.rules.price_step
    return through if through is not None and 0 < through < scene.price else None


def _single(symbol: str, level: Decimal | None) -> dict[str, Decimal]:
    return {} if level is None else {symbol: level}
