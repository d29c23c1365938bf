"""Whatever an exchange does to its orders, a smart trade never offers more than it holds, and it ends."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from decimal import ROUND_DOWN, Decimal
from random import Random

import pytest

from octobot_node import (
    CancelOrder,
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
)
from octobot_tentacles.smart_trade.automation import SmartTrade
from octobot_tentacles.smart_trade.config import SmartTradeConfig
from octobot_tentacles.smart_trade.state import Trade

D = Decimal
SYMBOL = "BTC/USD"
START = datetime(2022, 1, 1, tzinfo=UTC)
RULES = MarketRules(SYMBOL, "BTC", "USD", min_amount=D("0.001"), min_notional=D(5))
STEP = D("0.00000001")
FEE = D("0.001")
FIRST_PRICE, NOTHING = D(1000), D(0)


@dataclass
class Exchange:
    """An account that fills in parts, refuses, loses answers and lets cancels and fills race, by a seeded dice."""

    dice: Random
    price: Decimal = FIRST_PRICE
    now: datetime = START
    orders: dict[str, OpenOrder] = field(default_factory=dict)
    cancelling: set[str] = field(default_factory=set)
    fills: list[Fill] = field(default_factory=list)
    results: list[OrderResult] = field(default_factory=list)
    received: Decimal = NOTHING
    sold: Decimal = NOTHING
    made: int = 0

    def move(self) -> None:
        """Let a while pass: the price moves, and something may happen to every order."""
        self.now += timedelta(seconds=self.dice.choice([1, 20, 400]))
        self.price = round(self.price * D(str(self.dice.uniform(0.992, 1.008))), 2)
        for order in list(self.orders.values()):
            self._happen(order)

    def settle(self) -> None:
        """Answer everything: cancels are carried out, market orders filled, unknown orders found not to exist."""
        self.now += timedelta(minutes=11)
        for order in list(self.orders.values()):
            if order.id in self.cancelling or order.status is IntentStatus.UNKNOWN:
                self._end(order, IntentStatus.CANCELLED)
            elif order.price is None:
                self._fill(order, order.remaining or D(0))

    def _happen(self, order: OpenOrder) -> None:
        chance = self.dice.random()
        if order.status is IntentStatus.UNKNOWN:
            if chance < 0.3:
                self.orders[order.id] = replace(order, status=IntentStatus.OPEN)
            elif chance < 0.4:
                self._end(order, IntentStatus.CANCELLED)
        elif order.id in self.cancelling and chance < 0.5:
            self._end(order, IntentStatus.CANCELLED)
        elif chance < 0.1:
            self.orders[order.id] = replace(order, status=IntentStatus.UNKNOWN)
        elif chance < 0.15 and not order.filled:
            self._end(order, IntentStatus.REFUSED)
        elif chance < 0.45 and self._is_met(order):
            remaining = order.remaining or D(0)
            part = D(str(self.dice.choice([0.25, 0.5, 1])))
            self._fill(order, (remaining * part).quantize(STEP, ROUND_DOWN) or remaining)

    def _is_met(self, order: OpenOrder) -> bool:
        if order.price is None:
            return True
        return self.price <= order.price if order.side == "buy" else self.price >= order.price

    def _fill(self, order: OpenOrder, amount: Decimal) -> None:
        price = order.price or self.price
        buys, cost = order.side == "buy", amount * price
        fee = amount * FEE if buys else cost * FEE
        self.received += amount - fee if buys else D(0)
        self.sold += D(0) if buys else amount
        asset = "BTC" if buys else "USD"
        fill = Fill("", order.id, SYMBOL, order.side, amount, price, cost, fee, asset, "taker", order.tag, self.now)
        self.fills.append(fill)
        order = self.orders[order.id] = replace(order, filled=order.filled + amount)
        if not order.remaining:
            self._end(order, IntentStatus.FILLED)

    def _end(self, order: OpenOrder, status: IntentStatus) -> None:
        del self.orders[order.id]
        self.cancelling.discard(order.id)
        self.results.append(OrderResult(order.id, SYMBOL, order.side, status, "", order.filled, None, order.tag))

    def take(self, decision: Decision) -> None:
        """Carry out a decision, holding it to what an account allows."""
        for action in decision.orders:
            if isinstance(action, CancelOrder):
                assert self.orders[action.id].status is not IntentStatus.UNKNOWN
                self.cancelling.add(action.id)
            else:
                assert isinstance(action, LimitOrder | MarketOrder)
                self._place(action)
        offered = sum((order.remaining or D(0) for order in self.orders.values() if order.side == "sell"), D(0))
        assert offered <= self.received - self.sold

    def _place(self, order: LimitOrder | MarketOrder) -> None:
        self.made += 1
        assert order.amount is not None
        assert order.amount == RULES.round_amount(order.amount)
        price = order.price if isinstance(order, LimitOrder) else None
        if order.side == "sell":
            assert order.amount >= RULES.min_amount
            assert order.amount * (price or self.price) >= RULES.min_notional
        self.orders[str(self.made)] = OpenOrder(
            id=str(self.made),
            symbol=SYMBOL,
            side=order.side,
            type="market" if price is None else "limit",
            amount=order.amount,
            price=price,
            stop=None,
            filled=D(0),
            status=IntentStatus.OPEN,
            tag=order.tag,
            created_at=self.now,
        )


CONFIG = {
    "symbol": SYMBOL,
    "amount": "0.1",
    "take_profits": [{"percent": p, "share": s} for p, s in (("0.5", 20), ("1", 30), ("2", 20))],
    "runner": 30,
    "stop_loss": {"percent": "1.5"},
    "trailing": {"percent": "1.2", "activate_at": {"percent": "0.6"}},
    "break_even": {"after_take_profit": 1},
    "time_limit": "1d",
}
EDITED = {**CONFIG, "take_profits": [{"percent": "0.8", "share": 50}, {"percent": "3", "share": 20}]}


@pytest.mark.parametrize("seed", range(150))
def test_a_trade_never_offers_more_than_it_holds_and_ends_when_the_exchange_answers(seed: int) -> None:
    dice = Random(seed)
    entry = {"limit": "1001"} if seed % 2 else {}
    config, edited = (SmartTradeConfig.model_validate({**given, "entry": entry}) for given in (CONFIG, EDITED))
    exchange, state, done = Exchange(dice), None, False
    for number in range(80):
        before, current = (config, edited) if number == 20 else (None, config if number < 20 else edited)
        done, state = _tick(exchange, state, current, before, number)
        if done:
            break
        exchange.move()
    for number in range(80, 100):
        if not done:
            exchange.price = D(500)  # below every stop
            exchange.settle()
            done, state = _tick(exchange, state, edited, None, number)
    assert done
    assert not exchange.orders
    left = exchange.received - exchange.sold
    assert RULES.round_amount(left) < RULES.min_amount or left * exchange.price < RULES.min_notional


def _tick(
    exchange: Exchange, state: Trade | None, config: SmartTradeConfig, before: SmartTradeConfig | None, number: int
) -> tuple[bool, Trade | None]:
    tick: Tick[SmartTradeConfig, Trade] = Tick(
        automation_id="automation",
        number=number,
        now=exchange.now,
        scheduled_at=None if number % 3 else exchange.now,
        missed=0,
        config=config,
        previous_config=before,
        state=None if state is None else Trade.model_validate_json(state.model_dump_json()),
        market=Market(
            as_of=exchange.now,
            tickers={SYMBOL: Ticker(SYMBOL, exchange.price, exchange.price, exchange.price, exchange.now)},
            all_rules={SYMBOL: RULES},
        ),
        positions={},
        balances={},
        open_orders=list(exchange.orders.values()),
        fills=exchange.fills,
        results=exchange.results,
        signals=(),
        random=Random(0),
    )
    decision = SmartTrade().evaluate(tick)
    assert SmartTrade().evaluate(tick) == decision
    exchange.fills, exchange.results = [], []
    exchange.take(decision)
    return decision.done, decision.state
