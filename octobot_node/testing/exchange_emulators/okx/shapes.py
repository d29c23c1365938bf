"""What goes over the wire: orders, fills, instruments, in OKX's words."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from octobot_node.testing.exchange_emulators.core.book import Book
from octobot_node.testing.exchange_emulators.core.orders import Order, Trade

__all__ = ["Shape", "fill_shape", "inst_id", "instrument_shape", "ord_id", "order_shape", "state_of", "ticker_shape"]

Shape = dict[str, Any]

_FIRST_ORDER = 680_800_000_000_000_000
_FIRST_BILL = 680_900_000_000_000_000
#: Why an order was cancelled -> OKX's number for it.
_SOURCES = {"cancelled by its owner": "1", "would take": "31", "self-trade": "32", "insufficient liquidity": "14"}


def inst_id(symbol: str) -> str:
    """Return BTC-USDT of BTC/USDT."""
    return symbol.replace("/", "-")


def ord_id(order: Order) -> str:
    """Return an order's id."""
    return str(_FIRST_ORDER + order.serial)


def bill_id(trade: Trade) -> int:
    """Return the number that trades are paged by."""
    return _FIRST_BILL + trade.serial


def text(number: Decimal | None) -> str:
    """Write a number with no more digits than it needs; nothing, where there is none."""
    return "" if number is None else f"{number.normalize():f}"


def state_of(order: Order) -> str:
    """Return an order's state: whatever ended without being filled was cancelled."""
    if order.open:
        return "partially_filled" if order.filled else "live"
    return "filled" if order.status == "filled" else "canceled"


def order_shape(order: Order) -> Shape:
    """Return an order."""
    new, last = order.new, order.trades[-1] if order.trades else None
    fee = sum((trade.fee for trade in order.trades), Decimal(0))
    size = new.extra["sz"]
    return {
        "accFillSz": text(order.filled) or "0",
        "algoClOrdId": "",
        "algoId": "",
        "attachAlgoClOrdId": "",
        "attachAlgoOrds": [],
        "avgPx": text((order.cost / order.filled).quantize(Decimal("1e-12"))) if order.filled else "",
        "cTime": str(order.created_at),
        "cancelSource": "" if order.status in ("open", "filled") else _SOURCES.get(order.reason, ""),
        "cancelSourceReason": "" if order.open else order.reason,
        "category": "normal",
        "ccy": "",
        "clOrdId": new.client_id,
        "fee": text(-fee) if fee else "0",
        "feeCcy": last.fee_asset if last else "",
        "fillPx": text(last.price) if last else "",
        "fillSz": text(last.amount) if last else "0",
        "fillTime": str(last.at) if last else "",
        "instId": inst_id(order.symbol),
        "instType": "SPOT",
        "isTpLimit": "false",
        "lever": "",
        "linkedAlgoOrd": {"algoId": ""},
        "ordId": ord_id(order),
        "ordType": new.extra["ordType"],
        "pnl": "0",
        "posSide": "net",
        "px": text(new.price),
        "pxType": "",
        "pxUsd": "",
        "pxVol": "",
        "quickMgnType": "",
        "rebate": "0",
        "rebateCcy": order.symbol.partition("/")[2 if new.side == "buy" else 0],
        "reduceOnly": "false",
        "side": new.side,
        "slOrdPx": "",
        "slTriggerPx": "",
        "slTriggerPxType": "",
        "source": "",
        "state": state_of(order),
        "stpId": "",
        "stpMode": new.extra["stpMode"],
        "sz": size,
        "tag": new.extra["tag"],
        "tdMode": "cash",
        "tgtCcy": new.extra["tgtCcy"],
        "tpOrdPx": "",
        "tpTriggerPx": "",
        "tpTriggerPxType": "",
        "tradeId": str(last.id) if last else "",
        "tradeQuoteCcy": order.symbol.partition("/")[2],
        "uTime": str(order.updated_at),
    }


def fill_shape(trade: Trade, rate: Decimal) -> Shape:
    """Return a fill; what was paid is negative."""
    order = trade.order
    return {
        "side": order.new.side,
        "fillSz": text(trade.amount),
        "fillPx": text(trade.price),
        "fillPxVol": "",
        "fillFwdPx": "",
        "fee": text(-trade.fee),
        "fillPnl": "0",
        "ordId": ord_id(order),
        "feeRate": text(-rate),
        "instType": "SPOT",
        "fillPxUsd": "",
        "instId": inst_id(order.symbol),
        "clOrdId": order.new.client_id,
        "posSide": "net",
        "billId": str(bill_id(trade)),
        "subType": "1" if order.new.side == "buy" else "2",
        "fillMarkVol": "",
        "tag": order.new.extra["tag"],
        "fillTime": str(trade.at),
        "execType": "M" if trade.liquidity == "maker" else "T",
        "fillIdxPx": "",
        "tradeId": str(trade.id),
        "fillMarkPx": "",
        "feeCcy": trade.fee_asset,
        "ts": str(trade.at),
        "tradeQuoteCcy": order.symbol.partition("/")[2],
    }


def instrument_shape(book: Book) -> Shape:
    """Return the rules of a market."""
    listing = book.listing
    many = "9999999999"
    return {
        "alias": "",
        "auctionEndTime": "",
        "baseCcy": listing.base,
        "category": "1",
        "ctMult": "",
        "ctType": "",
        "ctVal": "",
        "ctValCcy": "",
        "contTdSwTime": "",
        "expTime": "",
        "futureSettlement": False,
        "instFamily": "",
        "instId": inst_id(listing.symbol),
        "instType": "SPOT",
        "lever": "10",
        "listTime": "1606468572000",
        "lotSz": text(listing.step),
        "maxIcebergSz": many,
        "maxLmtAmt": text(listing.max_notional),
        "maxLmtSz": text(listing.max_amount),
        "maxMktAmt": text(listing.max_notional),
        "maxMktSz": text(listing.max_market_amount),
        "maxStopSz": "",
        "maxTriggerSz": many,
        "maxTwapSz": many,
        "minSz": text(listing.min_amount),
        "optType": "",
        "openType": "",
        "quoteCcy": listing.quote,
        "tradeQuoteCcyList": [listing.quote],
        "settleCcy": "",
        "state": {"trading": "live", "post_only": "post_only"}.get(listing.status, "suspend"),
        "ruleType": "normal",
        "stk": "",
        "tickSz": text(listing.tick),
        "uly": "",
        "instIdCode": 1_000_000_000,
    }


def ticker_shape(book: Book, now: int) -> Shape:
    """Return the last day of a market."""
    day = book.line.candle(now - 86_400_000, 86_400_000, now)
    return {
        "instType": "SPOT",
        "instId": inst_id(book.listing.symbol),
        "last": text(book.last),
        "lastSz": "1",
        "askPx": text(book.ask),
        "askSz": "100",
        "bidPx": text(book.bid),
        "bidSz": "100",
        "open24h": text(day.open),
        "high24h": text(day.high),
        "low24h": text(day.low),
        "volCcy24h": text(day.volume * book.last),
        "vol24h": text(day.volume),
        "sodUtc0": text(day.open),
        "sodUtc8": text(day.open),
        "ts": str(now),
    }
