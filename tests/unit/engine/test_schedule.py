"""When an automation runs next."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from octobot_node import Daily, Wake
from octobot_node.engine.evaluating.schedule import (
    Plan,
    dump_wake,
    levels_of,
    load_wake,
    next_run,
    plan_of,
    runs_between,
)
from octobot_node.market import from_ms, to_ms

PARIS, LORD_HOWE = "Europe/Paris", "Australia/Lord_Howe"


def ms(text: str) -> int:
    return to_ms(datetime.fromisoformat(text))


def following(wake: Wake, after: str, count: int = 3, tz: str = "UTC") -> list[str]:
    """Return the next planned times as local wall-clock text with their offset."""
    plan, moment, found = plan_of(wake, "someone"), ms(after), []
    for _ in range(count):
        following = next_run(plan, moment)
        assert following is not None
        moment = following
        found.append(from_ms(moment).astimezone(ZoneInfo(tz)).isoformat())
    return found


def test_every_aligned_runs_on_multiples_since_1970() -> None:
    wake = Wake(every=timedelta(hours=6), align=True)
    assert following(wake, "2026-01-01T01:00:00+00:00") == [
        "2026-01-01T06:00:00+00:00",
        "2026-01-01T12:00:00+00:00",
        "2026-01-01T18:00:00+00:00",
    ]


def test_a_planned_time_itself_is_not_the_next() -> None:
    wake = Wake(every=timedelta(hours=6), align=True)
    assert following(wake, "2026-01-01T06:00:00+00:00", 1) == ["2026-01-01T12:00:00+00:00"]


def test_every_anchored_runs_on_multiples_since_the_anchor() -> None:
    wake = Wake(every=timedelta(days=7), anchor=datetime(2026, 1, 7, 9, 30, tzinfo=UTC))
    assert following(wake, "2026-01-01T00:00:00+00:00", 2) == [
        "2026-01-07T09:30:00+00:00",
        "2026-01-14T09:30:00+00:00",
    ]


def test_every_spread_puts_each_automation_at_its_own_place_and_keeps_it_there() -> None:
    hour = timedelta(hours=1)
    offsets = {plan_of(Wake(every=hour), f"automation {n}").offset for n in range(200)}  # type: ignore[union-attr]
    assert len(offsets) > 190
    assert max(offsets) - min(offsets) > 3_000_000
    assert plan_of(Wake(every=hour), "a") == plan_of(Wake(every=hour), "a")
    first, second = following(Wake(every=hour), "2026-01-01T00:00:00+00:00", 2)
    assert datetime.fromisoformat(second) - datetime.fromisoformat(first) == hour


def test_daily_keeps_its_wall_clock_time_through_the_year() -> None:
    wake = Wake(daily=Daily("09:00", PARIS))
    assert following(wake, "2026-03-28T00:00:00+00:00", tz=PARIS) == [
        "2026-03-28T09:00:00+01:00",
        "2026-03-29T09:00:00+02:00",
        "2026-03-30T09:00:00+02:00",
    ]


def test_a_time_that_daylight_saving_skips_runs_at_the_first_instant_after_the_gap() -> None:
    wake = Wake(daily=Daily("02:30", PARIS))
    assert following(wake, "2026-03-28T00:00:00+00:00", tz=PARIS) == [
        "2026-03-28T02:30:00+01:00",
        "2026-03-29T03:00:00+02:00",
        "2026-03-30T02:30:00+02:00",
    ]


def test_a_time_that_daylight_saving_repeats_runs_once_at_its_first_instant() -> None:
    wake = Wake(daily=Daily("02:30", PARIS))
    assert following(wake, "2026-10-24T12:00:00+00:00", 2, tz=PARIS) == [
        "2026-10-25T02:30:00+02:00",
        "2026-10-26T02:30:00+01:00",
    ]


def test_a_daylight_saving_of_half_an_hour_is_half_an_hour() -> None:
    skipped = Wake(daily=Daily("02:15", LORD_HOWE))
    assert following(skipped, "2026-10-03T00:00:00+10:30", tz=LORD_HOWE) == [
        "2026-10-03T02:15:00+10:30",
        "2026-10-04T02:30:00+11:00",
        "2026-10-05T02:15:00+11:00",
    ]
    repeated = Wake(daily=Daily("01:45", LORD_HOWE))
    assert following(repeated, "2026-04-04T12:00:00+11:00", 2, tz=LORD_HOWE) == [
        "2026-04-05T01:45:00+11:00",
        "2026-04-06T01:45:00+10:30",
    ]


def test_cron_is_read_on_the_clock_of_its_zone() -> None:
    wake = Wake(cron="30 9 * * 1", tz=PARIS)
    assert following(wake, "2026-03-20T00:00:00+00:00", tz=PARIS) == [
        "2026-03-23T09:30:00+01:00",
        "2026-03-30T09:30:00+02:00",
        "2026-04-06T09:30:00+02:00",
    ]


def test_cron_runs_once_for_all_that_daylight_saving_skips() -> None:
    wake = Wake(cron="*/30 * * * *", tz=PARIS)
    assert following(wake, "2026-03-29T01:00:00+01:00", tz=PARIS) == [
        "2026-03-29T01:30:00+01:00",
        "2026-03-29T03:00:00+02:00",
        "2026-03-29T03:30:00+02:00",
    ]


def test_at_in_the_past_is_the_very_next_instant() -> None:
    wake = Wake(at=datetime(2020, 1, 1, tzinfo=UTC))
    assert following(wake, "2026-01-01T00:00:00+00:00", 1) == ["2026-01-01T00:00:00.001000+00:00"]


def test_of_several_the_first_to_come_wakes() -> None:
    wake = Wake(every=timedelta(days=1), align=True, daily=Daily("09:00"), at=datetime(2026, 1, 1, 3, tzinfo=UTC))
    assert following(wake, "2026-01-01T00:00:00+00:00", 1) == ["2026-01-01T03:00:00+00:00"]
    later = Wake(every=timedelta(days=1), align=True, daily=Daily("09:00"))
    assert following(later, "2026-01-01T00:00:00+00:00", 2) == [
        "2026-01-01T09:00:00+00:00",
        "2026-01-02T00:00:00+00:00",
    ]


@pytest.mark.parametrize("wake", [None, Wake(), Wake(above={"BTC/USDT": Decimal(1)})])
def test_without_a_time_nothing_is_planned(wake: Wake | None) -> None:
    plan = plan_of(wake, "a")
    assert (plan, next_run(plan, 0), runs_between(plan, 0, 10**12)) == (None, None, 0)


@pytest.mark.parametrize(
    ("wake", "error"),
    [
        (Wake(every=timedelta(milliseconds=999)), "the shortest interval is one second"),
        (Wake(every=timedelta(0)), "the shortest interval is one second"),
        (Wake(every=timedelta(seconds=-5)), "the shortest interval is one second"),
        (Wake(at=datetime(2026, 1, 1)), "has no time zone"),  # noqa: DTZ001
        (Wake(every=timedelta(hours=1), anchor=datetime(2026, 1, 1)), "has no time zone"),  # noqa: DTZ001
        (Wake(daily=Daily("9 o'clock")), "is not a valid time of day: write HH:MM"),
        (Wake(daily=Daily("24:00")), "is not a valid time of day"),
        (Wake(daily=Daily("09:00", "Europe/Atlantis")), "is not a valid IANA time zone"),
        (Wake(cron="* * * *"), "is not a valid cron line: write five fields"),
        (Wake(cron=""), "is not a valid cron line"),
        (Wake(cron="61 * * * *"), "is not a valid cron line"),
        (Wake(cron="0 9 * * *", tz="nowhere"), "is not a valid IANA time zone"),
    ],
)
def test_a_wake_that_cannot_be_is_refused_with_its_cure(wake: Wake, error: str) -> None:
    with pytest.raises(ValueError, match=error):
        plan_of(wake, "a")


@pytest.mark.parametrize("price", [1.5, Decimal("NaN"), Decimal("Infinity"), "1"])
def test_a_level_that_is_no_price_is_refused(price: Any) -> None:
    with pytest.raises(ValueError, match="the level of BTC/USDT must be a finite Decimal"):
        levels_of(Wake(above={"BTC/USDT": price}))


def test_levels_are_exact_text() -> None:
    wake = Wake(above={"BTC/USDT": Decimal("1E+2")}, below={"BTC/USDT": Decimal("0.10")})
    assert levels_of(wake) == {"above": {"BTC/USDT": "100"}, "below": {"BTC/USDT": "0.10"}}


def is_seldom(plan: Plan) -> bool:
    return (plan.every or 0) > 600_000 or not (plan.daily or plan.cron)


plans = st.one_of(
    st.builds(
        Plan,
        every=st.integers(1_000, 90_000_000),
        offset=st.integers(0, 90_000_000),
        daily=st.one_of(st.none(), st.sampled_from(["00:00", "02:15", "02:30", "23:59"])),
        cron=st.one_of(st.none(), st.just("7 */5 * * *")),
        tz=st.sampled_from(["UTC", PARIS, LORD_HOWE]),
    ).filter(is_seldom),
    st.builds(
        Plan,
        daily=st.sampled_from(["00:00", "02:15", "02:30", "23:59"]),
        cron=st.one_of(st.none(), st.just("7 */5 * * *")),
        tz=st.sampled_from(["UTC", PARIS, LORD_HOWE]),
    ),
)
#: Around both changes of Paris and of Lord Howe in 2026.
moments = st.sampled_from(
    [ms("2026-03-28T22:10:00+00:00"), ms("2026-10-03T12:00:00+00:00"), ms("2026-10-24T23:00:00+00:00")]
)


@settings(max_examples=150, deadline=None)
@given(plan=plans, start=moments, shift=st.integers(0, 90_000_000), length=st.integers(0, 200_000_000))
def test_the_runs_between_two_times_are_as_many_as_there_are(plan: Plan, start: int, shift: int, length: int) -> None:
    after, until = start + shift, start + shift + length
    if plan.every is not None and length // plan.every > 2_000:
        until = after + plan.every * 2_000
    count, moment = 0, next_run(plan, after)
    while moment is not None and moment <= until:
        count, previous, moment = count + 1, moment, next_run(plan, moment)
        assert moment is not None
        assert moment > previous
    assert runs_between(plan, after, until) == count


@given(plan=plans)
def test_a_plan_comes_back_from_the_store_as_it_was(plan: Plan) -> None:
    assert load_wake(dump_wake(plan)) == plan
    assert load_wake(dump_wake(None)) is None
