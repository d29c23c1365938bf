"""What a course of equity amounts to: each figure by its formula, and None with a reason where few points mislead."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from random import Random
from typing import Any

import pytest

from octobot_node.market import to_ms
from octobot_node.reports.performance import Course, Drawdown, Figure, Performance, Point, performance

D = Decimal
START = datetime(2025, 1, 1, tzinfo=UTC)


def course(equity: Sequence[str | int], *, every: timedelta = timedelta(days=1), **changes: Any) -> Course:
    """Return a course that starts with the first and has the others after each step."""
    first, *others = map(D, equity)
    points = [Point(to_ms(START + every * number), worth) for number, worth in enumerate(others, 1)]
    return Course("USD", to_ms(changes.pop("start", START)), first, points, **changes)


def walk(days: int, seed: int = 7) -> list[str]:
    """Return the equity of so many days: it goes up and down, exactly."""
    dice, worth = Random(seed), D(10_000)
    found = [worth]
    for _ in range(days):
        worth = (worth * (1 + D(dice.randint(-300, 320)) / 10_000)).quantize(D("0.01"))
        found.append(worth)
    return [str(each) for each in found]


def test_the_return_is_the_gain_by_what_it_began_with() -> None:
    found = performance(course(["1000", "1100", "1050"]))
    assert (found.gain, found.final_equity, found.total_return.value) == (D(50), D(1050), D("0.05"))
    assert (found.start, found.end) == (START, START + timedelta(days=2))


def test_a_year_that_doubles_has_grown_by_a_hundred_percent() -> None:
    found = performance(course(["100", *["150"] * 364, "200"]))
    assert found.cagr == Figure(value=D(1))


def test_half_a_year_that_doubles_would_have_quadrupled_in_a_year() -> None:
    # 182.5 days.
    found = performance(course(["100", "100", "200"], every=timedelta(days=91, hours=6)))
    assert found.cagr == Figure(value=D(3))


def test_drawdown_is_from_a_peak_to_the_lowest_and_lasts_until_the_peak_is_reached_again() -> None:
    found = performance(course(["100", "120", "90", "110", "120", "119"]))
    assert found.max_drawdown == Drawdown(
        ratio=D("0.25"),
        peak_at=START + timedelta(days=1),
        lowest_at=START + timedelta(days=2),
        recovered_at=START + timedelta(days=4),
        seconds=3 * 86_400,
    )


def test_drawdown_that_is_not_recovered_lasts_to_the_end() -> None:
    found = performance(course(["100", "50", "60"])).max_drawdown
    assert found is not None
    assert (found.ratio, found.peak_at, found.recovered_at, found.seconds) == (D("0.5"), START, None, 2 * 86_400)


def test_what_only_rises_has_no_drawdown() -> None:
    assert performance(course(["100", "100", "101"])).max_drawdown is None


def test_calmar_is_growth_by_the_largest_drawdown() -> None:
    found = performance(course(["100", "50", *["150"] * 363, "200"]))
    assert (found.cagr.value, found.calmar.value) == (D(1), D(2))


def test_trades_are_won_by_what_they_realised() -> None:
    trades = list(map(D, ["10", "-5", "0", "20", "-5", "10", "10", "-10", "5", "5"]))
    found = performance(course(["100", "140"], trades=trades))
    assert (found.trades, found.win_rate.value, found.expectancy.value) == (10, D("0.6"), D(4))
    assert found.profit_factor.value == D(3)


def test_exposure_is_the_part_of_the_closes_at_which_something_was_held() -> None:
    points = [Point(to_ms(START + timedelta(minutes=number)), D(100), held=number > 3) for number in range(1, 5)]
    assert performance(Course("USD", to_ms(START), D(100), points)).exposure.value == D("0.25")


def test_months_are_told_one_by_one_and_whether_they_are_whole() -> None:
    # From 16 January to 1 March.
    begin = datetime(2025, 1, 16, tzinfo=UTC)
    worth = {datetime(2025, 2, 1, tzinfo=UTC): 110, datetime(2025, 3, 1, tzinfo=UTC): 99}
    points = [Point(to_ms(at), D(equity)) for at, equity in worth.items()]
    found = performance(Course("USD", to_ms(begin), D(100), points)).months
    assert [(each.month, each.value, each.whole) for each in found] == [
        ("2025-01", D("0.1"), False),
        ("2025-02", D("-0.1"), True),
    ]


def test_returns_are_from_midnight_to_midnight() -> None:
    """A start in the afternoon, and an end in the morning, are no days."""
    at = [START + timedelta(hours=15), *(START + timedelta(days=day) for day in range(1, 33)), START + timedelta(32.4)]
    points = [Point(to_ms(moment), D(100 + number)) for number, moment in enumerate(at)]
    found = performance(Course("USD", to_ms(START + timedelta(hours=14)), D(90), points))
    assert found.days == 31


def test_a_figure_that_few_points_would_make_misleading_is_none_and_says_why() -> None:
    found = performance(course(walk(29), trades=[D(1)] * 9))
    reasons = {name: getattr(found, name).reason for name in MEASURED if getattr(found, name).value is None}
    risk = "it has 29 whole days, and risk is told from 30 on"
    growth = "it is of 29 days, and a year's growth is told from 90 days on"
    trades = "9 trades closed, and this is told from 10 trades on"
    assert reasons == {
        **dict.fromkeys(("volatility", "sharpe", "sortino"), risk),
        **dict.fromkeys(("cagr", "calmar"), growth),
        **dict.fromkeys(("win_rate", "profit_factor", "expectancy"), trades),
    }


MEASURED = [name for name, field in Performance.model_fields.items() if field.annotation is Figure]


@pytest.mark.parametrize(
    ("given", "figure", "reason"),
    [
        (lambda: course(["0", "5"]), "total_return", "it began with nothing"),
        (lambda: course(["100"]), "total_return", "there is no candle in it"),
        (lambda: course(["100"]), "exposure", "there is no candle in it"),
        (lambda: course(["100", *["100"] * 40]), "sharpe", "every day brought the same"),
        (lambda: course([str(100 + day * day) for day in range(40)]), "sortino", "no day lost anything"),
        (lambda: course([str(100 + day) for day in range(99)]), "calmar", "it never fell below a peak"),
        (lambda: course(["100", *["50"] * 98, "0"]), "cagr", "nothing was left at the end"),
        (lambda: course(["100", "1"]), "win_rate", "nothing was closed, and this is told from 10 trades on"),
        (lambda: course(["100", "1"], trades=[D(1)] * 10), "profit_factor", "no trade lost anything"),
        (
            lambda: course(["100", "0", *["1"] * 40]),
            "sharpe",
            "there was a day at whose end, or before whose begin, there was nothing",
        ),
    ],
)
def test_where_a_formula_has_no_answer_the_reason_is_told(
    given: Callable[[], Course], figure: str, reason: str
) -> None:
    assert getattr(performance(given()), figure) == Figure(value=None, reason=reason)


def test_every_figure_of_any_course_is_a_number_or_has_a_reason() -> None:
    for seed in range(40):
        dice = Random(seed)
        equity = [str(dice.choice([0, 0, 100, 1, 10**18, D("1e-9")])) for _ in range(dice.randint(1, 120))]
        found = performance(course(equity, trades=[D(dice.randint(-2, 2)) for _ in range(dice.randint(0, 20))]))
        for name in MEASURED:
            figure = getattr(found, name)
            assert (figure.value is None) == bool(figure.reason), (seed, name)
            assert figure.value is None or figure.value.is_finite(), (seed, name)


def test_in_json_amounts_are_strings_of_plain_digits() -> None:
    found = json.loads(performance(course(["1000", "1000.5"])).model_dump_json())
    assert (found["gain"], found["total_return"]["value"]) == ("0.5", "0.0005")
