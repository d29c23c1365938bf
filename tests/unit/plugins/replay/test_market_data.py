from __future__ import annotations

import asyncio
import csv
import gzip
import time
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pydantic import ValidationError

from octobot_node.clock import VirtualClock
from octobot_node.contracts.replays import PastMarket
from octobot_node.errors import DataUnavailable
from octobot_node.market import Candles, MarketRules, Ticker, from_ms
from octobot_node.plugin_system.discovery import load_named
from octobot_plugins.replay.market_data import ReplayMarket
from octobot_plugins.replay.settings import ReplaySettings

D = Decimal
MINUTE, HOUR = 60_000, 3_600_000

SIX = [
    (0, "10", "12", "9", "11"),
    (1, "11", "11.5", "10.5", "11.25"),
    (2, "11.25", "13", "11", "12"),
    (3, "12", "12", "8", "8.5"),
    (4, "8.5", "9", "8", "9"),
    (5, "9", "10", "8.75", "9.5"),
]


def market_of(path: Path, now: int = 0, **settings: Any) -> tuple[ReplayMarket, VirtualClock]:
    clock = VirtualClock(now)
    return ReplayMarket(ReplaySettings(data={"BTC/USD": path}, time_unit="ms", **settings), clock), clock


def ticker(market: ReplayMarket, symbol: str = "BTC/USD") -> Ticker:
    return asyncio.run(market.tickers([symbol]))[symbol]


def candles(market: ReplayMarket, timeframe: str, count: int = 100) -> list[tuple[float, ...]]:
    found = asyncio.run(market.candles("BTC/USD", timeframe, count))
    columns = (found.time, found.open, found.high, found.low, found.close, found.volume)
    return [tuple(map(float, row)) for row in zip(*columns, strict=True)]


def test_the_plugin_registers_replay_on_a_virtual_clock(write: Any) -> None:
    factory = load_named(["octobot_plugins.replay"]).market_data_factory("replay")

    class Context:
        clock = VirtualClock(0)

    market = factory.open(factory.Settings(data={"BTC/USD": write(SIX)}, time_unit="ms"), Context())
    assert factory.replay
    assert isinstance(market, PastMarket)


def test_the_last_price_is_the_close_of_the_newest_closed_candle_and_never_of_a_later_one(write: Any) -> None:
    market, clock = market_of(write(SIX))
    seen = []
    for now in (0, MINUTE - 1, MINUTE, 2 * MINUTE - 1, 2 * MINUTE, 6 * MINUTE, 60 * MINUTE):
        clock.advance_to(now)
        found = ticker(market)
        assert found.last == found.bid == found.ask
        seen.append((str(found.last), found.at))
    assert seen == [
        ("10", from_ms(0)),
        ("10", from_ms(0)),
        ("11", from_ms(MINUTE)),
        ("11", from_ms(MINUTE)),
        ("11.25", from_ms(2 * MINUTE)),
        ("9.5", from_ms(6 * MINUTE)),
        ("9.5", from_ms(6 * MINUTE)),
    ]


def test_prices_are_exactly_the_text_of_the_file(write: Any) -> None:
    odd = "0.09946999000000001"
    market, clock = market_of(write([(0, odd, "0.1", "0.09", "0.1"), (1, "0.1", "0.1", odd, odd)]))
    clock.advance_to(2 * MINUTE)
    assert str(ticker(market).last) == odd
    assert market.opening("BTC/USD", 0) == (0, D(odd))
    assert market.closes("BTC/USD")[1] == [D("0.1"), D(odd)]


def test_a_symbol_has_no_price_before_its_first_candle_opens(write: Any) -> None:
    late = [(m + 3, *rest) for m, *rest in SIX]
    clock = VirtualClock(2 * MINUTE)
    data = {"BTC/USD": write(SIX, "btc.csv"), "ETH/USD": write(late, "eth.csv")}
    market = ReplayMarket(ReplaySettings(data=data, time_unit="ms"), clock)
    assert set(asyncio.run(market.tickers(["BTC/USD", "ETH/USD", "XRP/USD"]))) == {"BTC/USD"}
    with pytest.raises(DataUnavailable) as error:
        asyncio.run(market.tickers(["ETH/USD"]))
    assert str(error.value) == (
        "the replay has no price of ETH/USD at 1970-01-01 00:02:00 UTC: it has files for BTC/USD, ETH/USD"
    )
    assert (market.start, market.end) == (0, 9 * MINUTE)


def test_an_unknown_symbol_is_unavailable_and_says_what_there_is(write: Any) -> None:
    market, _ = market_of(write(SIX))
    with pytest.raises(DataUnavailable, match=r"^the replay has no file for ETH/USD; it has: BTC/USD$"):
        market.opening("ETH/USD", 0)
    assert asyncio.run(market.rules(["ETH/USD"])) == {}


def test_candles_are_closed_ones_only(write: Any) -> None:
    market, clock = market_of(write(SIX))
    with pytest.raises(DataUnavailable, match="no 1m candle of BTC/USD is closed yet"):
        candles(market, "1m")
    clock.advance_to(3 * MINUTE - 1)
    assert candles(market, "1m") == [(0, 10, 12, 9, 11, 1.5), (MINUTE, 11, 11.5, 10.5, 11.25, 1.5)]
    assert candles(market, "1m", 1) == [(MINUTE, 11, 11.5, 10.5, 11.25, 1.5)]


def test_longer_candles_are_made_of_complete_sets_on_multiples_since_the_epoch(write: Any) -> None:
    market, clock = market_of(write(SIX[1:]))
    clock.advance_to(6 * MINUTE - 1)
    assert candles(market, "2m") == [(2 * MINUTE, 11.25, 13, 8, 8.5, 3.0)]
    clock.advance_to(6 * MINUTE)
    assert candles(market, "2m") == [(2 * MINUTE, 11.25, 13, 8, 8.5, 3.0), (4 * MINUTE, 8.5, 10, 8, 9.5, 3.0)]


def test_a_longer_candle_that_lacks_one_of_its_set_is_left_out(write: Any) -> None:
    market, clock = market_of(write([*SIX[:3], *SIX[4:]]))
    clock.advance_to(6 * MINUTE)
    assert [row[0] for row in candles(market, "2m")] == [0, 4 * MINUTE]


@pytest.mark.parametrize("timeframe", ["30s", "90s", "bad"])
def test_a_timeframe_that_the_file_does_not_add_up_to_is_unavailable(write: Any, timeframe: str) -> None:
    market, _ = market_of(write(SIX), now=HOUR)
    with pytest.raises(DataUnavailable, match=r"60 s long|not a valid timeframe"):
        candles(market, timeframe)


def test_candles_cannot_be_changed_by_who_reads_them(write: Any) -> None:
    market, _ = market_of(write(SIX), now=HOUR)
    for timeframe in ("1m", "2m"):
        found = asyncio.run(market.candles("BTC/USD", timeframe, 3))
        with pytest.raises(ValueError, match="read-only"):
            found.close[0] = 0


def test_an_opening_is_that_of_the_first_candle_at_or_after_a_time(write: Any) -> None:
    market, _ = market_of(write([*SIX[:3], *SIX[4:]]))
    assert [market.opening("BTC/USD", t) for t in (-5, 0, 1, 2 * MINUTE + 1, 5 * MINUTE, 5 * MINUTE + 1)] == [
        (0, D(10)),
        (0, D(10)),
        (MINUTE, D(11)),
        (4 * MINUTE, D("8.5")),
        (5 * MINUTE, D(9)),
        None,
    ]


def test_trading_at_a_price_is_not_trading_through_it(write: Any) -> None:
    market, _ = market_of(write(SIX))
    assert market.traded_through("BTC/USD", "buy", D("9"), 0) == 4 * MINUTE
    assert market.traded_through("BTC/USD", "buy", D("9.0000000000000000001"), 0) == MINUTE
    assert market.traded_through("BTC/USD", "buy", D("8"), 0) is None
    assert market.traded_through("BTC/USD", "sell", D("12"), 0) == 3 * MINUTE
    assert market.traded_through("BTC/USD", "sell", D("11.9999999999999999999"), 0) == MINUTE
    assert market.traded_through("BTC/USD", "sell", D("12"), 2 * MINUTE + 1) is None


def test_a_level_is_reached_by_a_close_at_it_after_the_given_time(write: Any) -> None:
    market, _ = market_of(write(SIX))
    reached = [
        market.reached("BTC/USD", since=since, above=D(above) if above else None, below=D(below) if below else None)
        for since, above, below in [
            (0, "12", None),
            (0, "12.0000000000000000001", None),
            (0, None, "8.5"),
            (4 * MINUTE - 1, None, "9"),
            (4 * MINUTE, None, "9"),
            (0, "12", "11"),
            (0, None, None),
        ]
    ]
    assert reached == [3 * MINUTE, None, 4 * MINUTE, 4 * MINUTE, 5 * MINUTE, MINUTE, None]


def test_missing_candles_are_counted_with_the_first(write: Any) -> None:
    market, _ = market_of(write([SIX[0], SIX[1], SIX[4], (7, "9", "9", "9", "9")]))
    assert market.gaps("BTC/USD") == (4, 2 * MINUTE)
    assert market_of(write(SIX))[0].gaps("BTC/USD") == (0, None)


def test_start_and_end_choose_whole_candles(write: Any) -> None:
    plus_two = timezone(timedelta(hours=2))
    start = datetime(1970, 1, 1, 2, 0, 30, tzinfo=plus_two)
    market, _ = market_of(write(SIX), start=start, end=datetime(1970, 1, 1, 0, 3, 59, tzinfo=UTC))
    assert (market.start, market.end, market.count("BTC/USD")) == (MINUTE, 3 * MINUTE, 2)
    times, closes = market.closes("BTC/USD")
    assert (times.tolist(), closes) == ([2 * MINUTE, 3 * MINUTE], [D("11.25"), D("12")])


@pytest.mark.parametrize(
    "wrong",
    [
        {"data": {}},
        {"data": {"BTCUSD": "x.csv"}},
        {"gaps": "ignore"},
        {"start": datetime(2022, 1, 1)},  # noqa: DTZ001 - a naive time is what is refused
        {"start": datetime(2022, 1, 2, tzinfo=UTC), "end": datetime(2022, 1, 1, tzinfo=UTC)},
        {"price_step": 0},
        {"taker_fee": "NaN"},
        {"colour": "red"},
    ],
)
def test_settings_that_make_no_sense_are_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValidationError) as refused:
        ReplaySettings(**{"data": {"BTC/USD": "x.csv"}, **wrong})
    # Of two that contradict each other, neither is the one that is wrong.
    places = {error["loc"][0] if error["loc"] else error["msg"] for error in refused.value.errors()}
    assert places == (set(wrong) if len(wrong) == 1 else {"Value error, start must be before end"})


def test_rules_have_a_cent_or_the_step_of_the_prices_and_what_the_settings_say(write: Any) -> None:
    fine = [(0, "0.1", "0.1", "0.1", "0.1"), (1, "0.1", "0.1", "0.09946999000000001", "0.09946999000000001")]
    assert asyncio.run(market_of(write(SIX))[0].rules(["BTC/USD"]))["BTC/USD"] == MarketRules("BTC/USD", "BTC", "USD")
    assert asyncio.run(market_of(write(fine))[0].rules(["BTC/USD"]))["BTC/USD"].price_step == D("0.00000001")
    own: dict[str, Any] = {"price_step": "0.05", "amount_step": "0.1", "min_amount": "0.2", "min_notional": "5"}
    own |= {"taker_fee": "0.02", "maker_fee": "0.01", "fee_in": "quote"}
    assert asyncio.run(market_of(write(SIX), **own)[0].rules(["BTC/USD"]))["BTC/USD"] == MarketRules(
        "BTC/USD",
        "BTC",
        "USD",
        price_step=D("0.05"),
        amount_step=D("0.1"),
        min_amount=D("0.2"),
        min_notional=D("5"),
        taker_fee=D("0.02"),
        maker_fee=D("0.01"),
        fee_in="quote",
    )


# Real candles, against loops that share nothing with the plugin ----------------------------------------------------


@pytest.fixture(scope="module")
def rows(real_candles: Path) -> list[dict[str, str]]:
    with gzip.open(real_candles / "ETH-BTC-5m-2018-01.csv.gz", "rt") as lines:
        return list(csv.DictReader(lines))


@pytest.fixture(scope="module")
def eth(real_candles: Path) -> ReplayMarket:
    data = {"ETH/BTC": real_candles / "ETH-BTC-5m-2018-01.csv.gz"}
    return ReplayMarket(ReplaySettings(data=data), VirtualClock(2_000_000_000_000))


FIVE = 5 * MINUTE


def test_a_month_of_minutes_loads_in_well_under_a_second(real_candles: Path) -> None:
    path = real_candles / "BTC-USD-1m-2022-01.csv.gz"
    began = time.process_time()
    market, _ = market_of(path)
    assert time.process_time() - began < 1.0
    assert (market.count("BTC/USD"), market.gaps("BTC/USD")) == (45_031, (0, None))
    assert (market.start, market.end) == (1_640_991_660_000, 1_643_693_520_000)


@pytest.mark.parametrize("side", ["buy", "sell"])
@pytest.mark.parametrize("offset", [0, 1, 1_000, 5_700])
def test_trading_through_agrees_with_a_loop_over_the_real_candles(
    eth: ReplayMarket, rows: list[dict[str, str]], side: str, offset: int
) -> None:
    since = int(rows[offset]["timestamp"])
    prices = {D(row["low" if side == "buy" else "high"]) for row in rows[::97]} | {D("0.08"), D("0.2")}
    for price in sorted(prices):
        expected = None
        for row in rows[offset:]:
            if D(row["low"]) < price if side == "buy" else D(row["high"]) > price:
                expected = int(row["timestamp"]) + FIVE
                break
        assert eth.traded_through("ETH/BTC", side, price, since) == expected  # type: ignore[arg-type]


def test_reaching_a_level_agrees_with_a_loop_over_the_real_candles(
    eth: ReplayMarket, rows: list[dict[str, str]]
) -> None:
    for offset in range(0, len(rows), 577):
        since = int(rows[offset]["timestamp"]) + FIVE
        above, below = D(rows[offset]["close"]) * D("1.02"), D(rows[(offset * 7) % len(rows)]["close"])
        expected = None
        for row in rows:
            closing = int(row["timestamp"]) + FIVE
            if closing > since and (D(row["close"]) >= above or D(row["close"]) <= below):
                expected = closing
                break
        assert eth.reached("ETH/BTC", since=since, above=above, below=below) == expected


def test_resampled_candles_agree_with_a_loop_over_the_real_candles(
    eth: ReplayMarket, rows: list[dict[str, str]]
) -> None:
    sets: dict[int, list[dict[str, str]]] = {}
    for row in rows:
        sets.setdefault(int(row["timestamp"]) // (4 * HOUR) * 4 * HOUR, []).append(row)
    whole = {start: made for start, made in sets.items() if len(made) == 48}
    found: Candles = asyncio.run(eth.candles("ETH/BTC", "4h", 10_000))
    assert found.time.tolist() == list(whole)
    assert found.open.tolist() == [float(made[0]["open"]) for made in whole.values()]
    assert found.high.tolist() == [max(float(row["high"]) for row in made) for made in whole.values()]
    assert found.low.tolist() == [min(float(row["low"]) for row in made) for made in whole.values()]
    assert found.close.tolist() == [float(made[-1]["close"]) for made in whole.values()]
    volumes = [sum(float(row["volume"]) for row in made) for made in whole.values()]
    np.testing.assert_allclose(found.volume, volumes, rtol=1e-12)
