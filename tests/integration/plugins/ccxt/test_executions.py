"""An execution as each exchange's documentation shows it is read with its order and its fee."""

from __future__ import annotations

import asyncio
from decimal import Decimal
from typing import Any

import pytest

from tests.integration.plugins.ccxt.conftest import Open
from tests.integration.plugins.ccxt.shown import AT, KEYS, LATER, OURS
from tests.support.exchange_site import Answer

#: An execution of 0.004 at 40000 that cost a fee of 0.16 USDT, in each exchange's own words.
EXECUTED: dict[str, Any] = {
    "bybit": {
        "retCode": 0,
        "retMsg": "OK",
        "result": {
            "list": [
                {
                    "symbol": "BTCUSDT",
                    "execId": "7",
                    "orderId": "28",
                    "orderLinkId": OURS,
                    "side": "Buy",
                    "execPrice": "40000",
                    "execQty": "0.004",
                    "execFee": "0.16",
                    "feeCurrency": "USDT",
                    "isMaker": True,
                    "execTime": str(AT),
                    "orderType": "Limit",
                    "execValue": "160",
                }
            ]
        },
    },
    "coinbase": {
        "cursor": "",
        "fills": [
            {
                "entry_id": "7",
                "trade_id": "7",
                "order_id": "28",
                "trade_time": LATER,
                "trade_type": "FILL",
                "price": "40000",
                "size": "0.004",
                "commission": "0.16",
                "product_id": "BTC-USDT",
                "liquidity_indicator": "MAKER",
                "size_in_quote": False,
                "side": "BUY",
            }
        ],
    },
    "kucoin": {
        "code": "200000",
        "data": {
            "lastId": 7,
            "items": [
                {
                    "id": 1,
                    "tradeId": "7",
                    "orderId": "28",
                    "symbol": "BTC-USDT",
                    "side": "buy",
                    "price": "40000",
                    "size": "0.004",
                    "funds": "160",
                    "fee": "0.16",
                    "feeCurrency": "USDT",
                    "liquidity": "maker",
                    "createdAt": AT,
                    "type": "limit",
                }
            ],
        },
    },
    "gate": [
        {
            "id": "7",
            "order_id": "28",
            "text": "t-" + OURS,
            "currency_pair": "BTC_USDT",
            "side": "buy",
            "price": "40000",
            "amount": "0.004",
            "fee": "0.16",
            "fee_currency": "USDT",
            "role": "maker",
            "create_time": str(AT // 1000),
            "create_time_ms": f"{AT}.000000",
        }
    ],
    "bitget": {
        "code": "00000",
        "data": [
            {
                "symbol": "BTCUSDT",
                "tradeId": "7",
                "orderId": "28",
                "side": "buy",
                "orderType": "limit",
                "priceAvg": "40000",
                "size": "0.004",
                "amount": "160",
                "tradeScope": "maker",
                "cTime": str(AT),
                "feeDetail": {"deduction": "no", "feeCoin": "USDT", "totalFee": "-0.16"},
            }
        ],
    },
    "htx": {
        "status": "ok",
        "data": [
            {
                "id": 1,
                "trade-id": 7,
                "order-id": 28,
                "symbol": "btcusdt",
                "type": "buy-limit",
                "price": "40000",
                "filled-amount": "0.004",
                "filled-fees": "0.16",
                "fee-currency": "usdt",
                "role": "maker",
                "created-at": AT,
                "match-id": 1,
                "source": "spot-api",
            }
        ],
    },
    "hyperliquid": [
        {
            "coin": "@142",
            "px": "40000",
            "sz": "0.004",
            "side": "B",
            "time": AT,
            "oid": 28,
            "tid": 7,
            "fee": "0.16",
            "feeToken": "USDT",
            "crossed": False,
            "dir": "Buy",
            "hash": "0x",
        }
    ],
    "mexc": [
        {
            "symbol": "BTCUSDT",
            "id": "7",
            "orderId": "28",
            "price": "40000",
            "qty": "0.004",
            "time": AT,
            "commission": "0.16",
            "commissionAsset": "USDT",
            "isBuyer": True,
            "isMaker": True,
            "quoteQty": "160",
        }
    ],
    "cryptocom": {
        "code": 0,
        "result": {
            "data": [
                {
                    "trade_id": "7",
                    "order_id": "28",
                    "client_oid": OURS,
                    "instrument_name": "BTC_USDT",
                    "side": "BUY",
                    "traded_price": "40000",
                    "traded_quantity": "0.004",
                    "fees": "-0.16",
                    "fee_instrument_name": "USDT",
                    "taker_side": "MAKER",
                    "create_time": AT,
                }
            ]
        },
    },
}


@pytest.mark.parametrize("exchange", EXECUTED)
def test_executions_are_read_with_their_order_and_their_fee(exchange: str, bench: Open) -> None:
    class Then:
        """A minute after."""

        virtual = True

        def now(self) -> int:
            return AT + 60_000

        def monotonic(self) -> float:
            return self.now() / 1000

    async def use() -> Any:
        async with bench(exchange, lambda _: Answer(EXECUTED[exchange]), Then(), **KEYS.get(exchange, {})) as found:
            found.trading.attention.warm("BTC/USDT", AT)
            return await found.trading.trades(AT - 1_000)

    (trade,) = asyncio.run(use())
    assert (trade.id, trade.order_id, trade.symbol, trade.side) == ("7", "28", "BTC/USDT", "buy")
    assert (trade.amount, trade.price, trade.cost) == (Decimal("0.004"), Decimal(40_000), Decimal(160))
    assert (trade.fee, trade.fee_asset, trade.at) == (Decimal("0.16"), "USDT", AT)
    assert trade.liquidity == "maker"
