"""The orders a smart trade wants: its entry, its take-profits, its exit."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal

from octobot_node import CancelOrder, LimitOrder, MarketOrder, diff_orders
from octobot_tentacles.smart_trade.levels import targets
from octobot_tentacles.smart_trade.scene import ENTRY, TAKE_PROFIT, Scene, deadline
from octobot_tentacles.smart_trade.state import ZERO, Trade

__all__ = ["Action", "begin", "entry_cancels", "entry_is_over", "is_over", "sells"]

Action = MarketOrder | LimitOrder | CancelOrder


def begin(scene: Scene, trade: Trade, balances: Mapping[str, Decimal]) -> tuple[Trade, list[Action], str]:
    """Enter if it is time: return the trade, its entry order if there is one, and why it cannot be entered, or ""."""
    config, price = scene.config, scene.price
    if config.existing is not None:
        return _take_over(scene, trade, balances.get(scene.rules.base, ZERO))
    expiry = deadline(config, trade)
    if expiry is not None and scene.now >= expiry:
        return trade, [], "the entry expired"
    if not config.entry.reached(price):
        return trade, [], ""
    problem = config.misplaced(config.entry.limit or price)
    if problem:
        return trade, [], problem
    order = _entry(scene)
    if order is None:
        return trade, [], f"the size is less than the market's smallest amount, {scene.rules.amount_step:f}"
    return trade.model_copy(update={"entered": True}), [order], ""


def _take_over(scene: Scene, trade: Trade, free: Decimal) -> tuple[Trade, list[Action], str]:
    existing, base = scene.config.existing, scene.rules.base
    assert existing is not None
    amount = existing.amount or free
    if amount > free or not amount:
        return trade, [], f"{existing.amount or 'some'} {base} is to be managed, and the budget has {free:f} {base}"
    held = {
        "entered": True,
        "received": amount,
        "paid": amount * (existing.price or scene.price),
        "opened_at": scene.now,
    }
    return trade.model_copy(update=held), [], ""


def _entry(scene: Scene) -> MarketOrder | LimitOrder | None:
    config, rules = scene.config, scene.rules
    if config.entry.limit is None and config.spend is not None:
        return MarketOrder(rules.symbol, "buy", spend=config.spend, tag=ENTRY)
    if config.entry.limit is None:
        amount = rules.round_amount(config.amount or ZERO)
        return MarketOrder(rules.symbol, "buy", amount=amount, tag=ENTRY) if amount else None
    price = rules.round_price(config.entry.limit, "buy")
    wanted = config.amount if config.spend is None else config.spend / price if price else None
    amount = rules.round_amount(wanted or ZERO)
    return LimitOrder(rules.symbol, "buy", amount, price, tag=ENTRY) if amount else None


def entry_is_over(scene: Scene, trade: Trade) -> bool:
    """Whether nothing more is to be bought: it expired, was edited, or the trade has begun to sell."""
    expiry = deadline(scene.config, trade)
    expired = expiry is not None and scene.now >= expiry
    return expired or trade.enter_anew or trade.exit is not None or trade.sold > 0


def entry_cancels(scene: Scene, trade: Trade) -> list[CancelOrder]:
    """Return the cancels of an entry that is over."""
    return scene.cancels(scene.buys, trade) if entry_is_over(scene, trade) else []


def sells(scene: Scene, trade: Trade) -> list[Action]:
    """Return the cancels and sells that bring the exit's orders to what they should be."""
    waits = trade.retry_at is not None and scene.now < trade.retry_at
    if trade.exit is not None:
        cancels = scene.cancels(scene.sells, trade)
        # What an open order may still sell is sold when that order is known to be gone: nothing is sold twice.
        amount = ZERO if waits else scene.sellable(trade.held - scene.locked, scene.price)
        rest = [MarketOrder(scene.rules.symbol, "sell", amount=amount, tag=trade.exit)] if amount else []
        return [*cancels, *rest]
    changes = diff_orders(_take_profits(scene, trade), scene.sells)
    cancelled = {change.id for change in changes if isinstance(change, CancelOrder)}
    cancels = scene.cancels([order for order in scene.sells if order.id in cancelled], trade)
    creates = [change for change in changes if isinstance(change, LimitOrder)]
    return [*cancels, *([] if waits else _that_fit(scene, trade, creates))]


def _that_fit(scene: Scene, trade: Trade, creates: list[LimitOrder]) -> list[LimitOrder]:
    """Return the orders whose base is free, and whose predecessor is known to be gone."""
    free, taken = trade.held - scene.locked, {order.tag for order in scene.sells}
    fitting = []
    for order in creates:
        if order.tag not in taken and order.amount <= free:
            fitting.append(order)
            free -= order.amount
    return fitting


def _take_profits(scene: Scene, trade: Trade) -> list[LimitOrder]:
    """Return the take-profits that should rest; a piece below the exchange's minimum is sold with a neighbour's."""
    wanted: list[LimitOrder] = []
    resting = {(order.tag, order.price, order.remaining) for order in scene.sells}
    before, carried = trade.sold, ZERO
    for place, (price, until) in enumerate(targets(scene, trade), start=1):
        piece = carried + max(until - before, ZERO)
        before, tag = max(until, before), f"{TAKE_PROFIT}{place}"
        if piece and ((tag, price, piece) in resting or scene.sellable(piece, price)):
            wanted.append(LimitOrder(scene.rules.symbol, "sell", piece, price, tag=tag))
            carried = ZERO
        else:
            carried = piece
    if carried and wanted:
        last = wanted.pop()
        wanted.append(LimitOrder(last.symbol, "sell", last.amount + carried, last.price, tag=last.tag))
    return wanted


def is_over(scene: Scene, trade: Trade) -> bool:
    """Whether nothing is open and nothing is left that could be sold."""
    if not trade.entered or scene.buys or scene.sells:
        return False
    best = scene.price
    if trade.exit is None and trade.average is not None:
        # A dip does not end a trade whose worth is above the exchange's minimum at other times.
        best = max(best, trade.average, *(price for price, _ in targets(scene, trade)))
    return not scene.sellable(trade.held, best)
