"""Stop-loss and take-profit of the whole grid, and closing it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from decimal import Decimal

from octobot_node import CancelOrder, Decision, IntentStatus, MarketOrder, Notify, Wake
from octobot_node.text.amounts import amount_text
from octobot_tentacles.grid.accounting import CLOSE, GridTick, figures, last_price, total_profit
from octobot_tentacles.grid.levels import orderable
from octobot_tentacles.grid.orders import Action, cancels
from octobot_tentacles.grid.state import ZERO, GridState

__all__ = ["close", "due_exit", "exit_levels", "still_cancelling"]

_RETRY = timedelta(minutes=1)
_MOST_PARTS = 64


def due_exit(tick: GridTick, state: GridState) -> GridState | None:
    """Return the state of a grid that begins to close, or None while nothing calls for it."""
    config, price = tick.config, last_price(tick)
    total, one_percent = total_profit(tick), state.capital / 100
    stopped = config.stop_loss_price is not None and price <= config.stop_loss_price
    if config.stop_loss_percent is not None and one_percent:
        stopped = stopped or total <= -config.stop_loss_percent * one_percent
    taken = config.take_profit_price is not None and price >= config.take_profit_price
    if config.take_profit_percent is not None and one_percent:
        taken = taken or total >= config.take_profit_percent * one_percent
    if not (stopped or taken):
        return None
    return state.model_copy(update={"closing": "stop-loss" if stopped else "take-profit", "retry_at": None})


def exit_levels(tick: GridTick, state: GridState) -> tuple[list[Decimal], list[Decimal]]:
    """Return the prices (below, above) at which the next exit is due, with what the grid holds now."""
    config, rules = tick.config, tick.market.rules(tick.config.symbol)
    below = [price for price in (config.stop_loss_price,) if price is not None]
    above = [price for price in (config.take_profit_price,) if price is not None]
    if config.stop_loss_percent is not None and state.capital:
        price = _price_at(tick, -config.stop_loss_percent * state.capital / 100)
        below += [rules.round_price(price, "buy")] if price is not None else []
    if config.take_profit_percent is not None and state.capital:
        price = _price_at(tick, config.take_profit_percent * state.capital / 100)
        above += [rules.round_price(price, "sell")] if price is not None else []
    return [price for price in below if price > 0], above


def _price_at(tick: GridTick, profit: Decimal) -> Decimal | None:
    """Return the price at which total profit is ``profit``, or None when no price makes it so."""
    position = tick.position(tick.config.symbol)
    return (profit - position.realised + position.cost) / position.amount if position.amount > 0 else None


def close(tick: GridTick, state: GridState) -> Decision:
    """Cancel everything, then sell the inventory at market; done when both are over."""
    began = tick.state is None or not tick.state.closing
    if tick.scheduled_at is not None:
        state = state.model_copy(update={"cancelling": ()})  # a minute has passed: ask again for what did not happen
    state = _after_refusal(tick, state)
    own = [order for order in tick.open_orders if order.status is not IntentStatus.UNKNOWN]
    orders: list[Action] = list(cancels([order for order in own if order.tag != CLOSE], state))
    amount = ZERO if own else _to_sell(tick, state)
    if amount and state.retry_at is None:
        orders.append(MarketOrder(state.symbol, "sell", amount=amount, tag=CLOSE))
    done = not (tick.open_orders or amount)
    return Decision(
        state=state.model_copy(update={"cancelling": still_cancelling(tick, state, orders)}),
        orders=orders,
        actions=[Notify(_beginning(tick, state), level="warning")] if began else [],
        wake=None if done else Wake(at=state.retry_at or tick.now + _RETRY),
        independent=True,
        done=done,
        figures=figures(tick, state),
    )


def _after_refusal(tick: GridTick, state: GridState) -> GridState:
    """Return the state with half the size for the next sale, a minute from now, if this one was refused."""
    if any(result.tag == CLOSE and result.status is IntentStatus.REFUSED for result in tick.results):
        return state.model_copy(
            update={"parts": min(state.parts * 2, _MOST_PARTS), "retry_at": tick.now + _RETRY, "cancelling": ()}
        )
    return state if state.retry_at is None or tick.now < state.retry_at else state.model_copy(update={"retry_at": None})


def _to_sell(tick: GridTick, state: GridState) -> Decimal:
    """Return the base to sell now: what the grid has and no order of unknown outcome may have sold."""
    rules, price = tick.market.rules(tick.config.symbol), last_price(tick)
    sells = [order for order in tick.open_orders if order.side == "sell" and order.symbol == state.symbol]
    unknown = sum((order.remaining or ZERO for order in sells), ZERO)
    amount = min(state.inventory - unknown, tick.balances.get(rules.base, ZERO))
    for share in (amount / state.parts, amount):
        rounded = rules.round_amount(share)
        if orderable(rounded, price, rules):
            return rounded
    return ZERO


def _beginning(tick: GridTick, state: GridState) -> str:
    config = tick.config
    return (
        f"{state.closing} of the grid on {config.symbol} at {last_price(tick):f}, with"
        f" {amount_text(total_profit(tick), config.quote)} gained in all: its orders are cancelled and what it holds is"
        " sold at market"
    )


def still_cancelling(tick: GridTick, state: GridState, orders: Sequence[Action]) -> tuple[str, ...]:
    """Return the open orders that we have asked to cancel, ``orders`` of this decision included."""
    asked = {*state.cancelling, *(order.id for order in orders if isinstance(order, CancelOrder))}
    return tuple(order.id for order in tick.open_orders if order.id in asked)
