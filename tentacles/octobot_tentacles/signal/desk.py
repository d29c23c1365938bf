"""Ordering: what may still be spent and sold in this tick, and the position rules."""

from __future__ import annotations

from datetime import datetime
from decimal import ROUND_DOWN, Decimal
from typing import Literal

from octobot_node import CancelOrder, IntentStatus, LimitOrder, MarketOrder, MarketRules, OpenOrder, Tick
from octobot_node.orders import Side
from octobot_tentacles.signal.config import SignalConfig
from octobot_tentacles.signal.instruction import Instruction
from octobot_tentacles.signal.state import SignalState

__all__ = ["Desk", "Ignored", "NotTraded"]

ZERO = Decimal(0)
#: The tag of what sells everything out.
CLOSE = "close"
_SPEND_STEP = Decimal("0.00000001")
#: Far below what one decision may order.
_ORDERS_MAX = 200


class NotTraded(ValueError):
    """A signal cannot be followed; its text says why, for a person."""


class Ignored(Exception):
    """A signal is not to be followed, by the position rules: no error, and nothing to tell; its text says which."""


class Desk:
    """One tick's orders; each leaves less for those after it."""

    def __init__(self, tick: Tick[SignalConfig, SignalState], state: SignalState) -> None:
        self._tick = tick
        self._config = tick.config
        self._free = dict(tick.balances)
        self._asked = set(state.cancelling)
        self._prices: dict[str, Decimal] = {}
        self._costs: dict[int, Decimal] = {}
        self.orders: list[MarketOrder | LimitOrder | CancelOrder] = []
        self.closing = {symbol for symbol in state.closing if symbol in self._config.all_symbols}
        self.bought_at = self._still_cooling(state.bought_at)

    # -- what signals say

    def buy(self, found: Instruction) -> LimitOrder | MarketOrder:
        """Order a buy and return it; raise Ignored by the rules, NotTraded where it cannot be."""
        symbol, config = found.symbol, self._config
        if config.one_position and (self._holds(symbol) or self._buys(symbol) or symbol in self.closing):
            raise Ignored(f"one_position: {symbol} is held, being bought or being sold out")
        if symbol in self.bought_at:
            raise Ignored(f"cooldown: {symbol} was bought at {self.bought_at[symbol]:%Y-%m-%d %H:%M:%S} UTC")
        self._check_count()
        rules, price = self._rules(symbol), self._price(found)
        order = self._buy_order(found, rules, price)
        self.closing.discard(symbol)
        self.orders.append(order)
        free, cost = self._free.get(rules.quote, ZERO), _cost(order, rules, price)
        # What costs more than there is will be refused, and takes nothing from those after it.
        self._costs[id(order)] = cost if cost <= free else ZERO
        self._free[rules.quote] = free - self._costs[id(order)]
        if config.cooldown is not None:
            self.bought_at[symbol] = self._tick.now
        return order

    def sell(self, found: Instruction) -> LimitOrder | MarketOrder:
        """Order a sale of what the signal says, at most of what is held and free, and return it."""
        self._check_count()
        held = self._available(found.symbol)
        if not held:
            raise Ignored(f"no {found.symbol} is held and free")
        percent = found.percent if found.percent is not None else self._config.sell_percent
        wanted = found.amount if found.amount is not None else held * percent / 100
        rules, price = self._rules(found.symbol), self._price(found)
        amount = rules.round_amount(min(wanted, held))
        _check_least(amount, price, rules)
        return self._sell(found.symbol, amount, price, found.tag, self._kind(found))

    def close(self, found: Instruction) -> None:
        """Have everything of a symbol sold, whatever the signal says about how much."""
        symbol = found.symbol
        if found.order is not None and found.order != self._config.order:
            # Selling out goes on from tick to tick, and only the config is still there then.
            raise NotTraded(f"with one_position every sale is a {self._config.order} order, as the config says")
        self._drop_buys(symbol)
        rules = self._rules(symbol)
        held = _is_enough(rules.round_amount(self._available(symbol)), self._last(symbol), rules)
        if symbol in self.closing:
            raise Ignored(f"one_position: {symbol} is being sold out already")
        if not (held or self._buys(symbol)):
            raise Ignored(f"no {symbol} is held or being bought")
        self._check_count()
        self.closing.add(symbol)
        if found.price is not None or found.offset is not None:
            self._prices[symbol] = self._price(found)

    def _drop_buys(self, symbol: str) -> None:
        """Do not even order what this tick's earlier signals would buy."""
        for order in [order for order in self._ordered(symbol) if order.side == "buy"]:
            self.orders.remove(order)
            self._free[self._rules(symbol).quote] += self._costs[id(order)]

    def closing_orders(self, symbol: str) -> list[LimitOrder | MarketOrder]:
        """Return this tick's sales of what is being sold out."""
        return [order for order in self._ordered(symbol) if order.side == "sell" and order.tag == CLOSE]

    # -- what goes on from tick to tick

    def sell_out(self) -> None:
        """Cancel the buys of what is being closed, and sell what is free of it."""
        for symbol in sorted(self.closing):
            self._cancel([order for order in self._open(symbol) if order.side == "buy"])
            rules = self._rules(symbol)
            price = rules.round_price(self._prices.get(symbol, self._last(symbol)), "sell")
            amount = rules.round_amount(self._available(symbol))
            if _is_enough(amount, price, rules):
                self._sell(symbol, amount, price, CLOSE, self._config.order)
            elif not self._open(symbol) and not self._ordered(symbol):
                self.closing.discard(symbol)

    def cancel_foreign(self, *, edited: bool) -> None:
        """Cancel what rests in symbols that an edit removed."""
        if edited:
            allowed = self._config.all_symbols
            self._cancel([order for order in self._tick.open_orders if order.symbol not in allowed])

    def _cancel(self, orders: list[OpenOrder]) -> None:
        for order in orders:
            # One of unknown outcome may have been filled: whoever finds out decides.
            if order.status is not IntentStatus.UNKNOWN and order.id not in self._asked:
                self._asked.add(order.id)
                self.orders.append(CancelOrder(order.id))

    # -- what there is

    def _holds(self, symbol: str) -> bool:
        amount = self._rules(symbol).round_amount(self._tick.position(symbol).amount)
        return _is_enough(amount, self._last(symbol), self._rules(symbol))

    def _available(self, symbol: str) -> Decimal:
        """Return the base that is held and free: resting sales, those of unknown outcome too, keep theirs reserved."""
        selling = sum((order.remaining or ZERO for order in self._open(symbol) if order.side == "sell"), ZERO)
        selling += sum((o.amount or ZERO for o in self._ordered(symbol) if o.side == "sell"), ZERO)
        held = self._tick.position(symbol).amount - selling
        return max(min(held, self._free.get(self._rules(symbol).base, ZERO)), ZERO)

    def _open(self, symbol: str) -> list[OpenOrder]:
        return [order for order in self._tick.open_orders if order.symbol == symbol]

    def _ordered(self, symbol: str) -> list[MarketOrder | LimitOrder]:
        return [o for o in self.orders if not isinstance(o, CancelOrder) and o.symbol == symbol]

    def _buys(self, symbol: str) -> bool:
        return any(order.side == "buy" for order in [*self._open(symbol), *self._ordered(symbol)])

    def _still_cooling(self, bought_at: dict[str, datetime]) -> dict[str, datetime]:
        cooldown = self._config.cooldown
        if cooldown is None:
            return {}
        return {symbol: moment for symbol, moment in bought_at.items() if self._tick.now < moment + cooldown}

    def _rules(self, symbol: str) -> MarketRules:
        return self._tick.market.rules(symbol)

    def _last(self, symbol: str) -> Decimal:
        return self._tick.market.ticker(symbol).last

    def _price(self, found: Instruction) -> Decimal:
        """Return the price of a limit order, or by which a market order is measured."""
        if found.offset is not None:
            price = found.offset.of(self._last(found.symbol))
            if price <= 0:
                raise NotTraded(f"its price would be {price:f}")
            return self._on_step(found, price)
        if found.price is None:
            return self._last(found.symbol) if self._kind(found) == "market" else self._on_step(found, None)
        return self._on_step(found, found.price)

    def _kind(self, found: Instruction) -> Literal["market", "limit"]:
        return found.order or self._config.order

    def _on_step(self, found: Instruction, price: Decimal | None) -> Decimal:
        rules = self._rules(found.symbol)
        rounded = rules.round_price(self._last(found.symbol) if price is None else price, found.side)
        if not rounded:
            raise NotTraded(f"its price {price} is below the market's step {rules.price_step:f}")
        return rounded

    # -- orders

    def _buy_order(self, found: Instruction, rules: MarketRules, price: Decimal) -> MarketOrder | LimitOrder:
        amount, spend = found.amount, found.spend
        percent = found.percent
        if amount is spend is percent is None:
            amount, spend, percent = self._config.amount, self._config.spend, self._config.percent
        if percent is not None:
            spend = self._free.get(rules.quote, ZERO) * percent / 100 / _with_fee(rules)
            if not spend:
                raise NotTraded(f"no {rules.quote} is free")
        if spend is not None:
            return self._spending(found, rules, price, spend.quantize(_SPEND_STEP, ROUND_DOWN))
        if amount is None:
            raise NotTraded("it does not say how much, and neither amount, spend nor percent is configured")
        amount = rules.round_amount(amount)
        _check_least(amount, price, rules)
        if self._kind(found) == "market":
            return MarketOrder(found.symbol, "buy", amount=amount, tag=found.tag)
        return self._limit(found.symbol, "buy", amount, price, found.tag)

    def _spending(
        self, found: Instruction, rules: MarketRules, price: Decimal, spend: Decimal
    ) -> MarketOrder | LimitOrder:
        amount = rules.round_amount(spend / price)
        _check_least(amount, price, rules)
        if self._kind(found) == "market":
            return MarketOrder(found.symbol, "buy", spend=spend, tag=found.tag)
        return self._limit(found.symbol, "buy", amount, price, found.tag)

    def _sell(
        self, symbol: str, amount: Decimal, price: Decimal, tag: str, kind: Literal["market", "limit"]
    ) -> LimitOrder | MarketOrder:
        base = self._rules(symbol).base
        order: LimitOrder | MarketOrder
        if kind == "market":
            order = MarketOrder(symbol, "sell", amount=amount, tag=tag)
        else:
            order = self._limit(symbol, "sell", amount, price, tag)
        self.orders.append(order)
        self._free[base] = self._free.get(base, ZERO) - amount
        return order

    def _limit(self, symbol: str, side: Side, amount: Decimal, price: Decimal, tag: str) -> LimitOrder:
        expires = None if self._config.expires is None else self._tick.now + self._config.expires
        return LimitOrder(symbol, side, amount, price, expires=expires, tag=tag)

    def _check_count(self) -> None:
        if len(self.orders) >= _ORDERS_MAX:
            raise NotTraded(f"it came with more others than one tick follows, {_ORDERS_MAX}")


def _with_fee(rules: MarketRules) -> Decimal:
    return 1 + (rules.taker_fee if rules.fee_in == "quote" else ZERO)


def _cost(order: MarketOrder | LimitOrder, rules: MarketRules, price: Decimal) -> Decimal:
    spend = order.spend if isinstance(order, MarketOrder) else None
    return (spend if spend is not None else (order.amount or ZERO) * price) * _with_fee(rules)


def _is_enough(amount: Decimal, price: Decimal, rules: MarketRules) -> bool:
    return amount > 0 and amount >= rules.min_amount and amount * price >= rules.min_notional


def _check_least(amount: Decimal, price: Decimal, rules: MarketRules) -> None:
    if not _is_enough(amount, price, rules):
        raise NotTraded(
            f"{amount:f} {rules.base} at {price:f} is below the market's smallest order"
            f" ({rules.min_amount:f} {rules.base}, {rules.min_notional:f} {rules.quote})"
        )
