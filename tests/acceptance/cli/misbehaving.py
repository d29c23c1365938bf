"""Automation types that misbehave, and one that notes how late its ticks come; a plugin by its dotted name."""

from __future__ import annotations

import math
import os
from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from typing import Any

from pydantic import BaseModel

from octobot_node import Automation, Decision, MarketOrder, Needs, Tick, Wake, hookimpl

CADENCE = timedelta(seconds=2)


class Misbehaving(Automation["Misbehaving.Config", Any]):
    """Misbehaves in the way its config names."""

    name = "misbehaving"

    class Config(BaseModel):
        symbol: str = "BTC/USD"
        how: str

    def evaluate(self, tick: Tick[Config, Any]) -> Decision:
        decision: Decision = getattr(self, f"_{tick.config.how}")()
        return decision

    def _raise(self) -> Decision:
        raise ValueError("as always")

    def _hang(self) -> Decision:
        while True:
            pass

    def _allocate(self) -> Decision:
        hoard = []
        while True:
            hoard.append(bytearray(10_000_000))

    def _exit(self) -> Decision:
        os._exit(3)

    def _nothing(self) -> Any:
        return None

    def _nan_amount(self) -> Decision:
        return Decision(orders=[MarketOrder("BTC/USD", "buy", amount=Decimal("NaN"))])

    def _nan_state(self) -> Decision:
        return Decision(state={"x": math.nan})

    def _print(self) -> Decision:
        print("said by an author")  # noqa: T201
        return Decision(done=True)

    def _fine(self) -> Decision:
        return Decision(wake=Wake(every=timedelta(days=1)))


class Nothing(BaseModel):
    pass


class Punctual(Automation[Nothing, Any]):
    """Is due every two seconds and keeps by how many seconds each tick was late."""

    name = "punctual"
    Config = Nothing

    def evaluate(self, tick: Tick[Nothing, Any]) -> Decision:
        late = list(tick.state or [])
        if tick.scheduled_at is not None and tick.number:
            late.append((tick.now - tick.scheduled_at).total_seconds())
        return Decision(state=late, wake=Wake(every=CADENCE, align=True))

    def needs(self, config: Nothing, state: Any) -> Needs:
        return Needs()


@hookimpl
def register_automations(register: Callable[[type[Automation[Any, Any]]], None]) -> None:
    register(Misbehaving)
    register(Punctual)
