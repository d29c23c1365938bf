"""What DCA decides, for given orders, fills and prices."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from random import Random
from typing import Any

from octobot_node import (
    Decision,
    Fill,
    IntentStatus,
    LimitOrder,
    Market,
    MarketOrder,
    MarketRules,
    OpenOrder,
    OrderResult,
    Position,
    Tick,
)
from octobot_node.orders import Side
from octobot_tentacles.dca.automation import Dca
from octobot_tentacles.dca.config import DcaConfig, SafetyOrders
from octobot_tentacles.dca.state import DcaState, Deal

D = Decimal
SYMBOL = "BTC/USD"
START = datetime(2022, 1, 1, tzinfo=UTC)
LATER = START + timedelta(days=3)
RULES = MarketRules(SYMBOL, "BTC", "USD", min_amount=D("0.0001"), min_notional=D(10))
LADDER = {"count": 3, "step": 1, "step_scale": 2, "amount": 100, "volume_scale": 2}
SAFETY = SafetyOrders.model_validate(LADDER)
BUY = MarketOrder(SYMBOL, "buy", spend=D(100), tag="scheduled")

FIRST = LimitOrder(SYMBOL, "buy", D("0.10101010"), D("990.00"), tag="safety-1")
SECOND = LimitOrder(SYMBOL, "buy", D("0.20618556"), D("970.00"), tag="safety-2")
THIRD = LimitOrder(SYMBOL, "buy", D("0.43010752"), D("930.00"), tag="safety-3")


def config(**fields: Any) -> DcaConfig:
    return DcaConfig.model_validate({"symbol": SYMBOL, "amount": 100, **fields})


def averaging(**fields: Any) -> DcaConfig:
    return config(take_profit=2, safety_orders=LADDER, **fields)


def remembered(**fields: Any) -> DcaState:
    return DcaState.model_validate({"anchor": START, "symbol": SYMBOL, **fields})


def deal(placed: int = 3, entry: str = "1000") -> Deal:
    return Deal(entry=D(entry), safety_orders=SAFETY, placed=placed)


def held(amount: str, cost: str) -> Position:
    return Position(SYMBOL, D(amount), D(cost))


def resting(
    order: LimitOrder,
    *,
    order_id: str = "",
    filled: str = "0",
    status: IntentStatus = IntentStatus.OPEN,
) -> OpenOrder:
    return OpenOrder(
        id=order_id or f"id-{order.tag}",
        symbol=order.symbol,
        side=order.side,
        type="limit",
        amount=order.amount,
        price=order.price,
        stop=None,
        filled=D(filled),
        status=status,
        tag=order.tag,
        created_at=START,
    )


def scheduled(status: IntentStatus = IntentStatus.OPEN) -> OpenOrder:
    return OpenOrder("id-scheduled", SYMBOL, "buy", "market", None, None, None, D(0), status, "scheduled", START)


def fill(side: Side, amount: str, price: str, *, tag: str = "scheduled", fee: str = "0", symbol: str = SYMBOL) -> Fill:
    cost = D(amount) * D(price)
    fee_asset = "BTC" if side == "buy" else "USD"
    return Fill("fill", "order", symbol, side, D(amount), D(price), cost, D(fee), fee_asset, "taker", tag, LATER)


def result(
    tag: str, status: IntentStatus, *, order_id: str = "gone", side: Side = "sell", symbol: str = SYMBOL
) -> OrderResult:
    return OrderResult(order_id, symbol, side, status, "why", D(0), None, tag)


def take_profit(amount: str, price: str) -> LimitOrder:
    return LimitOrder(SYMBOL, "sell", D(amount), D(price), tag="take-profit")


def decide(
    settings: DcaConfig,
    state: DcaState | None = None,
    *,
    due: bool = False,
    missed: int = 0,
    position: Position | None = None,
    open_orders: Sequence[OpenOrder] = (),
    fills: Sequence[Fill] = (),
    results: Sequence[OrderResult] = (),
    rules: MarketRules = RULES,
) -> Decision:
    """Evaluate one tick: the automation's first if it remembers nothing; woken early unless it is ``due``."""
    now = START if state is None else LATER
    tick: Tick[DcaConfig, DcaState] = Tick(
        automation_id="automation",
        number=0 if state is None else 7,
        now=now,
        scheduled_at=now if due or state is None else None,
        missed=missed,
        config=settings,
        previous_config=None,
        # As the engine does: through JSON and back.
        state=None if state is None else DcaState.model_validate_json(state.model_dump_json()),
        market=Market(as_of=now, all_rules={settings.symbol: rules}),
        positions={} if position is None else {SYMBOL: position},
        balances={},
        open_orders=open_orders,
        fills=fills,
        results=results,
        signals=(),
        random=Random(0),
    )
    return Dca().evaluate(tick)
