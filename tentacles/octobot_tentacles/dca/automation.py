"""Deciding: what a tick of a DCA does, rule by rule."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Context, Decimal

from octobot_node import (
    Automation,
    CancelOrder,
    Decision,
    Fill,
    Finding,
    IntentStatus,
    LimitOrder,
    Market,
    MarketOrder,
    MarketRules,
    OpenOrder,
    Tick,
    diff_orders,
)
from octobot_tentacles.dca.about import ABOUT
from octobot_tentacles.dca.config import DcaConfig
from octobot_tentacles.dca.describing import next_step
from octobot_tentacles.dca.findings import findings
from octobot_tentacles.dca.state import DcaState, Deal

__all__ = ["SAFETY", "SCHEDULED", "TAKE_PROFIT", "Dca"]

SCHEDULED = "scheduled"
TAKE_PROFIT = "take-profit"
#: Followed by the level, from 1: "safety-1".
SAFETY = "safety-"

DcaTick = Tick[DcaConfig, DcaState]
Action = MarketOrder | LimitOrder | CancelOrder


class Dca(Automation[DcaConfig, DcaState]):
    """Buy a fixed quote amount on a schedule; average down and take profit if told to."""

    name, version = "dca", 1
    about = ABOUT
    Config = DcaConfig
    State = DcaState
    #: An edit must not leave the position without its take-profit; every order that no longer fits is replaced below.
    live_edit = True

    def describe(self, config: DcaConfig, state: DcaState | None) -> str:
        """Say what it does next."""
        return next_step(config, state)

    def evaluate(self, tick: DcaTick) -> Decision:
        """Follow the fills, then keep the take-profit in place, buy if it is time, and order the deal's ladder."""
        config = tick.config
        state = _remembered(tick)
        deal = _deal_after_fills(tick, state.deal)
        spent = state.spent + sum(fill.cost for fill in _fills(tick) if fill.side == "buy")
        room = _room(tick, spent)
        due = _is_due(tick)
        buys_now = due and config.amount <= room and not _is_buying(tick)

        orders = _cancel_leftovers(tick, keep_ladder=deal is not None and deal is state.deal)
        orders += _take_profit(tick, state.cancelling, due=due)
        if not due:
            orders = [order for order in orders if not _asked_before(order, state.cancelling)]
        if buys_now:
            orders.append(MarketOrder(config.symbol, "buy", spend=config.amount, tag=SCHEDULED))
            room -= config.amount
        if deal is not None:
            ladder, deal = _next_safety_orders(deal, tick.market.rules(config.symbol), room)
            orders += ladder

        cancels = [order.id for order in orders if isinstance(order, CancelOrder)]
        return Decision(
            state=DcaState(
                anchor=state.anchor,
                symbol=state.symbol,
                spent=spent,
                deal=deal,
                cancelling=_still_cancelling(tick, state.cancelling, cancels),
            ),
            orders=orders,
            wake=config.wake(state.anchor),
            # A level or a buy that is refused says nothing about the others.
            independent=True,
            done=not orders and not tick.open_orders and config.amount > room and _exit_order(tick) is None,
        )

    def check(self, config: DcaConfig, market: Market, budget: Mapping[str, Decimal]) -> list[Finding]:
        """Find a take-profit that fees eat, safety orders within a fee, and buys that cannot be."""
        return findings(config, market, budget)


def _remembered(tick: DcaTick) -> DcaState:
    config, state = tick.config, tick.state
    if state is None:
        return DcaState(anchor=tick.scheduled_at or tick.now, symbol=config.symbol)
    if state.symbol == config.symbol:
        return state
    same_quote = state.symbol.partition("/")[2] == config.quote
    return DcaState(
        anchor=state.anchor,
        symbol=config.symbol,
        spent=state.spent if same_quote else Decimal(0),
        cancelling=state.cancelling,
    )


def _is_due(tick: DcaTick) -> bool:
    if tick.state is None:
        # The first tick comes when the automation is created, which is a time of day that nobody chose.
        return tick.config.daily is None
    return tick.scheduled_at is not None


def _is_buying(tick: DcaTick) -> bool:
    """Whether the last scheduled buy is open: where nothing trades they would pile up, and all be filled at once."""
    return any(order.tag == SCHEDULED and order.symbol == tick.config.symbol for order in tick.open_orders)


def _fills(tick: DcaTick) -> list[Fill]:
    return [fill for fill in tick.fills if fill.symbol == tick.config.symbol]


def _deal_after_fills(tick: DcaTick, deal: Deal | None) -> Deal | None:
    ladder = tick.config.safety_orders
    if ladder is None:
        return None
    # Fill by fill, because a take-profit and the next deal's first buy may be told in one tick.
    rules, fills = tick.market.rules(tick.config.symbol), _fills(tick)
    held = tick.position(tick.config.symbol).amount - sum(_received(fill, rules) for fill in fills)
    for fill in fills:
        held += _received(fill, rules)
        if fill.side == "sell" and not _sellable(held, fill.price, rules):
            deal = None
        elif fill.side == "buy" and deal is None:
            deal = Deal(entry=fill.price, safety_orders=ladder)
    return deal


def _received(fill: Fill, rules: MarketRules) -> Decimal:
    fee = fill.fee if fill.fee_asset == rules.base else Decimal(0)
    return (fill.amount if fill.side == "buy" else -fill.amount) - fee


def _sellable(amount: Decimal, price: Decimal, rules: MarketRules) -> Decimal:
    """Return what of ``amount`` the exchange lets us sell at ``price``: 0 when that is below its minimum."""
    rounded = rules.round_amount(amount)
    too_little = rounded < rules.min_amount or rounded * price < rules.min_notional
    return Decimal(0) if too_little else rounded


def _room(tick: DcaTick, spent: Decimal) -> Decimal:
    """Return the quote that may still be spent, counting what open buys could come to as spent."""
    config = tick.config
    if config.max_spend is None:
        return Decimal("Infinity")
    buys = [order for order in tick.open_orders if order.side == "buy" and order.symbol == config.symbol]
    return config.max_spend - spent - sum(_may_cost(order, config) for order in buys)


def _may_cost(order: OpenOrder, config: DcaConfig) -> Decimal:
    if order.price is None or order.remaining is None:
        return config.amount  # a scheduled buy under way: its fills so far count twice, until it is settled
    return order.remaining * order.price


def _cancel_leftovers(tick: DcaTick, *, keep_ladder: bool) -> list[Action]:
    # An order of unknown outcome is left to whoever finds out: it may have been filled already.
    known = [order for order in tick.open_orders if order.status is not IntentStatus.UNKNOWN]
    return [
        CancelOrder(order.id)
        for order in known
        if order.symbol != tick.config.symbol or (order.tag.startswith(SAFETY) and not keep_ladder)
    ]


def _take_profit(tick: DcaTick, cancelling: Sequence[str], *, due: bool) -> list[Action]:
    config = tick.config
    resting = [order for order in tick.open_orders if order.tag == TAKE_PROFIT and order.symbol == config.symbol]
    if any(order.status is IntentStatus.UNKNOWN for order in resting):
        return []  # it may have sold the position: another one could sell it twice
    wanted = _exit_order(tick)
    if wanted is not None and not resting:
        return [] if _held_back(tick, cancelling, due=due) else [wanted]
    if wanted is not None:
        # Its successor comes when this one is known to be gone: until then the position is its own, or sold.
        return [order for order in diff_orders([wanted], resting) if isinstance(order, CancelOrder)]
    # A remainder below the exchange's minimum may go on resting, though it could not be ordered again.
    held = tick.position(config.symbol).amount
    return [
        CancelOrder(order.id)
        for order in resting
        if config.take_profit is None or (order.remaining is not None and order.remaining > held)
    ]


def _exit_order(tick: DcaTick) -> LimitOrder | None:
    """Return the take-profit that should rest now, or None if none is wanted or possible."""
    config, position = tick.config, tick.position(tick.config.symbol)
    rules = tick.market.rules(config.symbol)
    if config.take_profit is None or position.average is None:
        return None
    # Partial sales leave the average off by its last digits; unrounded, these would move the order by a whole step.
    target = Context(prec=20).plus(position.average * (1 + config.take_profit / 100))
    price = rules.round_price(target, "sell")
    amount = _sellable(position.amount, price, rules)
    return LimitOrder(config.symbol, "sell", amount, price, tag=TAKE_PROFIT) if amount else None


def _held_back(tick: DcaTick, cancelling: Sequence[str], *, due: bool) -> bool:
    """Whether the last take-profit failed and nothing has happened since that could make the next one succeed."""
    ends = [result for result in tick.results if result.tag == TAKE_PROFIT and result.symbol == tick.config.symbol]
    replaced = any(result.order_id in cancelling for result in ends)
    failed = any(result.status not in {IntentStatus.FILLED, IntentStatus.UNKNOWN} for result in ends)
    return failed and not (due or replaced or tick.fills)


def _next_safety_orders(deal: Deal, rules: MarketRules, room: Decimal) -> tuple[list[LimitOrder], Deal]:
    """Return the levels not ordered yet, from the top as far as ``room`` reaches, and the deal that remembers them."""
    orders, placed = [], deal.placed
    ladder = deal.safety_orders
    for drop, spend in list(zip(ladder.drops, ladder.spends, strict=True))[deal.placed :]:
        price = rules.round_price(deal.entry * (1 - drop / 100), "buy")
        amount = rules.round_amount(spend / price) if price else Decimal(0)
        if amount * price > room:
            break
        room -= amount * price
        placed += 1
        if amount:
            orders.append(LimitOrder(rules.symbol, "buy", amount, price, tag=f"{SAFETY}{placed}"))
    return orders, deal.model_copy(update={"placed": placed})


def _asked_before(order: Action, cancelling: Sequence[str]) -> bool:
    """Whether ``order`` cancels what is being cancelled: asking again at every scheduled time is enough."""
    return isinstance(order, CancelOrder) and order.id in cancelling


def _still_cancelling(tick: DcaTick, before: Sequence[str], now: Sequence[str]) -> tuple[str, ...]:
    open_ids = {order.id for order in tick.open_orders}
    return tuple(sorted(open_ids.intersection([*before, *now])))
