"""Crypto.com spot. D-con, D-err, D-oas: api-evangelist/crypto-com@fae3078: conventions, errors, openapi."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from octobot_node.contracts.exchanges import Capabilities, Lookup
from octobot_plugins.ccxt.exchanges.record import (
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

__all__ = ["CRYPTOCOM"]

_DAY = 86_400_000
_API = ("v1", "private")
_TIF = {"gtc": "GOOD_TILL_CANCEL", "ioc": "IMMEDIATE_OR_CANCEL", "fok": "FILL_OR_KILL"}


def _said(body: Any) -> Sequence[Said]:
    if not isinstance(body, dict) or "code" not in body or str(body["code"]) == "0":
        return []
    return [Said(str(body["code"]), str(body.get("message", "")))]


def _place(placing: Placing) -> Wire:
    if placing.type == "stop":
        raise NotOffered("has stop orders of another kind only: they are not offered")
    params: dict[str, Any] = {
        "instrument_name": placing.market,
        "side": placing.side.upper(),
        "type": placing.type.upper(),
        "client_oid": placing.client_id,
        # As ccxt's own: whatever an account's default is, no order borrows.
        "spot_margin": "SPOT",
        **({"quantity": placing.amount} if placing.spend is None else {"notional": placing.spend}),
    }
    if placing.type == "limit":
        params |= {"price": placing.price, "time_in_force": _TIF[placing.tif]}
        if placing.post_only:
            params["exec_inst"] = ["POST_ONLY"]
    return Wire("private/create-order", _API, params=params)


CRYPTOCOM = ExchangeRecord(
    id="cryptocom",
    title="Crypto.com",
    capabilities=Capabilities(
        dedupe="open",
        lookup=Lookup("open"),
        visibility_lag_ms=5_000,
        client_id_length=32,
        market_spend=True,
        post_only=True,
    ),
    sources={
        "dedupe": "D-err 204 DUPLICATE_CLORDID; for how long was not found",
        "lookup": "D-oas get-order-detail by client_oid; how far back was not found",
        "request_expiry": "D-err: the nonce within 60 s, longer than an order may take",
        "visibility_lag_ms": "no number found; five seconds are taken",
        "client_id_length": "no length found; 32 letters and digits fit every rule that is known",
        "market_spend": "notional (from memory)",
        "native_stops": "STOP_LOSS is another kind of order: not offered",
        "post_only": "D-oas exec_inst POST_ONLY",
    },
    sandbox=True,
    options={"defaultType": "spot"},
    said=_said,
    codes={
        Meaning.REFUSED: ("306", "314", "315", "43003", "43004", "43005"),
        Meaning.DUPLICATE: ("204",),
        Meaning.UNKNOWN: ("40801", "50001"),
        Meaning.LIMITED: ("42901",),
        Meaning.MAINTENANCE: ("9010001",),
        Meaning.KEY: ("40101", "40103"),
        Meaning.CLOCK: ("40102",),
        Meaning.MISSING: ("212",),
    },
    place=_place,
    placed=first("result", "order_id"),
    cancel=lambda asked: Wire("private/cancel-order", _API, params={"order_id": asked.order_id}),
    find=(
        Question(
            lambda asked: Wire("private/get-order-detail", _API, params={"client_oid": asked.client_id}),
            rows_in("result"),
        ),
    ),
    order=(
        Question(
            lambda asked: Wire("private/get-order-detail", _API, params={"order_id": asked.order_id}),
            rows_in("result"),
        ),
    ),
    open_orders=Question(lambda _asked: Wire("private/get-open-orders", _API), rows_in("result", "data")),
    trades=Question(
        lambda asked: Wire(
            "private/get-trades",
            _API,
            params={"start_time": asked.since, "end_time": asked.until, "limit": 100},
        ),
        rows_in("result", "data"),
    ),
    trades_span=_DAY,
    trades_page=100,
    notes=("Some failures come with the status 200.",),
)
