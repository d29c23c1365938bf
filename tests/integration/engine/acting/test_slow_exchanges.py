"""Exchanges that let little be asked: what is learnt of an account in one pass counts, whatever becomes of the rest."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import pytest

from octobot_node.contracts.exchanges import ExchangeOrder, LookUp
from octobot_node.errors import NotSent, Unresolved
from octobot_node.testing.fakes import FakeTrading
from tests.integration.engine.acting.test_settlement import buy, fills, once
from tests.support.bench import Bench

ORDERS = 60


def resting(make_bench: Callable[..., Bench]) -> Bench:
    bench = make_bench(request_timeout=0.05)
    bench.automation("a", once(*[buy(90, "0.1")] * ORDERS))
    bench.settle()
    bench.run(5_000)
    assert bench.statuses() == ["open"] * ORDERS
    return bench


def every_second_never_answered(trading: FakeTrading, monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Have each second question about many orders never answered; return about how many each was, as they come."""
    asked_for: list[int] = []
    plain = trading.look_up

    async def look_up(asked: Sequence[LookUp]) -> Mapping[LookUp, ExchangeOrder | None]:
        asked_for.append(len(asked))
        if len(asked_for) % 2 == 0:
            await asyncio.sleep(60)
        return await plain(asked)

    monkeypatch.setattr(trading, "look_up", look_up)
    trading.looks_up_many = True
    return asked_for


def test_orders_that_ended_are_learnt_of_step_by_step(
    make_bench: Callable[..., Bench], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Hundreds that end together, as by the kill switch, where a pass has time for a part of the questions."""
    bench = resting(make_bench)
    asked_for = every_second_never_answered(bench.trading, monkeypatch)
    bench.trading.fill("x1", "0.05")
    for number in range(1, ORDERS + 1):
        bench.trading.become(f"x{number}", "cancelled")
    bench.run(2_000, step=1_000)
    assert asked_for[0] == 50
    assert bench.statuses().count("cancelled") >= 50
    # What was executed was read before, and is booked.
    assert [amount for _, amount in fills(bench)] == ["0.05"]
    bench.run(10_000, step=1_000)
    assert bench.statuses() == ["cancelled"] * ORDERS


def test_executions_have_their_turn_though_a_question_is_never_answered(
    make_bench: Callable[..., Bench], monkeypatch: pytest.MonkeyPatch
) -> None:
    bench = resting(make_bench)

    async def never(*_asked: Any) -> Any:
        await asyncio.sleep(60)

    monkeypatch.setattr(bench.trading, "find_order", never)
    bench.trading.will(bench.trading.accept_then_drop)
    bench.automation("b", once(buy(80, "0.1")))
    bench.settle()
    bench.trading.become("x61", "cancelled")
    bench.run(8_000, step=1_000)
    bench.trading.fill("x1")
    bench.run(8_000, step=1_000)
    assert [amount for _, amount in fills(bench)] == ["0.1"]


def test_one_that_stays_unknown_is_asked_about_ever_less(make_bench: Callable[..., Bench]) -> None:
    """What an exchange lets be asked is for others, where nobody settles it by hand."""
    bench = make_bench()
    bench.trading.capabilities = replace(bench.trading.capabilities, request_expiry=False)
    bench.trading.will(Unresolved("the connection dropped"))
    bench.automation("a", once(buy()))
    bench.run(60_000, step=1_000)
    assert bench.statuses() == ["unknown"]
    before = bench.trading.questions.count("find_order")
    bench.run(1_800_000, step=5_000)
    assert 6 <= bench.trading.questions.count("find_order") - before <= 12


def test_whoever_was_away_for_long_is_asked_as_soon_as_it_is_back(make_bench: Callable[..., Bench]) -> None:
    bench = make_bench()
    bench.trading.will(bench.trading.accept_then_drop)
    bench.trading.faults = {each: NotSent("not now") for each in ("open_orders", "trades", "find_order")}
    bench.automation("a", once(buy()))
    bench.run(1_800_000, step=5_000)
    assert bench.statuses() == ["unknown"]
    bench.trading.become("x1", "cancelled")
    bench.trading.faults = {}
    bench.run(10_000, step=1_000)
    assert bench.statuses() == ["cancelled"]


def test_those_of_a_moment_ago_do_not_wait_for_one_of_long_ago(
    make_bench: Callable[..., Bench], monkeypatch: pytest.MonkeyPatch
) -> None:
    bench = make_bench()
    bench.trading.capabilities = replace(bench.trading.capabilities, request_expiry=False)
    bench.trading.looks_up_many = True
    asked: list[list[str]] = []
    plain = bench.trading.look_up

    async def look_up(questions: Sequence[LookUp]) -> Mapping[LookUp, ExchangeOrder | None]:
        asked.append([each.client_order_id for each in questions])
        return await plain(questions)

    monkeypatch.setattr(bench.trading, "look_up", look_up)
    bench.trading.will(*[Unresolved("the connection dropped")] * 3)
    bench.automation("a", once(buy()))
    bench.run(1_200_000, step=5_000)
    bench.automation("b", once(buy()))
    bench.automation("c", once(buy()))
    asked.clear()
    bench.run(300_000, step=1_000)
    first, *later = [row.client_order_id for row in bench.intents()]
    assert sorted(later) in [sorted(each) for each in asked]
    assert [first] in asked
    assert not any(first in each and len(each) > 1 for each in asked)
