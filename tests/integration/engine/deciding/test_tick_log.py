"""What an automation's own code notes is in its log once, whatever becomes of the tick."""

from __future__ import annotations

import json
from typing import Any

import pytest

from octobot_node import Decision, Tick
from octobot_node.automation import TickLog
from octobot_node.errors import DataUnavailable
from octobot_node.store import tables
from tests.integration.engine.test_evaluator import MARKET, evaluator, given
from tests.support.bench import Bench

__all__ = ["evaluator"]


def noted(bench: Bench) -> list[tuple[str, int, str]]:
    rows = bench.rows(tables.events, tables.events.c.id)
    return [
        (row.kind, data["tick"], data["text"])
        for row in rows
        if row.kind.startswith("log.") and (data := json.loads(row.data))
    ]


def test_lines_are_kept_with_the_tick_that_decided_or_failed(bench: Bench) -> None:
    def decide(tick: Tick[Any, Any]) -> Decision:
        tick.log(f"tick {tick.number}")
        if tick.number == 1:
            tick.log("this will not end well", "error")
            raise ValueError("no idea")
        return Decision()

    a = bench.automation("a", decide)
    bench.settle()
    bench.commands.run_now(a)
    bench.run(1_000)

    assert noted(bench) == [
        ("log.info", 0, "tick 0"),
        ("log.info", 1, "tick 1"),
        ("log.error", 1, "this will not end well"),
    ]
    assert bench.events(a)[-4:] == ["log.info", "log.info", "log.error", "tick.failed"]


def test_a_tick_that_waits_for_data_notes_nothing_until_it_has_them(bench: Bench) -> None:
    lacking = [True]

    def decide(tick: Tick[Any, Any]) -> Decision:
        tick.log("looking")
        if lacking:
            raise DataUnavailable("no data")
        return Decision()

    bench.automation("a", decide)
    bench.run(20_000, step=5_000)
    lacking.clear()
    bench.run(60_000, step=5_000)

    assert noted(bench) == [("log.info", 0, "looking")]


def test_lines_come_out_of_the_process_that_evaluates(evaluator: Any) -> None:
    outcomes = evaluator.evaluate(given("print", "raise"), MARKET, suspects=False)

    assert [outcome.logged for outcome in outcomes] == [
        (("warning", f"about to {deed}"),) for deed in ("print", "raise")
    ]


def test_what_is_too_much_or_too_long_is_cut_and_said_and_what_is_no_text_is_refused() -> None:
    log = TickLog()
    for number in range(25):
        log.add(f"{number} " + "x" * 600, "info")
    log.add("the 26th", "warning")

    assert len(log.lines) == 21
    assert (log.lines[0][1][-1], len(log.lines[0][1])) == ("…", 500)
    assert log.lines[-1] == ("warning", "6 more lines of this tick were not kept")
    with pytest.raises(TypeError, match="a line of the log is text, not int"):
        log.add(3, "error")


def test_what_no_database_can_store_is_written_out() -> None:
    log = TickLog()
    log.add("half \ud800 and \0", "info")

    assert log.lines == (("info", "half \\ud800 and \\0"),)
