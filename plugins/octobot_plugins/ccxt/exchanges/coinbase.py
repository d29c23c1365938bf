"""Coinbase Advanced. C-doc: the text of its create-order page; C-sdk: coinbase/coinbase-advanced-py@54fb8ed;
C-2nd: a venue note, unverified; C-nt: nautilus_trader's coinbase.md.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from octobot_node.contracts.exchanges import Capabilities, Lookup
from octobot_plugins.ccxt.exchanges.record import (
    Asked,
    ExchangeRecord,
    Meaning,
    NotOffered,
    Placing,
    Question,
    Rights,
    Said,
    Wire,
    first,
    paged,
    rows_in,
)

__all__ = ["COINBASE"]

_DAY = 86_400_000
_API = ("v3", "private")


def _said(body: Any) -> Sequence[Said]:
    if not isinstance(body, dict):
        return []
    failed = body.get("error_response")
    if body.get("success") is False and isinstance(failed, dict):
        return [Said(str(failed.get("error", "")), str(failed.get("message", "")))]
    results = [row for row in body.get("results") or () if isinstance(row, dict) and row.get("success") is False]
    if results:
        return [Said(str(row.get("failure_reason", ""))) for row in results]
    if "error" in body or "errors" in body:
        return [Said(str(body.get("error") or body["errors"]), str(body.get("message", "")))]
    return []


def _place(placing: Placing) -> Wire:
    return Wire(
        "brokerage/orders",
        _API,
        params={
            "client_order_id": placing.client_id,
            "product_id": placing.market,
            "side": placing.side.upper(),
            "order_configuration": _configuration(placing),
        },
    )


def _configuration(placing: Placing) -> dict[str, dict[str, Any]]:
    if placing.type == "stop":
        raise NotOffered("has stop orders with a limit only: they are not offered")
    if placing.type == "market":
        size = {"base_size": placing.amount} if placing.spend is None else {"quote_size": placing.spend}
        return {"market_market_ioc": size}
    sizes = {"base_size": placing.amount, "limit_price": placing.price}
    if placing.tif == "ioc":
        return {"sor_limit_ioc": sizes}
    if placing.tif == "fok":
        return {"limit_limit_fok": sizes}
    return {"limit_limit_gtc": {**sizes, "post_only": placing.post_only}}


def _listed(asked: Asked) -> Wire:
    begin = datetime.fromtimestamp(max(asked.since, 0) / 1000, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    return Wire(
        "brokerage/orders/historical/batch",
        _API,
        method="GET",
        params={"product_ids": asked.market, "start_date": begin, "limit": 1_000},
    )


def _open_orders(asked: Asked) -> Wire:
    params = paged({"order_status": "OPEN", "limit": 100}, asked, "cursor")
    return Wire("brokerage/orders/historical/batch", _API, method="GET", params=params)


def _rights(body: Any) -> Rights:
    # C-sdk key_permissions; can_transfer from memory.
    return Rights(body["can_transfer"], body.get("can_trade"))


COINBASE = ExchangeRecord(
    id="coinbase",
    title="Coinbase",
    paced_per="key",
    capabilities=Capabilities(
        dedupe="forever",
        lookup=Lookup("recent", _DAY),
        visibility_lag_ms=5_000,
        client_id_length=32,
        market_spend=True,
        post_only=True,
    ),
    sources={
        "dedupe": "C-doc: with a client_order_id that is known nothing new is created, the original is returned",
        "lookup": "C-sdk: List Orders by product and start_date, whose rows have the client id; no look-up by it alone",
        "request_expiry": "C-nt: the JWT holds for 120 s, too long; no deadline of an order found",
        "visibility_lag_ms": "no number found; five seconds are taken",
        "client_id_length": "no format found; 32 letters and digits are a UUID's",
        "market_spend": "C-sdk quote_size",
        "native_stops": "stop_limit and brackets alone: not offered",
        "post_only": "C-sdk post_only",
    },
    fee_in="quote",
    options={"defaultType": "spot"},
    said=_said,
    codes={
        Meaning.REFUSED: ("INSUFFICIENT_FUND", "UNSUPPORTED_ORDER_CONFIGURATION"),
        Meaning.DUPLICATE: ("DUPLICATE_CLIENT_ORDER_ID",),
        Meaning.UNKNOWN: ("internal_server_error",),
        Meaning.LIMITED: ("rate_limit_exceeded",),
        Meaning.KEY: ("unauthorized",),
        Meaning.MISSING: ("UNKNOWN_CANCEL_ORDER",),
    },
    place=_place,
    placed=first("success_response", "order_id"),
    cancel=lambda asked: Wire("brokerage/orders/batch_cancel", _API, params={"order_ids": [asked.order_id]}),
    find=(Question(_listed, rows_in("orders")),),
    open_orders=Question(
        _open_orders,
        rows_in("orders"),
        cursor=lambda body: str(body.get("cursor") or "") if body.get("has_next") else "",
    ),
    rights=(Wire("brokerage/key_permissions", _API, method="GET"), _rights),
    notes=("A key with the right to transfer can withdraw.",),
)
