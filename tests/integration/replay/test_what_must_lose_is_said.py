"""A run says what must lose, or cannot be paid, before it trades; and a grid's money is there on both sides."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from octobot_node.errors import InvalidRunFile
from tests.integration.replay.test_files_of_people_in_a_run import ran, rows_of, run_file
from tests.unit.plugins.replay.making import JANUARY, Made, csv

MINUTE = 60_000


def candles(path: Path, prices: list[tuple[str, str, str, str]]) -> Path:
    path.write_text(csv([Made(JANUARY + i * MINUTE, *each, "10") for i, each in enumerate(prices)]))
    return path


@pytest.fixture
def wavering(tmp_path: Path) -> Path:
    round_ = [("100", "100", "100", "100"), ("100", "100.2", "99.9", "100.1"), ("100.1", "100.2", "99.9", "100")]
    return candles(tmp_path / "c.csv", round_ * 10)


TAKES = {"take_profits": [{"percent": 3}]}


@pytest.mark.slow
@pytest.mark.parametrize("percent", ["0.015", "0.1", "0.01"])
@pytest.mark.parametrize(
    ("kind", "field", "config"),
    [
        ("dca", "take_profit", lambda p: {"amount": 10, "every": "3m", "take_profit": p}),
        ("smart_trade", "stop_loss.percent", lambda p: {"spend": 100, **TAKES, "stop_loss": {"percent": p}}),
        ("smart_trade", "trailing.percent", lambda p: {"spend": 100, **TAKES, "trailing": {"percent": p}}),
        ("stop_loss_guard", "loss", lambda p: {"automation": "other", "loss": p}),
    ],
)
def test_a_fraction_where_percent_is_meant_is_said_before_the_first_order_and_as_a_notice(
    wavering: Path, kind: str, field: str, config: Any, percent: str
) -> None:
    file = run_file({"symbol": "BTC/USDT", **config(percent)}, kind=kind)
    _, _, messages = ran(file, "BTC/USDT", wavering)
    (said,) = [text for text in messages if text.startswith(f"t: warning: {field}: {percent} % ")]
    assert "it is in percent" in said
    told = rows_of(wavering.parent, "select message from notices order by id")
    assert [text for (text,) in told if text.startswith(f"{field}: {percent} % ")] == [
        said.removeprefix("t: warning: ")
    ]


FALL_AND_RISE = [
    *[("75", "75", "75", "75")] * 5,
    *[("74", "75", "70", "70"), ("70", "70", "66", "66"), ("66", "66", "60", "60"), ("60", "60", "55", "55")],
    *[("55", "60", "55", "60"), ("60", "66", "60", "66"), ("66", "70", "66", "70"), ("70", "75", "70", "75")],
    *[("75", "80", "75", "80"), ("80", "90", "80", "90"), ("90", "95", "90", "95"), ("95", "95", "95", "95")],
]


def grid(spend: int = 100, levels: int = 201) -> Any:
    config = {"symbol": "SOL/USD1", "lower": 50, "upper": 100, "levels": levels, "spend": spend, "start": "buy"}
    return run_file(config, kind="grid", budget={"USD1": "1000"})


@pytest.mark.parametrize("levels", [201, 101])
def test_a_grid_far_larger_than_its_budget_trades_on_both_sides_of_the_price(tmp_path: Path, levels: int) -> None:
    path = candles(tmp_path / "c.csv", FALL_AND_RISE)
    _, report, messages = ran(grid(levels=levels), "SOL/USD1", path)
    assert [text.split(":")[1] for text in messages if text.startswith("t: ")] == [" warning"]
    # What the opening did not take bought on the way down, and was sold one level higher on the way up.
    assert int(report.figures["round trips"]) >= 4
    tags = [tag for (tag,) in rows_of(tmp_path, "select tag from intents where status = 'filled' order by id")]
    assert tags[0] == "opening"
    assert sum(tag.startswith("buy-") for tag in tags) >= 4
    assert report.orders_by_status.get("refused", 0) == 0


def test_a_grid_whose_budget_pays_for_no_level_is_refused(tmp_path: Path) -> None:
    path = candles(tmp_path / "c.csv", FALL_AND_RISE)
    with pytest.raises(InvalidRunFile, match=r"config\.spend: not one level can be paid: the nearest takes "):
        ran(grid(spend=5_000), "SOL/USD1", path)
