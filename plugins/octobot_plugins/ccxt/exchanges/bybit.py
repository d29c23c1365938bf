"""Bybit spot. Y-x: bybit-exchange/docs@072c197, docs/v5/x."""

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
    paged,
    rows_in,
)

__all__ = ["BYBIT"]

_DAY = 86_400_000


def _said(body: Any) -> Sequence[Said]:
    if not isinstance(body, dict) or "retCode" not in body or str(body["retCode"]) == "0":
        return []
    return [Said(str(body["retCode"]), str(body.get("retMsg", "")))]


def _place(placing: Placing) -> Wire:
    if placing.type == "stop":
        raise NotOffered("has stop orders of another kind only: they are not offered")
    params = {
        "category": "spot",
        "symbol": placing.market,
        "side": placing.side.capitalize(),
        "orderType": placing.type.capitalize(),
        "qty": placing.amount if placing.spend is None else placing.spend,
        "orderLinkId": placing.client_id,
    }
    if placing.type == "market":
        params["marketUnit"] = "baseCoin" if placing.spend is None else "quoteCoin"
    else:
        params |= {"price": placing.price, "timeInForce": "PostOnly" if placing.post_only else placing.tif.upper()}
    return Wire("v5/order/create", params=params)


def _get(path: str, params: Callable[[Asked], Mapping[str, Any]]) -> Callable[[Asked], Wire]:
    return lambda asked: Wire(path, method="GET", params={"category": "spot", **params(asked)})


_ROWS = rows_in("result", "list")


def _find(name: str, value: Callable[[Asked], str]) -> tuple[Question, ...]:
    # The second one has those of long ago; both lists are empty where there is none.
    return tuple(
        Question(_get(path, lambda asked: {name: value(asked)}), _ROWS)
        for path in ("v5/order/realtime", "v5/order/history")
    )


def _rights(body: Any) -> Rights:
    # Y-user/apikey-info: permissions by subject, readOnly 1.
    told = body["result"]
    wallet, spot = told["permissions"].get("Wallet") or (), told["permissions"].get("Spot") or ()
    bound = [each for each in told.get("ips") or () if each != "*"]
    return Rights("Withdraw" in wallet, "SpotTrade" in spot and str(told.get("readOnly")) != "1", bool(bound))


BYBIT = ExchangeRecord(
    id="bybit",
    title="Bybit",
    capabilities=Capabilities(
        dedupe="open",
        lookup=Lookup("recent", _DAY),
        request_expiry=True,
        visibility_lag_ms=10_000,
        client_id_length=32,
        market_spend=True,
        post_only=True,
    ),
    sources={
        "dedupe": "Y-order/create-order: always unique; Y-error 170141 110072; for how long is not said",
        "lookup": "Y-order: realtime has open and the last 500 closed; history cancelled for 24 h, filled for 2 years",
        "request_expiry": "Y-guide: server - window <= timestamp < server + 1000",
        "visibility_lag_ms": "Y-order: history can lag, no number; ten seconds are taken",
        "client_id_length": "Y-order/create-order: 36 letters, digits, - and _",
        "market_spend": "Y-order/create-order marketUnit quoteCoin",
        "native_stops": "StopOrder is another kind of order: not offered",
        "post_only": "Y-order timeInForce PostOnly: cancelled, not refused",
    },
    sandbox=True,
    options={"defaultType": "spot", "fetchMarkets": {"types": ["spot"]}, "recvWindow": 5_000},
    said=_said,
    codes={
        Meaning.REFUSED: ("170131", "170136", "170140", "170124", "170193", "170210"),
        Meaning.DUPLICATE: ("110072", "170141"),
        Meaning.UNKNOWN: ("10000", "10016", "170001", "170007", "170146", "170147", "429"),
        Meaning.LIMITED: ("10006", "170222"),
        Meaning.KEY: ("10003", "10004", "10005", "10010"),
        Meaning.CLOCK: ("10002",),
        Meaning.MISSING: ("170213", "170142", "170139", "170143"),
    },
    statuses={403: Meaning.LIMITED},
    # Y-order/execution feeCurrency: ccxt takes the base of a buy for it.
    fee_asset=lambda execution: str(execution.get("feeCurrency") or ""),
    place=_place,
    placed=first("result", "orderId"),
    cancel=lambda asked: Wire(
        "v5/order/cancel", params={"category": "spot", "symbol": asked.market, "orderId": asked.order_id}
    ),
    find=_find("orderLinkId", lambda asked: asked.client_id),
    order=_find("orderId", lambda asked: asked.order_id),
    open_orders=Question(
        _get("v5/order/realtime", lambda asked: paged({"limit": 50}, asked, "cursor")),
        _ROWS,
        # Y-order/open-order: fifty at most, and where the next ones begin.
        cursor=lambda body: str(body["result"].get("nextPageCursor") or ""),
    ),
    trades=Question(
        _get("v5/execution/list", lambda asked: {"startTime": asked.since, "endTime": asked.until, "limit": 100}),
        _ROWS,
    ),
    trades_span=7 * _DAY,
    trades_page=100,
    rights=(Wire("v5/user/query-api", method="GET"), _rights),
    notes=("An answer says that an order was received, not that it rests.", "Market orders have a slippage limit."),
)
