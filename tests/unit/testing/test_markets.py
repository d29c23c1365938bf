"""Hand-made markets: exact, with sensible defaults, and errors that say what to write."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from octobot_node import MarketRules, Ticker
from octobot_node.testing import MarketBuilder, make_market

D = Decimal
NOW = datetime(2026, 1, 1, tzinfo=UTC)
HOUR = 3_600_000
MIDNIGHT = 1_767_225_600_000


def test_one_line_makes_a_market() -> None:
    market = make_market({"ETH/BTC": "0.05"}, BTC_USD=100)
    assert market.as_of == NOW
    assert market.ticker("BTC/USD") == Ticker("BTC/USD", D(100), D(100), D(100), NOW)
    assert market.ticker("ETH/BTC").last == D("0.05")
    assert market.rules("BTC/USD") == MarketRules("BTC/USD", "BTC", "USD")


def test_bid_ask_and_age_are_as_given() -> None:
    market = MarketBuilder().price("BTC/USD", "100.5", bid="100.1", ask=101, age=timedelta(minutes=2)).build()
    assert market.ticker("BTC/USD") == Ticker("BTC/USD", D("100.5"), D("100.1"), D(101), NOW - timedelta(minutes=2))


def test_rules_are_the_defaults_with_changes() -> None:
    builder = MarketBuilder().price("BTC/USD", 100).rules("BTC/USD", amount_step="0.001", fee_in="quote")
    expected = MarketRules("BTC/USD", "BTC", "USD", amount_step=D("0.001"), fee_in="quote")
    assert builder.build().rules("BTC/USD") == expected


def test_a_price_below_the_usual_step_has_a_finer_one() -> None:
    assert make_market(SHIB_USD="0.00001234").rules("SHIB/USD").price_step == D("1E-8")


def test_closes_end_now_and_set_the_price() -> None:
    market = MarketBuilder().candles("BTC/USD", "1h", closes=[100, "101.5", 99]).build()
    candles = market.candles("BTC/USD", "1h")
    assert candles.time.tolist() == [MIDNIGHT - 3 * HOUR, MIDNIGHT - 2 * HOUR, MIDNIGHT - HOUR]
    assert candles.close.tolist() == [100, 101.5, 99]
    assert candles.open.tolist() == [100, 100, 101.5]
    assert (candles.high.tolist(), candles.low.tolist()) == ([100, 101.5, 101.5], [100, 100, 99])
    assert market.ticker("BTC/USD").last == D(99)


@pytest.mark.parametrize(
    "given",
    [
        [(1, 4, 1, 2, 5), (2, 3, 1, 3, 6)],
        [(MIDNIGHT - 2 * HOUR, 1, 4, 1, 2, 5), (MIDNIGHT - HOUR, 2, 3, 1, 3, 6)],
        np.array([[1, 4, 1, 2, 5], [2, 3, 1, 3, 6]], dtype=float),
    ],
)
def test_rows_may_come_in_any_usual_shape(given: Any) -> None:
    candles = MarketBuilder().candles("BTC/USD", "1h", given).build().candles("BTC/USD", "1h")
    assert candles.time.tolist() == [MIDNIGHT - 2 * HOUR, MIDNIGHT - HOUR]
    assert [column.tolist() for column in (candles.open, candles.high, candles.low, candles.close, candles.volume)] == [
        [1, 2], [4, 3], [1, 1], [2, 3], [5, 6],
    ]  # fmt: skip


def test_a_file_is_read(tmp_path: Path) -> None:
    path = tmp_path / "candles.csv"
    path.write_text(f"timestamp,open,high,low,close,volume\n{MIDNIGHT - HOUR},1,2,0.5,1.5,9\n")
    market = MarketBuilder().candles("BTC/USD", "1h", path).build()
    assert (market.candles("BTC/USD", "1h").close.tolist(), market.ticker("BTC/USD").last) == ([1.5], D("1.5"))


def test_only_closed_candles_are_seen() -> None:
    builder = MarketBuilder().candles("BTC/USD", "1h", closes=[1, 2])
    builder.at(NOW - timedelta(minutes=1))
    assert builder.build().candles("BTC/USD", "1h").close.tolist() == [1]
    builder.at(NOW + timedelta(hours=1)).add_candle("BTC/USD", "1h", 3)
    assert builder.build().candles("BTC/USD", "1h").close.tolist() == [1, 2, 3]


def test_a_market_cannot_be_written_into() -> None:
    candles = MarketBuilder().candles("BTC/USD", "1h", closes=[1, 2]).build().candles("BTC/USD", "1h")
    with pytest.raises(ValueError, match="read-only"):
        candles.close[0] = 5


@pytest.mark.parametrize(
    ("build", "error", "message"),
    [
        (lambda b: b.price("BTC/USD", 1.5), TypeError, 'write "1.5" or Decimal("1.5")'),
        (lambda b: b.price("BTC/USD", "x"), ValueError, "which is not a number"),
        (lambda b: b.price("BTC/USD", 0), ValueError, "is 0: write one above 0"),
        (lambda b: b.price("BTC/USD", "NaN"), ValueError, "must be finite"),
        (lambda b: b.price("BTCUSD", 1), ValueError, "'BTCUSD' is not a valid symbol: write BASE/QUOTE"),
        (lambda b: b.price("BTC/USD", 1, bid=3, ask=2), ValueError, "a bid of 3 above its ask of 2: swap them"),
        (lambda b: b.candles("BTC/USD", "1h"), ValueError, "give the candles of BTC/USD"),
        (lambda b: b.candles("BTC/USD", "1h", []), ValueError, "there is no candle"),
        (lambda b: b.candles("BTC/USD", "1x", [1]), ValueError, "'1x' is not a valid timeframe"),
        (lambda b: b.candles("BTC/USD", "1h", [(1, 2)]), ValueError, "candle 0 has 2 values"),
        (lambda b: b.candles("BTC/USD", "1h", [1, (1, 1, 1, 1, 1)]), ValueError, "of several shapes"),
        (lambda b: b.candles("BTC/USD", "1h", [1, "x"]), ValueError, "candle 1 has 'x', which is not a finite number"),
        (lambda b: b.rules("BTC/USD", step=1), TypeError, "the rules of a market have no 'step'; there are: symbol"),
    ],
)
def test_what_cannot_be_is_refused_with_the_cure(build: Any, error: type[Exception], message: str) -> None:
    with pytest.raises(error) as refused:
        build(MarketBuilder())
    assert message in str(refused.value)
