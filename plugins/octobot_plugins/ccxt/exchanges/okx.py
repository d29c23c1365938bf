"""OKX spot. O-x: wcttmf/okx-api-docs@e82f90e, docs/x (a copy of okx.com/docs-v5 of August 2025)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from decimal import Decimal
from typing import Any

from octobot_node.contracts.exchanges import Capabilities, Lookup
from octobot_plugins.ccxt.exchanges.record import (
    Asked,
    ExchangeRecord,
    FeeTable,
    Meaning,
    NotOffered,
    Placing,
    Question,
    Raw,
    Rights,
    Said,
    Wire,
    first,
    rows_in,
)

__all__ = ["OKX"]

_HOUR = 3_600_000
_PAGE = 100
#: The quick list of fills reaches back three days.
_QUICK_MS = 2 * 86_400_000


def _said(body: Any) -> Sequence[Said]:
    if not isinstance(body, dict) or "code" not in body:
        return []
    rows = [row for row in body.get("data") or () if isinstance(row, dict)]
    inner = [Said(str(row["sCode"]), str(row.get("sMsg", ""))) for row in rows if str(row.get("sCode", "0")) != "0"]
    if inner:
        return inner
    return [] if str(body["code"]) == "0" else [Said(str(body["code"]), str(body.get("msg", "")))]


def _place(placing: Placing) -> Wire:
    if placing.type == "stop":
        raise NotOffered("has stop orders of another kind only: they are not offered")
    params = {
        "instId": placing.market,
        "tdMode": "cash",
        "clOrdId": placing.client_id,
        "side": placing.side,
        "ordType": placing.type,
        "sz": placing.amount if placing.spend is None else placing.spend,
    }
    if placing.type == "market":
        # Otherwise it may be made smaller to fit the balance.
        params |= {"tgtCcy": "base_ccy" if placing.spend is None else "quote_ccy", "banAmend": "true"}
    else:
        params["px"] = placing.price
        if placing.post_only:
            params["ordType"] = "post_only"
        elif placing.tif != "gtc":
            params["ordType"] = placing.tif
    return Wire("trade/order", params=params, headers={"expTime": str(placing.expires_at)})


def _get(path: str, params: Callable[[Asked], dict[str, Any]]) -> Callable[[Asked], Wire]:
    def wire(asked: Asked) -> Wire:
        more = {"after": asked.page} if asked.page else {}
        return Wire(path, method="GET", params={**params(asked), **more})

    return wire


def _fills(asked: Asked) -> Wire:
    path = "trade/fills" if asked.now - asked.since < _QUICK_MS else "trade/fills-history"
    return _get(path, lambda about: {"instType": "SPOT", "begin": about.since, "limit": _PAGE})(asked)


def _older(name: str) -> Callable[[Sequence[Raw], Asked], str]:
    return lambda rows, _asked: str(rows[-1][name]) if len(rows) >= _PAGE else ""


def _fees(body: Any, _market: str) -> tuple[Any, Any]:
    row = body["data"][0]
    return -Decimal(str(row["taker"])), -Decimal(str(row["maker"]))


def _rights(body: Any) -> Rights:
    # O-02/10 perm: read_only, trade, withdraw.
    told = str(body["data"][0]["perm"]).split(",")
    return Rights("withdraw" in told, "trade" in told, bool(body["data"][0].get("ip")))


OKX = ExchangeRecord(
    id="okx",
    title="OKX",
    paced_per="key",
    capabilities=Capabilities(
        dedupe="open",
        lookup=Lookup("recent", 2 * _HOUR),
        request_expiry=True,
        visibility_lag_ms=5_000,
        client_id_length=32,
        market_spend=True,
        post_only=True,
    ),
    sources={
        "dedupe": "O-03/01 clOrdId unique among pending orders; O-14 51016",
        "lookup": "O-03/08 GET trade/order by clOrdId; O-03/10: cancelled unfilled orders are kept two hours",
        "request_expiry": "O-01/17 expTime header on placing; O-14 50036",
        "visibility_lag_ms": "no number found; five seconds are taken",
        "client_id_length": "O-03/01: 1 to 32 letters and digits",
        "market_spend": "O-03/01 tgtCcy quote_ccy",
        "native_stops": "algo orders are another kind with ids of their own: not offered",
        "post_only": "O-03/01 ordType post_only",
    },
    sandbox=True,
    needs_password=True,
    options={"defaultType": "spot", "fetchMarkets": {"types": ["spot"]}},
    said=_said,
    codes={
        Meaning.REFUSED: (
            *("50002", "50014", "51000", "51001", "51003", "51005", "51006", "51008", "51009", "51010", "51020"),
            *("51121", "51131"),
            # Their text alone was seen: the value or size of an order above the limit.
            *("51201", "51202"),
        ),
        Meaning.DUPLICATE: ("51016",),
        Meaning.EXPIRED: ("50036",),
        Meaning.UNKNOWN: ("50001", "50004", "50026", "51149"),
        Meaning.LIMITED: ("50011", "50013", "50040", "50061"),
        Meaning.KEY: ("50101", "50105", "50110", "50111", "50113", "50119", "50120"),
        Meaning.CLOCK: ("50102", "50112"),
        Meaning.MISSING: ("51400", "51401", "51402", "51410", "51603"),
    },
    place=_place,
    placed=first("data", 0, "ordId"),
    cancel=lambda asked: Wire("trade/cancel-order", params={"instId": asked.market, "ordId": asked.order_id}),
    find=(
        Question(
            _get("trade/order", lambda asked: {"instId": asked.market, "clOrdId": asked.client_id}), rows_in("data")
        ),
    ),
    order=(
        Question(_get("trade/order", lambda asked: {"instId": asked.market, "ordId": asked.order_id}), rows_in("data")),
    ),
    open_orders=Question(
        _get("trade/orders-pending", lambda _asked: {"instType": "SPOT", "limit": _PAGE}),
        rows_in("data"),
        _older("ordId"),
    ),
    trades=Question(_fills, rows_in("data"), _older("billId")),
    # A fee that is paid is below zero there.
    fees=FeeTable(lambda _asked: Wire("account/trade-fee", method="GET", params={"instType": "SPOT"}), _fees),
    rights=(Wire("account/config", method="GET"), _rights),
    notes=("Market orders carry banAmend: they are refused rather than made smaller.",),
)
