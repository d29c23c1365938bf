"""An order as each exchange's documentation shows it is read as what it is, found by our id and by the exchange's."""

from __future__ import annotations

import asyncio
from decimal import Decimal
from typing import Any

import pytest

from octobot_plugins.ccxt.exchanges import VOUCHED, record_of
from tests.integration.plugins.ccxt.conftest import Open
from tests.integration.plugins.ccxt.shown import AT, KEYS, OURS, SHOWN
from tests.support.exchange_site import Answer, Asked


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
