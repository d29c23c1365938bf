"""A symbol that looks like another one is none of its own."""

from __future__ import annotations

import pytest

from octobot_node.text.symbols import check_symbol


@pytest.mark.parametrize(
    ("symbol", "said"),
    [
        ("BTC/USDT\u200b", "has the character U\\+200B, which nobody sees"),
        ("BTC\u3164/USDT", "has the character U\\+3164, which nobody sees"),
        ("\uff22\uff34\uff23/USDT", "has characters of another form or width: write BTC/USDT"),
        ("\u212bX/USDT", "has characters of another form or width"),
        ("BTC/USDT-260327", "is a derivative.*BTC/USDT is the spot pair"),
        ("BTCUSDT_260327", "is a derivative.*BTC/USDT is the spot pair"),
    ],
)
def test_what_looks_like_another_market_is_refused(symbol: str, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        check_symbol(symbol)


@pytest.mark.parametrize("symbol", ["BTC/USDT", "币安人生/USDT", "1000SATS/USDT", "$PAC/USDT", "USDT-ERC/USD"])
def test_a_spot_market_is_called_as_its_exchange_calls_it(symbol: str) -> None:
    assert check_symbol(symbol) == symbol
