"""An order of the paper book, how it may end, and what its execution amounts to."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from decimal import Context, Decimal, localcontext
from typing import Any, Literal, assert_never

from octobot_node.contracts.exchanges import ExchangeOrder, ExchangeOrderStatus, OrderRequest
from octobot_node.errors import OrderRefused
from octobot_node.market import MarketRules
from octobot_node.orders import OrderType, Side
from octobot_plugins.paper.settings import PaperSettings

__all__ = ["Ending", "Execution", "PaperOrder", "Terms", "draft", "end", "exact", "terms_of"]

ZERO = Decimal(0)
#: No product of an amount, a price and a fee of 60 digits each is rounded.
_EXACT = Context(prec=200)


def exact() -> Any:
    """Return a context manager in which sums and products of money are exact."""
    return localcontext(_EXACT)


@dataclass(frozen=True, slots=True)
class PaperOrder:
    """One order as the book has it; ``number`` counts an account's orders from 1, 0 before it is placed."""

    number: int
    client_order_id: str
    intent_id: str
    symbol: str
    side: Side
    type: OrderType
    amount: Decimal | None
    spend: Decimal | None
    price: Decimal | None
    stop: Decimal | None
    tif: str
    post_only: bool
    status: ExchangeOrderStatus
    reason: str
    filled: Decimal
    created_at: int
    ended_at: int | None

    def told(self) -> ExchangeOrder:
        """Return the order as an exchange tells it."""
        return ExchangeOrder(
            id=f"o{self.number}",
            client_order_id=self.client_order_id,
            symbol=self.symbol,
            side=self.side,
            status=self.status,
            amount=self.amount,
            price=self.price,
            filled=self.filled,
            created_at=self.created_at,
            reason=self.reason,
        )


@dataclass(frozen=True, slots=True)
class Ending:
    """When and how an order stops being open; ``price`` and ``liquidity`` are those of a fill."""

    at: int
    status: Literal["filled", "expired", "refused", "cancelled"]
    price: Decimal = ZERO
    liquidity: Literal["maker", "taker"] = "taker"
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Execution:
    """A whole fill: ``amount`` in base, ``cost`` = amount x price in quote; ``moves`` by asset include the fee."""

    amount: Decimal
    price: Decimal
    cost: Decimal
    fee: Decimal
    fee_asset: str
    liquidity: str
    at: int
    moves: Mapping[str, Decimal]


@dataclass(frozen=True, slots=True)
class Terms:
    """What a fill of a symbol costs: the market's rules, where the settings do not say otherwise."""

    base: str
    quote: str
    amount_step: Decimal
    fees: Mapping[str, Decimal]
    fee_in: Literal["received", "quote"]


def terms_of(rules: MarketRules, settings: PaperSettings) -> Terms:
    """Return the terms of a market under ``settings``."""
    own = settings.fee
    fees = {"taker": rules.taker_fee if own is None else own, "maker": rules.maker_fee if own is None else own}
    return Terms(rules.base, rules.quote, rules.amount_step, fees, settings.fee_in or rules.fee_in)


def _level(request: OrderRequest) -> Decimal | None:
    """Return the price that an order gives; a market order needs none."""
    if request.type == "market":
        return Decimal(1)
    if request.type == "limit":
        return request.price
    if request.type == "stop":
        return request.stop
    assert_never(request.type)


def draft(request: OrderRequest, now: int) -> PaperOrder:
    """Return the order asked for, placed at ``now`` (ms UTC); raise OrderRefused when the request makes no sense."""
    given = [value for value in (request.amount, request.spend) if value is not None]
    if len(given) != 1 or given[0] <= 0:
        raise OrderRefused("an order needs either an amount or a spend, above 0")
    if request.spend is not None and (request.type, request.side) != ("market", "buy"):
        raise OrderRefused("only a market buy can be given by what to spend")
    level = _level(request)
    if level is None or level <= 0:
        raise OrderRefused(f"a {request.type} order needs a price above 0")
    return PaperOrder(
        number=0,
        client_order_id=request.client_order_id,
        intent_id=request.intent_id,
        symbol=request.symbol,
        side=request.side,
        type=request.type,
        amount=request.amount,
        spend=request.spend,
        price=request.price,
        stop=request.stop,
        tif=request.tif,
        post_only=request.post_only,
        status="open",
        reason="",
        filled=ZERO,
        created_at=now,
        ended_at=None,
    )


def end(order: PaperOrder, ending: Ending, terms: Terms) -> tuple[PaperOrder, Execution | None]:
    """Return the order as it ends, and its execution if it is filled."""
    execution = None
    if ending.status == "filled":
        execution = _execute(order, ending, terms)
        if execution.amount <= 0:
            smallest = f"{terms.amount_step:f} {terms.base}"
            least = f"{order.spend:f} {terms.quote} buys less than the smallest amount, {smallest}"
            ending, execution = Ending(ending.at, "refused", reason=least), None
    filled = execution.amount if execution else ZERO
    ended = replace(order, status=ending.status, reason=ending.reason, filled=filled, ended_at=ending.at)
    return ended, execution


def _execute(order: PaperOrder, ending: Ending, terms: Terms) -> Execution:
    price, buys = ending.price, order.side == "buy"
    with exact():
        amount = _bought(order, price, terms) if order.amount is None else order.amount
        cost = amount * price
        rate = terms.fees[ending.liquidity]
        in_base = buys and terms.fee_in == "received"
        fee, fee_asset = (amount * rate, terms.base) if in_base else (cost * rate, terms.quote)
        moves = {terms.base: amount if buys else -amount, terms.quote: -cost if buys else cost}
        moves[fee_asset] -= fee
    return Execution(amount, price, cost, fee, fee_asset, ending.liquidity, ending.at, moves)


def _bought(order: PaperOrder, price: Decimal, terms: Terms) -> Decimal:
    # Whole division: rounding a quotient first could buy a step more than is spent.
    assert order.spend is not None
    return order.spend // (price * terms.amount_step) * terms.amount_step
