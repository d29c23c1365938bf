"""The exchange in memory, as an author of a connector's caller uses it; the engine's tests use it, too."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from decimal import Decimal
from typing import Any, TypeVar

import pytest

from octobot_node.contracts.exchanges import OrderRequest
from octobot_node.errors import NotSent, OrderRefused, Unresolved
from octobot_node.plugin_system.discovery import load_plugins
from octobot_node.testing import FakeExchange

D = Decimal
T = TypeVar("T")


def wait(coroutine: Coroutine[Any, Any, T]) -> T:
    return asyncio.run(coroutine)


def request(client_id: str, **fields: Any) -> OrderRequest:
    usual: dict[str, Any] = {
        "intent_id": client_id,
        "client_order_id": client_id,
        "symbol": "BTC/USDT",
        "side": "buy",
        "type": "limit",
        "amount": D(2),
        "spend": None,
        "price": D(99),
        "stop": None,
        "tif": "gtc",
        "post_only": False,
        "expires_at": 0,
    }
    return OrderRequest(**{**usual, **fields})


def test_an_order_rests_until_it_is_filled() -> None:
    exchange = FakeExchange()
    wait(exchange.trading.create_order(request("a")))
    trade = exchange.fill("BTC/USDT", amount=1, price="98.5")
    assert (trade.amount, trade.price, trade.cost) == (D(1), D("98.5"), D("98.5"))
    exchange.fill("BTC/USDT")
    assert exchange.open_orders == []
    assert [trade.price for trade in wait(exchange.trading.trades(0))] == [D("98.5"), D(99)]


def test_a_market_order_by_spend_is_sized_by_the_price_that_was_set() -> None:
    exchange = FakeExchange()
    exchange.price("BTC/USDT", 50)
    order = wait(exchange.trading.create_order(request("a", type="market", amount=None, spend=D(100), price=None)))
    assert order.amount == D(2)
    assert exchange.fill("BTC/USDT").price == D(50)


def test_the_next_orders_meet_what_was_queued() -> None:
    exchange = FakeExchange()
    exchange.refuse_next("too small")
    exchange.time_out_next()
    exchange.drop_next()
    exchange.disconnect_next()
    for client_id, error in (("a", OrderRefused), ("b", Unresolved), ("c", Unresolved), ("d", NotSent)):
        with pytest.raises(error):
            wait(exchange.trading.create_order(request(client_id)))
    assert [order.client_order_id for order in exchange.open_orders] == ["c"]
    assert wait(exchange.trading.find_order("BTC/USDT", "b", 0)) is None
    assert wait(exchange.trading.find_order("BTC/USDT", "c", 0)) == exchange.open_orders[0]


def test_an_order_that_is_cancelled_rests_no_more() -> None:
    exchange = FakeExchange()
    wait(exchange.trading.create_order(request("a")))
    exchange.cancel("BTC/USDT")
    assert exchange.open_orders == []
    with pytest.raises(LookupError, match="no order rests on BTC/USDT; there are orders on nothing"):
        exchange.fill("BTC/USDT")


def test_an_engine_finds_it_by_name() -> None:
    exchange = FakeExchange()
    registry = exchange.register(load_plugins(discover=False))
    assert registry.market_data_factory("fake").open(None, None) is exchange.market
    assert registry.trading_factory("fake").open(None, "account", None) is exchange.trading
