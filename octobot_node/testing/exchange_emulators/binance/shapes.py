"""What goes over the wire: orders, trades, markets, in Binance's words."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from octobot_node.testing.exchange_emulators.core.book import Book
from octobot_node.testing.exchange_emulators.core.listing import Listing, MarketStatus
from octobot_node.testing.exchange_emulators.core.orders import Kind, Order, Trade

__all__ = ["TYPES", "filters_of", "fixed", "market_info", "order_status", "placed", "queried", "trade_shape"]

Shape = dict[str, Any]

TYPES: dict[str, Kind] = {
    "LIMIT": "limit",
    "LIMIT_MAKER": "limit",
    "MARKET": "market",
    "STOP_LOSS": "stop",
    "STOP_LOSS_LIMIT": "stop_limit",
    "TAKE_PROFIT": "take_profit",
    "TAKE_PROFIT_LIMIT": "take_profit_limit",
}

_STATUS: dict[MarketStatus, str] = {
    "trading": "TRADING",
    "halted": "HALT",
    "cancel_only": "CANCEL_ONLY",
    "post_only": "TRADING",
    "limit_only": "TRADING",
}


def fixed(value: Decimal | None) -> str:
    """Write a number as Binance does, with eight digits after the point."""
    return f"{value or Decimal(0):.8f}"


def order_status(order: Order) -> str:
    """Return the status of an order."""
    if order.open:
        return "PARTIALLY_FILLED" if order.filled else "NEW"
    if order.status == "expired" and order.reason == "self-trade":
        return "EXPIRED_IN_MATCH"
    return {"filled": "FILLED", "cancelled": "CANCELED", "expired": "EXPIRED"}[order.status]


def placed(order: Order, how: str) -> Shape:
    """Return the answer to an order: ACK, RESULT or FULL."""
    ack = {
        "symbol": symbol_id(order.symbol),
        "orderId": order.number,
        "orderListId": -1,
        "clientOrderId": order.new.client_id,
        "transactTime": order.created_at,
    }
    if how == "ACK":
        return ack
    result = {**ack, **_figures(order), "workingTime": order.working_at or -1, **_kept(order)}
    if how == "FULL":
        result["fills"] = [
            {
                "price": fixed(trade.price),
                "qty": fixed(trade.amount),
                "commission": fixed(trade.fee),
                "commissionAsset": trade.fee_asset,
                "tradeId": trade.id,
            }
            for trade in order.trades
        ]
    return result


def cancelled(order: Order, cancel_id: str, at: int) -> Shape:
    """Return the answer to a cancel, which has a client order id of its own."""
    return {
        "symbol": symbol_id(order.symbol),
        "origClientOrderId": order.new.client_id,
        "orderId": order.number,
        "orderListId": -1,
        "clientOrderId": cancel_id,
        "transactTime": at,
        **_figures(order),
        **_kept(order),
    }


def queried(order: Order) -> Shape:
    """Return an order as questions about it are answered."""
    figures = _figures(order)
    return {
        "symbol": symbol_id(order.symbol),
        "orderId": order.number,
        "orderListId": -1,
        "clientOrderId": order.new.client_id,
        **{name: figures[name] for name in ("price", "origQty", "executedQty", "cummulativeQuoteQty", "status")},
        **{name: figures[name] for name in ("timeInForce", "type", "side")},
        "stopPrice": fixed(order.new.stop),
        "icebergQty": fixed(None),
        "time": order.created_at,
        "updateTime": order.updated_at,
        "isWorking": order.resting,
        "workingTime": order.working_at or -1,
        "origQuoteOrderQty": figures["origQuoteOrderQty"],
        **{name: value for name, value in _kept(order).items() if name != "stopPrice"},
    }


def trade_shape(trade: Trade) -> Shape:
    """Return an execution."""
    return {
        "symbol": symbol_id(trade.order.symbol),
        "id": trade.id,
        "orderId": trade.order.number,
        "orderListId": -1,
        "price": fixed(trade.price),
        "qty": fixed(trade.amount),
        "quoteQty": fixed(trade.cost),
        "commission": fixed(trade.fee),
        "commissionAsset": trade.fee_asset,
        "time": trade.at,
        "isBuyer": trade.order.new.side == "buy",
        "isMaker": trade.liquidity == "maker",
        "isBestMatch": True,
    }


def symbol_id(symbol: str) -> str:
    """Return BTCUSDT of BTC/USDT."""
    return symbol.replace("/", "")


def market_info(listing: Listing) -> Shape:
    """Return a market as exchangeInfo has it."""
    return {
        "symbol": symbol_id(listing.symbol),
        "status": _STATUS[listing.status],
        "baseAsset": listing.base,
        "baseAssetPrecision": 8,
        "quoteAsset": listing.quote,
        "quotePrecision": 8,
        "quoteAssetPrecision": 8,
        "baseCommissionPrecision": 8,
        "quoteCommissionPrecision": 8,
        "orderTypes": [*TYPES],
        "icebergAllowed": False,
        "ocoAllowed": False,
        "otoAllowed": False,
        "opoAllowed": False,
        "quoteOrderQtyMarketAllowed": True,
        "allowTrailingStop": False,
        "cancelReplaceAllowed": False,
        "amendAllowed": False,
        "pegInstructionsAllowed": False,
        "isSpotTradingAllowed": True,
        "isMarginTradingAllowed": False,
        "filters": filters_of(listing),
        "permissions": [],
        "permissionSets": [["SPOT"]],
        "defaultSelfTradePreventionMode": "EXPIRE_MAKER",
        "allowedSelfTradePreventionModes": ["EXPIRE_TAKER", "EXPIRE_MAKER", "EXPIRE_BOTH"],
    }


def filters_of(listing: Listing) -> list[Shape]:
    """Return a market's filters."""
    lot = {"minQty": fixed(listing.min_amount), "stepSize": fixed(listing.step)}
    return [
        {
            "filterType": "PRICE_FILTER",
            "minPrice": fixed(listing.tick),
            "maxPrice": fixed(Decimal(1_000_000)),
            "tickSize": fixed(listing.tick),
        },
        {"filterType": "LOT_SIZE", **lot, "maxQty": fixed(listing.max_amount)},
        {
            "filterType": "MARKET_LOT_SIZE",
            "minQty": fixed(Decimal(0)),
            "maxQty": fixed(listing.max_market_amount),
            "stepSize": fixed(Decimal(0)),
        },
        {
            "filterType": "PERCENT_PRICE_BY_SIDE",
            "bidMultiplierUp": str(listing.far_up),
            "bidMultiplierDown": str(listing.far_down),
            "askMultiplierUp": str(listing.far_up),
            "askMultiplierDown": str(listing.far_down),
            "avgPriceMins": 5,
        },
        {
            "filterType": "NOTIONAL",
            "minNotional": fixed(listing.min_notional),
            "applyMinToMarket": True,
            "maxNotional": fixed(listing.max_notional),
            "applyMaxToMarket": False,
            "avgPriceMins": 5,
        },
        {"filterType": "MAX_NUM_ORDERS", "maxNumOrders": listing.max_orders},
        {"filterType": "MAX_NUM_ALGO_ORDERS", "maxNumAlgoOrders": listing.max_stops},
    ]


def ticker(book: Book, now: int) -> Shape:
    """Return a market's last 24 hours."""
    day = book.line.candle(now - 86_400_000, 86_400_000, now)
    change = book.last - day.open
    return {
        "symbol": symbol_id(book.listing.symbol),
        "priceChange": fixed(change),
        "priceChangePercent": f"{change / day.open * 100:.3f}",
        "weightedAvgPrice": fixed(book.last),
        "prevClosePrice": fixed(day.open),
        "lastPrice": fixed(book.last),
        "lastQty": fixed(Decimal(1)),
        "bidPrice": fixed(book.bid),
        "bidQty": fixed(book.bids_left if book.bids_left is not None else Decimal(100)),
        "askPrice": fixed(book.ask),
        "askQty": fixed(book.asks_left if book.asks_left is not None else Decimal(100)),
        "openPrice": fixed(day.open),
        "highPrice": fixed(day.high),
        "lowPrice": fixed(day.low),
        "volume": fixed(day.volume),
        "quoteVolume": fixed(day.volume * book.last),
        "openTime": now - 86_400_000,
        "closeTime": now,
        "firstId": 1,
        "lastId": 1 + len(book.trades),
        "count": 1 + len(book.trades),
    }


def _figures(order: Order) -> Shape:
    # Of an order by quote, what it came to in base is its amount.
    amount = order.filled if order.new.amount is None else order.new.amount
    return {
        "price": fixed(order.new.price),
        "origQty": fixed(amount),
        "executedQty": fixed(order.filled),
        "origQuoteOrderQty": fixed(order.new.spend),
        "cummulativeQuoteQty": fixed(order.cost),
        "status": order_status(order),
        "timeInForce": order.new.tif.upper(),
        "type": order.new.extra["type"],
        "side": order.new.side.upper(),
    }


def _kept(order: Order) -> Shape:
    """Return the fields that are there only under conditions, and the mode of self-trades."""
    found: Shape = {}
    if order.new.stop is not None:
        found["stopPrice"] = fixed(order.new.stop)
    if order.prevented:
        found |= {"preventedMatchId": order.serial, "preventedQuantity": fixed(order.prevented)}
    if order.status == "expired":
        found["expiryReason"] = "INSUFFICIENT_LIQUIDITY" if order.reason != "self-trade" else "SELF_TRADE_PREVENTION"
    for name in ("strategyId", "strategyType"):
        if name in order.new.extra:
            found[name] = order.new.extra[name]
    found["selfTradePreventionMode"] = order.new.extra["stp"]
    return found
