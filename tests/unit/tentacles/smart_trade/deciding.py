"""What a smart trade decides, for given orders, fills and prices."""

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
    Tick,
    Ticker,
    Wake,
)
from octobot_node.orders import Side
from octobot_tentacles.smart_trade.automation import SmartTrade
from octobot_tentacles.smart_trade.config import SmartTradeConfig
from octobot_tentacles.smart_trade.state import Trade

D = Decimal
SYMBOL = "BTC/USD"
START = datetime(2022, 1, 1, tzinfo=UTC)
LATER = START + timedelta(hours=3)
SOON = LATER + timedelta(seconds=30)
RULES = MarketRules(SYMBOL, "BTC", "USD", min_amount=D("0.0001"), min_notional=D(10))
#: Halves at 1010 and 1020, all of it below 980.
LADDER: dict[str, Any] = {
    "take_profits": [{"percent": 1, "share": 50}, {"percent": 2, "share": 50}],
    "stop_loss": {"percent": 2},
}
FIRST = LimitOrder(SYMBOL, "sell", D("0.5"), D("1010.00"), tag="take-profit-1")
SECOND = LimitOrder(SYMBOL, "sell", D("0.5"), D("1020.00"), tag="take-profit-2")


def config(**fields: Any) -> SmartTradeConfig:
    size = {} if fields.keys() & {"amount", "existing"} else {"spend": 1000}
    return SmartTradeConfig.model_validate({"symbol": SYMBOL, **size, **fields})


def trade(**fields: Any) -> Trade:
    """A trade that bought 1 BTC for 1000 USD without a fee."""
    bought = {"entered": True, "received": D(1), "paid": D(1000), "opened_at": START}
    return Trade.model_validate({"symbol": SYMBOL, "started_at": START, **bought, **fields})


def entering(**fields: Any) -> Trade:
    return Trade.model_validate({"symbol": SYMBOL, "started_at": START, "entered": True, **fields})


def resting(
    order: LimitOrder | MarketOrder, *, filled: str = "0", status: IntentStatus = IntentStatus.OPEN
) -> OpenOrder:
    price = order.price if isinstance(order, LimitOrder) else None
    kind = "market" if price is None else "limit"
    return OpenOrder(
        f"id-{order.tag}",
        order.symbol,
        order.side,
        kind,
        order.amount,
        price,
        None,
        D(filled),
        status,
        order.tag,
        START,
    )


def fill(side: Side, amount: str, price: str, *, tag: str = "entry", fee: str = "0", fee_asset: str = "BTC") -> Fill:
    cost = D(amount) * D(price)
    return Fill("fill", "order", SYMBOL, side, D(amount), D(price), cost, D(fee), fee_asset, "taker", tag, LATER)


def result(tag: str, status: IntentStatus, side: Side = "sell", order_id: str = "") -> OrderResult:
    return OrderResult(order_id or f"id-{tag}", SYMBOL, side, status, "why", D(0), None, tag)


def decide(
    settings: SmartTradeConfig,
    state: Trade | None = None,
    *,
    price: str = "1000",
    now: datetime = LATER,
    due: bool = False,
    before: SmartTradeConfig | None = None,
    balances: dict[str, Decimal] | None = None,
    open_orders: Sequence[OpenOrder] = (),
    fills: Sequence[Fill] = (),
    results: Sequence[OrderResult] = (),
    rules: MarketRules = RULES,
    symbol: str = SYMBOL,
) -> Decision:
    moment = START if state is None else now
    tick: Tick[SmartTradeConfig, Trade] = Tick(
        automation_id="automation",
        number=0 if state is None else 7,
        now=moment,
        scheduled_at=moment if due or state is None else None,
        missed=0,
        config=settings,
        previous_config=before,
        # As the engine does: through JSON and back.
        state=None if state is None else Trade.model_validate_json(state.model_dump_json()),
        market=Market(
            as_of=moment,
            tickers={symbol: Ticker(symbol, D(price), D(price), D(price), moment)},
            all_rules={symbol: rules},
        ),
        positions={},
        balances=balances or {},
        open_orders=open_orders,
        fills=fills,
        results=results,
        signals=(),
        random=Random(0),
    )
    return SmartTrade().evaluate(tick)


def wake(**levels: Any) -> Wake:
    above, below = levels.pop("above", None), levels.pop("below", None)
    return Wake(
        above={} if above is None else {SYMBOL: D(above)},
        below={} if below is None else {SYMBOL: D(below)},
        **levels,
    )
