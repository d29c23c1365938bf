"""An automation type for the kill switch's tests: rests orders, some every tick, and replaces what is gone."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from typing import Any

from pydantic import BaseModel

from octobot_node import Automation, Decision, LimitOrder, Tick, Wake, hookimpl


class Rester(Automation["Rester.Config", None]):
    """Keeps orders resting far below the market, and adds one at every planned tick."""

    name = "rester"

    class Config(BaseModel):
        symbol: str = "BTC/USD"
        orders: int = 3
        every: float = 3600.0

    def evaluate(self, tick: Tick[Rester.Config, None]) -> Decision:
        missing = max(tick.config.orders - len(tick.open_orders), int(tick.scheduled_at is not None))
        order = LimitOrder(tick.config.symbol, "buy", amount=Decimal("0.001"), price=Decimal(20_000))
        wake = Wake(every=timedelta(seconds=tick.config.every))
        return Decision(orders=[order] * missing, independent=True, wake=wake)


@hookimpl
def register_automations(register: Callable[[type[Automation[Any, Any]]], None]) -> None:
    register(Rester)
