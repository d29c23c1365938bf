"""Gate spot. G-sdk: gateio/gateapi-python@744afea, docs/."""

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

__all__ = ["GATE"]

_DAY = 86_400_000
_API = ("private", "spot")


def _said(body: Any) -> Sequence[Said]:
    if isinstance(body, dict) and body.get("label"):
        return [Said(str(body["label"]), str(body.get("message", "")))]
    return []


def _place(placing: Placing) -> Wire:
    if placing.type == "stop":
        raise NotOffered("has stop orders of another kind only: they are not offered")
    params = {
        "text": placing.client_id,
        "currency_pair": placing.market,
        "type": placing.type,
        "account": "spot",
        "side": placing.side,
    }
    if placing.type == "market":
        if placing.side == "buy" and placing.spend is None:
            raise NotOffered("takes market buys in quote only: give spend instead of an amount")
        params |= {"amount": placing.spend or placing.amount or "", "time_in_force": "ioc"}
    else:
        params |= {
            "amount": placing.amount or "",
            "price": placing.price or "",
            "time_in_force": "poc" if placing.post_only else placing.tif,
        }
    return Wire("orders", _API, params=params)


GATE = ExchangeRecord(
    id="gate",
    title="Gate",
    capabilities=Capabilities(
        dedupe="none",
        lookup=Lookup("open"),
        visibility_lag_ms=5_000,
        client_id_length=28,
        market_spend=True,
        post_only=True,
        market_amount=False,
    ),
    sources={
        "dedupe": "not found",
        "lookup": "G-sdk SpotApi: a custom id finds pending orders only (since 2025; before, for 30 minutes)",
        "request_expiry": "G-sdk x-gate-exptime is shown for batches only: not relied on",
        "visibility_lag_ms": "no number found; five seconds are taken",
        "client_id_length": "G-sdk Order: t- and at most 28 letters, digits, _ - .",
        "market_spend": "G-sdk Order: the amount of a market buy is in quote, always",
        "native_stops": "price orders are another kind of order: not offered",
        "post_only": "G-sdk time_in_force poc",
    },
    sandbox=True,
    options={"defaultType": "spot", "fetchMarkets": {"types": ["spot"]}, "unifiedAccount": False},
    said=_said,
    codes={
        # Their names say it; the meanings of others are not documented.
        Meaning.REFUSED: ("BALANCE_NOT_ENOUGH", "INVALID_CURRENCY_PAIR", "INVALID_PARAM_VALUE", "POC_FILL_IMMEDIATELY"),
        Meaning.UNKNOWN: ("INTERNAL", "SERVER_ERROR"),
        Meaning.LIMITED: ("TOO_FAST", "TOO_MANY_REQUESTS"),
        Meaning.KEY: ("INVALID_KEY", "INVALID_SIGNATURE", "FORBIDDEN"),
        Meaning.CLOCK: ("REQUEST_EXPIRED",),
        Meaning.MISSING: ("ORDER_NOT_FOUND",),
    },
    client_id=lambda text: f"t-{text}",
    own_id=lambda text: text.removeprefix("t-"),
    place=_place,
    placed=first("id"),
    # Never without an id: that would cancel every order of the pair.
    cancel=lambda asked: Wire(
        "orders/{order_id}",
        _API,
        method="DELETE",
        params={"order_id": asked.order_id, "currency_pair": asked.market, "account": "spot"},
    ),
    find=(
        Question(
            lambda asked: Wire(
                "orders/{order_id}",
                _API,
                method="GET",
                params={"order_id": asked.client_id, "currency_pair": asked.market, "account": "spot"},
            ),
            rows_in(),
        ),
    ),
    order=(
        Question(
            lambda asked: Wire(
                "orders/{order_id}",
                _API,
                method="GET",
                params={"order_id": asked.order_id, "currency_pair": asked.market, "account": "spot"},
            ),
            rows_in(),
        ),
    ),
    trades=Question(
        lambda asked: Wire(
            "my_trades",
            _API,
            method="GET",
            params={"from": asked.since // 1000, "to": -(-asked.until // 1000), "limit": 1_000, "account": "spot"},
        ),
        rows_in(),
    ),
    trades_span=30 * _DAY,
    trades_page=1_000,
    notes=("It has no buys at market of an amount: such a buy goes out as what the amount costs at the moment.",),
)
