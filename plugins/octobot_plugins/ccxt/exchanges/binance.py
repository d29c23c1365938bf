"""Binance spot. B-x: binance/binance-spot-api-docs@a5e0bc3, file x."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from octobot_node.contracts.exchanges import Capabilities, Lookup, RequestBudget
from octobot_plugins.ccxt.exchanges.record import (
    Asked,
    ExchangeRecord,
    FeeTable,
    Meaning,
    Placing,
    Question,
    Raw,
    Rights,
    Said,
    Wire,
    first,
    rows_in,
)

__all__ = ["BINANCE", "binance_order", "binance_said"]

_DAY = 86_400_000
_PAGE = 1_000
#: B-rest: a minute and address.
_WEIGHT = 6_000
#: What ccxt counts as one.
_WEIGHT_OF_ONE = 5


def binance_said(body: Any) -> Sequence[Said]:
    """Return the code of Binance's (and MEXC's) failures: {"code": -1013, "msg": "…"}."""
    if isinstance(body, dict) and "code" in body and "msg" in body and str(body["code"]) not in ("0", "200"):
        return [Said(str(body["code"]), str(body["msg"]))]
    return []


def binance_order(placing: Placing) -> dict[str, str]:
    """Return the parameters of POST order but the kind of limit orders (B-rest, new order)."""
    found = {
        "symbol": placing.market,
        "side": placing.side.upper(),
        "newClientOrderId": placing.client_id,
        "timestamp": str(placing.at),
        "recvWindow": str(placing.window),
    }
    if placing.spend is not None:
        found["quoteOrderQty"] = placing.spend
    if placing.amount is not None:
        found["quantity"] = placing.amount
    if placing.price is not None:
        found["price"] = placing.price
    return found


def _place(placing: Placing) -> Wire:
    params = binance_order(placing) | {"newOrderRespType": "RESULT"}
    if placing.type == "market":
        params["type"] = "MARKET"
    elif placing.type == "stop":
        params |= {"type": "STOP_LOSS", "stopPrice": str(placing.stop)}
    elif placing.post_only:
        params["type"] = "LIMIT_MAKER"
    else:
        params |= {"type": "LIMIT", "timeInForce": placing.tif.upper()}
    return Wire("order", params=params)


def _newer(rows: Sequence[Raw], asked: Asked) -> str:
    del asked
    return str(max(int(row["id"]) for row in rows) + 1) if len(rows) == _PAGE else ""


def _trades(asked: Asked) -> Wire:
    # startTime alone, or fromId alone: two of the seven sets of parameters that it takes.
    begin = {"fromId": asked.page} if asked.page else {"startTime": asked.since}
    return Wire("myTrades", method="GET", params={"symbol": asked.market, "limit": _PAGE, **begin})


def _open(asked: Asked) -> Wire:
    return Wire("openOrders", method="GET", params={} if asked.market is None else {"symbol": asked.market})


def _budgets(headers: Mapping[str, str]) -> Sequence[RequestBudget]:
    used = headers.get("x-mbx-used-weight-1m", "")
    return [RequestBudget("weight a minute", _WEIGHT, max(_WEIGHT - int(used), 0))] if used.isdigit() else []


def _tickers_cost(symbols: int) -> float:
    # B-rest GET ticker/24hr, by how many symbols are named; ccxt counts them as one.
    return (2 if symbols <= 20 else 40 if symbols <= 100 else 80) / _WEIGHT_OF_ONE


def _cost(path: str, params: Mapping[str, Any]) -> float | None:
    named = path == "ticker/24hr" and "symbols" in params
    return _tickers_cost(str(params["symbols"]).count(",") + 1) if named else None


def _fees(body: Any, _market: str) -> tuple[Any, Any]:
    return body["commissionRates"]["taker"], body["commissionRates"]["maker"]


def _rights(body: Any) -> Rights:
    return Rights(body["enableWithdrawals"], body.get("enableSpotAndMarginTrading"), body.get("ipRestrict"))


BINANCE = ExchangeRecord(
    id="binance",
    title="Binance",
    capabilities=Capabilities(
        dedupe="open",
        lookup=Lookup("recent", 90 * _DAY),
        request_expiry=True,
        visibility_lag_ms=3_000,
        client_id_length=32,
        market_spend=True,
        native_stops=True,
        post_only=True,
    ),
    sources={
        "dedupe": "B-rest newClientOrderId: accepted again only when the previous one is filled; B-err -2010 Duplicate",
        "lookup": "B-rest GET order by origClientOrderId; B-err -2026: unfilled and ended more than 90 days ago",
        "request_expiry": "B-rest timestamp + recvWindow, tested on arrival and again before the engine",
        "visibility_lag_ms": "B-rest reads: Memory, then Database, no number; ccxt#1786: missing 2 s after",
        "client_id_length": "B-fix ^[a-zA-Z0-9-_]{1,36}$",
        "market_spend": "B-rest quoteOrderQty",
        "native_stops": "B-rest STOP_LOSS",
        "post_only": "B-rest LIMIT_MAKER",
    },
    sandbox=True,
    options={"defaultType": "spot", "fetchMarkets": {"types": ["spot"]}, "warnOnFetchOpenOrdersWithoutSymbol": False},
    said=binance_said,
    # B-err; codes of section 11xx are about how a request is written.
    codes={
        Meaning.REFUSED: (
            *(f"-{code}" for code in range(1100, 1200)),
            "-1013",
            "-1014",
            "-1020",
            "-2010",
        ),
        Meaning.DUPLICATE: ("-2010 Duplicate order sent",),
        Meaning.LIMITED: ("-1003", "-1015", "-1034"),
        Meaning.KEY: ("-1002", "-1022", "-2014", "-2015"),
        Meaning.CLOCK: ("-1021",),
        Meaning.MAINTENANCE: ("-1016",),
        Meaning.MISSING: ("-2011", "-2013", "-2026"),
        Meaning.UNKNOWN: ("-1000", "-1001", "-1006", "-1007", "-1008"),
    },
    # 418: a ban that grows while one goes on; 403: the firewall before it (B-rest).
    statuses={418: Meaning.LIMITED, 403: Meaning.LIMITED},
    # Seen on its API: orderId is unique for a symbol alone.
    ids_by_market=True,
    place=_place,
    placed=first("orderId"),
    cancel=lambda asked: Wire("order", method="DELETE", params={"symbol": asked.market, "orderId": asked.order_id}),
    find=(
        Question(
            lambda asked: Wire(
                "order", method="GET", params={"symbol": asked.market, "origClientOrderId": asked.client_id}
            ),
            rows_in(),
        ),
    ),
    order=(
        Question(
            lambda asked: Wire("order", method="GET", params={"symbol": asked.market, "orderId": asked.order_id}),
            rows_in(),
        ),
    ),
    open_orders=Question(_open, rows_in()),
    # B-rest: 6 for a market, 80 for all.
    open_costs=13,
    budgets=_budgets,
    # B-rest: a weight of 6,000 in each minute and address, which ccxt counts as 1,200.
    pace_seconds=60.0,
    paced_by="weight a minute",
    cost=_cost,
    tickers_cost=_tickers_cost,
    trades=Question(_trades, rows_in(), _newer),
    trades_by_market=True,
    # B-rest GET account: commissionRates.
    fees=FeeTable(lambda _asked: Wire("account", method="GET", params={"omitZeroBalances": "true"}), _fees),
    # Names of the fields from memory.
    rights=(Wire("account/apiRestrictions", ("sapi",), method="GET"), _rights),
    streams=True,
    # miniTicker, its default, has no bid and ask.
    stream_prices={"name": "ticker"},
    notes=("A cancel that does not find its order says nothing about how it ended: it is looked up.",),
)
