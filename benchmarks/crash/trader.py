"""The automation of the crash and chaos tests: one order a tick, and a state that notices a tick lost or repeated."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from typing import Any

from pydantic import BaseModel

from octobot_node import (
    Automation,
    CancelOrder,
    Decision,
    IntentStatus,
    LimitOrder,
    MarketOrder,
    Tick,
    Wake,
    hookimpl,
)
from octobot_node.market import to_ms

AMOUNT = Decimal("0.001")


class TraderState(BaseModel):
    next: int = 0


class Trader(Automation["Trader.Config", TraderState]):
    """Buys and sells small amounts, rests and cancels limit orders: at every tick one order, tagged by its tick."""

    name = "crash_trader"
    State = TraderState

    class Config(BaseModel):
        symbol: str = "BTC/USD"
        every: float = 1.0
        #: Order at planned ticks alone: fills wake it, too, and each order's fills would cause the next order.
        planned_only: bool = False

    def evaluate(self, tick: Tick[Trader.Config, TraderState]) -> Decision:
        state = tick.state or TraderState()
        if state.next != tick.number:
            raise RuntimeError(f"tick {tick.number}, but the state expects {state.next}")
        wake = Wake(every=timedelta(seconds=tick.config.every))
        if tick.config.planned_only and tick.scheduled_at is None:
            return Decision(state=TraderState(next=tick.number + 1), wake=wake)
        resting = [order for order in tick.open_orders if order.type == "limit" and order.status is IntentStatus.OPEN]
        cancels = [CancelOrder(order.id) for order in resting if tick.random.random() < 0.7]
        return Decision(
            state=TraderState(next=tick.number + 1),
            orders=[*cancels, self._order(tick)],
            wake=wake,
        )

    def _order(self, tick: Tick[Trader.Config, TraderState]) -> MarketOrder | LimitOrder:
        symbol, tag = tick.config.symbol, _tag(tick)
        last, dice = tick.market.ticker(symbol).last, tick.random.random()
        if dice < 0.4:
            return LimitOrder(symbol, "buy", AMOUNT, last * Decimal("0.9"), tag=tag)
        if dice < 0.7 and tick.balances.get(symbol.partition("/")[0], Decimal(0)) > AMOUNT:
            return MarketOrder(symbol, "sell", amount=AMOUNT, tag=tag)
        return MarketOrder(symbol, "buy", amount=AMOUNT, tag=tag)


def _tag(tick: Tick[Trader.Config, TraderState]) -> str:
    """Return the tick's number and, of a planned one, when it was due (ms UTC): what verification reads."""
    if tick.scheduled_at is None:
        return f"t{tick.number}"
    return f"t{tick.number}@{to_ms(tick.scheduled_at)}"


@hookimpl
def register_automations(register: Callable[[type[Automation[Any, Any]]], None]) -> None:
    register(Trader)
