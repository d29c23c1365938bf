"""What goes over the wire, both ways: compact JSON, amounts as strings, times in ms UTC."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from octobot_node.contracts.exchanges import ExchangeOrder, ExchangeTrade, OrderRequest
from octobot_node.testing.hostile_exchange.book import BookOrder, BookTrade

__all__ = [
    "Json",
    "order_from_json",
    "order_to_json",
    "request_from_json",
    "request_to_json",
    "trade_from_json",
    "trade_to_json",
]

Json = dict[str, Any]


def request_to_json(account: str, request: OrderRequest) -> Json:
    """Return the body of an order request."""
    return {
        "account": account,
        "intent": request.intent_id,
        "client": request.client_order_id,
        "symbol": request.symbol,
        "side": request.side,
        "type": request.type,
        "amount": _text(request.amount),
        "spend": _text(request.spend),
        "price": _text(request.price),
        "stop": _text(request.stop),
        "tif": request.tif,
        "post_only": request.post_only,
        "expires_at": request.expires_at,
    }


def request_from_json(body: Mapping[str, Any]) -> OrderRequest:
    """Return the order request of a body; raise KeyError or ArithmeticError for a malformed one."""
    return OrderRequest(
        intent_id=body["intent"],
        client_order_id=body["client"],
        symbol=body["symbol"],
        side=body["side"],
        type=body["type"],
        amount=_number(body["amount"]),
        spend=_number(body["spend"]),
        price=_number(body["price"]),
        stop=_number(body["stop"]),
        tif=body["tif"],
        post_only=body["post_only"],
        expires_at=body["expires_at"],
    )


def order_to_json(order: BookOrder, *, named: bool) -> Json:
    """Return what a client sees of an order; its client id only if ``named``."""
    return {
        "id": order.id,
        "client": order.client_order_id if named else None,
        "symbol": order.symbol,
        "side": order.side,
        "status": order.status,
        "amount": _text(order.amount),
        "price": _text(order.price),
        "filled": str(order.filled),
        "created_at": order.created_at,
        "reason": order.reason,
    }


def order_from_json(body: Mapping[str, Any]) -> ExchangeOrder:
    """Return the order of an answer; raise KeyError, TypeError or ArithmeticError for a malformed one."""
    return ExchangeOrder(
        id=body["id"],
        client_order_id=body["client"],
        symbol=body["symbol"],
        side=body["side"],
        status=body["status"],
        amount=_number(body["amount"]),
        price=_number(body["price"]),
        filled=Decimal(body["filled"]),
        created_at=body["created_at"],
        reason=body["reason"],
    )


def trade_to_json(trade: BookTrade, *, named: bool) -> Json:
    """Return what a client sees of a trade; its order's client id only if ``named``."""
    return {
        "id": trade.id,
        "order": trade.order.id,
        "client": trade.order.client_order_id if named else None,
        "symbol": trade.order.symbol,
        "side": trade.order.side,
        "amount": str(trade.amount),
        "price": str(trade.price),
        "fee": str(trade.fee),
        "fee_asset": trade.fee_asset,
        "liquidity": trade.liquidity,
        "at": trade.at,
    }


def trade_from_json(body: Mapping[str, Any]) -> ExchangeTrade:
    """Return the trade of an answer; raise KeyError, TypeError or ArithmeticError for a malformed one."""
    amount, price = Decimal(body["amount"]), Decimal(body["price"])
    return ExchangeTrade(
        id=body["id"],
        order_id=body["order"],
        client_order_id=body["client"],
        symbol=body["symbol"],
        side=body["side"],
        amount=amount,
        price=price,
        cost=amount * price,
        fee=Decimal(body["fee"]),
        fee_asset=body["fee_asset"],
        liquidity=body["liquidity"],
        at=body["at"],
    )


def _text(number: Decimal | None) -> str | None:
    return None if number is None else str(number)


def _number(text: str | None) -> Decimal | None:
    return None if text is None else Decimal(text)
