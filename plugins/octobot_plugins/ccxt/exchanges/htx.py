"""HTX spot. H-ann: its announcement 84873840032816; H-log: huobiapi/docs pull 42; H-2nd: a third party."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from octobot_node.contracts.exchanges import Capabilities, Lookup
from octobot_plugins.ccxt.exchanges.record import (
    Asked,
    ExchangeRecord,
    Meaning,
    NotOffered,
    Placing,
    Question,
    Said,
    Wire,
    first,
    rows_in,
)

__all__ = ["HTX"]

_HOUR = 3_600_000
_API = ("spot", "private")
_PAGE = 500


def _said(body: Any) -> Sequence[Said]:
    if isinstance(body, dict) and body.get("status") == "error":
        return [Said(str(body.get("err-code", "")), str(body.get("err-msg", "")))]
    return []


def _place(placing: Placing) -> Wire:
    if placing.type == "stop":
        raise NotOffered("has stop orders with a limit only: they are not offered")
    kind = placing.type
    if placing.type == "market" and placing.side == "buy" and placing.spend is None:
        raise NotOffered("takes market buys in quote only: give spend instead of an amount")
    suffix = {"gtc": kind, "ioc": "ioc", "fok": "limit-fok"}[placing.tif] if kind == "limit" else kind
    params = {
        "account-id": placing.known["account-id"],
        "symbol": placing.market,
        "type": f"{placing.side}-{'limit-maker' if placing.post_only else suffix}",
        "amount": placing.amount if placing.spend is None else placing.spend,
        "source": "spot-api",
        "client-order-id": placing.client_id,
    }
    if kind == "limit":
        params["price"] = placing.price
    return Wire("v1/order/orders/place", _API, params=params)


def _spot_account(body: Any) -> str:
    return next((str(row["id"]) for row in body.get("data") or () if row.get("type") == "spot"), "")


def _get(path: str, params: Callable[[Asked], Mapping[str, Any]]) -> Callable[[Asked], Wire]:
    return lambda asked: Wire(path, _API, method="GET", params=params(asked))


def _open_orders(asked: Asked) -> Mapping[str, Any]:
    # Where the last page ended: that one may come once more.
    more = {"from": asked.page, "direct": "next"} if asked.page else {}
    return {"account-id": asked.known["account-id"], "size": _PAGE, **more}


HTX = ExchangeRecord(
    id="htx",
    title="HTX",
    capabilities=Capabilities(
        dedupe="none",
        lookup=Lookup("recent", 2 * _HOUR),
        visibility_lag_ms=5_000,
        client_id_length=32,
        market_spend=True,
        post_only=True,
        market_amount=False,
    ),
    sources={
        "dedupe": "H-ann, H-log: none since 26 May 2021",
        "lookup": "H-ann getClientOrder: finished orders for two hours after they were made, others for eight",
        "request_expiry": "H-2nd: a time is signed, how old it may be was not found",
        "visibility_lag_ms": "no number found; five seconds are taken",
        "client_id_length": "H-ann: 64",
        "market_spend": "the amount of buy-market is in quote, always",
        "native_stops": "stop-limit alone: not offered",
        "post_only": "type limit-maker",
    },
    options={"defaultType": "spot", "fetchMarkets": {"types": {"spot": True, "linear": False, "inverse": False}}},
    said=_said,
    codes={
        Meaning.REFUSED: ("order-value-min-error", "order-limitorder-"),
        Meaning.UNKNOWN: ("timeout", "gateway-internal-error", "order-update-error"),
        Meaning.MAINTENANCE: ("system-maintenance",),
        Meaning.LIMITED: ("api-too-many-requests", "too-many-requests"),
        Meaning.MISSING: ("order-orderstate-error", "base-record-invalid"),
    },
    place=_place,
    placed=first("data"),
    cancel=lambda asked: Wire("v1/order/orders/{order-id}/submitcancel", _API, params={"order-id": asked.order_id}),
    find=(
        Question(
            _get("v1/order/orders/getClientOrder", lambda asked: {"clientOrderId": asked.client_id}), rows_in("data")
        ),
    ),
    order=(Question(_get("v1/order/orders/{order-id}", lambda asked: {"order-id": asked.order_id}), rows_in("data")),),
    open_orders=Question(
        _get("v1/order/openOrders", _open_orders),
        rows_in("data"),
        lambda rows, _asked: str(rows[-1]["id"]) if len(rows) >= _PAGE else "",
    ),
    trades=Question(
        _get(
            "v1/order/matchresults",
            lambda asked: {"start-time": asked.since, "end-time": asked.until, "size": 500},
        ),
        rows_in("data"),
    ),
    trades_span=47 * _HOUR,
    trades_page=500,
    before_orders={"account-id": (Wire("v1/account/accounts", _API, method="GET"), _spot_account)},
    notes=("It has no buys at market of an amount: such a buy goes out as what the amount costs at the moment.",),
)
