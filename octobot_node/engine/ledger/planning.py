"""From a decision's orders to intents: rounded to the market's rules, within limits, funds reserved.

An order that cannot be is refused here, with its reason, as an intent that was never sent: the automation is told
like of any other refusal.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal, localcontext
from typing import Any, assert_never

from octobot_node.contracts.exchanges import Capabilities
from octobot_node.engine.ledger.book import ZERO, Book, Owner, exact, rounded
from octobot_node.ids import client_order_id, new_id
from octobot_node.limits import Limits
from octobot_node.market import Market, MarketRules, to_ms
from octobot_node.orders import (
    CancelOrder,
    IntentStatus,
    LimitOrder,
    MarketOrder,
    Order,
    OrderAction,
    OrderType,
    StopOrder,
)
from octobot_node.quote_assets import untold_money
from octobot_node.shadow_ids import is_shadow

__all__ = ["Installation", "Plan", "Refusal", "plan_cancel", "plan_group"]

#: A buy by amount that takes whatever price there is reserves this much above the one it was decided at, and never has
#: less to pay with; what it does not use comes back.
_SLIPPAGE_RESERVE = Decimal("0.05")
_RESERVE_TEXT = "5 %"
#: What is spent is cut to the step of prices, or to this where that is wider: exchanges take no more digits of it.
_SPEND_STEP = Decimal("0.01")


class Refusal(Exception):
    """A local refusal; the text is the reason the automation and its owner are told."""


class _Unfunded(Refusal):
    """There is too little free for an order that needs ``amount`` of ``asset``."""

    def __init__(self, reason: str, asset: str, amount: Decimal) -> None:
        super().__init__(reason)
        self.asset = asset
        self.amount = amount


@dataclass(frozen=True, slots=True)
class Installation:
    """What makes client order ids unique in the world."""

    id: str
    generation: int


@dataclass(frozen=True, slots=True)
class Plan:
    """Everything a group of orders is planned with, besides the orders."""

    installation: Installation
    owner: Owner
    tick: int
    now: int
    market: Market
    capabilities: Capabilities
    limits: Limits
    #: Orders of the automation that are live already, for max_open_orders.
    live_orders: int = 0
    #: How many more orders the account may have live, all its automations together; None: any number.
    account_room: int | None = None
    carrier: str | None = None
    #: Orders that a live cancel is about already.
    cancelling: Collection[str] = ()
    #: Why a plugin refuses an order, by its place among the decision's.
    vetoes: Mapping[int, str] = field(default_factory=dict)
    #: Filled in: what the orders would have needed that were not planned for want of funds, by asset.
    wanting: dict[str, Decimal] = field(default_factory=dict)

    def want(self, asset: str, amount: Decimal) -> None:
        """Note what an order would have needed."""
        with exact():
            self.wanting[asset] = self.wanting.get(asset, ZERO) + amount


def plan_group(plan: Plan, orders: Sequence[OrderAction], book: Book, *, independent: bool) -> list[dict[str, Any]]:
    """Return the intents of one decision, in the order to carry them out, cancels first; funds are reserved in
    ``book``.
    """
    group = new_id()
    asked = (order.id for order in orders if isinstance(order, CancelOrder))
    # Once each: whoever asks at every tick while the exchange is slow would only make it slower.
    cancels = [parent for parent in dict.fromkeys(asked) if parent not in plan.cancelling]
    creates = [
        (order, plan.vetoes.get(place)) for place, order in enumerate(orders) if not isinstance(order, CancelOrder)
    ]
    rows = [plan_cancel(plan, group, seq, parent) for seq, parent in enumerate(cancels)]
    live = plan.live_orders
    for seq, (order, veto) in enumerate(creates, start=len(rows)):
        row = _plan_order(plan, group, seq, order, veto, book, live, independent=independent)
        live += row["status"] == IntentStatus.PLANNED
        rows.append(row)
    return _skip_after_refusal(plan, rows, book) if not independent else rows


def _skip_after_refusal(plan: Plan, rows: list[dict[str, Any]], book: Book) -> list[dict[str, Any]]:
    refused = False
    for row in rows:
        if refused and row["status"] == IntentStatus.PLANNED:
            row |= {
                "status": IntentStatus.SKIPPED.after(row["status"]),
                "reason": "an order before it was refused",
                "news": True,
            }
            if row["reserved"]:
                book.release(plan.owner, row["reserved_asset"], row["reserved"])
                plan.want(row["reserved_asset"], row["reserved"])
                row["reserved"] = ZERO
        refused = refused or row["status"] == IntentStatus.REFUSED
    return rows


def plan_cancel(plan: Plan, group: str, seq: int, parent: str) -> dict[str, Any]:
    """Return the intent that cancels the intent ``parent``; symbol and side come with the fence."""
    return _row(plan, group, seq, kind="cancel", type="cancel", parent=parent, independent=True)


def _plan_order(
    plan: Plan, group: str, seq: int, order: Order, veto: str | None, book: Book, live: int, *, independent: bool
) -> dict[str, Any]:
    rules = plan.market.rules(order.symbol)
    row = _row(
        plan,
        group,
        seq,
        kind="order",
        type=_type_of(order),
        independent=independent,
        symbol=order.symbol,
        base=rules.base,
        quote=rules.quote,
        side=order.side,
        tag=order.tag,
    )
    try:
        with exact():
            _check_books(plan, order, book)
            _fill_in(plan, order, rules, row, live)
            if veto is not None:
                raise Refusal(veto)
            _reserve(plan, order, rules, row, book)
    except Refusal as refusal:
        if isinstance(refusal, _Unfunded):
            plan.want(refusal.asset, refusal.amount)
            row["lacking"] = True
        row |= {"status": IntentStatus.REFUSED.after(row["status"]), "reason": str(refusal), "news": True}
    return row


def _check_books(plan: Plan, order: Order, book: Book) -> None:
    """Refuse to buy what the books cannot keep apart from what is held; what a config says is refused with it."""
    if order.side == "buy":
        held = book.symbols(plan.owner)
        untold = None if order.symbol in held else untold_money({*held, order.symbol})
        if untold is not None:
            raise Refusal(untold)


def _type_of(order: Order) -> OrderType:
    if isinstance(order, LimitOrder):
        return "limit"
    if isinstance(order, MarketOrder):
        return "market"
    if isinstance(order, StopOrder):
        return "stop"
    assert_never(order)


def _fill_in(plan: Plan, order: Order, rules: MarketRules, row: dict[str, Any], live: int) -> None:
    ticker = plan.market.ticker(order.symbol) if order.symbol in plan.market.tickers else None
    last = None if ticker is None else ticker.last
    row["snapshot_price"] = last
    if ticker is not None and is_shadow(plan.owner.automation_id):
        # On paper it is filled at what was offered at that look, not at a later one's price.
        row["snapshot_price"] = ticker.ask if order.side == "buy" else ticker.bid
    if order.amount is not None:
        row["amount"] = _on_step(rules.round_amount, order.amount)
        if row["amount"] <= 0 or row["amount"] < rules.min_amount:
            raise Refusal(f"{order.amount} {rules.base} is below the market's smallest amount {rules.min_amount}")
    if isinstance(order, MarketOrder):
        row["spend"] = order.spend
        if order.spend is not None and not plan.capabilities.market_spend:
            row["spend"], row["amount"] = None, _amount_of(order.spend, _to_pay(plan, order.symbol), rules)
        elif order.side == "buy" and order.spend is None and not plan.capabilities.market_amount:
            row["spend"], row["amount"] = _spend_of(row["amount"], _to_pay(plan, order.symbol), rules), None
    elif isinstance(order, LimitOrder):
        row["price"] = _on_step(rules.round_price, order.price, order.side)
        row["tif"], row["post_only"] = order.tif, order.post_only
        row["expires_at"] = None if order.expires is None else to_ms(order.expires)
        if row["price"] <= 0:
            raise Refusal(f"the price {order.price} is below the market's step {rules.price_step}")
    elif isinstance(order, StopOrder):
        row["stop"] = _on_step(rules.round_price, order.stop, order.side)
    else:
        assert_never(order)
    _check_limits(plan, order, row, last, live)
    _check_notional(rules, row, last)


def _check_notional(rules: MarketRules, row: dict[str, Any], last: Decimal | None) -> None:
    notional = _notional(row, last)
    if notional is not None and notional < rules.min_notional:
        raise Refusal(f"{notional} {rules.quote} is below the market's smallest order of {rules.min_notional}")


def _to_pay(plan: Plan, symbol: str) -> Decimal | None:
    """Return what a buy at market pays at the moment, by all that is known: on a thin market that is not the last."""
    ticker = plan.market.tickers.get(symbol)
    return None if ticker is None else max(ticker.last, ticker.ask)


def _on_step(rounding: Callable[..., Decimal], *value: Any) -> Decimal:
    """Round to a step outside the exact context: how often it fits need not be a finite number (1 / 0.3)."""
    with localcontext(rounded()):
        return rounding(*value)


def _amount_of(spend: Decimal, price: Decimal | None, rules: MarketRules) -> Decimal:
    if price is None:
        raise Refusal("no price to turn spend into an amount: ask for the ticker in needs()")
    amount = _on_step(rules.round_amount, rounded().divide(spend, price * (1 + rules.taker_fee)))
    if amount <= 0 or amount < rules.min_amount:
        raise Refusal(f"{spend} {rules.quote} buys less than the market's smallest amount")
    return amount


def _spend_of(amount: Decimal, price: Decimal | None, rules: MarketRules) -> Decimal:
    if price is None:
        raise Refusal(
            "no price to turn the amount into what it costs, which this exchange wants of a buy at market: ask for the"
            " ticker in needs()"
        )
    with localcontext(rounded()):
        return _spendable(amount * price, rules)


def _spendable(spend: Decimal, rules: MarketRules) -> Decimal:
    """Cut what is to be spent to the digits that exchanges take; raise Refusal where nothing is left of it."""
    step = min(rules.price_step, _SPEND_STEP)
    found = spend // step * step
    if found <= 0:
        raise Refusal(f"{spend} {rules.quote} is less than can be spent")
    return found


def _check_offered(capabilities: Capabilities, order: Order) -> None:
    if isinstance(order, LimitOrder):
        if order.post_only and not capabilities.post_only:
            raise Refusal("the exchange has no post-only orders")
        if order.tif == "fok" and not capabilities.fill_or_kill:
            raise Refusal("the exchange has no fill-or-kill orders: ioc takes what there is at once")
    elif isinstance(order, StopOrder):
        if not capabilities.native_stops:
            raise Refusal("the exchange has no stop orders")
    elif isinstance(order, MarketOrder):
        if not capabilities.market_orders:
            raise Refusal("the exchange has no orders at market: a limit order with ioc trades at once")
    else:
        assert_never(order)


def _check_limits(plan: Plan, order: Order, row: dict[str, Any], last: Decimal | None, live: int) -> None:
    limits = plan.limits
    _check_offered(plan.capabilities, order)
    if limits.max_open_orders is not None and live >= limits.max_open_orders:
        raise Refusal(f"{live} orders are open; the limit is {limits.max_open_orders}")
    if plan.account_room is not None and live - plan.live_orders >= plan.account_room:
        raise Refusal("the account has as many open orders as its limit allows")
    notional = _notional(row, last)
    if limits.max_order_notional is not None and notional is not None and notional > limits.max_order_notional:
        raise Refusal(f"{notional} {row['quote']} is above the limit of {limits.max_order_notional} an order")
    if limits.max_data_age is not None and order.symbol in plan.market.tickers:
        age = plan.now - to_ms(plan.market.ticker(order.symbol).at)
        if age > limits.max_data_age.total_seconds() * 1000:
            raise Refusal(f"the price is {age} ms old; the limit is {limits.max_data_age}")
    if limits.price_collar is not None and row["price"] is not None and last is not None:
        over = row["price"] - last if order.side == "buy" else last - row["price"]
        if over > last * limits.price_collar:
            raise Refusal(f"the price {row['price']} is more than {limits.price_collar} past the last price {last}")


def _notional(row: dict[str, Any], last: Decimal | None) -> Decimal | None:
    if row["spend"] is not None:
        return Decimal(row["spend"])
    price = row["price"] if row["price"] is not None else row["stop"] if row["stop"] is not None else last
    return None if price is None else row["amount"] * price


def _reserve(plan: Plan, order: Order, rules: MarketRules, row: dict[str, Any], book: Book) -> None:
    asset, least, most = _cost(plan, order, rules, row)
    free = max(book.free(plan.owner.automation_id, asset), ZERO)
    if free < least:
        reason = f"{least} {asset} is needed, {free} is free in the automation's budget"
        raise _Unfunded(reason, asset, least)
    if free < most:
        if not isinstance(order, MarketOrder):
            reason = (
                f"{most} {asset} is needed, {_RESERVE_TEXT} above what it costs at its stop, since it is filled"
                f" at the price of that moment; {free} is free in the automation's budget"
            )
            raise _Unfunded(reason, asset, most)
        most = _fit(plan, rules, row, free)
    book.reserve(plan.owner, asset, most)
    row["reserved_asset"], row["reserved"] = asset, most


def _cost(plan: Plan, order: Order, rules: MarketRules, row: dict[str, Any]) -> tuple[str, Decimal, Decimal]:
    """Return (asset, what it costs at the price that it was decided at, what it may cost until it is filled)."""
    if order.side == "sell":
        return rules.base, row["amount"], row["amount"]
    fee = _on_top(rules)
    if row["spend"] is not None or row["price"] is not None:
        cost = (row["spend"] if row["price"] is None else row["amount"] * row["price"]) * fee
        return rules.quote, cost, cost
    price = row["stop"] if row["stop"] is not None else row["snapshot_price"]
    if price is None:
        raise Refusal("no price to reserve funds by: ask for the ticker in needs()")
    # A stop that the market is past is a market order.
    paid = max(price, _to_pay(plan, order.symbol) or price)
    return rules.quote, row["amount"] * price * fee, row["amount"] * paid * (1 + _SLIPPAGE_RESERVE) * fee


def _on_top(rules: MarketRules) -> Decimal:
    """Return what a buy takes for each of its cost, with the fee that is paid in quote."""
    return 1 + (rules.taker_fee if rules.fee_in == "quote" else ZERO)


def _fit(plan: Plan, rules: MarketRules, row: dict[str, Any], free: Decimal) -> Decimal:
    """Make of a market buy one that ``free`` pays for should the price rise; return what to reserve for it.

    By what is spent where the exchange takes that: whatever the price does, no more than that is gone. Elsewhere less
    is bought.
    """
    price, fee = _to_pay(plan, rules.symbol), _on_top(rules)
    assert price is not None
    if plan.capabilities.market_spend:
        with localcontext(rounded()):
            row["spend"] = _spendable(min(row["amount"] * price, free / fee), rules)
        row["amount"] = None
        _check_notional(rules, row, price)
        return Decimal(row["spend"] * fee)
    each = price * (1 + _SLIPPAGE_RESERVE) * fee
    amount = _on_step(rules.round_amount, rounded().divide(free, each))
    if amount <= 0 or amount < rules.min_amount or amount * row["snapshot_price"] < rules.min_notional:
        raise _Unfunded(
            f"{row['amount'] * each} {rules.quote} is needed, {_RESERVE_TEXT} above what it costs now, since the"
            f" price may rise until it is filled; {free} is free in the automation's budget, and what that pays for is"
            " below the market's smallest order",
            rules.quote,
            row["amount"] * each,
        )
    row["amount"] = amount
    return Decimal(amount * each)


def _row(plan: Plan, group: str, seq: int, **values: Any) -> dict[str, Any]:
    intent = new_id()
    return {
        "id": intent,
        "owner": plan.owner.owner,
        "account_id": plan.owner.account_id,
        "shard": plan.owner.shard,
        "automation_id": plan.owner.automation_id,
        "tick": plan.tick,
        "group_id": group,
        "seq": seq,
        "status": IntentStatus.PLANNED,
        "reason": "",
        "news": False,
        "lacking": False,
        "symbol": "",
        "base": "",
        "quote": "",
        "side": "",
        "amount": None,
        "spend": None,
        "price": None,
        "stop": None,
        "tif": "gtc",
        "post_only": False,
        "expires_at": None,
        "tag": "",
        "parent": None,
        "reserved_asset": None,
        "reserved": ZERO,
        "snapshot_price": None,
        "filled": ZERO,
        "cost": ZERO,
        "fee": ZERO,
        "client_order_id": client_order_id(
            plan.installation.id, plan.installation.generation, intent, plan.capabilities.client_id_length
        ),
        "carrier": plan.carrier,
        "generation": plan.installation.generation,
        "created_at": plan.now,
        "updated_at": plan.now,
        **values,
    }
