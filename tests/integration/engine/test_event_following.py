"""A plugin's reader of the event log goes on where it kept its place, and misses nothing."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from octobot_node import Decision, Tick, Wake
from octobot_node.store.tables import cursors
from tests.support.bench import Bench

KINDS = ["log.info"]


def write(bench: Bench, *lines: str) -> None:
    def decide(tick: Tick[Any, Any]) -> Decision:
        for line in lines:
            tick.log(line)
        return Decision(wake=Wake(every=timedelta(days=1)))

    bench.automation(f"writer{len(bench.rows(cursors))}{lines[0]}", decide)
    bench.settle()


def test_what_was_read_and_not_kept_is_read_again(bench: Bench) -> None:
    context = bench.core.context
    write(bench, "before")
    events = context.follow("telex.lines", KINDS)
    assert events.read() == []
    write(bench, "one", "two", "three")
    assert [event.data["text"] for event in events.read(2)] == ["one", "two"]
    events.keep()
    (third,) = events.read()
    assert (third.data["text"], third.owner, third.kind) == ("three", "local", "log.info")
    assert events.read() == []
    again = context.follow("telex.lines", KINDS)
    assert again.read() == [third]
    again.keep()
    assert (again.unkept, context.follow("telex.lines", KINDS).read()) == (0, [])


def test_one_may_begin_with_what_is_past(bench: Bench) -> None:
    write(bench, "before")
    events = bench.core.context.follow("telex.all", KINDS, from_the_start=True)
    assert [event.data["text"] for event in events.read()] == ["before"]


def test_kept_with_what_a_plugin_writes_it_is_undone_with_it(bench: Bench) -> None:
    context = bench.core.context
    events = context.follow("telex.lines", KINDS)
    write(bench, "one")
    (one,) = events.read()

    def keep_and_fail() -> None:
        with context.storage.write() as connection:
            events.keep(connection)
            raise OSError("no paper")

    with pytest.raises(OSError, match="no paper"):
        keep_and_fail()
    assert context.follow("telex.lines", KINDS).read() == [one]


@pytest.mark.parametrize("name", ["", "events.pruned", "Telex", "a b", "x" * 65])
def test_what_is_no_name_of_its_own_is_refused(bench: Bench, name: str) -> None:
    with pytest.raises(ValueError, match=r"is no name of a follower: write one such as telex\.fills"):
        bench.core.context.follow(name, KINDS)
