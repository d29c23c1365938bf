"""Signals are heard once, in order, and what became of them is written with the tick."""

from __future__ import annotations

import json
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest

from octobot_node import Decision, SignalOutcome, Tick
from octobot_node.store import tables
from tests.integration.engine.committing import MINUTE, buy_at
from tests.support.bench import Bench


def test_signals_are_heard_once_in_order_and_marked_with_the_tick(bench: Bench) -> None:
    heard: list[list[Any]] = []

    def decide(tick: Tick[Any, Any]) -> Decision:
        heard.append([(signal.channel, signal.payload) for signal in tick.signals])
        return Decision(wake=MINUTE)

    a = bench.automation("a", decide)
    bench.commands.signal(a, {"n": Decimal("0.10")}, channel="tv")
    bench.commands.signal(a, [2])
    bench.settle()
    bench.run(60_000, step=60_000)
    assert heard == [[("tv", {"n": Decimal("0.10")}), ("default", [2])], []]
    rows = bench.rows(tables.inbox)
    assert [(row.status, row.consumed_tick) for row in rows] == [("consumed", 0), ("consumed", 0)]


def test_what_became_of_a_signal_is_kept_with_it_and_with_the_orders_that_follow(bench: Bench) -> None:
    def decide(tick: Tick[Any, Any]) -> Decision:
        if not tick.signals:
            return Decision()
        first, second, third, _ = tick.signals
        fine, dear = buy_at("1"), buy_at("100000")
        return Decision(
            orders=[fine, dear],
            independent=True,
            signals={
                first.id: SignalOutcome("traded", "as asked", [fine]),
                second.id: SignalOutcome("traded", "", [dear]),
                third.id: SignalOutcome("ignored", "it says \x1b[31m"),
            },
        )

    a = bench.automation("a", decide)
    bench.settle()
    for number in range(4):
        bench.commands.signal(a, number)
    bench.advance(1_000)
    bench.settle()
    orders = bench.intents()
    rows = bench.rows(tables.inbox, tables.inbox.c.id)
    assert [(row.outcome, row.reason, json.loads(row.orders)) for row in rows] == [
        ("traded", "as asked", [orders[0].id]),
        # None of its orders is to be sent: that is what became of it.
        ("refused", orders[1].reason, [orders[1].id]),
        ("ignored", "it says \\x1b[31m", []),
        ("", "", []),
    ]
    assert orders[1].reason.startswith("100000 USDT is needed")


@pytest.mark.parametrize(
    ("signals", "why"),
    [
        (lambda _tick: [1], "signals maps ids of signals to what became of them"),
        (lambda _tick: {"x": SignalOutcome("traded")}, "signals has 'x', which is no signal of this tick"),
        (lambda tick: {tick.signals[0].id: "traded"}, "what became of a signal is a SignalOutcome, not 'traded'"),
        (lambda tick: {tick.signals[0].id: SignalOutcome("")}, "the outcome of a signal is a word of at most 32"),
        (lambda tick: {tick.signals[0].id: SignalOutcome("x" * 33)}, "the outcome of a signal is a word of at most 32"),
        (
            lambda tick: {tick.signals[0].id: SignalOutcome("traded", "", [buy_at("1")])},
            "the orders that follow from a signal are among the decision's orders",
        ),
    ],
)
def test_an_outcome_that_cannot_be_kept_fails_the_tick_and_its_reason_is_kept_instead(
    bench: Bench, signals: Callable[[Any], Any], why: str
) -> None:
    a = bench.automation("a", lambda tick: Decision(signals=signals(tick)) if tick.signals else Decision())
    bench.settle()
    bench.commands.signal(a, "hello")
    bench.advance(1_000)
    bench.settle()
    ((row),) = bench.rows(tables.inbox)
    assert (row.status, row.outcome, why in row.reason) == ("waiting", "failed", True)
    bench.run(60_000, step=1_000)
    ((row),) = bench.rows(tables.inbox)
    assert (row.status, row.outcome, row.tries) == ("dead", "failed", 3)


def test_a_signal_that_arrives_during_the_evaluation_waits_for_the_next(bench: Bench) -> None:
    heard: list[list[Any]] = []

    def decide(tick: Tick[Any, Any]) -> Decision:
        if not heard:
            bench.commands.signal(a, "late")
        heard.append([signal.payload for signal in tick.signals])
        return Decision()

    a = bench.automation("a", decide)
    bench.run(1_000)
    assert heard == [[], ["late"]]
