"""Automations that are late are told once, and so is a node in which nothing ticks."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from octobot_node import Decision, Wake
from octobot_node.errors import DataUnavailable
from octobot_node.store import tables
from octobot_plugins.notify.lateness import Lateness, duration
from octobot_plugins.notify.settings import NotifySettings
from tests.support.bench import Bench

SETTINGS = NotifySettings(late_after=60, dead_man_after=300)


def every_minute(_tick: Any) -> Decision:
    return Decision(wake=Wake(every=timedelta(minutes=1), align=True))


def told(bench: Bench) -> list[str]:
    return [row.message for row in bench.rows(tables.notices, tables.notices.c.id)]


def test_nothing_is_late_where_everything_ticks(bench: Bench) -> None:
    lateness = Lateness(bench.core.context, SETTINGS)
    bench.automation("dca", every_minute)
    for _ in range(20):
        bench.run(60_000, step=30_000)
        assert lateness.step()
    assert told(bench) == []


def test_a_node_without_automations_is_not_late(bench: Bench) -> None:
    lateness = Lateness(bench.core.context, SETTINGS)
    bench.advance(3_600_000)
    assert (lateness.step(), told(bench)) == (True, [])


def test_late_automations_are_told_once_in_each_episode_with_how_many_and_how_late(bench: Bench) -> None:
    for name in ("a", "b", "c", "d"):
        bench.automation(name, every_minute)
    bench.settle()
    lateness = Lateness(bench.core.context, NotifySettings(late_after=60, dead_man_after=3_600))
    for _ in range(4):
        bench.advance(60_000)
        lateness.step()
    assert told(bench) == ["4 automations are late, by up to 1 min: a, b, c and 1 more. See `octobot-node status`."]
    bench.run(59_000)
    lateness.step()
    bench.advance(130_000)
    lateness.step()
    assert len(told(bench)) == 1
    bench.run(60_000)
    lateness.step()
    bench.advance(130_000)
    lateness.step()
    assert len(told(bench)) == 2


def test_after_a_start_what_is_due_has_time_to_catch_up(bench: Bench) -> None:
    bench.automation("dca", every_minute)
    bench.settle()
    bench.advance(3_600_000)
    lateness = Lateness(bench.core.context, SETTINGS)
    lateness.step()
    bench.advance(30_000)
    lateness.step()
    bench.settle()
    lateness.step()
    assert told(bench) == []


def test_what_lacks_data_for_long_is_late_with_the_reason(bench: Bench) -> None:
    bench.automation("dca", every_minute)
    bench.run(60_000)
    lateness = Lateness(bench.core.context, SETTINGS)
    bench.market.fault = DataUnavailable("the exchange is away")
    # On a virtual clock it is tried again every minute, and seen shortly before.
    for _ in range(35):
        bench.run(5_000)
        lateness.step()
    assert told(bench) == [
        "1 automation is late, by up to 1 min 55 s: dca (the exchange is away). See `octobot-node status`."
    ]


def test_what_fails_and_waits_for_its_next_try_is_not_late(bench: Bench) -> None:
    def fail(_tick: Any) -> Decision:
        raise ValueError("no")

    lateness = Lateness(bench.core.context, NotifySettings(late_after=5, dead_man_after=3_600))
    bench.automation("broken", fail)
    for _ in range(40):
        bench.run(1_000)
        lateness.step()
    assert told(bench) == []


def test_a_claimed_automation_is_late_too(bench: Bench) -> None:
    bench.automation("dca", every_minute)
    lateness = Lateness(bench.core.context, SETTINGS)
    bench.dispatcher.dispatch()
    bench.advance(120_000)
    lateness.step()
    assert told(bench) == ["1 automation is late, by up to 2 min: dca. See `octobot-node status`."]


def test_a_node_in_which_nothing_ticks_is_told_once_and_again_when_it_does(bench: Bench) -> None:
    bench.automation("dca", every_minute)
    bench.settle()
    lateness = Lateness(bench.core.context, NotifySettings(tell=("dead_man",)))
    alive = []
    for _ in range(9):
        bench.advance(60_000)
        alive.append(lateness.step())
    assert alive == [True] * 5 + [False] * 4
    (dead,) = told(bench)
    assert dead == (
        "Nothing has ticked for 6 min though 1 automation is due: dca. See `octobot-node status` and"
        " `octobot-node doctor`."
    )
    bench.settle()
    assert lateness.step()
    lateness.step()
    assert told(bench)[1:] == ["Automations tick again, after 9 min."]


def test_while_one_ticks_the_node_is_not_dead(bench: Bench) -> None:
    bench.automation("dca", every_minute)
    bench.automation("stuck", every_minute)
    bench.settle()
    lateness = Lateness(bench.core.context, NotifySettings(tell=("dead_man",)))
    with bench.core.storage.write() as connection:
        first = min(row.automation_id for row in connection.execute(tables.schedule.select()))
        values = {"claim": "lost", "claim_until": 2**50}
        connection.execute(tables.schedule.update().where(tables.schedule.c.automation_id == first).values(values))
    for _ in range(15):
        bench.run(60_000, step=60_000)
        assert lateness.step()
    assert told(bench) == []


def test_durations_are_read_at_a_glance() -> None:
    given = (0, 999, 59_000, 61_000, 3_600_000, 90_061_000)
    assert [duration(each) for each in given] == ["0 s", "0 s", "59 s", "1 min 1 s", "1 h", "1 d 1 h"]
