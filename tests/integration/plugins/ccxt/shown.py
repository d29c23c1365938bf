"""An order as each exchange's documentation shows it, in each exchange's own words."""

from __future__ import annotations

from typing import Any

from octobot_plugins.ccxt.exchanges import record_of

__all__ = ["AT", "KEYS", "LATER", "OURS", "SHOWN"]

OURS = "o1234567890abcdef"
AT = 1_796_000_000_000
LATER = "2026-11-30T00:53:20Z"


def theirs(exchange: str) -> str:
    return record_of(exchange).client_id(OURS)


BINANCE = {
    "symbol": "BTCUSDT",
    "orderId": 28,
    "clientOrderId": OURS,
    "price": "40000.50",
    "origQty": "0.01",
    "executedQty": "0.004",
    "status": "PARTIALLY_FILLED",
    "type": "LIMIT",
    "side": "BUY",
    "time": AT,
}
#: An order of which 0.004 of 0.01 are filled, in each exchange's own words.
SHOWN: dict[str, Any] = {
    "binance": BINANCE,
    "mexc": {**BINANCE, "orderId": "28"},
    "kraken": {
        "error": [],
        "result": {
            "open": {
                "28": {
                    "status": "open",
                    "opentm": AT / 1000,
                    "cl_ord_id": OURS,
                    "vol": "0.01",
                    "vol_exec": "0.004",
                    "cost": "160.0",
                    "fee": "0.4",
                    "price": "0",
                    "oflags": "fciq",
                    "descr": {
                        "pair": "XBTUSDT",
                        "type": "buy",
                        "ordertype": "limit",
                        "price": "40000.5",
                        "order": "buy 0.01 XBTUSDT @ limit 40000.5",
                    },
                }
            }
        },
    },
    "okx": {
        "code": "0",
        "msg": "",
        "data": [
            {
                "instId": "BTC-USDT",
                "instType": "SPOT",
                "ordId": "28",
                "clOrdId": OURS,
                "side": "buy",
                "ordType": "limit",
                "px": "40000.5",
                "sz": "0.01",
                "accFillSz": "0.004",
                "avgPx": "40000",
                "state": "partially_filled",
                "cTime": str(AT),
                "uTime": str(AT),
                "fee": "0",
                "tgtCcy": "",
            }
        ],
    },
    "bybit": {
        "retCode": 0,
        "retMsg": "OK",
        "result": {
            "category": "spot",
            "list": [
                {
                    "symbol": "BTCUSDT",
                    "orderId": "28",
                    "orderLinkId": OURS,
                    "side": "Buy",
                    "orderType": "Limit",
                    "price": "40000.5",
                    "qty": "0.01",
                    "cumExecQty": "0.004",
                    "cumExecValue": "160",
                    "orderStatus": "PartiallyFilled",
                    "createdTime": str(AT),
                    "timeInForce": "GTC",
                }
            ],
        },
    },
    "coinbase": {
        "has_next": False,
        "orders": [
            {
                "order_id": "27",
                "product_id": "BTC-USDT",
                "client_order_id": "somebody",
                "side": "BUY",
                "status": "OPEN",
                "order_type": "LIMIT",
                "filled_size": "0",
                "created_time": LATER,
                "order_configuration": {"limit_limit_gtc": {"base_size": "1", "limit_price": "1", "post_only": False}},
            },
            {
                "order_id": "28",
                "product_id": "BTC-USDT",
                "client_order_id": OURS,
                "side": "BUY",
                "status": "OPEN",
                "order_type": "LIMIT",
                "filled_size": "0.004",
                "created_time": LATER,
                "order_configuration": {
                    "limit_limit_gtc": {"base_size": "0.01", "limit_price": "40000.5", "post_only": False}
                },
            },
        ],
    },
    "kucoin": {
        "code": "200000",
        "data": {
            "id": "28",
            "clientOid": OURS,
            "symbol": "BTC-USDT",
            "type": "limit",
            "side": "buy",
            "price": "40000.5",
            "size": "0.01",
            "dealSize": "0.004",
            "dealFunds": "160",
            "fee": "0.1",
            "active": True,
            "inOrderBook": True,
            "cancelExist": False,
            "createdAt": AT,
            "tradeType": "TRADE",
        },
    },
    "gate": {
        "id": "28",
        "text": "t-" + OURS,
        "currency_pair": "BTC_USDT",
        "type": "limit",
        "account": "spot",
        "side": "buy",
        "amount": "0.01",
        "price": "40000.5",
        "left": "0.006",
        "filled_amount": "0.004",
        "filled_total": "160",
        "status": "open",
        "create_time_ms": AT,
        "time_in_force": "gtc",
    },
    "bitget": {
        "code": "00000",
        "data": [
            {
                "symbol": "BTCUSDT",
                "orderId": "28",
                "clientOid": OURS,
                "side": "buy",
                "orderType": "limit",
                "price": "40000.5",
                "size": "0.01",
                "baseVolume": "0.004",
                "quoteVolume": "160",
                "status": "partially_filled",
                "cTime": str(AT),
                "feeDetail": "",
            }
        ],
    },
    "htx": {
        "status": "ok",
        "data": {
            "id": 28,
            "symbol": "btcusdt",
            "account-id": 77,
            "client-order-id": OURS,
            "amount": "0.01",
            "price": "40000.5",
            "type": "buy-limit",
            "field-amount": "0.004",
            "field-cash-amount": "160",
            "field-fees": "0.1",
            "state": "partial-filled",
            "created-at": AT,
            "source": "spot-api",
        },
    },
    "hyperliquid": {
        "status": "order",
        "order": {
            "status": "open",
            "statusTimestamp": AT,
            "order": {
                "coin": "@142",
                "side": "B",
                "limitPx": "40000.5",
                "sz": "0.006",
                "origSz": "0.01",
                "oid": 28,
                "timestamp": AT,
                "cloid": theirs("hyperliquid"),
                "orderType": "Limit",
                "tif": "Gtc",
            },
        },
    },
    "cryptocom": {
        "code": 0,
        "result": {
            "order_id": "28",
            "client_oid": OURS,
            "instrument_name": "BTC_USDT",
            "side": "BUY",
            "order_type": "LIMIT",
            "time_in_force": "GOOD_TILL_CANCEL",
            "limit_price": "40000.5",
            "quantity": "0.01",
            "cumulative_quantity": "0.004",
            "cumulative_value": "160",
            "avg_price": "40000",
            "status": "ACTIVE",
            "create_time": AT,
            "exec_inst": [],
        },
    },
}
KEYS = {"hyperliquid": {"api_key": "0x" + "22" * 20, "secret": "0x" + "11" * 32}}
