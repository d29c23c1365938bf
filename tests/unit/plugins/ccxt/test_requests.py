"""What our layer asks ccxt's unmodified classes to sign, beside the examples of each exchange's documentation."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest

from octobot_node.engine.ledger.book import Book, Owner
from octobot_node.engine.ledger.planning import Installation, Plan, plan_group
from octobot_node.limits import Limits
from octobot_node.market import Market, MarketRules, Ticker, from_ms
from octobot_node.orders import LimitOrder, MarketOrder, Order, StopOrder
from octobot_plugins.ccxt.exchanges import VOUCHED, record_of
from octobot_plugins.ccxt.exchanges.record import Asked, ExchangeRecord, NotOffered, Placing, Wire
from octobot_plugins.ccxt.library import make_exchange

NOW = 1_796_000_000_000
SECRETS = {
    "coinbase": "s3cret",
    "kraken": "c2VjcmV0",
    "hyperliquid": f"0x{'11' * 32}",
}
WALLET = "0x" + "22" * 20
#: What each exchange calls the market BTC/USDT.
MARKETS = {
    **dict.fromkeys(("binance", "bybit", "bitget", "mexc"), "BTCUSDT"),
    **dict.fromkeys(("okx", "kucoin", "coinbase"), "BTC-USDT"),
    "kraken": "XBTUSDT",
    "gate": "BTC_USDT",
    "htx": "btcusdt",
    "hyperliquid": "10142",
    "cryptocom": "BTC_USDT",
}
OURS = "o1234567890abcdef0123456789abcde"


@dataclass
class Sent:
    method: str
    path: str
    params: Mapping[str, Any]
    headers: Mapping[str, str] = field(default_factory=dict)


async def no_fetch(*_: Any) -> None:
    raise AssertionError("nothing is sent in these tests")


def signed(record: ExchangeRecord, wire: Wire) -> Sent:
    """Return what would leave, with the parameters that query, form or JSON have."""
    secret = SECRETS.get(record.id, "secret")
    credentials = {"apiKey": "key", "secret": secret, "password": "pass"}
    if record.id == "hyperliquid":
        credentials = {"walletAddress": WALLET, "privateKey": secret}
    exchange = make_exchange(
        record,
        fetch=no_fetch,
        now=lambda: NOW,
        nonce=lambda: NOW + 7,
        credentials=credentials,
        sandbox=False,
        base_url="http://127.0.0.1:1",
    )
    ready = record.sign(exchange, wire)
    found = exchange.sign(ready.path, list(ready.api), ready.method, dict(ready.params))
    parts = urlsplit(found["url"])
    params: dict[str, Any] = dict(parse_qsl(parts.query, keep_blank_values=True))
    body = found["body"]
    if body:
        params |= json.loads(body) if body[0] == "{" else dict(parse_qsl(body, keep_blank_values=True))
    return Sent(found["method"], parts.path, params, {**(found["headers"] or {}), **wire.headers})


def placing(record: ExchangeRecord, **given: Any) -> Placing:
    basic = Placing(
        market=MARKETS[record.id],
        side="buy",
        type="limit",
        amount="0.01",
        spend=None,
        price="40000.5",
        stop=None,
        tif="gtc",
        post_only=False,
        client_id=record.client_id(OURS[: record.capabilities.client_id_length]),
        at=NOW,
        window=record.window,
        expires_at=NOW + 5_000,
        known={"account-id": "77"},
    )
    return replace(basic, **given)


def placed(exchange: str, **given: Any) -> Sent:
    record = record_of(exchange)
    assert record.place is not None
    return signed(record, record.place(placing(record, **given)))


IDS = {record.id: record.client_id(OURS[: record.capabilities.client_id_length]) for record in VOUCHED}

#: exchange -> (method, path, parameters) of a limit buy of 0.01 at 40000.5, good till cancelled.
LIMIT: Mapping[str, tuple[str, str, Mapping[str, Any]]] = {
    "binance": (
        "POST",
        "/api/v3/order",
        {
            "symbol": "BTCUSDT",
            "side": "BUY",
            "type": "LIMIT",
            "timeInForce": "GTC",
            "quantity": "0.01",
            "price": "40000.5",
            "newClientOrderId": IDS["binance"],
            "newOrderRespType": "RESULT",
            "recvWindow": "5000",
            "timestamp": str(NOW),
        },
    ),
    "kraken": (
        "POST",
        "/0/private/AddOrder",
        {
            "nonce": str(NOW + 7),
            "pair": "XBTUSDT",
            "type": "buy",
            "ordertype": "limit",
            "volume": "0.01",
            "price": "40000.5",
            "cl_ord_id": IDS["kraken"],
            "oflags": "fciq",
            "deadline": "2026-11-30T00:53:25.000Z",
        },
    ),
    "coinbase": (
        "POST",
        "/api/v3/brokerage/orders",
        {
            "client_order_id": IDS["coinbase"],
            "product_id": "BTC-USDT",
            "side": "BUY",
            "order_configuration": {
                "limit_limit_gtc": {"base_size": "0.01", "limit_price": "40000.5", "post_only": False}
            },
        },
    ),
    "bybit": (
        "POST",
        "/v5/order/create",
        {
            "category": "spot",
            "symbol": "BTCUSDT",
            "side": "Buy",
            "orderType": "Limit",
            "qty": "0.01",
            "price": "40000.5",
            "timeInForce": "GTC",
            "orderLinkId": IDS["bybit"],
        },
    ),
    "okx": (
        "POST",
        "/api/v5/trade/order",
        {
            "instId": "BTC-USDT",
            "tdMode": "cash",
            "clOrdId": IDS["okx"],
            "side": "buy",
            "ordType": "limit",
            "px": "40000.5",
            "sz": "0.01",
        },
    ),
    "kucoin": (
        "POST",
        "/api/v1/hf/orders",
        {
            "clientOid": IDS["kucoin"],
            "symbol": "BTC-USDT",
            "side": "buy",
            "type": "limit",
            "size": "0.01",
            "price": "40000.5",
            "timeInForce": "GTC",
            "clientTimestamp": NOW,
            "allowMaxTimeWindow": 5_000,
        },
    ),
    "gate": (
        "POST",
        "/api/v4/spot/orders",
        {
            "text": IDS["gate"],
            "currency_pair": "BTC_USDT",
            "type": "limit",
            "account": "spot",
            "side": "buy",
            "amount": "0.01",
            "price": "40000.5",
            "time_in_force": "gtc",
        },
    ),
    "bitget": (
        "POST",
        "/api/v2/spot/trade/place-order",
        {
            "symbol": "BTCUSDT",
            "side": "buy",
            "orderType": "limit",
            "force": "gtc",
            "price": "40000.5",
            "size": "0.01",
            "clientOid": IDS["bitget"],
            "requestTime": str(NOW),
            "receiveWindow": "5000",
        },
    ),
    "htx": (
        "POST",
        "/v1/order/orders/place",
        {
            "account-id": "77",
            "symbol": "btcusdt",
            "type": "buy-limit",
            "amount": "0.01",
            "price": "40000.5",
            "source": "spot-api",
            "client-order-id": IDS["htx"],
        },
    ),
    "hyperliquid": (
        "POST",
        "/exchange",
        {
            "action": {
                "type": "order",
                "orders": [
                    {
                        "a": 10142,
                        "b": True,
                        "p": "40000.5",
                        "s": "0.01",
                        "r": False,
                        "t": {"limit": {"tif": "Gtc"}},
                        "c": IDS["hyperliquid"],
                    }
                ],
                "grouping": "na",
            },
            "nonce": NOW + 7,
            "expiresAfter": NOW + 5_000,
        },
    ),
    "mexc": (
        "POST",
        "/api/v3/order",
        {
            "symbol": "BTCUSDT",
            "side": "BUY",
            "type": "LIMIT",
            "quantity": "0.01",
            "price": "40000.5",
            "newClientOrderId": IDS["mexc"],
            "recvWindow": "5000",
            "timestamp": str(NOW),
        },
    ),
    "cryptocom": (
        "POST",
        "/exchange/v1/private/create-order",
        {
            "instrument_name": "BTC_USDT",
            "side": "BUY",
            "type": "LIMIT",
            "price": "40000.5",
            "quantity": "0.01",
            "client_oid": IDS["cryptocom"],
            "spot_margin": "SPOT",
            "time_in_force": "GOOD_TILL_CANCEL",
        },
    ),
}
#: What signatures are made of, beside the order.
SIGNING = {
    *("signature", "sig", "api_key", "id", "nonce", "method"),
    *("AccessKeyId", "SignatureMethod", "SignatureVersion", "Timestamp", "Signature"),
}


def order_in(exchange: str, sent: Sent) -> Mapping[str, Any]:
    """Return an order's parameters alone."""
    inner = sent.params["params"] if exchange == "cryptocom" else sent.params
    kept = {"nonce"} if exchange in ("kraken", "hyperliquid") else set()
    return {name: value for name, value in inner.items() if name not in SIGNING - kept}


@pytest.mark.parametrize("exchange", LIMIT)
def test_a_limit_order_is_written_as_its_documentation_has_it(exchange: str) -> None:
    method, path, params = LIMIT[exchange]
    sent = placed(exchange)
    assert (sent.method, sent.path) == (method, path)
    assert order_in(exchange, sent) == params


def test_every_exchange_that_is_vouched_for_is_here() -> None:
    assert set(LIMIT) == {record.id for record in VOUCHED} == set(SPEND) | {"hyperliquid"} == set(CANCEL) == set(FIND)


#: exchange -> the parameters of a market buy that spends 25 USDT, of which no other size may be there.
SPEND: Mapping[str, Mapping[str, Any]] = {
    "binance": {"type": "MARKET", "quoteOrderQty": "25"},
    "kraken": {"ordertype": "market", "volume": "25", "oflags": "fciq,viqc"},
    "coinbase": {"order_configuration": {"market_market_ioc": {"quote_size": "25"}}},
    "bybit": {"orderType": "Market", "qty": "25", "marketUnit": "quoteCoin"},
    "okx": {"ordType": "market", "sz": "25", "tgtCcy": "quote_ccy", "banAmend": "true"},
    "kucoin": {"type": "market", "funds": "25"},
    "gate": {"type": "market", "amount": "25", "time_in_force": "ioc"},
    "bitget": {"orderType": "market", "size": "25"},
    "htx": {"type": "buy-market", "amount": "25"},
    "mexc": {"type": "MARKET", "quoteOrderQty": "25"},
    "cryptocom": {"type": "MARKET", "notional": "25"},
}
SIZES = {
    "quantity",
    "quoteOrderQty",
    "size",
    "funds",
    "qty",
    "sz",
    "volume",
    "amount",
    "notional",
    "cost",
    "price",
    "px",
}


@pytest.mark.parametrize("exchange", SPEND)
def test_a_market_buy_spends_quote(exchange: str) -> None:
    found = order_in(exchange, placed(exchange, type="market", amount=None, spend="25", price=None))
    wanted = SPEND[exchange]
    assert {name: found.get(name) for name in wanted} == wanted
    assert SIZES & set(found) == SIZES & set(wanted)


#: exchange -> the parameters of a market sale of 0.01.
SELL: Mapping[str, Mapping[str, Any]] = {
    "binance": {"type": "MARKET", "quantity": "0.01"},
    "kraken": {"ordertype": "market", "volume": "0.01", "oflags": "fciq"},
    "coinbase": {"order_configuration": {"market_market_ioc": {"base_size": "0.01"}}},
    "bybit": {"orderType": "Market", "qty": "0.01", "marketUnit": "baseCoin"},
    "okx": {"ordType": "market", "sz": "0.01", "tgtCcy": "base_ccy"},
    "kucoin": {"type": "market", "size": "0.01"},
    "gate": {"type": "market", "amount": "0.01"},
    "bitget": {"orderType": "market", "size": "0.01"},
    "htx": {"type": "sell-market", "amount": "0.01"},
    "mexc": {"type": "MARKET", "quantity": "0.01"},
    "cryptocom": {"type": "MARKET", "quantity": "0.01"},
}


@pytest.mark.parametrize("exchange", SELL)
def test_a_market_sale_is_by_base(exchange: str) -> None:
    found = order_in(exchange, placed(exchange, type="market", side="sell", price=None))
    wanted = SELL[exchange]
    assert {name: found.get(name) for name in wanted} == wanted


@pytest.mark.parametrize("exchange", ["gate", "bitget", "htx"])
def test_where_market_buys_are_in_quote_alone_an_amount_is_refused(exchange: str) -> None:
    with pytest.raises(NotOffered, match="give spend"):
        placed(exchange, type="market", price=None)


POST_ONLY: Mapping[str, Mapping[str, Any]] = {
    "binance": {"type": "LIMIT_MAKER"},
    "kraken": {"oflags": "fciq,post"},
    "bybit": {"timeInForce": "PostOnly"},
    "okx": {"ordType": "post_only"},
    "kucoin": {"postOnly": True},
    "gate": {"time_in_force": "poc"},
    "bitget": {"force": "post_only"},
    "htx": {"type": "buy-limit-maker"},
    "mexc": {"type": "LIMIT_MAKER"},
    "cryptocom": {"exec_inst": ["POST_ONLY"]},
}


@pytest.mark.parametrize("exchange", POST_ONLY)
def test_post_only_is_said(exchange: str) -> None:
    found = order_in(exchange, placed(exchange, post_only=True))
    assert {name: found.get(name) for name in POST_ONLY[exchange]} == POST_ONLY[exchange]


@pytest.mark.parametrize(
    ("exchange", "wanted"),
    [
        ("binance", {"type": "STOP_LOSS", "stopPrice": "39000", "quantity": "0.01"}),
        ("kraken", {"ordertype": "stop-loss", "price": "39000", "volume": "0.01"}),
    ],
)
def test_a_stop_rests_where_it_is_native(exchange: str, wanted: Mapping[str, Any]) -> None:
    found = order_in(exchange, placed(exchange, type="stop", side="sell", price=None, stop="39000"))
    assert {name: found.get(name) for name in wanted} == wanted
    assert record_of(exchange).capabilities.native_stops


@pytest.mark.parametrize("record", VOUCHED, ids=lambda record: record.id)
def test_what_is_not_promised_is_not_offered(record: ExchangeRecord) -> None:
    if not record.capabilities.native_stops:
        with pytest.raises(NotOffered):
            placed(record.id, type="stop", side="sell", price=None, stop="39000")
    if not record.capabilities.market_spend:
        with pytest.raises(NotOffered):
            placed(record.id, type="market", amount=None, spend="25", price=None)


ORDERS: Mapping[str, Order] = {
    "a limit order": LimitOrder("BTC/USDT", "buy", Decimal("0.1"), Decimal(40_000)),
    "ioc": LimitOrder("BTC/USDT", "buy", Decimal("0.1"), Decimal(40_000), tif="ioc"),
    "fok": LimitOrder("BTC/USDT", "buy", Decimal("0.1"), Decimal(40_000), tif="fok"),
    "post-only": LimitOrder("BTC/USDT", "buy", Decimal("0.1"), Decimal(39_000), post_only=True),
    "a market buy": MarketOrder("BTC/USDT", "buy", amount=Decimal("0.1")),
    "a market buy by spend": MarketOrder("BTC/USDT", "buy", spend=Decimal(100)),
    "a market sale": MarketOrder("BTC/USDT", "sell", amount=Decimal("0.1")),
    "a stop": StopOrder("BTC/USDT", "sell", amount=Decimal("0.1"), stop=Decimal(39_000)),
}


@pytest.mark.parametrize("record", VOUCHED, ids=lambda record: record.id)
@pytest.mark.parametrize("order", ORDERS.values(), ids=ORDERS)
def test_what_an_exchange_has_not_is_refused_as_it_is_decided_and_never_as_it_is_sent(
    record: ExchangeRecord, order: Order
) -> None:
    assert record.place is not None
    ticker = Ticker("BTC/USDT", Decimal(40_000), Decimal(39_999), Decimal(40_001), from_ms(NOW))
    rules = MarketRules("BTC/USDT", "BTC", "USDT", Decimal("0.01"), Decimal("0.0001"))
    owner, book = Owner("a", "who", "account", 0), Book()
    for asset in ("USDT", "BTC"):
        book.deposit(owner, asset, Decimal(100_000), NOW)
    plan = Plan(
        Installation("installation", 0),
        owner,
        tick=1,
        now=NOW,
        market=Market(from_ms(NOW), {"BTC/USDT": ticker}, {}, {"BTC/USDT": rules}),
        capabilities=record.capabilities,
        limits=Limits(),
    )
    (row,) = plan_group(plan, [order], book, independent=False)
    if row["status"] == "refused":
        assert row["reason"].startswith("the exchange has no ")
        return
    sizes = {name: None if row[name] is None else str(row[name]) for name in ("amount", "spend", "price", "stop")}
    given = placing(record, side=row["side"], type=row["type"], tif=row["tif"], post_only=row["post_only"], **sizes)
    assert record.place(given).params


#: exchange -> (method, path, parameters) of a cancel of the order 4711.
CANCEL: Mapping[str, tuple[str, str, Mapping[str, Any]]] = {
    "binance": ("DELETE", "/api/v3/order", {"symbol": "BTCUSDT", "orderId": "4711"}),
    "kraken": ("POST", "/0/private/CancelOrder", {"txid": "4711"}),
    "coinbase": ("POST", "/api/v3/brokerage/orders/batch_cancel", {"order_ids": ["4711"]}),
    "bybit": ("POST", "/v5/order/cancel", {"category": "spot", "symbol": "BTCUSDT", "orderId": "4711"}),
    "okx": ("POST", "/api/v5/trade/cancel-order", {"instId": "BTC-USDT", "ordId": "4711"}),
    "kucoin": ("DELETE", "/api/v1/hf/orders/4711", {"symbol": "BTC-USDT"}),
    "gate": ("DELETE", "/api/v4/spot/orders/4711", {"currency_pair": "BTC_USDT", "account": "spot"}),
    "bitget": ("POST", "/api/v2/spot/trade/cancel-order", {"symbol": "BTCUSDT", "orderId": "4711"}),
    "htx": ("POST", "/v1/order/orders/4711/submitcancel", {}),
    "hyperliquid": ("POST", "/exchange", {"action": {"type": "cancel", "cancels": [{"a": 10142, "o": 4711}]}}),
    "mexc": ("DELETE", "/api/v3/order", {"symbol": "BTCUSDT", "orderId": "4711"}),
    "cryptocom": ("POST", "/exchange/v1/private/cancel-order", {"order_id": "4711"}),
}


@pytest.mark.parametrize("exchange", CANCEL)
def test_a_cancel_names_its_order_and_nothing_wider(exchange: str) -> None:
    record = record_of(exchange)
    assert record.cancel is not None
    method, path, params = CANCEL[exchange]
    sent = signed(record, record.cancel(Asked(market=MARKETS[exchange], order_id="4711")))
    assert (sent.method, sent.path) == (method, path)
    found = order_in(exchange, sent)
    assert {name: found.get(name) for name in params} == params


#: exchange -> (method, path, parameters) of the first look-up by client id.
FIND: Mapping[str, tuple[str, str, Mapping[str, Any]]] = {
    "binance": ("GET", "/api/v3/order", {"symbol": "BTCUSDT", "origClientOrderId": IDS["binance"]}),
    "kraken": ("POST", "/0/private/OpenOrders", {"cl_ord_id": IDS["kraken"]}),
    "coinbase": (
        "GET",
        "/api/v3/brokerage/orders/historical/batch",
        {"product_ids": "BTC-USDT", "start_date": "2026-11-30T00:53:20Z"},
    ),
    "bybit": ("GET", "/v5/order/realtime", {"category": "spot", "orderLinkId": IDS["bybit"]}),
    "okx": ("GET", "/api/v5/trade/order", {"instId": "BTC-USDT", "clOrdId": IDS["okx"]}),
    "kucoin": ("GET", f"/api/v1/hf/orders/client-order/{IDS['kucoin']}", {"symbol": "BTC-USDT"}),
    "gate": ("GET", f"/api/v4/spot/orders/{IDS['gate']}", {"currency_pair": "BTC_USDT"}),
    "bitget": ("GET", "/api/v2/spot/trade/orderInfo", {"clientOid": IDS["bitget"]}),
    "htx": ("GET", "/v1/order/orders/getClientOrder", {"clientOrderId": IDS["htx"]}),
    "hyperliquid": ("POST", "/info", {"type": "orderStatus", "user": WALLET, "oid": IDS["hyperliquid"]}),
    "mexc": ("GET", "/api/v3/order", {"symbol": "BTCUSDT", "origClientOrderId": IDS["mexc"]}),
    "cryptocom": ("POST", "/exchange/v1/private/get-order-detail", {"client_oid": IDS["cryptocom"]}),
}


@pytest.mark.parametrize("exchange", FIND)
def test_a_look_up_is_by_client_id(exchange: str) -> None:
    record = record_of(exchange)
    asked = Asked(market=MARKETS[exchange], client_id=IDS[exchange], since=NOW, known={"user": WALLET})
    method, path, params = FIND[exchange]
    sent = signed(record, record.find[0].wire(asked))
    assert (sent.method, sent.path) == (method, path)
    found = order_in(exchange, sent)
    assert {name: found.get(name) for name in params} == params


def test_what_expires_says_so_in_the_request() -> None:
    assert placed("okx").headers["expTime"] == str(NOW + 5_000)
    bybit = placed("bybit").headers
    assert (bybit["X-BAPI-TIMESTAMP"], bybit["X-BAPI-RECV-WINDOW"]) == (str(NOW), "5000")


@pytest.mark.parametrize("record", VOUCHED, ids=lambda record: record.id)
def test_each_promise_has_a_source_and_each_question_is_written(record: ExchangeRecord) -> None:
    promises = {"dedupe", "lookup", "request_expiry", "visibility_lag_ms", "client_id_length"}
    assert set(record.sources) == promises | {"market_spend", "native_stops", "post_only"}
    asked = Asked(
        market=MARKETS[record.id], order_id="4711", client_id="x", since=NOW, until=NOW + 1, now=NOW,
        known={"user": WALLET, "account-id": "77"},
    )  # fmt: skip
    questions = [*record.find, *record.order, record.open_orders, record.trades]
    for question in (each for each in questions if each is not None):
        assert signed(record, question.wire(asked)).path.startswith("/")
