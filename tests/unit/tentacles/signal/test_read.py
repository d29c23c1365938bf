from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

import pytest

from octobot_tentacles.signal.config import SignalConfig
from octobot_tentacles.signal.instruction import Instruction, Unreadable
from octobot_tentacles.signal.reading import read

D = Decimal
SYMBOL = "BTC/USD"
NESTED = {"side": "strategy.order.action", "amount": "strategy.order.contracts", "tag": "strategy.order.id"}


def config(**fields: Any) -> SignalConfig:
    return SignalConfig.model_validate({"symbol": SYMBOL, "symbols": ["ETH/USD", "SOL/EUR"], **fields})


def says(side: Any = "buy", symbol: str = SYMBOL, **fields: Any) -> Instruction:
    return Instruction(side, symbol, **fields)


@pytest.mark.parametrize(
    ("payload", "expected"),
    [
        ({"side": "buy", "amount": "0.01"}, says(amount=D("0.01"))),
        ({"action": "sell", "percent": 50}, says("sell", percent=D(50))),
        ({"side": "buy", "amount": 0.1}, says(amount=D("0.1"))),
        ({"side": "buy", "amount": 1e-07}, says(amount=D("1e-7"))),
        ({"side": "buy", "amount": D("0.1000")}, says(amount=D("0.1"))),
        ({"side": " BUY ", "spend": "250.50"}, says(spend=D("250.5"))),
        ({"side": "long", "percent": "12.5 %"}, says(percent=D("12.5"))),
        ({"side": "flat"}, says("sell")),
        ({"side": "exit", "amount": None, "percent": None}, says("sell")),
        ({"side": "buy", "symbol": "BINANCE:ETHUSD"}, says(symbol="ETH/USD")),
        ({"side": "buy", "ticker": "sol-eur"}, says(symbol="SOL/EUR")),
        ({"side": "buy", "id": "entry 1"}, says(tag="entry 1")),
        ({"side": "buy", "id": 17}, says(tag="17")),
        ({"side": "buy", "tag": "x" * 100}, says(tag="x" * 64)),
        ({"side": "buy", "tag": "\n"}, says()),
        ({"side": "buy", "price": "{{close}}", "colour": {"deep": []}}, says()),
        ('{"side": "buy", "amount": 0.123456789012345678901}', says(amount=D("0.123456789012345678901"))),
        ("buy", says()),
        ("  Sell  50% ", says("sell", percent=D(50))),
        ("sell 50 %", says("sell", percent=D(50))),
        ("buy .5", says(amount=D("0.5"))),
        ("buy 0.01 BTC", says(amount=D("0.01"))),
        ("buy 100 usd", says(spend=D(100))),
        ("buy 2 ETH/USD", says(symbol="ETH/USD", amount=D(2))),
        ("buy 100 EUR SOL/EUR", says(symbol="SOL/EUR", spend=D(100))),
        ("close ETHUSD", says("sell", "ETH/USD")),
    ],
)
def test_a_signal_says_exactly_this(payload: Any, expected: Instruction) -> None:
    assert read(payload, config()) == expected


@pytest.mark.parametrize(
    ("payload", "expected"),
    [
        ({"side": "buy", "price": 30000.5}, says(price=D("30000.5"))),
        ("buy 0.1 at 30000", says(amount=D("0.1"), price=D(30000))),
        ("buy 0.1@30000", says(amount=D("0.1"), price=D(30000))),
        ({"side": "sell"}, says("sell")),
    ],
)
def test_a_price_is_for_limit_orders(payload: Any, expected: Instruction) -> None:
    assert read(payload, config(order="limit")) == expected


def test_the_fields_of_a_payload_are_where_the_config_says() -> None:
    payload = {"strategy": {"order": {"action": "buy", "contracts": 0.25, "id": "E1"}}, "amount": "9", "side": "sell"}
    assert read(payload, config(fields=NESTED)) == says(amount=D("0.25"), tag="E1")
    assert read(json.dumps(payload), config(fields=NESTED)) == says(amount=D("0.25"), tag="E1")
    assert read({"a.b": "sell", "a": {"b": "buy"}}, config(fields={"side": "a.b"})) == says("sell")
    assert read({"y": "sell"}, config(fields={"side": "x|y"})) == says("sell")


def test_words_for_the_sides_are_added_or_changed() -> None:
    words = {"Short": "sell", "1": "buy", "flat": "buy"}
    assert [read(word, config(sides=words)).side for word in ("short", "1", "FLAT", "long")] == [
        "sell",
        "buy",
        "buy",
        "buy",
    ]


@pytest.mark.parametrize(
    ("payload", "reason"),
    [
        ({}, "it does not say what to do: there is no side or action"),
        ({"side": "short"}, "'short' is neither buy nor sell, and no word of `sides`"),
        ({"side": 1}, "1 is neither buy nor sell, and no word of `sides`"),
        ({"side": "{{strategy.order.action}}"}, "'{{strategy.order.action}}' is neither buy nor sell"),
        ({"side": "buy", "amount": "NaN"}, "its amount 'NaN' is not a number above zero"),
        ({"side": "buy", "amount": float("nan")}, "its amount nan is not a number above zero"),
        ({"side": "buy", "amount": float("inf")}, "its amount inf is not a number above zero"),
        ({"side": "buy", "amount": "-1"}, "its amount '-1' is not a number above zero"),
        ({"side": "buy", "amount": -0.5}, "its amount -0.5 is not a number above zero"),
        ({"side": "buy", "amount": 0}, "its amount is zero"),
        ({"side": "buy", "amount": "0.000"}, "its amount is zero"),
        ({"side": "buy", "amount": ""}, "its amount '' is not a number above zero"),
        ({"side": "buy", "amount": True}, "its amount True is not a number above zero"),
        ({"side": "buy", "amount": [1]}, "its amount [1] is not a number above zero"),
        ({"side": "buy", "amount": "1,000"}, "its amount '1,000' is not a number above zero"),
        ({"side": "buy", "amount": "1_000"}, "its amount '1_000' is not a number above zero"),
        ({"side": "buy", "amount": "\u0661"}, "its amount '\u0661' is not a number above zero"),
        ({"side": "buy", "amount": "{{contracts}}"}, "its amount '{{contracts}}' is not a number above zero"),
        ({"side": "buy", "amount": 1e40}, "its amount 1e+40 is out of any market's range"),
        ({"side": "buy", "amount": "1e-30"}, "its amount '1e-30' is out of any market's range"),
        ({"side": "buy", "percent": 101}, "101 % is more than there is"),
        ({"side": "buy", "percent": 5, "amount": 1}, "amount and percent are several sizes"),
        ({"side": "sell", "spend": 5}, "a sell takes an amount or a percent, not what to spend"),
        ({"side": "buy", "symbol": "DOGE/USD"}, "'DOGE/USD' is none of the symbols it may trade: BTC/USD, ETH/USD"),
        ({"side": "buy", "symbol": 7}, "7 is none of the symbols it may trade"),
        ("", "it is empty"),
        ("{", "'{' is not JSON"),
        ('{"side": "buy", "amount": NaN}', "is not JSON"),
        ("hold", "'hold' is neither buy nor sell"),
        ("buy the dip", "'the' in 'buy the dip' is not understood"),
        ("buy 5 DOGE", "DOGE is neither BTC nor USD"),
        ("buy -5", "its amount '-5' is not a number above zero"),
        ("sell 100 USD", "a sell takes an amount or a percent"),
        (["buy"], "['buy'] is neither text nor a JSON object"),
        (None, "None is neither text nor a JSON object"),
        (12, "12 is neither text nor a JSON object"),
        ({"side": "x" * 500}, "xxx…"),
        ({"side": "\ud800"}, "is neither buy nor sell"),
    ],
)
def test_what_cannot_be_read_says_why(payload: Any, reason: str) -> None:
    with pytest.raises(Unreadable) as refused:
        read(payload, config())
    assert reason in str(refused.value)
    assert len(str(refused.value).encode()) < 300


@pytest.mark.parametrize(
    ("payload", "reason"),
    [
        ({"side": "buy", "price": "{{close}}"}, "its price '{{close}}' is not a number above zero"),
        ("buy 1 at once", "its price 'once' is not a number above zero"),
    ],
)
def test_a_limit_order_s_price_must_be_readable(payload: Any, reason: str) -> None:
    with pytest.raises(Unreadable, match=reason):
        read(payload, config(order="limit"))
