"""The clock is set while automations run: it is said, and nothing is silent for as long as it was set by."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from structlog.testing import capture_logs

from octobot_node import Decision, Tick, Wake
from octobot_node.engine.clock_watch import ClockWatch
from octobot_node.store import tables
from tests.support.bench import START, Bench

SECOND, MINUTE, HOUR = 1_000, 60_000, 3_600_000
_WAKE = Wake(every=timedelta(minutes=1), align=True)


class Watched:
    """A bench with an automation that ticks every minute, one that waits for signals, and a watch on the clock."""

    def __init__(self, bench: Bench) -> None:
        self.bench = bench
        self.ticks: list[int] = []
        self.given: list[Any] = []
        self.minutely = bench.automation("minutely", self._tick)
        self.signals = bench.automation("signals", self._signal)
        bench.settle()
        self.watch = ClockWatch(bench.core)
        self.watch.look()
        bench.core.clock_set = self.watch.last_set

    def _tick(self, tick: Tick[Any, Any]) -> Decision:
        self.ticks.append(self.bench.clock.now())
        return Decision(wake=_WAKE)

    def _signal(self, tick: Tick[Any, Any]) -> Decision:
        self.given += [signal.payload for signal in tick.signals]
        return Decision()

    def pass_by(self, milliseconds: int) -> None:
        """Let time go on, second by second, with the engine and the watch at work."""
        for _ in range(milliseconds // SECOND):
            self.bench.advance(SECOND)
            self.watch.look()
            self.bench.tick()

    def put(self, payload: str) -> None:
        self.bench.commands.signal(self.signals, payload)
        self.bench.tick()


@pytest.fixture
def watched(bench: Bench) -> Watched:
    return Watched(bench)


def notices(bench: Bench) -> list[tuple[str, str]]:
    return [(row.level, row.message) for row in bench.rows(tables.notices, tables.notices.c.id)]


def events(bench: Bench) -> list[Any]:
    return [row for row in bench.rows(tables.events, tables.events.c.id) if row.kind == "clock.set"]


def test_set_back_by_an_hour_an_every_minute_automation_misses_nothing_and_it_is_said(watched: Watched) -> None:
    bench = watched.bench
    watched.pass_by(2 * MINUTE)
    before = len(watched.ticks)
    bench.clock.set_by(-HOUR)
    with capture_logs() as logs:
        watched.pass_by(2 * MINUTE)
    assert len(watched.ticks) == before + 2
    (said,) = [line for line in logs if line["event"] == "clock_was_set"]
    assert (said["log_level"], said["seconds"]) == ("error", -3_600.0)
    ((level, message),) = notices(bench)
    assert level == "error"
    assert message.startswith(
        "The clock was set back by 1 h, to 2025-12-31 23:02:01 UTC. What was planned further ahead"
    )
    assert "is planned anew: 1 automations. See that the clock is right" in message
    (event,) = events(bench)
    assert (event.owner, event.automation_id) == ("local", "")


def test_signals_need_no_clock(watched: Watched) -> None:
    watched.put("before")
    watched.bench.clock.set_by(-HOUR)
    # Before anybody noticed: the automation ticked an hour from now.
    watched.put("after")
    assert watched.given == ["before", "after"]
    watched.bench.advance(SECOND)
    watched.watch.look()
    watched.put("noticed")
    assert watched.given == ["before", "after", "noticed"]


def test_a_signal_that_was_put_just_before_is_not_kept_for_an_hour(watched: Watched) -> None:
    watched.bench.commands.signal(watched.signals, "in between")
    watched.bench.clock.set_by(-HOUR)
    watched.pass_by(2 * SECOND)
    assert watched.given == ["in between"]


def test_forward_by_five_hours_is_one_tick_and_back_again_leaves_nothing_five_hours_from_now(watched: Watched) -> None:
    watched.pass_by(MINUTE)
    before = len(watched.ticks)
    watched.bench.clock.set_by(5 * HOUR)
    watched.pass_by(12 * SECOND)
    assert len(watched.ticks) == before + 1
    watched.bench.clock.set_by(-5 * HOUR)
    watched.pass_by(2 * MINUTE)
    assert len(watched.ticks) == before + 3
    assert [message.partition(",")[0] for _, message in notices(watched.bench)] == [
        "The clock was set forward by 5 h",
        "The clock was set back by 5 h",
    ]


def test_what_was_being_evaluated_while_it_was_set_is_planned_anew_a_little_later(watched: Watched) -> None:
    bench = watched.bench
    watched.pass_by(MINUTE)
    bench.clock.set_by(5 * HOUR)
    bench.advance(SECOND)
    watched.watch.look()
    # Loaded now, and committed when the clock is right again.
    bench.dispatcher.dispatch()
    bench.clock.set_by(-5 * HOUR)
    bench.advance(SECOND)
    watched.watch.look()
    with bench.core.storage.write() as connection:
        connection.execute(
            tables.schedule.update()
            .where(tables.schedule.c.automation_id == watched.minutely)
            .values(next_run_at=START + 5 * HOUR, due_at=START + 5 * HOUR, claim=None, claim_until=None)
        )
    bench.queue.clear()
    before = len(watched.ticks)
    watched.pass_by(2 * MINUTE)
    assert len(watched.ticks) >= before + 1


def test_a_node_that_starts_before_what_was_done_last_plans_anew_and_says_so_once(
    watched: Watched, bench: Bench
) -> None:
    watched.pass_by(2 * MINUTE)
    bench.clock.set_by(-3 * HOUR)
    bench.build_stages()
    before = len(watched.ticks)
    for _ in range(2):
        # Twice started: what is right by now is not said again.
        watched.watch = ClockWatch(bench.core)
        watched.pass_by(MINUTE)
    assert len(watched.ticks) == before + 2
    ((level, message),) = notices(bench)
    assert (level, "2 h 59 min 59 s before what was done last" in message) == ("error", True)


def test_a_clock_that_is_corrected_little_by_little_is_no_news(watched: Watched) -> None:
    for _ in range(100):
        watched.bench.clock.set_by(-50)
        watched.pass_by(SECOND)
    assert notices(watched.bench) == []
    assert watched.watch.last_set() is None


def test_whoever_does_not_lead_says_it_in_the_log_alone(watched: Watched, monkeypatch: pytest.MonkeyPatch) -> None:
    bench = watched.bench
    monkeypatch.setattr(type(bench.core.coordinator), "may_dispatch", lambda _self: False)
    bench.clock.set_by(-HOUR)
    bench.advance(SECOND)
    with capture_logs() as logs:
        assert watched.watch.look() is False
    assert [line["event"] for line in logs] == ["clock_was_set"]
    assert notices(bench) == []


def test_claims_and_orders_that_wait_do_not_wait_for_the_time_of_before(watched: Watched) -> None:
    bench = watched.bench
    with bench.core.storage.write() as connection:
        held = tables.schedule.c.automation_id == watched.signals
        values = {"claim": "elsewhere", "claim_until": START + 5 * HOUR}
        connection.execute(tables.schedule.update().where(held).values(**values))
    bench.clock.set_by(-10_000)
    bench.advance(SECOND)
    watched.watch.look()
    with bench.core.storage.read() as connection:
        until = connection.scalar(sa.select(tables.schedule.c.claim_until).where(held))
    assert until == bench.clock.now() + int(bench.settings.claim_ttl * 1000)


def test_prices_are_fetched_anew_after_the_clock_was_set_back(make_bench: Callable[..., Bench]) -> None:
    bench = make_bench()
    seen: list[str] = []

    def look(tick: Tick[Any, Any]) -> Decision:
        seen.append(str(tick.market.ticker("BTC/USDT").last))
        return Decision(wake=_WAKE)

    bench.automation("looking", look)
    bench.settle()
    watch = ClockWatch(bench.core)
    bench.clock.set_by(-HOUR)
    bench.market.prices["BTC/USDT"] *= 2
    for _ in range(62):
        bench.advance(SECOND)
        watch.look()
        bench.tick()
    assert seen == ["100", "200"]


def test_an_alert_that_came_later_than_now_is_the_same_once_and_keeps_no_other_away(watched: Watched) -> None:
    bench, within = watched.bench, 30_000

    def put() -> bool:
        return bench.commands.signal(watched.signals, "buy", key="body", same_within=within)

    taken = []
    for _ in range(3):
        taken.append(put())
        bench.advance(MINUTE)
    bench.clock.set_by(-HOUR)
    # Sent again while the clock was set: one alert.
    taken += [put(), put()]
    for _ in range(3):
        bench.advance(MINUTE)
        taken.append(put())
    assert taken == [True] * 3 + [False] * 2 + [True] * 3
