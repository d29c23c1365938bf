"""Bitget spot. T-x: bitget.com/api-doc/spot/trade/ (Place-Order, Get-Order-Info, Get-History-Orders)."""

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
    paged,
    rows_in,
)

__all__ = ["BITGET"]

_DAY = 86_400_000
_API = ("private", "spot")
_PAGE = 100


def _said(body: Any) -> Sequence[Said]:
    if not isinstance(body, dict) or "code" not in body or str(body["code"]) in ("00000", "0"):
        return []
    return [Said(str(body["code"]), str(body.get("msg", "")))]


def _place(placing: Placing) -> Wire:
    if placing.type == "stop":
        raise NotOffered("has stop orders of another kind only: they are not offered")
    params: dict[str, Any] = {
        "symbol": placing.market,
        "side": placing.side,
        "orderType": placing.type,
        "clientOid": placing.client_id,
        "requestTime": str(placing.at),
        "receiveWindow": str(placing.window),
    }
    if placing.type == "market":
        if placing.side == "buy" and placing.spend is None:
            raise NotOffered("takes market buys in quote only: give spend instead of an amount")
        params |= {"size": placing.spend or placing.amount, "force": "gtc"}
    else:
        force = "post_only" if placing.post_only else placing.tif
        params |= {"size": placing.amount, "price": placing.price, "force": force}
    return Wire("v2/spot/trade/place-order", _API, params=params)


def _get(path: str, params: Callable[[Asked], Mapping[str, Any]]) -> Callable[[Asked], Wire]:
    return lambda asked: Wire(path, _API, method="GET", params=params(asked))


BITGET = ExchangeRecord(
    id="bitget",
    title="Bitget",
    paced_per="key",
    capabilities=Capabilities(
        dedupe="open",
        lookup=Lookup("open"),
        request_expiry=True,
        visibility_lag_ms=5_000,
        client_id_length=32,
        market_spend=True,
        post_only=True,
        market_amount=False,
    ),
    sources={
        "dedupe": "T-place: six hours, and only while unfilled",
        "lookup": "T-info: by clientOid while unfilled; T-hist has no such filter",
        "request_expiry": "T-place requestTime and receiveWindow, 60000 at most",
        "visibility_lag_ms": "no number found; five seconds are taken",
        "client_id_length": "no format found; 32 letters and digits fit every rule that is known",
        "market_spend": "T-place: the size of a market buy is in quote, always",
        "native_stops": "plan orders are another kind of order: not offered",
        "post_only": "T-place force post_only",
    },
    needs_password=True,
    options={"defaultType": "spot", "fetchMarkets": {"types": ["spot"]}, "uta": False},
    said=_said,
    codes={
        Meaning.REFUSED: ("43012", "40808"),
        Meaning.UNKNOWN: ("40015",),
        Meaning.LIMITED: ("429",),
        Meaning.MAINTENANCE: ("40200", "41114", "30038"),
        Meaning.KEY: ("40009", "40014", "40037"),
        Meaning.CLOCK: ("40008", "30005"),
        Meaning.MISSING: ("43001",),
    },
    place=_place,
    placed=first("data", "orderId"),
    cancel=lambda asked: Wire(
        "v2/spot/trade/cancel-order", _API, params={"symbol": asked.market, "orderId": asked.order_id}
    ),
    find=(
        Question(
            _get("v2/spot/trade/orderInfo", lambda asked: {"clientOid": asked.client_id}),
            rows_in("data"),
        ),
    ),
    order=(Question(_get("v2/spot/trade/orderInfo", lambda asked: {"orderId": asked.order_id}), rows_in("data")),),
    open_orders=Question(
        _get("v2/spot/trade/unfilled-orders", lambda asked: paged({"limit": str(_PAGE)}, asked, "idLessThan")),
        rows_in("data"),
        lambda rows, _asked: str(rows[-1]["orderId"]) if len(rows) >= _PAGE else "",
    ),
    trades=Question(
        _get(
            "v2/spot/trade/fills",
            lambda asked: {
                "symbol": asked.market,
                "startTime": str(asked.since),
                "endTime": str(asked.until),
                "limit": "100",
            },
        ),
        rows_in("data"),
    ),
    trades_by_market=True,
    trades_span=90 * _DAY,
    trades_page=100,
    notes=("It has no buys at market of an amount: such a buy goes out as what the amount costs at the moment.",),
)
