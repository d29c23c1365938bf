"""How often automations have a market asked: what they share is counted once."""

from __future__ import annotations

from typing import Any

import pytest

from octobot_node.engine.deciding.request_load import MarketLoad, Rhythm, market_load, ticks_a_minute
from octobot_node.engine.evaluating.schedule import Plan

NOW = 1_767_225_600_000
BTC, ETH = frozenset({"BTC/USDT"}), frozenset({"ETH/USDT"})
EVERY_MINUTE = Plan(every=60_000)


def load(*rhythms: Rhythm) -> MarketLoad:
    return market_load(rhythms, NOW, slot_ms=200, levels_ms=1_000)


def fetches(found: MarketLoad) -> float:
    return sum(rate for rate, _ in found.tickers)


@pytest.mark.parametrize(
    ("plan", "rate"),
    [
        (None, 0),
        (Plan(at=NOW), 0),
        (EVERY_MINUTE, 1),
        (Plan(every=1_000), 60),
        (Plan(daily="09:00"), 1 / 1_440),
        (Plan(cron="*/5 * * * *"), 1 / 5),
        (Plan(every=3_600_000, daily="09:00"), 25 / 1_440),
    ],
)
def test_a_plan_says_how_often_it_comes_in_a_minute(plan: Plan | None, rate: float) -> None:
    assert ticks_a_minute(plan, NOW) == pytest.approx(rate, rel=0.05)


def test_all_who_are_due_at_the_same_moment_share_one_fetch() -> None:
    one = load(Rhythm(EVERY_MINUTE, BTC))
    many = load(*[Rhythm(EVERY_MINUTE, frozenset({f"C{number % 50}/USDT"})) for number in range(1_000)])
    assert (one.tickers, fetches(many), many.tickers[0][1]) == (((pytest.approx(1.0), 1),), pytest.approx(1.0), 50)


def test_every_five_minutes_is_within_every_minute_if_it_is_the_same_moment() -> None:
    minute, five = Rhythm(EVERY_MINUTE, BTC), Rhythm(Plan(every=300_000), ETH)
    # Four times alone, once with the other: what is seldom asked for is not counted at each.
    assert sorted(load(minute, five).tickers) == [
        (pytest.approx(0.2, rel=0.01), 2),
        (pytest.approx(0.8, rel=0.01), 1),
    ]
    assert fetches(load(minute, five, Rhythm(Plan(every=600_000), ETH))) == pytest.approx(1.0, rel=0.01)
    apart = Rhythm(Plan(every=300_000, offset=30_000), ETH)
    assert fetches(load(minute, apart)) == pytest.approx(1.2, rel=0.01)


def test_however_many_are_spread_over_the_minute_no_more_is_asked_than_there_are_moments() -> None:
    spread = [Rhythm(Plan(every=60_000, offset=number), BTC) for number in range(0, 60_000, 6)]
    assert fetches(load(*spread)) == pytest.approx(300, rel=0.001)
    assert fetches(load(*spread, Rhythm(Plan(every=1_000), BTC))) == pytest.approx(300, rel=0.001)


def test_prices_that_wake_somebody_are_watched_together_once_a_second() -> None:
    levels: Any = [Rhythm(None, BTC, levels=frozenset({f"C{number}/USDT"})) for number in range(30)]
    assert load(*levels).tickers == ((pytest.approx(60), 30),)
    assert load(Rhythm(None, BTC)) == MarketLoad()


def test_a_series_of_candles_is_fetched_once_for_each_candle_and_only_where_somebody_is_evaluated() -> None:
    hourly = frozenset({("BTC/USDT", "1h")})
    many = [Rhythm(EVERY_MINUTE, BTC, hourly)] * 500
    assert load(*many).candles == pytest.approx(1 / 60)
    minutes = frozenset({("BTC/USDT", "1m"), ("ETH/USDT", "1m")})
    assert load(*many, Rhythm(Plan(every=600_000), BTC, minutes)).candles == pytest.approx(1 / 60 + 2 / 10)
