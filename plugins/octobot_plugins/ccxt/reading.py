"""From ccxt's orders, trades, tickers and markets, whose numbers are text, to the engine's."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
from typing import Any, Literal

from octobot_node.contracts.exchanges import ExchangeOrder, ExchangeOrderStatus, ExchangeTrade
from octobot_node.market import MarketRules, Ticker, from_ms
from octobot_node.orders import Side
from octobot_plugins.ccxt.exchanges.record import ExchangeRecord

__all__ = ["amount_of", "order_of", "rules_of", "ticker_of", "trade_of"]

_ZERO = Decimal(0)
_STATUS: Mapping[str, ExchangeOrderStatus] = {
    "open": "open",
    "closed": "filled",
    "canceled": "cancelled",
    "canceling": "open",
    "expired": "expired",
    "rejected": "refused",
    # As exchanges say it, where ccxt hands on what it does not know: waiting behind another order, or for the engine.
    "pending_new": "open",
    "pending": "open",
    "new": "open",
    "queued": "open",
    "cancel_queued": "open",
    "edit_queued": "open",
    "scheduledcancel": "cancelled",
}


def amount_of(value: Any) -> Decimal | None:
    """Return a number of ccxt's exactly, or None where there is none; raise ValueError for what is no number.

    Zeros at its end are left out: as steps and amounts they would be shown with every price.
    """
    if value is None or value == "":
        return None
    try:
        found = Decimal(str(value))
    except InvalidOperation:
        raise ValueError(f"{str(value)[:40]!r} is not a number") from None
    if not found.is_finite():
        raise ValueError(f"{found} is not a number")
    plain = format(found, "f")
    return Decimal(plain.rstrip("0").rstrip(".") if "." in plain else plain)


def order_of(
    record: ExchangeRecord, order: Mapping[str, Any], ahead: int = 0, *, otherwise: ExchangeOrderStatus | None = None
) -> ExchangeOrder:
    """Return an order; raise ValueError for one that lacks what the engine decides by.

    Times are told by this machine's clock, of which the exchange's is ``ahead`` (ms): they are compared with ours.
    ``otherwise`` is how it stands where its status is none that we know.
    """
    amount, told = amount_of(order.get("amount")), amount_of(order.get("filled"))
    filled = told or _ZERO
    status = _STATUS.get(str(order.get("status")).lower(), otherwise)
    if status == "filled" and told is None:
        raise ValueError(f"the order {order.get('id')!r} is closed, and nobody says how much of it was filled")
    if not order.get("id") or status is None or order.get("side") not in ("buy", "sell"):
        raise ValueError(f"the order {order.get('id')!r} has the status {order.get('status')!r}")
    if status == "filled" and amount is not None and filled < amount and order.get("type") == "limit":
        # What is closed without being filled was ended by somebody.
        status = "cancelled"
    client = order.get("clientOrderId")
    price = amount_of(order.get("price"))
    return ExchangeOrder(
        id=str(order["id"]),
        client_order_id=(record.own_id(str(client)) or None) if client else None,
        symbol=str(order["symbol"]),
        side=_side(order),
        status=status,
        amount=amount or None,
        price=None if order.get("type") == "market" else price or None,
        filled=filled,
        created_at=max(int(order.get("timestamp") or 0) - ahead, 0),
        reason="" if status in ("open", "filled") else f"{record.title} says {order.get('status')}",
    )


def trade_of(
    record: ExchangeRecord, trade: Mapping[str, Any], market: Mapping[str, Any], ahead: int = 0
) -> ExchangeTrade:
    """Return an execution, its time as ``order_of`` does; raise ValueError for one that lacks something."""
    amount, price = amount_of(trade.get("amount")), amount_of(trade.get("price"))
    if not trade.get("id") or not trade.get("order") or not amount or not price or not trade.get("timestamp"):
        raise ValueError(f"the execution {trade.get('id')!r} is incomplete")
    fee, asset = _fee(record, trade, market)
    client = trade.get("clientOrderId")
    liquidity: Literal["maker", "taker"] = "maker" if trade.get("takerOrMaker") == "maker" else "taker"
    return ExchangeTrade(
        id=str(trade["id"]),
        order_id=str(trade["order"]),
        client_order_id=(record.own_id(str(client)) or None) if client else None,
        symbol=str(trade["symbol"]),
        side=_side(trade),
        amount=amount,
        price=price,
        cost=amount * price,
        fee=fee,
        fee_asset=asset,
        liquidity=liquidity,
        at=int(trade["timestamp"]) - ahead,
    )


def _fee(record: ExchangeRecord, trade: Mapping[str, Any], market: Mapping[str, Any]) -> tuple[Decimal, str]:
    # ccxt tells two fees in `fees` alone, and then one without a cost as `fee`: what was paid is among all of them. Of
    # two that were paid the one that moves the market's own assets counts: balances are reckoned by it.
    told = [each for each in (trade.get("fee"), *(trade.get("fees") or ())) if each]
    paid = [each for each in told if amount_of(each.get("cost"))]
    own = [each for each in paid if each.get("currency") in (market["base"], market["quote"])]
    fee: Mapping[str, Any] = next(iter([*own, *paid, *told]), {})
    asset = record.fee_asset(trade.get("info") or {}) or fee.get("currency") or market["quote"]
    return amount_of(fee.get("cost")) or _ZERO, str(asset)


def _side(row: Mapping[str, Any]) -> Side:
    return "buy" if row.get("side") == "buy" else "sell"


def ticker_of(symbol: str, ticker: Mapping[str, Any], now: int) -> Ticker | None:
    """Return a ticker, or None for one without a price."""
    last, bid, ask = (amount_of(ticker.get(name)) for name in ("last", "bid", "ask"))
    middle = last or bid or ask
    if not middle or middle < 0:
        return None
    at = min(int(ticker.get("timestamp") or now), now)
    bid, ask = bid or middle, ask or middle
    # Where nobody offers on one side, the other one's price is all that is known.
    return Ticker(symbol, last=middle, bid=min(bid, ask), ask=max(bid, ask), at=from_ms(at))


def rules_of(record: ExchangeRecord, market: Mapping[str, Any]) -> MarketRules:
    """Return what a market accepts; precision is told as steps by every exchange that we vouch for."""
    precision, limits = market.get("precision") or {}, market.get("limits") or {}
    price, amount = amount_of(precision.get("price")), amount_of(precision.get("amount"))
    defaults = MarketRules(market["symbol"], market["base"], market["quote"])
    taker, maker = amount_of(market.get("taker")), amount_of(market.get("maker"))
    return MarketRules(
        market["symbol"],
        market["base"],
        market["quote"],
        price_step=price or defaults.price_step,
        amount_step=amount or defaults.amount_step,
        min_amount=_least(limits, "amount"),
        min_notional=_least(limits, "cost"),
        taker_fee=defaults.taker_fee if taker is None else taker,
        maker_fee=defaults.maker_fee if maker is None else maker,
        fee_in=record.fee_in,
    )


def _least(limits: Mapping[str, Any], what: str) -> Decimal:
    return amount_of((limits.get(what) or {}).get("min")) or _ZERO
