"""Orders and executions, from what ccxt makes of them to what the engine decides and books by."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from octobot_plugins.ccxt.exchanges.binance import BINANCE
from octobot_plugins.ccxt.exchanges.gate import GATE
from octobot_plugins.ccxt.reading import order_of, trade_of

MARKET = {"symbol": "BTC/USDT", "base": "BTC", "quote": "USDT"}


def order(**changes: Any) -> dict[str, Any]:
    given = {"id": "1", "symbol": "BTC/USDT", "side": "buy", "type": "limit", "status": "open"}
    return {**given, "amount": "1", "filled": "0", "price": "90", "timestamp": 1_700_000_000_000, **changes}


def fee_of(**fees: Any) -> tuple[Decimal, str]:
    trade = {"id": "7", "order": "1", "symbol": "BTC/USDT", "side": "buy", "amount": "1", "price": "90"}
    found = trade_of(GATE, {**trade, "timestamp": 1_700_000_000_000, "info": {}, **fees}, MARKET)
    return found.fee, found.fee_asset


@pytest.mark.parametrize("status", ["PENDING_NEW", "PENDING", "NEW", "QUEUED", "CANCEL_QUEUED", "EDIT_QUEUED"])
def test_one_that_waits_for_something_is_open(status: str) -> None:
    assert order_of(BINANCE, order(status=status)).status == "open"


def test_a_status_that_nobody_knows_is_refused_but_where_only_open_orders_are_told() -> None:
    with pytest.raises(ValueError, match="SLEEPING"):
        order_of(BINANCE, order(status="SLEEPING"))
    assert order_of(BINANCE, order(status="SLEEPING"), otherwise="open").status == "open"


def test_one_that_is_closed_without_a_word_of_how_much_is_neither_filled_nor_cancelled() -> None:
    with pytest.raises(ValueError, match="how much"):
        order_of(BINANCE, order(status="closed", filled=None))
    assert order_of(BINANCE, order(status="closed", filled="0.5")).status == "cancelled"


@pytest.mark.parametrize(
    ("told", "paid"),
    [
        ({"fee": {"cost": "0.001", "currency": "BTC"}, "fees": []}, ("0.001", "BTC")),
        # Two, as ccxt has those of Gate: what was paid in its own coin, and nothing in the market's.
        (
            {
                "fee": {"cost": None, "currency": None},
                "fees": [{"cost": "0", "currency": "BTC"}, {"cost": "0.5", "currency": "GT"}],
            },
            ("0.5", "GT"),
        ),
        # Of two that were paid balances are reckoned by the market's own.
        (
            {"fee": None, "fees": [{"cost": "0.5", "currency": "GT"}, {"cost": "0.001", "currency": "BTC"}]},
            ("0.001", "BTC"),
        ),
        ({"fee": {"cost": "0", "currency": "BTC"}, "fees": []}, ("0", "BTC")),
        ({}, ("0", "USDT")),
    ],
)
def test_a_fee_is_what_was_paid(told: dict[str, Any], paid: tuple[str, str]) -> None:
    assert fee_of(**told) == (Decimal(paid[0]), paid[1])
