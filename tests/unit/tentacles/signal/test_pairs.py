"""Alerts in OctoBot's own format: followed to the letter, or refused by the name of what would not be."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from octobot_tentacles.signal.config import SignalConfig
from octobot_tentacles.signal.instruction import Instruction, Offset, Unreadable
from octobot_tentacles.signal.reading import read

D = Decimal
SYMBOL = "BTC/USDT"


def config(**fields: Any) -> SignalConfig:
    return SignalConfig.model_validate({"symbol": SYMBOL, "symbols": ["ETH/BTC", "ATOM/USDT"], **fields})


def says(side: Any = "buy", symbol: str = SYMBOL, **fields: Any) -> Instruction:
    return Instruction(side, symbol, **fields)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("EXCHANGE=binance\nSYMBOL=BTCUSDT\nSIGNAL=BUY", says()),
        ("EXCHANGE=binance;SYMBOL=BTCUSDT;SIGNAL=SELL", says("sell")),
        ("exchange=BINANCE;\r\nsymbol=BINANCE:BTCUSDT;\r\nsignal=buy;\r\n", says()),
        (" SIGNAL = buy ", says()),
        ("SYMBOL=BTCUSDT;SIGNAL=BUY;VOLUME=0.01", says(amount=D("0.01"))),
        ("SYMBOL=BTCUSDT;SIGNAL=BUY;VOLUME=100q", says(spend=D(100))),
        ("SYMBOL=BTCUSDT;SIGNAL=BUY;VOLUME=12a%", says(percent=D(12))),
        ("SYMBOL=BTCUSDT;SIGNAL=BUY;VOLUME=12%a", says(percent=D(12))),
        ("SYMBOL=BTC/USDT;SIGNAL=SELL;VOLUME=100A%", says("sell", percent=D(100))),
        ("SIGNAL=BUY;ORDER_TYPE=MARKET;PRICE=42000", says(order="market")),
        ("SIGNAL=BUY;PRICE=42000", says()),
        ("SIGNAL=SELL;REDUCE_ONLY=true;TAG=exit1", says("sell", tag="exit1")),
        ("SIGNAL=BUY;REDUCE_ONLY=false", says()),
        (
            "EXCHANGE=binance\nSYMBOL=BTCUSDT\nVOLUME=0.01\nPRICE=30000\nSIGNAL=BUY\nORDER_TYPE=LIMIT",
            says(amount=D("0.01"), price=D(30000), order="limit"),
        ),
        (
            "EXCHANGE=binance\nSYMBOL=ETHBTC\nVOLUME=0.01\nPRICE=10%\nSIGNAL=SELL\nORDER_TYPE=LIMIT",
            says("sell", "ETH/BTC", amount=D("0.01"), order="limit", offset=Offset(D(10), is_percent=True)),
        ),
        (
            "SIGNAL=BUY;ORDER_TYPE=LIMIT;PRICE=-400d",
            says(order="limit", offset=Offset(D(-400), is_percent=False)),
        ),
        ("SIGNAL=BUY;ORDER_TYPE=LIMIT", says(order="limit")),
    ],
)
def test_an_alert_says_exactly_this(text: str, expected: Instruction) -> None:
    assert read(text, config()) == expected


def test_a_price_is_read_where_orders_are_limit_orders_anyway() -> None:
    assert read("SIGNAL=BUY;PRICE=42000", config(order="limit")).price == D(42000)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("SYMBOL=BTCUSDT;VOLUME=1", "there is no SIGNAL"),
        ("SYMBOL=BTCUSDT;SIGNAL=HOLD", "SIGNAL is BUY or SELL, not 'HOLD'"),
        ("SYMBOL=BTCUSDT;SIGNAL=CANCEL", "SIGNAL=CANCEL is not followed: a signal cancels nothing"),
        ("SYMBOL=BTCUSDT;SIGNAL=CANCEL;PARAM_SIDE=SELL;TAG=exit1", "PARAM_SIDE is not followed"),
        ("SYMBOL=DOGEUSDT;SIGNAL=BUY", "'DOGEUSDT' is none of the symbols it may trade: BTC/USDT, ETH/BTC, ATOM/USDT"),
        ("SYMBOL=BTCUSDT.P;SIGNAL=BUY", "'BTCUSDT.P' is a derivative, and those are not traded: BTC/USDT is spot"),
        ("SYMBOL=BINANCE:BTCUSDT.P;SIGNAL=BUY", "is a derivative, and those are not traded: BTC/USDT is spot"),
        ("SYMBOL=BTC/USDT:USDT;SIGNAL=BUY", "is a derivative, and those are not traded: BTC/USDT is spot"),
        ("SIGNAL=BUY;SIGNAL=SELL", "SIGNAL is there twice, and one of them would have to be guessed"),
        ("SIGNAL=BUY;VOLUME=1;volume=2", "VOLUME is there twice"),
        ("SIGNAL=BUY;please", "'please' is not NAME=VALUE"),
        ("SIGNAL=BUY;VOLUMES=1", "VOLUMES is not understood; there are EXCHANGE, SYMBOL, SIGNAL, ORDER_TYPE, VOLUME"),
        ("SIGNAL=BUY;VOLUME=2%", "VOLUME '2%' is a part of all that is held, also of what orders hold: write a%"),
        ("SIGNAL=BUY;VOLUME=12s%", "VOLUME '12s%' is a part of what both assets are worth"),
        ("SIGNAL=BUY;VOLUME=12%t", "VOLUME '12%t' is a part of what all assets are worth"),
        ("SIGNAL=BUY;VOLUME=20p%", "VOLUME '20p%' is a part of a futures position"),
        ("SIGNAL=BUY;VOLUME=101a%", "101 % is more than there is"),
        ("SIGNAL=BUY;VOLUME=0", "its volume is zero"),
        ("SIGNAL=BUY;VOLUME=-1", "its volume '-1' is not a number above zero"),
        ("SIGNAL=BUY;VOLUME=1,000", "VOLUME '1,000' is not a size such as 0.01, 100q or 10a%"),
        ("SIGNAL=BUY;VOLUME={{strategy.order.contracts}}", "is not a size such as 0.01, 100q or 10a%"),
        ("SIGNAL=SELL;VOLUME=100q", "VOLUME of a sell in quote is not followed"),
        ("SIGNAL=BUY;ORDER_TYPE=STOP;STOP_PRICE=-3d", "STOP_PRICE is not followed: a signal places no stop"),
        ("SIGNAL=BUY;ORDER_TYPE=STOP", "ORDER_TYPE=STOP is not followed: a signal places no stop"),
        ("SIGNAL=BUY;ORDER_TYPE=OCO", "ORDER_TYPE is MARKET or LIMIT, not 'OCO'"),
        ("SIGNAL=BUY;ORDER_TYPE=LIMIT;PRICE=cheap", "PRICE 'cheap' is not a price such as 42000, -400d or 10%"),
        ("SIGNAL=BUY;TAKE_PROFIT_PRICE=35000", "TAKE_PROFIT_PRICE is not followed: a signal places no take-profit"),
        ("SIGNAL=BUY;TAKE_PROFIT_PRICE_2=35000", "TAKE_PROFIT_PRICE_2 is not followed"),
        ("SIGNAL=BUY;TAKE_PROFIT_VOLUME_RATIO_1=1", "TAKE_PROFIT_VOLUME_RATIO_1 is not followed"),
        ("SIGNAL=BUY;LEVERAGE=5", "LEVERAGE is not followed: derivatives are not supported"),
        ("SIGNAL=BUY;REDUCE_ONLY=true", "REDUCE_ONLY is not followed by a buy"),
        ("SIGNAL=SELL;REDUCE_ONLY=maybe", "REDUCE_ONLY is true or false, not 'maybe'"),
        ("SIGNAL=BUY;TOKEN=abc", "TOKEN is not followed: tokens are not checked here"),
    ],
)
def test_what_would_not_be_followed_to_the_letter_is_refused_by_name(text: str, reason: str) -> None:
    with pytest.raises(Unreadable) as refused:
        read(text, config())
    assert reason in str(refused.value)
    assert "abc" not in str(refused.value)


def test_words_with_an_equals_sign_later_are_still_words() -> None:
    with pytest.raises(Unreadable, match="X=2 is neither BTC nor USDT"):
        read("buy 1 x=2", config())
