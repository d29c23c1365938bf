"""What is planned anew after the clock was set."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest

from octobot_node import Daily, Wake
from octobot_node.engine.clock_watch import planned_anew
from octobot_node.engine.evaluating.schedule import dump_wake, plan_of

#: 2026-01-01T00:00:00Z.
NOW = 1_767_225_600_000
SECOND, MINUTE, HOUR, DAY = 1_000, 60_000, 3_600_000, 86_400_000
EVERY_MINUTE = Wake(every=timedelta(minutes=1), align=True)
AT_TEN = Wake(daily=Daily("10:00"))


def at(moment: int) -> Wake:
    return Wake(at=datetime.fromtimestamp(moment / 1000, UTC))


def anew(
    wake: Wake | None,
    next_run: int | None,
    *,
    ticked: int | None = NOW - MINUTE,
    due: int | None = None,
    failed: int = 0,
) -> tuple[Any, Any, Any] | None:
    """Return (next run, due, ticked) as they are written, or None where they stay."""
    row: Any = SimpleNamespace(
        automation_id="a",
        ticked_at=ticked,
        next_run_at=next_run,
        due_at=next_run if due is None else due,
        failures=failed,
        wake=dump_wake(plan_of(wake, "a")),
    )
    change = planned_anew(row, NOW)
    if change is None:
        return None
    assert (change["was_planned"], change["was_ticked"]) == (next_run, ticked)
    return change["next_run_at"], change["due_at"], change["ticked_at"]


def test_what_is_planned_within_its_own_interval_stays() -> None:
    assert anew(EVERY_MINUTE, NOW + MINUTE) is None
    assert anew(AT_TEN, NOW + 10 * HOUR) is None
    assert anew(None, None) is None
    assert anew(None, NOW + 5 * SECOND) is None


def test_what_lies_further_ahead_than_its_interval_gets_its_next_time() -> None:
    assert anew(EVERY_MINUTE, NOW + HOUR) == (NOW + MINUTE, NOW + MINUTE, NOW - MINUTE)
    assert anew(AT_TEN, NOW + 34 * HOUR) == (NOW + 10 * HOUR, NOW + 10 * HOUR, NOW - MINUTE)


def test_what_was_woken_for_a_time_to_come_runs_now() -> None:
    assert anew(None, NOW + HOUR) == (NOW, None, NOW - MINUTE)


@pytest.mark.parametrize("wait", [2 * SECOND, 5 * MINUTE])
def test_a_failed_tick_s_pause_is_let_be_as_long_as_it_may_last(wait: int) -> None:
    assert anew(EVERY_MINUTE, NOW + wait, failed=3) is None
    assert anew(EVERY_MINUTE, NOW + wait + HOUR, failed=3) == (NOW + MINUTE, NOW + MINUTE, NOW - MINUTE)


def test_a_moment_that_was_chosen_in_this_time_stays_however_far_it_is() -> None:
    assert anew(at(NOW + 300 * DAY), NOW + 300 * DAY) is None


def test_a_moment_that_was_chosen_at_a_time_to_come_is_decided_anew() -> None:
    assert anew(at(NOW + 6 * HOUR), NOW + 6 * HOUR, ticked=NOW + 5 * HOUR) == (NOW, None, NOW)


def test_a_tick_at_a_time_to_come_was_now() -> None:
    assert anew(EVERY_MINUTE, NOW + MINUTE, ticked=NOW + HOUR) == (NOW + MINUTE, NOW + MINUTE, NOW)
    assert anew(None, None, ticked=NOW + HOUR) == (None, None, NOW)
