"""Hyperliquid spot. L-x: dzmbs/hyperliquid-docs@24c1248, docs/for-developers/api/x."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
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
    rows_in,
)

__all__ = ["HYPERLIQUID"]

_TIF = {"gtc": "Gtc", "ioc": "Ioc"}


def _said(body: Any) -> Sequence[Said]:
    if not isinstance(body, dict):
        return []
    if body.get("status") == "err":
        return [Said("err", str(body.get("response", "")))]
    if body.get("status") == "unknownOid":
        return [Said("unknownOid")]
    rows = _statuses(body)
    return [Said("item", str(row["error"])) for row in rows if isinstance(row, dict) and "error" in row]


def _statuses(body: Any) -> Sequence[Any]:
    try:
        found = body["response"]["data"]["statuses"]
    except (KeyError, TypeError):
        return []
    return found if isinstance(found, list) else []


def _placed(body: Any) -> str:
    for row in _statuses(body):
        for kind in ("resting", "filled"):
            if isinstance(row, dict) and kind in row:
                return str(row[kind]["oid"])
    return ""


def _cloid(text: str) -> str:
    # Ours have letters that are no hexadecimal digits.
    return f"0x{hashlib.sha256(text.encode()).hexdigest()[:32]}"


def _place(placing: Placing) -> Wire:
    if placing.type != "limit":
        raise NotOffered("takes limit orders only: give a price, and ioc for one that trades at once")
    if placing.tif not in _TIF:
        raise NotOffered("has no fill-or-kill orders: take ioc")
    order = {
        "a": int(placing.market),
        "b": placing.side == "buy",
        "p": placing.price,
        "s": placing.amount,
        "r": False,
        "t": {"limit": {"tif": "Alo" if placing.post_only else _TIF[placing.tif]}},
        "c": placing.client_id,
    }
    action = {"type": "order", "orders": [order], "grouping": "na"}
    return Wire("exchange", params={"action": action, "expiresAfter": placing.expires_at})


def _cancel(asked: Asked) -> Wire:
    cancels = [{"a": int(asked.market or 0), "o": int(asked.order_id)}]
    return Wire("exchange", params={"action": {"type": "cancel", "cancels": cancels}})


def _sign(exchange: Any, wire: Wire) -> Wire:
    """Return a request of ``exchange`` with its nonce and signature (L-signing); others as they are.

    ccxt signs inside its own methods, which would send two more actions before the first order.
    """
    if wire.path != "exchange":
        return wire
    nonce, params = exchange.incrementing_nonce(), dict(wire.params)
    signature = exchange.sign_l1_action(params["action"], nonce, None, params.get("expiresAfter"))
    return Wire(wire.path, wire.api, wire.method, {**params, "nonce": nonce, "signature": signature}, wire.headers)


def _info(kind: str, asked: Asked, **more: Any) -> Wire:
    return Wire("info", ("public",), params={"type": kind, "user": asked.known["user"], **more})


def _market(market: Mapping[str, Any]) -> str:
    return str(market["baseId"])


HYPERLIQUID = ExchangeRecord(
    id="hyperliquid",
    title="Hyperliquid",
    capabilities=Capabilities(
        dedupe="none",
        lookup=Lookup("open"),
        request_expiry=True,
        visibility_lag_ms=5_000,
        client_id_length=32,
        post_only=True,
        market_orders=False,
        fill_or_kill=False,
    ),
    sources={
        "dedupe": "L-nonces: none of the cloid; the nonce of each signed action counts once",
        "lookup": "L-info orderStatus by cloid; how far back was not found",
        "request_expiry": "L-exchange expiresAfter",
        "visibility_lag_ms": "no number found; five seconds are taken",
        "client_id_length": "L-exchange: 0x and 32 hexadecimal digits",
        "market_spend": "there are no market orders in quote",
        "native_stops": "trigger orders are another kind of order: not offered",
        "post_only": "L-exchange tif Alo",
    },
    sandbox=True,
    nonce=True,
    options={"defaultType": "spot", "fetchMarkets": {"types": ["spot"]}, "builderFee": False},
    said=_said,
    codes={
        # L-error: what is told of one order of an action was not executed.
        Meaning.REFUSED: ("item",),
        Meaning.MISSING: ("unknownOid", "item Order was never placed"),
    },
    client_id=_cloid,
    # There is no way back from it: of an order that nobody asked for by its id, ours is not known.
    own_id=lambda _text: "",
    place=_place,
    placed=_placed,
    cancel=_cancel,
    sign=_sign,
    market=_market,
    find=(Question(lambda asked: _info("orderStatus", asked, oid=asked.client_id), rows_in("order")),),
    order=(
        Question(
            lambda asked: _info("orderStatus", asked, oid=int(asked.order_id) if asked.order_id.isdigit() else 0),
            rows_in("order"),
        ),
    ),
    open_orders=Question(lambda asked: _info("frontendOpenOrders", asked), rows_in()),
    trades=Question(
        lambda asked: _info("userFillsByTime", asked, startTime=asked.since, endTime=asked.until), rows_in()
    ),
    # L-info: and of the newest ten thousand at most.
    trades_page=2_000,
    notes=(
        (
            "It has no orders at market and no fill-or-kill: they are refused as they are decided, so what buys or"
            " sells at market (DCA, smart trades, closing a grid) does not run there. Limit orders do, ioc among them."
        ),
        "Keys of an agent wallet cannot withdraw.",
        "No builder fee and no referrer are set up.",
    ),
)
