from __future__ import annotations

import asyncio
import math
import os
import subprocess
import sys
import time
from decimal import Decimal
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from octobot_node.clock import VirtualClock
from octobot_node.contracts.replays import PastMarket
from octobot_node.errors import DataUnavailable
from octobot_node.market import Candles, Ticker, timeframe_ms
from octobot_node.plugin_system.discovery import load_named
from octobot_plugins.simulated.market_data import SimulatedMarket
from octobot_plugins.simulated.path import PricePath
from octobot_plugins.simulated.settings import SimulatedSettings

D = Decimal
NOW = 1_768_000_000_123

moments = st.integers(min_value=1_262_304_000_000, max_value=2_208_988_800_000)
timeframes = st.sampled_from(["1s", "5s", "1m", "15m", "1h", "4h", "1d", "1w"])


def market(now: int = NOW, **given: Any) -> SimulatedMarket:
    return SimulatedMarket(SimulatedSettings(**given), VirtualClock(now))


def ticker(now: int, symbol: str = "BTC/USD", **given: Any) -> Ticker:
    return asyncio.run(market(now, **given).tickers([symbol]))[symbol]


def candles(now: int, timeframe: str, count: int, symbol: str = "BTC/USD", **given: Any) -> Candles:
    return asyncio.run(market(now, **given).candles(symbol, timeframe, count))


def test_the_plugin_registers_a_live_market() -> None:
    factory = load_named(["octobot_plugins.simulated"]).market_data_factory("simulated")

    class Context:
        clock = VirtualClock(NOW)

    opened = factory.open(factory.Settings(seed=3), Context())
    assert (factory.replay, isinstance(opened, PastMarket)) == (False, False)
    assert asyncio.run(opened.tickers(["BTC/USD"]))["BTC/USD"] == ticker(NOW, seed=3)


_PRINT = """
import asyncio
from octobot_node.clock import VirtualClock
from octobot_plugins.simulated.market_data import SimulatedMarket
from octobot_plugins.simulated.path import PricePath
from octobot_plugins.simulated.settings import SimulatedSettings
market = SimulatedMarket(SimulatedSettings(seed=7), VirtualClock(1_768_000_000_123))
print(asyncio.run(market.tickers(["FOO/BAR"]))["FOO/BAR"].last)
print(asyncio.run(market.candles("BTC/USD", "1h", 50)).close.tolist())
"""


@pytest.mark.process
def test_another_process_sees_the_same_prices() -> None:
    def printed(hash_seed: str) -> str:
        environment = {**os.environ, "PYTHONHASHSEED": hash_seed}
        return subprocess.run(
            [sys.executable, "-c", _PRINT], env=environment, check=True, capture_output=True, text=True
        ).stdout

    here = f"{ticker(NOW, 'FOO/BAR', seed=7).last}\n{candles(NOW, '1h', 50, seed=7).close.tolist()}\n"
    assert printed("1") == printed("2") == here


def test_seeds_and_symbols_are_different_markets() -> None:
    seen = {ticker(NOW, symbol, seed=seed).last for seed in (0, 1) for symbol in ("BTC/USD", "BTC/USDT")}
    assert len(seen) == 4


@given(moments, st.sampled_from(["BTC/USD", "ETH/BTC", "FOO/USD", "USD/BTC"]), st.integers(0, 5))
@settings(max_examples=60, deadline=None)
def test_the_last_price_is_between_bid_and_ask_and_all_are_on_the_step(now: int, symbol: str, spread: int) -> None:
    opened = market(now, spread_bps=spread)
    found = asyncio.run(opened.tickers([symbol]))[symbol]
    step = asyncio.run(opened.rules([symbol]))[symbol].price_step
    assert 0 < found.bid < found.last < found.ask
    assert [price % step for price in (found.bid, found.last, found.ask)] == [0, 0, 0]
    assert found.ask - found.bid >= found.last * spread / 10_000


@given(moments, timeframes, st.integers(1, 30))
@settings(max_examples=60, deadline=None)
def test_candles_are_closed_aligned_and_join_into_one_path(now: int, timeframe: str, count: int) -> None:
    length, found = timeframe_ms(timeframe), candles(now, timeframe, count)
    newest = now // length * length - length
    assert found.time.tolist() == [newest - length * back for back in reversed(range(count))]
    assert found.open[1:].tolist() == found.close[:-1].tolist()
    assert (found.low <= np.minimum(found.open, found.close)).all()
    assert (found.high >= np.maximum(found.open, found.close)).all()
    assert (found.volume > 0).all()


@given(moments, timeframes)
@settings(max_examples=40, deadline=None)
def test_a_candle_opens_and_closes_at_the_tickers_of_those_times(now: int, timeframe: str) -> None:
    found, length = candles(now, timeframe, 3), timeframe_ms(timeframe)
    opening = int(found.time[-1])
    assert found.open[-1] == float(ticker(opening).last)
    assert found.close[-1] == float(ticker(opening + length).last)


@given(moments)
@settings(max_examples=30, deadline=None)
def test_a_candle_stays_what_it_was_when_time_goes_on(now: int) -> None:
    before, after = candles(now, "1m", 20), candles(now + 5 * 60_000, "1m", 25)
    for column in ("time", "open", "high", "low", "close", "volume"):
        assert getattr(after, column)[:20].tolist() == getattr(before, column).tolist()


def test_prices_start_where_the_settings_say() -> None:
    still: dict[str, Any] = {"volatility": 0, "spread_bps": 0}
    found = [ticker(NOW, symbol, **still).last for symbol in ("BTC/USD", "ETH/USD", "ETH/BTC", "EUR/USD")]
    assert found == [D(40_000), D(2_500), D("0.0625"), D("1.1")]
    assert ticker(NOW, prices={"BTC/USD": "123.45"}, **still).last == D("123.45")


def test_the_trend_is_growth_of_the_logarithm_in_a_year() -> None:
    year = round(365.25 * 86_400_000)
    grown = ticker(1_735_689_600_000 + year, volatility=0, trend=1, prices={"BTC/USD": 1000})
    assert grown.last == D(f"{1000 * math.e:.3f}")


@pytest.mark.parametrize("timeframe", ["1m", "1h", "1d"])
def test_volatility_is_about_what_was_asked_for_on_every_scale(timeframe: str) -> None:
    spread = []
    for seed in range(4):
        moves = np.diff(np.log(candles(NOW, timeframe, 2_000, seed=seed, volatility="0.6").close))
        spread.append(moves.std() * math.sqrt(365.25 * 86_400_000 / timeframe_ms(timeframe)))
    assert 0.45 < float(np.mean(spread)) < 0.8


def test_nights_are_calmer_than_afternoons() -> None:
    found = candles(NOW, "5m", 10_000)
    moves = np.abs(np.log(found.close / found.open))
    hour = found.time // 3_600_000 % 24
    assert moves[(hour >= 13) & (hour < 17)].mean() > 1.3 * moves[(hour >= 1) & (hour < 5)].mean()


def test_jumps_are_sudden_and_fade_without_another_jump() -> None:
    day = 86_400_000
    midnights = np.arange(NOW // day - 1_000, NOW // day, dtype=np.int64) * day
    path = PricePath(0, "BTC/USD", 40_000.0, 0.6, 0.0)
    over_midnight = path._jumps(midnights) - path._jumps(midnights - 1)
    assert np.abs(over_midnight).max() < 1e-6
    hours = np.arange(midnights[0], midnights[-1], day // 24, dtype=np.int64)
    sudden = int((np.abs(np.diff(path._jumps(hours))) > 0.005).sum())
    assert 60 < sudden < 180


def test_thousands_of_candles_take_milliseconds() -> None:
    opened = market()
    asyncio.run(opened.candles("BTC/USD", "1m", 10))
    began = time.process_time()
    asyncio.run(opened.candles("BTC/USD", "1m", 5_000))
    assert time.process_time() - began < 0.5


def test_what_is_no_symbol_has_no_price_and_no_rules() -> None:
    opened = market()
    assert set(asyncio.run(opened.tickers(["BTC/USD", "BTC", "A/B/C"]))) == {"BTC/USD"}
    assert asyncio.run(opened.rules(["BTC", "/USD"])) == {}
    with pytest.raises(DataUnavailable, match="'BTC' is not a valid symbol: write BASE/QUOTE"):
        asyncio.run(opened.tickers(["BTC"]))
    with pytest.raises(DataUnavailable, match="'BTC' is not a valid symbol: write BASE/QUOTE"):
        asyncio.run(opened.candles("BTC", "1m", 1))


@pytest.mark.parametrize(("timeframe", "count"), [("1x", 1), ("1m", 0)])
def test_candles_that_cannot_be_are_unavailable(timeframe: str, count: int) -> None:
    with pytest.raises(DataUnavailable, match=r"not a valid timeframe|none is closed"):
        candles(NOW, timeframe, count)


@pytest.mark.parametrize("wrong", [{"volatility": -1}, {"spread_bps": "NaN"}, {"prices": {"BTC/USD": 0}}, {"sed": 1}])
def test_settings_that_make_no_sense_are_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValidationError) as refused:
        SimulatedSettings(**wrong)
    assert {error["loc"][0] for error in refused.value.errors()} == set(wrong)


def test_rules_are_what_the_settings_say() -> None:
    own: dict[str, Any] = {"price_step": "0.5", "amount_step": "0.1", "min_amount": "0.2", "min_notional": "5"}
    rules = asyncio.run(market(**own).rules(["BTC/USD"]))["BTC/USD"]
    assert {name: str(getattr(rules, name)) for name in own} == own


def test_very_cheap_markets_have_steps_that_fit() -> None:
    opened = market(prices={"PEPE/BTC": "0.00000000011"})
    step = asyncio.run(opened.rules(["PEPE/BTC"]))["PEPE/BTC"].price_step
    ticker = asyncio.run(opened.tickers(["PEPE/BTC"]))["PEPE/BTC"]
    assert step == D("1e-16")
    assert ticker.last > 0


def test_a_price_step_above_a_hundredth_of_a_price_is_refused_or_the_market_is_not_there() -> None:
    with pytest.raises(ValidationError, match=r"price_step 0\.1 is 0\.05 of X/USD's price 2, and 0\.01 is the most"):
        market(price_step="0.1", prices={"X/USD": 2})
    opened = market(price_step="0.1")
    assert asyncio.run(opened.rules(["DOGE/USD"])) == {}
    with pytest.raises(DataUnavailable, match=r"price_step 0\.1 is 1 of DOGE/USD's price 0\.1"):
        asyncio.run(opened.tickers(["DOGE/USD"]))


@pytest.mark.parametrize(
    ("symbol", "said"),
    [("BTC/USD:USD", "'BTC/USD:USD' is a derivative"), ("btc/usd", "'btc/usd' is in small letters: write BTC/USD")],
)
def test_derivatives_and_small_letters_are_no_markets(symbol: str, said: str) -> None:
    with pytest.raises(DataUnavailable, match=said):
        asyncio.run(market().tickers([symbol]))
    with pytest.raises(DataUnavailable, match=said):
        asyncio.run(market().candles(symbol, "1m", 5))
