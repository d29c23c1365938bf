"""Orders as our tables write them beside those that ccxt's own methods write, which its recorded requests hold.

A second opinion on every name and value but ids, times and signatures. What differs is listed, with the reason; what a
release of ccxt writes otherwise is noticed.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from typing import Any

import pytest

from octobot_plugins.ccxt.exchanges import VOUCHED
from octobot_plugins.ccxt.exchanges.record import ExchangeRecord
from tests.integration.plugins.ccxt.conftest import plain
from tests.integration.plugins.ccxt.test_traps import OPENERS
from tests.support.exchange_site import Asked
from tests.unit.plugins.ccxt.test_requests import placed

#: What an order is to ccxt, and what it is to us.
KINDS: Mapping[str, tuple[tuple[Any, ...], Mapping[str, Any]]] = {
    "limit": (("limit", "buy", 0.01, 41_000), {"price": "41000"}),
    "ioc": (("limit", "buy", 0.01, 41_000, {"timeInForce": "IOC"}), {"price": "41000", "tif": "ioc"}),
    "post-only": (("limit", "sell", 0.01, 41_000, {"postOnly": True}),
                  {"price": "41000", "side": "sell", "post_only": True}),
    "sale": (("market", "sell", 0.01), {"price": None, "side": "sell", "type": "market"}),
    "spend": (("market", "buy", 0, None, {"cost": 25}),
              {"price": None, "amount": None, "spend": "25", "type": "market"}),
}  # fmt: skip
#: Names that are of the request, not of the order, or an id; trap 20 is about those.
APART = frozenset(
    {"nonce", "id", "api_key", "sig", "signature", "timestamp", "AccessKeyId", "Signature", "SignatureMethod",
     "SignatureVersion", "Timestamp", "recvWindow", "newClientOrderId", "clOrdId", "tag", "client_order_id",
     "client-order-id", "clientOid", "orderLinkId", "cl_ord_id", "text", "client_oid", "c", "account-id"}
)  # fmt: skip
#: exchange -> name -> what ccxt writes, and what we do; None where there is nothing.
DIFFERENT: Mapping[str, Mapping[str, tuple[Any, Any]]] = {
    # What came of an order is asked for: its executions need not be told along.
    "binance": {"newOrderRespType": ("FULL", "RESULT")},
    # The request's own end; and the fee in quote, whatever the account prefers.
    "kraken": {"deadline": (None, "…"), "oflags": (None, "fciq"), "oflags, post-only": ("post", "fciq,post")},
    "coinbase": {},
    # Said where ccxt leaves it to a default.
    "bybit": {"timeInForce": (None, "GTC"), "marketUnit": (None, "quoteCoin")},
    # One order is no batch, a size in base needs no word for it, and no order is made smaller.
    "okx": {
        "path": ("/api/v5/trade/batch-orders", "/api/v5/trade/order"),
        "tgtCcy": ("base_ccy", None),
        "banAmend": (None, "true"),
    },
    # The newer of its interfaces, with the request's own end.
    "kucoin": {
        "path": ("/api/v1/orders", "/api/v1/hf/orders"),
        "clientTimestamp": (None, "…"),
        "allowMaxTimeWindow": (None, "5000"),
        "timeInForce": (None, "GTC"),
    },
    "gate": {"time_in_force": (None, "gtc")},
    # Its page has them in small letters; and the request's own end.
    "bitget": {
        "force": ("GTC", "gtc"),
        "force, ioc": ("IOC", "ioc"),
        "requestTime": (None, "…"),
        "receiveWindow": (None, "5000"),
    },
    "htx": {"source": (None, "spot-api")},
    "hyperliquid": {"expiresAfter": (None, "…")},
    "mexc": {},
    "cryptocom": {"time_in_force": (None, "GOOD_TILL_CANCEL"), "broker_id": ("CCXT", None)},
}
#: ccxt cannot write these: trap 16, a number that a market's listing would have, and no orders at market.
NOT_BY_CCXT = {
    *((name, "spend") for name in ("kraken", "okx", "cryptocom", "kucoin", "hyperliquid")),
    ("hyperliquid", "sale"),
}


async def of_ccxt(exchange: str, order: tuple[Any, ...]) -> tuple[str, Mapping[str, Any]]:
    """Return the path and the parameters of the last request that places an order; nothing leaves."""
    sent: list[Asked] = []

    async def capture(url: str, method: str = "GET", headers: Any = None, body: Any = None) -> Any:
        del headers
        text = (body.decode() if isinstance(body, bytes) else body) or ""
        sent.append(Asked(method, url.partition("://")[2].partition("/")[2], {}, text))
        return OPENERS.get(exchange, {})

    async def nothing() -> None:
        """Sign no other action before the order."""

    # The interfaces that ours are of, and no fee for ccxt.
    async with plain(exchange, "http://127.0.0.1:1", options={"uta": False, "builderFee": False}) as one:
        one.fetch, one.initialize_client = capture, nothing
        try:
            await one.create_order("BTC/USDT", *order)
        except (AttributeError, KeyError, TypeError, ValueError, IndexError):
            pass  # it cannot read the answer, which is none
        except Exception as error:
            if not sent:
                raise AssertionError(f"{exchange} of ccxt wrote nothing: {error!r}") from error
    asked = sent[-1]
    body: Any = asked.params.get("body")
    return f"/{asked.path}", body[0] if isinstance(body, list) else asked.params


def flat(params: Mapping[str, Any]) -> dict[str, str]:
    """Return what an order says, by the innermost names."""
    found: dict[str, str] = {}
    for name, value in params.items():
        one = value[0] if isinstance(value, list) and value else value
        if name not in APART:
            found |= flat(one) if isinstance(one, dict) else {name: one if isinstance(one, str) else json.dumps(one)}
    return found


def differences(record: ExchangeRecord, kind: str) -> dict[str, tuple[Any, Any]]:
    """Return name -> (of ccxt, of ours) where they are not the same."""
    order, given = KINDS[kind]
    path, params = asyncio.run(of_ccxt(record.id, order))
    ours = placed(record.id, **given)
    theirs_flat = {"path": path, **flat(params)}
    ours_flat = {"path": ours.path, **flat(ours.params)}
    named = theirs_flat.keys() | ours_flat.keys()
    return {
        name: (theirs_flat.get(name), ours_flat.get(name))
        for name in named
        if theirs_flat.get(name) != ours_flat.get(name)
    }


@pytest.mark.slow
@pytest.mark.parametrize("record", VOUCHED, ids=lambda record: record.id)
def test_an_order_is_written_as_by_ccxt_but_for_what_is_listed(record: ExchangeRecord) -> None:
    listed, seen = DIFFERENT[record.id], set()
    for kind in KINDS:
        if (record.id, kind) in NOT_BY_CCXT:
            continue
        for name, (theirs, ours) in differences(record, kind).items():
            known = f"{name}, {kind}" if f"{name}, {kind}" in listed else name
            seen.add(known)
            assert known in listed, (kind, name, theirs, ours)
            wanted = listed[known]
            assert (theirs, ours if wanted[1] != "…" else "…") == wanted, (kind, name)
    assert seen == set(listed)
