"""Exchanges that let little be asked: what is learnt of an account in one pass counts, whatever becomes of the rest."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import pytest

from octobot_node.contracts.exchanges import ExchangeOrder, LookUp
from octobot_node.testing.fakes import FakeTrading
from tests.integration.engine.test_settlement import buy, fills, once
from tests.support.bench import Bench

ORDERS = 60


def resting(make_bench: Callable[..., Bench]) -> Bench:
    bench = make_bench(request_timeout=0.05)
    bench.automation("a", once(*[buy(90, "0.1")] * ORDERS))
    bench.settle()
    bench.run(5_000)
    assert bench.statuses() == ["open"] * ORDERS
    return bench


def slow_after(trading: FakeTrading, many: int, monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Have so many orders asked about at once answered, and the next question never; return what was asked."""
    asked_for: list[int] = []
    plain = trading.look_up

    async def look_up(asked: Sequence[LookUp]) -> Mapping[LookUp, ExchangeOrder | None]:
        asked_for.append(len(asked))
        if len(asked_for) % 2 == 0:
            await asyncio.sleep(60)
        return await plain(asked)

    monkeypatch.setattr(trading, "look_up", look_up)
    trading.looks_up_many = many > 0
    return asked_for


def test_orders_that_ended_are_learnt_of_step_by_step(
    make_bench: Callable[..., Bench], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Hundreds that end together, as by the kill switch, where a pass has time for a part of the questions."""
    bench = resting(make_bench)
    asked_for = slow_after(bench.trading, ORDERS, monkeypatch)
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
