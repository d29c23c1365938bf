"""What a grid decides, for given orders, fills and prices."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from random import Random
from typing import Any

from octobot_node import (
    Decision,
    Fill,
    IntentStatus,
    LimitOrder,
    Market,
    MarketRules,
    Notify,
    OpenOrder,
    OrderResult,
    Position,
    Tick,
    Ticker,
)
from octobot_node.orders import Side
from octobot_tentacles.grid.automation import Grid
from octobot_tentacles.grid.config import GridConfig
from octobot_tentacles.grid.state import CellState, GridState

D = Decimal
SYMBOL = "BTC/USD"
NOW = datetime(2022, 1, 1, tzinfo=UTC)
RULES = MarketRules(SYMBOL, "BTC", "USD", min_amount=D("0.01"), min_notional=D(5), amount_step=D("0.001"))
#: Without a fee, so that what is bought is what is sold.
FREE = replace(RULES, taker_fee=D(0), maker_fee=D(0))
RICH = {"USD": D(10_000)}

BUYS = [LimitOrder(SYMBOL, "buy", D("1.000"), D(price), tag=f"buy-{n}") for n, price in enumerate((100, 110, 120))]
SELLS = [
    LimitOrder(SYMBOL, "sell", D("1.000"), D(price), tag=f"sell-{n}") for n, price in enumerate((110, 120, 130, 140))
]
BUY_3 = LimitOrder(SYMBOL, "buy", D("1.000"), D(130), tag="buy-3")


def config(**fields: Any) -> GridConfig:
    """Levels at 100, 110, 120, 130, 140."""
    given = {"symbol": SYMBOL, "lower": 100, "upper": 140, "levels": 5, "amount": 1}
    return GridConfig.model_validate({**given, **fields})


def buying(todo: str = "1", **fields: Any) -> CellState:
    return CellState.model_validate({"phase": "buy", "todo": todo, **fields})


def selling(todo: str = "1", held: str = "1", **fields: Any) -> CellState:
    return CellState.model_validate({"phase": "sell", "todo": todo, "held": held, **fields})


IDLE = CellState()


def running(*cells: CellState, settings: GridConfig | None = None, **fields: Any) -> GridState:
    layout = (settings or config()).layout
    return GridState.model_validate({"symbol": SYMBOL, "layout": layout, "built": True, "cells": cells, **fields})


def resting(
    order: LimitOrder, *, filled: str = "0", status: IntentStatus = IntentStatus.OPEN, amount: str | None = None
) -> OpenOrder:
    asked = order.amount if amount is None else D(amount)
    return OpenOrder(
        f"id-{order.tag}", SYMBOL, order.side, "limit", asked, order.price, None, D(filled), status, order.tag, NOW
    )


def at_market(side: Side, tag: str, status: IntentStatus = IntentStatus.OPEN, amount: str = "1") -> OpenOrder:
    return OpenOrder(f"id-{tag}", SYMBOL, side, "market", D(amount), None, None, D(0), status, tag, NOW)


def fill(side: Side, amount: str, price: str, tag: str, fee: str = "0", fee_asset: str = "") -> Fill:
    asset = fee_asset or ("BTC" if side == "buy" else "USD")
    cost = D(amount) * D(price)
    return Fill("fill", "order", SYMBOL, side, D(amount), D(price), cost, D(fee), asset, "maker", tag, NOW)


def result(
    tag: str, status: IntentStatus, *, order_id: str = "gone", side: Side = "buy", reason: str = "why"
) -> OrderResult:
    return OrderResult(order_id, SYMBOL, side, status, reason, D(0), None, tag)


def decide(
    settings: GridConfig,
    state: GridState | None = None,
    *,
    price: str = "125",
    now: datetime = NOW,
    due: bool = False,
    balances: dict[str, Decimal] | None = None,
    position: Position | None = None,
    open_orders: Sequence[OpenOrder] = (),
    fills: Sequence[Fill] = (),
    results: Sequence[OrderResult] = (),
    rules: MarketRules = FREE,
) -> Decision:
    """Evaluate one tick, of the automation's first if it remembers nothing."""
    last = D(price)
    tick: Tick[GridConfig, GridState] = Tick(
        automation_id="automation",
        number=0 if state is None else 7,
        now=now,
        scheduled_at=now if due else None,
        missed=0,
        config=settings,
        previous_config=None,
        # As the engine does: through JSON and back.
        state=None if state is None else GridState.model_validate_json(state.model_dump_json()),
        market=Market(now, {SYMBOL: Ticker(SYMBOL, last, last, last, now)}, all_rules={SYMBOL: rules}),
        positions={} if position is None else {SYMBOL: position},
        balances=RICH if balances is None else balances,
        open_orders=open_orders,
        fills=fills,
        results=results,
        signals=(),
        random=Random(0),
    )
    return Grid().evaluate(tick)


def told(decision: Decision) -> list[str]:
    return [action.message for action in decision.actions if isinstance(action, Notify)]
