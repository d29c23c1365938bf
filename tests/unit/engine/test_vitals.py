"""How a node's process is: what it takes of the machine, and how much it ticks."""

from __future__ import annotations

import os
from pathlib import Path

from prometheus_client import CollectorRegistry

from octobot_node.contracts.coordinator import NodeVitals
from octobot_node.engine.counters import Counters
from octobot_node.live.vitals import Taken, Vitals, taken_by


def stat(proc: Path, pid: int, parent: int, *, user: int, system: int, pages: int, name: str = "python") -> None:
    (proc / str(pid)).mkdir(parents=True)
    middle = " ".join("0" for _ in range(9))
    line = f"{pid} ({name}) S {parent} {middle} {user} {system} 0 0 20 0 1 0 100 5000 {pages} 0 0"
    (proc / str(pid) / "stat").write_text(line)


def test_what_a_process_takes_is_what_it_and_all_that_it_started_take(tmp_path: Path) -> None:
    stat(tmp_path, 10, 1, user=100, system=50, pages=1_000)
    stat(tmp_path, 11, 10, user=20, system=0, pages=200, name="a ) b (c")
    stat(tmp_path, 12, 11, user=5, system=5, pages=10)
    stat(tmp_path, 20, 1, user=9_999, system=0, pages=9_999, name="somebody else's")
    (tmp_path / "30").mkdir()  # it ends while one looks
    (tmp_path / "meminfo").touch()
    found = taken_by(10, tmp_path)
    assert found == Taken(180 / os.sysconf("SC_CLK_TCK"), 1_210 * os.sysconf("SC_PAGE_SIZE"))


def test_where_processes_cannot_be_looked_at_the_memory_is_not_known(tmp_path: Path) -> None:
    for folder in (tmp_path, tmp_path / "missing"):
        found = taken_by(10, folder)
        assert found.cpu > 0
        assert found.memory is None


def test_rates_are_of_about_the_last_minute() -> None:
    counters, clock = Counters(CollectorRegistry()), [0.0]
    cpu = lambda: Taken(clock[0] * 0.5 if clock[0] <= 100 else 50 + (clock[0] - 100) * 2, 1_000)  # noqa: E731 - one line
    vitals = Vitals(counters, lambda: int(clock[0] * 1_000), lambda: clock[0], cpu)
    assert vitals.look() == NodeVitals(cpu=None, memory=1_000)
    for second in range(1, 101):
        clock[0] = float(second)
        counters.ticked({"done": 3}, [0.2, 0.2, 2.0], second * 1_000)
        vitals.look()
    found = vitals.look()
    assert (found.cpu, found.ticks) == (0.5, 3.0)
    assert found.lag is not None
    assert found.lag_most is not None
    assert (0.15 < found.lag < 0.25, 1.8 < found.lag_most < 2.2) == (True, True)
    # It takes four times as much from now on, and ticks no more.
    for second in range(101, 181):
        clock[0] = float(second)
        vitals.look()
    assert (vitals.look().cpu, vitals.look().ticks) == (2.0, 0.0)


def test_a_helper_that_ended_does_not_make_less_than_nothing() -> None:
    taken, clock = [Taken(100.0, 1)], [0.0]
    vitals = Vitals(Counters(CollectorRegistry()), lambda: 0, lambda: clock[0], lambda: taken[0])
    taken[0], clock[0] = Taken(40.0, 1), 10.0
    assert vitals.look().cpu == 0.0
