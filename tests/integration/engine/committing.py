"""Decisions and claims, as the tests of what a batch commits use them."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any

from octobot_node import Decision, LimitOrder, MarketOrder, Tick, Wake
from tests.support.bench import Bench

MINUTE = Wake(every=timedelta(minutes=1), align=True)
BUY = MarketOrder("BTC/USDT", "buy", spend=Decimal(50))


def idle(_tick: Tick[Any, Any]) -> Decision:
    return Decision(wake=MINUTE)


def buy(_tick: Tick[Any, Any]) -> Decision:
    return Decision(orders=[BUY], wake=MINUTE)


def buy_at(price: str) -> LimitOrder:
    return LimitOrder("BTC/USDT", "buy", Decimal(1), Decimal(price))


def claim(bench: Bench) -> tuple[str, str]:
    """Claim what is due and return (workflow, batch), not run yet."""
    bench.dispatcher.dispatch()
    _, workflow_id, batch = bench.queue.popleft()
    return workflow_id, batch


def outline(row: Any) -> dict[str, Any]:
    names = ("tick", "status", "reason", "next_run_at", "due_at", "failures", "runnable", "claim", "state")
    return {name: getattr(row, name) for name in names}
