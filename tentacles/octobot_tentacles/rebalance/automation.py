"""Deciding: when to rebalance, sales first, and what to wait for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal, localcontext
from typing import Any

from octobot_node import Automation, Decision, Fill, MarketOrder, Needs, Notify, OrderResult
from octobot_tentacles.rebalance.about import ABOUT
from octobot_tentacles.rebalance.basket import PRECISE, Basket, RebalanceTick, basket_of
from octobot_tentacles.rebalance.config import RebalanceConfig
from octobot_tentacles.rebalance.describing import next_step
from octobot_tentacles.rebalance.levels import Levels, around, drift_levels
from octobot_tentacles.rebalance.state import RebalanceState

__all__ = ["Rebalance"]

#: What could not be traded is tried again when a price has moved by this factor.
_TRY_AGAIN = Decimal("1.01")
_NOTHING: tuple[str, ...] = ()


class Rebalance(Automation[RebalanceConfig, RebalanceState]):
    """Keep a basket at its weights: sell what is worth too much, then buy what is worth too little."""

    name, version = "rebalance", 1
    about = ABOUT
    Config = RebalanceConfig
    State = RebalanceState
    #: A market order is better left to end by itself than cancelled halfway.
    live_edit = True

    def needs(self, config: RebalanceConfig, state: RebalanceState | None) -> Needs:
        """Return the tickers of everything that is traded."""
        del state
        return Needs(tickers=tuple(config.symbols.values()))

    def describe(self, config: RebalanceConfig, state: RebalanceState | None) -> str:
        """Say what it does next."""
        return next_step(config, state)

    def evaluate(self, tick: RebalanceTick) -> Decision:
        """Wait for open orders; then spend what sales brought, or see whether it is time to rebalance."""
        with localcontext(PRECISE):
            state = _remembered(tick)
            if tick.open_orders:
                # They hold money back, or may have: nothing can be said of the weights until all are known to be over.
                return Decision(state=state, wake=tick.config.wake(state.anchor))
            return _decide(tick, state, basket_of(tick))


def _decide(tick: RebalanceTick, state: RebalanceState, basket: Basket) -> Decision:
    limit = tick.config.limit
    off = limit is not None and basket.is_off_by(limit)
    failure = None if tick.fills else next((each for each in tick.results if each.status.failed), None)
    stuck = failure is not None or _is_stuck(basket, state)
    orders, to_buy = basket.buys(state.to_buy), _NOTHING
    if not orders and (state.due or (off and not stuck)):
        orders, to_buy = _rebalance(basket)
        state = state.model_copy(update={"due": False, "counted": not orders})
    # Nothing may be ordered again and again in vain: not what was refused, nor what is too small to be ordered.
    stays = _is_stuck(basket, state) and failure is None
    stuck_at = {} if orders or not off else state.stuck_at if stays else basket.prices
    above, below = ({}, {}) if orders or limit is None else _levels(basket, limit, stuck_at)
    return Decision(
        state=state.model_copy(update={"to_buy": to_buy, "stuck_at": stuck_at}),
        orders=orders,
        actions=[_complaint(failure, off=off)] if failure is not None and not orders else [],
        wake=replace(tick.config.wake(state.anchor), above=above, below=below, at_closes=True),
        # One that is refused says nothing about the others.
        independent=True,
        figures=_figures(basket, state),
    )


def _remembered(tick: RebalanceTick) -> RebalanceState:
    config, state = tick.config, tick.state
    if state is None:
        # The first tick comes when the automation is created, which is a time of day that nobody chose.
        due = config.every is not None
        return RebalanceState(anchor=tick.scheduled_at or tick.now, quote=config.quote, due=due)
    if tick.previous_config is not None:
        turnover = state.turnover if state.quote == config.quote else Decimal(0)
        state = state.model_copy(update={"quote": config.quote, "turnover": turnover, "stuck_at": {}})
    fills = [fill for fill in tick.fills if fill.symbol.endswith(f"/{state.quote}")]
    return state.model_copy(
        update={
            "due": state.due or tick.scheduled_at is not None,
            "turnover": state.turnover + sum((fill.cost for fill in fills), Decimal(0)),
            **_counted(state, fills),
        }
    )


def _counted(state: RebalanceState, fills: Sequence[Fill]) -> dict[str, Any]:
    if state.counted or not fills:
        return {}
    return {"counted": True, "rebalances": state.rebalances + 1}


def _rebalance(basket: Basket) -> tuple[list[MarketOrder], tuple[str, ...]]:
    """Return the first orders of a rebalance, and what is to be bought once they are over."""
    lacking, sells = basket.lacking(), basket.sells()
    return (sells, lacking) if sells else (basket.buys(lacking), ())


def _is_stuck(basket: Basket, state: RebalanceState) -> bool:
    """Whether the drift could not be mended lately, and no price has moved enough since to try again."""
    if state.stuck_at.keys() != basket.prices.keys():
        return False
    above, below = around(state.stuck_at, _TRY_AGAIN)
    return all(below[symbol] < price < above[symbol] for symbol, price in basket.prices.items())


def _levels(basket: Basket, limit: Decimal, stuck_at: dict[str, Decimal]) -> Levels:
    if stuck_at:
        return around(stuck_at, _TRY_AGAIN)
    return drift_levels(basket, limit) if basket.total else ({}, {})


def _complaint(failure: OrderResult, *, off: bool) -> Notify:
    why = f" ({failure.reason})" if failure.reason else ""
    what = f"rebalance: the order to {failure.side} {failure.symbol} was {failure.status.value}{why}"
    again = "once a price has moved by 1 % or a scheduled time comes" if off else "when it is time to rebalance again"
    return Notify(f"{what}: it is tried again {again}", "warning")


def _figures(basket: Basket, state: RebalanceState) -> dict[str, Decimal | int | str]:
    shown = [holding for holding in basket.holdings if holding.weight or holding.amount]
    drifts = {holding.asset: round(basket.drift(holding), 2) + 0 for holding in shown}
    return {
        "rebalances": state.rebalances,
        f"turnover, {basket.quote.asset}": state.turnover,
        "largest drift, points": max((abs(drift) for drift in drifts.values()), default=Decimal(0)),
        **{
            f"{holding.asset} weight": f"{holding.weight + drifts[holding.asset]:.2f} % of {holding.weight:f} %"
            f" ({drifts[holding.asset]:+.2f})"
            for holding in shown
        },
    }
