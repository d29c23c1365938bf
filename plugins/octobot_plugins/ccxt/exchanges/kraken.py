"""Kraken spot. K-x: docs.kraken.com (id: clordid, lim, rest: ratelimits, acc: account-data, ws: unified-ws);
K-err, K-oas: api-evangelist/kraken@675d8f5.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
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
)

__all__ = ["KRAKEN"]

_DAY = 86_400_000
_PAGE = 50


def _said(body: Any) -> Sequence[Said]:
    return [Said(str(each)) for each in body["error"]] if isinstance(body, dict) and body.get("error") else []


def _place(placing: Placing) -> Wire:
    # In quote, whichever side: by default a sale's would be in what was sold.
    flags = ["fciq"]
    params: dict[str, Any] = {
        "pair": placing.market,
        "type": placing.side,
        "ordertype": {"market": "market", "limit": "limit", "stop": "stop-loss"}[placing.type],
        "volume": placing.amount,
        "cl_ord_id": placing.client_id,
        "deadline": _rfc3339(placing.expires_at),
    }
    if placing.spend is not None:
        params["volume"] = placing.spend
        flags.append("viqc")
    if placing.price is not None:
        params["price"] = placing.price
    if placing.stop is not None:
        params["price"] = placing.stop
    if placing.post_only:
        flags.append("post")
    if placing.tif == "fok":
        raise NotOffered("has no fill-or-kill orders: take ioc")
    if placing.tif == "ioc":
        params["timeinforce"] = "IOC"
    return Wire("AddOrder", params={**params, "oflags": ",".join(flags)})


def _rfc3339(moment: int) -> str:
    # To the millisecond, rounded down: what is later than the fence allows may not be.
    return datetime.fromtimestamp(moment / 1000, UTC).strftime("%Y-%m-%dT%H:%M:%S.") + f"{moment % 1000:03d}Z"


def _named(*path: str) -> Callable[[Any], Sequence[Raw]]:
    """Return a function that takes rows out of an object whose names are their ids."""

    def rows(body: Any) -> Sequence[Raw]:
        found = body["result"]
        for name in path:
            found = found[name]
        return [{**row, "id": name} for name, row in found.items()]

    return rows


def _page(rows: Sequence[Raw], asked: Asked) -> str:
    # Newest first: what happens meanwhile shifts the pages, and shows a row twice, never not at all. More than a page
    # holds is everything: of open orders sources do not agree whether they come in pages.
    return str(int(asked.page or 0) + _PAGE) if len(rows) == _PAGE else ""


def _page_of_trades(rows: Sequence[Raw], asked: Asked) -> str:
    # Up to the newest of the first page (K-acc: end, a time or an id, inclusive). Where trades come as fast as they may
    # be read the pages would shift all the time, and the last one would never be reached.
    offset, _, newest = asked.page.partition(" ")
    newest = newest or max(rows, key=lambda row: Decimal(str(row["time"])))["id"]
    return f"{int(offset or 0) + _PAGE} {newest}" if len(rows) >= _PAGE else ""


def _asks(path: str, params: Callable[[Asked], dict[str, Any]]) -> Callable[[Asked], Wire]:
    def wire(asked: Asked) -> Wire:
        offset, _, end = asked.page.partition(" ")
        more = {name: value for name, value in (("ofs", offset), ("end", end)) if value}
        return Wire(path, params={**params(asked), **more})

    return wire


def _since(asked: Asked) -> dict[str, Any]:
    # Its seconds are exclusive.
    return {"start": asked.since // 1000 - 1} if asked.since > 1_000 else {}


def _fees(body: Any, market: str) -> tuple[Any, Any]:
    taker = body["result"]["fees"][market]
    maker = (body["result"].get("fees_maker") or {}).get(market, taker)
    return Decimal(str(taker["fee"])) / 100, Decimal(str(maker["fee"])) / 100


def _rights(body: Any) -> Rights:
    # K-acc: permissions such as withdraw-funds; how the right to trade is called was not found.
    told = [str(each) for each in body["result"]["permissions"]]
    return Rights(any("withdraw" in each for each in told), bound=bool(body["result"].get("ipAllowlist")))


_OPEN = Question(_asks("OpenOrders", lambda _asked: {}), _named("open"), _page)
_BY_ID = Question(_asks("QueryOrders", lambda asked: {"txid": asked.order_id}), _named())

KRAKEN = ExchangeRecord(
    id="kraken",
    title="Kraken",
    paced_per="key",
    capabilities=Capabilities(
        dedupe="open",
        lookup=Lookup("recent", _DAY),
        request_expiry=True,
        visibility_lag_ms=60_000,
        client_id_length=18,
        market_spend=True,
        native_stops=True,
        post_only=True,
        fill_or_kill=False,
    ),
    sources={
        "dedupe": "K-id: unique among the open orders of a client",
        "lookup": "K-acc: OpenOrders and ClosedOrders by cl_ord_id; no depth found, a day is taken",
        "request_expiry": "K-ws deadline 0.5 to 60 s: what is later is refused by the engine; K-err Deadline elapsed",
        "visibility_lag_ms": "krakenex#60: after a 502 an order may show up to a minute later",
        "client_id_length": "K-id: a UUID or free text (18 characters, from memory)",
        "market_spend": "oflags viqc",
        "native_stops": "ordertype stop-loss",
        "post_only": "oflags post",
    },
    nonce=True,
    # Its time is told in whole seconds.
    time_step=1_000,
    fee_in="quote",
    said=_said,
    codes={
        Meaning.REFUSED: (
            "EOrder:Insufficient funds",
            "EOrder:Order minimum not met",
            "EOrder:Cost minimum not met",
            "EOrder:Tick size check failed",
            "EOrder:Invalid price",
            "EOrder:Orders limit exceeded",
            "EGeneral:Invalid arguments",
            "EQuery:Unknown asset pair",
        ),
        # What it says was not found; third parties have this. Whatever is meant, the order is looked up.
        Meaning.DUPLICATE: ("EOrder:Duplicate",),
        Meaning.EXPIRED: ("EService:Deadline elapsed", "EGeneral:Invalid arguments:deadline"),
        Meaning.CLOCK: ("EAPI:Invalid nonce",),
        Meaning.LIMITED: (
            "EOrder:Rate limit exceeded",
            "EAPI:Rate limit exceeded",
            "EGeneral:Temporary lockout",
            "EService: Throttled",
            "EService:Throttled",
        ),
        Meaning.MAINTENANCE: (
            "EService:Market in cancel_only mode",
            "EService:Market in post_only mode",
            "EService:Market in limit_only mode",
        ),
        Meaning.KEY: ("EAPI:Invalid key", "EAPI:Invalid signature", "EGeneral:Permission denied"),
        Meaning.MISSING: ("EOrder:Unknown order", "EOrder:Invalid order"),
        Meaning.UNKNOWN: ("EGeneral:Internal error", "EService:Unavailable", "EService:Busy"),
    },
    place=_place,
    placed=first("result", "txid", 0),
    cancel=lambda asked: Wire("CancelOrder", params={"txid": asked.order_id}),
    find=(
        Question(_asks("OpenOrders", lambda asked: {"cl_ord_id": asked.client_id}), _named("open"), _page),
        Question(
            _asks("ClosedOrders", lambda asked: {"cl_ord_id": asked.client_id, **_since(asked)}),
            _named("closed"),
            _page,
        ),
    ),
    order=(_BY_ID,),
    # What is open is asked first: an order that ends meanwhile is among the closed ones.
    find_many=(_OPEN, Question(_asks("ClosedOrders", _since), _named("closed"), _page)),
    order_many=_BY_ID,
    # K-acc: as many ids in one QueryOrders.
    order_many_most=50,
    open_orders=_OPEN,
    # K-rest: of the lowest tier the count may go to 15 and falls by a third a second; ccxt counts three for each.
    pace_burst=45,
    trades=Question(_asks("TradesHistory", _since), _named("trades"), _page_of_trades),
    # TradeVolume tells percents, of a pair by its own name.
    fees=FeeTable(lambda asked: Wire("TradeVolume", params={"pair": asked.market}), _fees, by_market=True),
    rights=(Wire("GetApiKeyInfo"), _rights),
    notes=(
        "One key for one node: each request's number has to be above the last one's. Give the key a nonce window.",
        "Fees are taken in the quote currency on both sides.",
        "It has no fill-or-kill orders: they are refused as they are decided.",
    ),
)
