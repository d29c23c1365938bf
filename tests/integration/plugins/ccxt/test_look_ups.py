"""An order as each exchange's documentation shows it is read as what it is, found by our id and by the exchange's."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest

from octobot_plugins.ccxt.exchanges import VOUCHED, record_of
from tests.integration.plugins.ccxt.conftest import Open
from tests.support.exchange_site import Answer, Asked

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


def test_every_exchange_that_is_vouched_for_is_here() -> None:
    assert set(SHOWN) == {record.id for record in VOUCHED}


@pytest.mark.parametrize("exchange", SHOWN)
def test_an_order_is_found_by_our_id(exchange: str, bench: Open) -> None:
    async def use() -> Any:
        async with bench(exchange, lambda _: Answer(SHOWN[exchange]), **KEYS.get(exchange, {})) as found:
            return await found.trading.find_order("BTC/USDT", OURS, AT - 1_000)

    order = asyncio.run(use())
    assert order is not None
    assert (order.id.removeprefix("BTCUSDT-"), order.symbol, order.side, order.status) == (
        *("28", "BTC/USDT", "buy", "open"),
    )
    assert (order.amount, order.price, order.filled) == (Decimal("0.01"), Decimal("40000.5"), Decimal("0.004"))
    assert order.created_at == AT
    # Hyperliquid's is a digest of ours, from which there is no way back.
    assert order.client_order_id == (None if exchange == "hyperliquid" else OURS)


@pytest.mark.parametrize("exchange", [name for name in SHOWN if record_of(name).order])
def test_an_order_is_found_by_the_exchange_s_own_id(exchange: str, bench: Open) -> None:
    body = SHOWN[exchange]
    if exchange == "kraken":
        body = {"error": [], "result": body["result"]["open"]}
    known = "BTCUSDT-28" if record_of(exchange).ids_by_market else "28"

    async def use() -> Any:
        async with bench(exchange, lambda _: Answer(body), **KEYS.get(exchange, {})) as found:
            return await found.trading.order("BTC/USDT", known), await found.trading.order("BTC/USDT", "other")

    order, other = asyncio.run(use())
    assert order is not None
    assert (order.id, order.filled) == (known, Decimal("0.004"))
    # An answer about something else is not taken for it.
    assert other is None


MISSING: dict[str, Answer] = {
    "binance": Answer({"code": -2013, "msg": "Order does not exist."}, 400),
    "mexc": Answer({"code": -2013, "msg": "Order does not exist."}, 400),
    "kraken": Answer({"error": [], "result": {"open": {}, "closed": {}}}),
    "okx": Answer({"code": "51603", "data": [], "msg": "Order does not exist"}),
    "bybit": Answer({"retCode": 0, "retMsg": "OK", "result": {"list": []}}),
    "coinbase": Answer({"orders": [], "has_next": False}),
    "gate": Answer({"label": "ORDER_NOT_FOUND", "message": "Order not found"}, 404),
    "bitget": Answer({"code": "00000", "data": []}),
    "htx": Answer({"status": "error", "err-code": "base-record-invalid", "err-msg": "invalid", "data": None}),
    "hyperliquid": Answer({"status": "unknownOid"}),
    "cryptocom": Answer({"code": 212, "message": "INVALID_ORDERID"}),
}


@pytest.mark.parametrize("exchange", MISSING)
def test_an_order_that_is_not_there_is_none_after_every_list_was_looked_at(exchange: str, bench: Open) -> None:
    asked: list[str] = []

    def script(about: Asked) -> Answer:
        asked.append(about.path)
        return MISSING[exchange]

    async def use() -> Any:
        async with bench(exchange, script, **KEYS.get(exchange, {})) as found:
            return await found.trading.find_order("BTC/USDT", OURS, AT - 1_000)

    assert asyncio.run(use()) is None
    assert len(asked) == len(record_of(exchange).find)


#: Where an exchange's open orders come in pages: what one holds, the name of where the next one begins, and how an
#: answer with these orders is made, with where it ended.
PAGES: dict[str, tuple[int, str, Callable[[list[Any], str], Any]]] = {
    "bybit": (50, "cursor", lambda rows, last: {"retCode": 0, "result": {"list": rows, "nextPageCursor": last}}),
    "coinbase": (100, "cursor", lambda rows, last: {"orders": rows, "has_next": bool(last), "cursor": last or "x"}),
    "bitget": (100, "idLessThan", lambda rows, _last: {"code": "00000", "data": rows}),
    "htx": (500, "from", lambda rows, _last: {"status": "ok", "data": rows}),
    "okx": (100, "after", lambda rows, _last: {"code": "0", "data": rows}),
}
ITS_ID = {"bybit": "orderId", "coinbase": "order_id", "bitget": "orderId", "htx": "id", "okx": "ordId"}


@pytest.mark.parametrize("exchange", PAGES)
def test_open_orders_are_read_to_their_last_page(exchange: str, bench: Open) -> None:
    most, begins, answer = PAGES[exchange]
    name = ITS_ID[exchange]
    body = SHOWN[exchange]
    found = body.get("data") or body.get("orders") or body["result"]["list"]
    order = found if isinstance(found, dict) else found[-1]
    orders = [{**order, name: 10_000 - each} for each in range(2 * most + 1)]
    asked: list[str | None] = []

    def script(about: Asked) -> Answer:
        if about.path.endswith("/accounts"):
            return Answer({"status": "ok", "data": [{"id": 77, "type": "spot"}]})
        begin = about.params.get(begins)
        asked.append(begin)
        left = [each for each in orders if begin is None or each[name] < int(begin)]
        shown = [{**each, name: str(each[name]) if exchange != "htx" else each[name]} for each in left[:most]]
        return Answer(answer(shown, str(left[most - 1][name]) if len(left) > most else ""))

    async def use() -> Any:
        async with bench(exchange, script, **KEYS.get(exchange, {})) as opened:
            return await opened.trading.open_orders()

    shown = asyncio.run(use())
    assert [each.id for each in shown] == [str(each[name]) for each in orders]
    assert len(asked) == 3


@pytest.mark.parametrize(
    ("how_many", "paged", "pages"), [(49, True, 1), (120, True, 3), (100, True, 3), (120, False, 1), (50, False, 2)]
)
def test_all_that_is_open_at_kraken_is_read_whether_it_comes_in_pages_or_at_once(
    how_many: int, paged: bool, pages: int, bench: Open
) -> None:
    asked: list[int] = []
    order = SHOWN["kraken"]["result"]["open"]["28"]
    orders = {f"O{each}": {**order, "cl_ord_id": f"o{each}"} for each in range(how_many)}

    def script(about: Asked) -> Answer:
        begin = int(about.params.get("ofs", 0))
        asked.append(begin)
        shown = list(orders.items())[begin : begin + 50] if paged else orders.items()
        return Answer({"error": [], "result": {"open": dict(shown)}})

    async def use() -> Any:
        async with bench("kraken", script) as found:
            return await found.trading.open_orders()

    assert {each.id for each in asyncio.run(use())} == set(orders)
    assert len(asked) == pages


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
