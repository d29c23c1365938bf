"""Sharpe, Sortino, volatility and the largest drawdown are those of jquantstats, of the same daily returns."""

from __future__ import annotations

from datetime import date, timedelta
from itertools import pairwise
from typing import TYPE_CHECKING

import pytest

from octobot_node.reports.performance import Performance, performance
from tests.unit.test_performance import course, walk

if TYPE_CHECKING:
    import jquantstats


@pytest.fixture(scope="module", params=[7, 8, 9])
def both(request: pytest.FixtureRequest) -> tuple[Performance, jquantstats.Data]:
    # Each worker collects this file, and one runs it: with scipy and polars they take half a second of CPU.
    import jquantstats
    import polars

    equity = walk(400, seed=request.param)
    returns = [float(after) / float(before) - 1 for before, after in pairwise(equity)]
    days = [date(2025, 1, 1) + timedelta(days=number) for number in range(1, len(equity))]
    frame = polars.DataFrame({"Date": days, "ours": returns})
    return performance(course(equity)), jquantstats.Data.from_returns(frame, date_col="Date")


@pytest.mark.parametrize("name", ["sharpe", "sortino", "volatility"])
def test_a_ratio_is_the_library_s(both: tuple[Performance, jquantstats.Data], name: str) -> None:
    ours, theirs = both
    expected = getattr(theirs.stats, name)(periods=365)["ours"]
    assert float(getattr(ours, name).value) == pytest.approx(expected, rel=1e-9)


def test_the_largest_drawdown_is_the_library_s(both: tuple[Performance, jquantstats.Data]) -> None:
    ours, theirs = both
    assert ours.max_drawdown is not None
    assert float(ours.max_drawdown.ratio) == pytest.approx(abs(theirs.stats.max_drawdown()["ours"]), rel=1e-9)
