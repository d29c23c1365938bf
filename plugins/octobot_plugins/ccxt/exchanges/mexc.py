"""MEXC spot. M-gen: mexc.com/api-docs/spot-v3/general-info; its requests are shaped as Binance's."""

from __future__ import annotations

from octobot_node.contracts.exchanges import Capabilities, Lookup
from octobot_plugins.ccxt.exchanges.binance import binance_order, binance_said
from octobot_plugins.ccxt.exchanges.record import (
    ExchangeRecord,
    Meaning,
    NotOffered,
    Placing,
    Question,
    Wire,
    first,
    rows_in,
)

__all__ = ["MEXC"]

_DAY = 86_400_000
_API = ("spot", "private")
_TIF = {"gtc": "LIMIT", "ioc": "IMMEDIATE_OR_CANCEL", "fok": "FILL_OR_KILL"}


def _place(placing: Placing) -> Wire:
    if placing.type == "stop":
        raise NotOffered("has no stop orders")
    # Time and window are added where it is signed.
    params = {name: value for name, value in binance_order(placing).items() if name not in ("timestamp", "recvWindow")}
    kind = "MARKET" if placing.type == "market" else "LIMIT_MAKER" if placing.post_only else _TIF[placing.tif]
    return Wire("order", _API, params={**params, "type": kind})


MEXC = ExchangeRecord(
    id="mexc",
    title="MEXC",
    capabilities=Capabilities(
        dedupe="none",
        lookup=Lookup("open"),
        request_expiry=True,
        visibility_lag_ms=5_000,
        client_id_length=32,
        market_spend=True,
        post_only=True,
    ),
    sources={
        "dedupe": "not found",
        "lookup": "GET order by origClientOrderId; how far back was not found",
        "request_expiry": "M-gen timestamp + recvWindow",
        "visibility_lag_ms": "no number found; five seconds are taken",
        "client_id_length": "no format found; others use 32",
        "market_spend": "quoteOrderQty",
        "native_stops": "there are none",
        "post_only": "type LIMIT_MAKER",
    },
    options={"defaultType": "spot", "recvWindow": 5_000},
    said=binance_said,
    codes={
        Meaning.REFUSED: ("30002", "30004", "30005", "10101", "30016"),
        Meaning.UNKNOWN: ("500",),
        Meaning.LIMITED: ("429", "510"),
        Meaning.MAINTENANCE: ("604", "801", "11444"),
        Meaning.KEY: ("602", "700002", "10072"),
        Meaning.CLOCK: ("700003",),
        Meaning.MISSING: ("-2011", "-2013"),
    },
    place=_place,
    placed=first("orderId"),
    cancel=lambda asked: Wire(
        "order", _API, method="DELETE", params={"symbol": asked.market, "orderId": asked.order_id}
    ),
    find=(
        Question(
            lambda asked: Wire(
                "order", _API, method="GET", params={"symbol": asked.market, "origClientOrderId": asked.client_id}
            ),
            rows_in(),
        ),
    ),
    order=(
        Question(
            lambda asked: Wire("order", _API, method="GET", params={"symbol": asked.market, "orderId": asked.order_id}),
            rows_in(),
        ),
    ),
    open_orders=Question(
        lambda asked: Wire("openOrders", _API, method="GET", params={"symbol": asked.market}), rows_in()
    ),
    open_by_market=True,
    trades=Question(
        lambda asked: Wire(
            "myTrades",
            _API,
            method="GET",
            params={"symbol": asked.market, "startTime": asked.since, "endTime": asked.until, "limit": 100},
        ),
        rows_in(),
    ),
    trades_by_market=True,
    trades_span=30 * _DAY,
    trades_page=100,
)
