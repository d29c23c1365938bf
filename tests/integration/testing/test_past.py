"""A replay in one expression: the engine's own, for a type that no plugin registers."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel

from octobot_node import Automation, Decision, MarketOrder, Notify, Tick, Wake
from octobot_node.testing import replay

D = Decimal
START = datetime(2026, 1, 1, tzinfo=UTC)


class Obedient(Automation["Obedient.Config", Any]):
    """Buy when told to."""

    name = "obedient"

    class Config(BaseModel):
        symbol: str = "BTC/USD"

    def evaluate(self, tick: Tick[Config, Any]) -> Decision:
        orders = [MarketOrder("BTC/USD", "buy", spend=D(str(signal.payload["spend"]))) for signal in tick.signals]
        return Decision(state={"ticks": tick.number + 1}, orders=orders, actions=[Notify("told")] if orders else [])


def test_everything_that_happened_is_there(tmp_path: Path) -> None:
    result = (
        replay(Obedient, {})
        .candles("BTC/USD", closes=[100, 100, 110, 121, 120], timeframe="1h")
        .budget(USD=1000)
        .fee("0.01", fee_in="quote")
        .signal(START + timedelta(hours=2), {"spend": "100"})
        .signal(START + timedelta(hours=3), {"spend": "2000"})
        .run(tmp_path)
    )
    (fill,) = result.fills
    assert (fill.at, fill.side, fill.price, fill.fee, fill.fee_asset) == (
        START + timedelta(hours=2), "buy", D(100), D("1"), "USD",
    )  # fmt: skip
    assert [(order.status, order.spend, order.filled, order.average) for order in result.orders] == [
        ("filled", D(100), D(1), D(100)),
        ("refused", D(2000), D(0), None),
    ]
    assert result.notices == [Notify("told"), Notify("told")]
    assert [event.kind for event in result.events if event.kind.startswith("order.")] == [
        "order.planned",
        "order.fill",
        "order.filled",
        "order.refused",
    ]
    assert result.equity == [
        (START + timedelta(hours=hour), worth)
        for hour, worth in enumerate((D(1000), D(999), D(1009), D(1020), D(1019)), start=1)
    ]
    assert result.report.final_equity == D(1019)
    assert result.state == {"ticks": 5}


class Hourly(Obedient):
    """Count the hours."""

    name = "hourly"

    def evaluate(self, tick: Tick[Obedient.Config, Any]) -> Decision:
        return Decision(state=tick.number, wake=Wake(every=timedelta(hours=1), align=True))


def test_without_a_folder_nothing_is_left_behind() -> None:
    result = replay(Hourly, {}).candles("BTC/USD", closes=[100] * 24).budget(USD=1).run()
    assert (result.report.ticks, result.report.type) == (25, "tests.hourly")


@pytest.mark.parametrize(
    ("described", "message"),
    [
        (lambda r: r.budget(USD=1), 'a replay needs candles: add .candles("BTC/USD", closes=[…])'),
        (lambda r: r.candles("BTC/USD", closes=[1, 2]), "a replay needs money: add .budget(USD=1000)"),
    ],
)
def test_what_is_missing_is_named(described: Any, message: str) -> None:
    with pytest.raises(ValueError) as refused:  # noqa: PT011 - its whole text is compared
        described(replay(Obedient, {})).run()
    assert str(refused.value) == message
