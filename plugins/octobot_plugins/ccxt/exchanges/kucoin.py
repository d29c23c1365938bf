"""KuCoin spot. U-sdk: Kucoin/kucoin-universal-sdk@78c90c77, spot/order; U-lim: its page on rate limits."""

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
    Rights,
    Said,
    Wire,
    first,
    rows_in,
)

__all__ = ["KUCOIN"]

_DAY = 86_400_000


def _said(body: Any) -> Sequence[Said]:
    if not isinstance(body, dict) or "code" not in body or str(body["code"]) == "200000":
        return []
    return [Said(str(body["code"]), str(body.get("msg", "")))]


def _place(placing: Placing) -> Wire:
    if placing.type == "stop":
        raise NotOffered("has stop orders of another kind only: they are not offered")
    params: dict[str, Any] = {
        "clientOid": placing.client_id,
        "symbol": placing.market,
        "side": placing.side,
        "type": placing.type,
        "clientTimestamp": placing.at,
        "allowMaxTimeWindow": placing.window,
        **({"size": placing.amount} if placing.spend is None else {"funds": placing.spend}),
    }
    if placing.type == "limit":
        params |= {"price": placing.price, "timeInForce": placing.tif.upper()}
        if placing.post_only:
            params["postOnly"] = True
    return Wire("hf/orders", params=params)


def _get(path: str, params: Callable[[Asked], Mapping[str, Any]]) -> Callable[[Asked], Wire]:
    return lambda asked: Wire(path, method="GET", params={"symbol": asked.market, **params(asked)})


def _rights(body: Any) -> Rights:
    # U-sdk user/api-key: a list of permissions.
    told = str(body["data"]["permission"]).lower()
    return Rights("withdraw" in told, "spot" in told or "trade" in told, bool(body["data"].get("ipWhitelist")))


KUCOIN = ExchangeRecord(
    id="kucoin",
    title="KuCoin",
    paced_per="key",
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
        "dedupe": "U-sdk: one is told not to use an id again; what happens otherwise was not found",
        "lookup": "U-sdk hf/orders/client-order; how long it knows closed ones was not found",
        "request_expiry": "U-sdk clientTimestamp and allowMaxTimeWindow",
        "visibility_lag_ms": "no number found; five seconds are taken",
        "client_id_length": "U-sdk AddOrderReq: 40 letters, digits, _ and -",
        "market_spend": "U-sdk funds",
        "native_stops": "stop-order is another kind of order: not offered",
        "post_only": "U-sdk postOnly",
    },
    needs_password=True,
    options={"defaultType": "spot", "fetchMarkets": {"types": ["spot"], "fetchTickersFees": False}, "uta": False},
    said=_said,
    codes={
        Meaning.REFUSED: ("200004", "230003", "260100", "300000", "400200"),
        # ccxt calls it so, no page of KuCoin's that was found; whatever is meant, the order is looked up.
        Meaning.DUPLICATE: ("126044",),
        Meaning.UNKNOWN: ("500000",),
        Meaning.LIMITED: ("429000", "200002", "1015"),
        Meaning.KEY: ("400003", "400004", "400005", "400006"),
        Meaning.CLOCK: ("400002",),
        Meaning.MISSING: ("400100 order_not_exist",),
    },
    place=_place,
    placed=first("data", "orderId"),
    cancel=lambda asked: Wire(
        "hf/orders/{orderId}", method="DELETE", params={"orderId": asked.order_id, "symbol": asked.market}
    ),
    find=(
        Question(
            _get("hf/orders/client-order/{clientOid}", lambda asked: {"clientOid": asked.client_id}), rows_in("data")
        ),
    ),
    order=(Question(_get("hf/orders/{orderId}", lambda asked: {"orderId": asked.order_id}), rows_in("data")),),
    open_orders=Question(_get("hf/orders/active", lambda _asked: {}), rows_in("data")),
    open_by_market=True,
    trades=Question(
        _get("hf/fills", lambda asked: {"startAt": asked.since, "endAt": asked.until, "limit": 100}),
        rows_in("data", "items"),
    ),
    trades_by_market=True,
    trades_span=7 * _DAY,
    trades_page=100,
    rights=(Wire("user/api-key", method="GET"), _rights),
    notes=("An answer says that an order was received, not that it rests.",),
)
