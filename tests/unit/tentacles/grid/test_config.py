from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from pydantic import ValidationError

from octobot_node import MarketRules
from octobot_tentacles.grid.config import GridConfig
from octobot_tentacles.grid.levels import Cell, cells_of, problem_of

D = Decimal
RULES = MarketRules("BTC/USD", "BTC", "USD", price_step=D("0.1"), amount_step=D("0.001"))


def config(**fields: Any) -> GridConfig:
    given = {"symbol": "BTC/USD", "lower": 100, "upper": 200, "levels": 5, "amount": 1}
    return GridConfig.model_validate({**given, **fields})


def refusal(**fields: Any) -> str:
    with pytest.raises(ValidationError) as refused:
        config(**fields)
    (error,) = refused.value.errors()
    return error["msg"]


def test_arithmetic_levels_are_equally_far_apart() -> None:
    assert config().prices() == [D(100), D(125), D(150), D(175), D(200)]


def test_geometric_levels_are_the_same_multiple_apart_and_end_at_the_top() -> None:
    prices = config(upper="160000", lower=100, levels=4, spacing="geometric").prices()
    assert (prices[0], prices[-1], len(prices)) == (D(100), D(160000), 4)
    assert abs(prices[1] * prices[2] - D(100) * D(160000)) < D("1e-15")
    assert config(upper=1600, levels=5, spacing="geometric").prices() == [D(100), D(200), D(400), D(800), D(1600)]


@pytest.mark.parametrize(
    ("spacing", "prices"),
    [
        ("arithmetic", [D(100), D(130), D(160), D(190)]),
        ("geometric", [D(100), D(130), D(169)]),
    ],
)
def test_a_step_sets_as_many_levels_as_fit(spacing: str, prices: list[Decimal]) -> None:
    assert config(levels=None, step=30, spacing=spacing).prices() == prices


def test_a_level_that_just_fits_is_in() -> None:
    assert config(levels=None, step=10, upper="121", spacing="geometric").prices() == [D(100), D(110), D(121)]


def test_every_field_tells_a_form_what_it_is() -> None:
    fields = GridConfig.model_json_schema()["properties"]
    assert [name for name, field in fields.items() if not (field.get("title") and field.get("description"))] == []


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"levels": None}, "levels and step are two ways to space the grid: give one of them"),
        ({"step": 1}, "levels and step are two ways to space the grid: give one of them"),
        ({"amount": None}, "amount (in base) and spend (in quote) are two ways to size a level: give one of them"),
        ({"spend": 1}, "amount (in base) and spend (in quote) are two ways to size a level: give one of them"),
        ({"upper": 100}, "lower 100 is not below upper 100: swap them or widen the range"),
        ({"stop_loss_price": 101}, "stop_loss_price 101 is inside the range: set it to 100 (lower) or less"),
        ({"take_profit_price": "199.5"}, "take_profit_price 199.5 is inside the range: set it to 200 (upper) or more"),
        (
            {"levels": None, "step": 101},
            "a step of 101 % is wider than the range: lower it or widen the range",
        ),
        (
            {"levels": None, "step": "0.1"},
            "a step of 0.1 % makes more than 201 levels: raise it or narrow the range",
        ),
    ],
)
def test_what_does_not_fit_together_is_refused_with_its_cure(fields: dict[str, Any], message: str) -> None:
    assert refusal(**fields) == f"Value error, {message}"


def test_an_unknown_field_is_refused() -> None:
    assert refusal(trailing=True) == "Extra inputs are not permitted"


def test_an_edit_of_a_stop_leaves_the_layout_and_one_of_a_size_does_not() -> None:
    assert config(stop_loss_price=90, amount="1.0").layout == config(max_orders_per_side=3).layout
    assert config(amount="1.1").layout != config().layout
    assert config(levels=6).layout != config().layout


def test_cells_are_on_the_markets_steps_and_sell_what_the_fee_leaves() -> None:
    cells = cells_of(config(lower=100, upper=101, levels=4, amount="2.0005"), RULES)
    assert cells == (
        Cell(D("100.0"), D("100.3"), D("2.000"), D("1.998")),
        Cell(D("100.3"), D("100.7"), D("2.000"), D("1.998")),
        Cell(D("100.7"), D("101.0"), D("2.000"), D("1.998")),
    )


def test_a_fee_in_quote_leaves_the_amount_whole_and_a_spend_is_rounded_down() -> None:
    rules = MarketRules("BTC/USD", "BTC", "USD", fee_in="quote", amount_step=D("0.001"))
    assert cells_of(config(levels=2, amount=None, spend="123.4567"), rules) == (
        Cell(D("100.00"), D("200.00"), D("1.234"), D("1.234")),
    )


def test_levels_too_close_for_the_fee_are_told_with_their_cure() -> None:
    close = config(lower=1000, upper=1002, levels=2)
    assert problem_of(cells_of(close, RULES), RULES) == (
        "the gap between the levels 1000 and 1002 does not cover the fee of buying and selling, 0.1 % each:"
        " set fewer levels, a larger step or a wider range"
    )
    assert problem_of(cells_of(config(lower=1000, upper="1002.1", levels=2), RULES), RULES) == ""


def test_levels_that_fall_on_one_price_cannot_earn_even_without_a_fee() -> None:
    free = MarketRules("BTC/USD", "BTC", "USD", price_step=D(100), maker_fee=D(0), taker_fee=D(0))
    assert "the levels 100 and 100 " in problem_of(cells_of(config(lower=100, upper=120, levels=2), free), free)


@pytest.mark.parametrize("least", [{"min_amount": D("1")}, {"min_notional": D("100.01")}])
def test_a_level_below_the_exchanges_minimum_is_told(least: dict[str, Any]) -> None:
    rules = MarketRules("BTC/USD", "BTC", "USD", amount_step=D("0.001"), **least)
    told = problem_of(cells_of(config(), rules), rules)
    assert told.startswith("the level 100 buys 1 BTC and can sell 0.999 after the fee, but BTC/USD takes no")
    assert told.endswith(" raise amount or spend, or set fewer levels")


def test_a_range_around_the_price_reaches_as_far_below_as_above() -> None:
    around = config(lower=None, upper=None, around=25, levels=3)
    assert around.laid_out(D(200)).prices() == [D(150), D(200), D(250)]
    assert around.laid_out(D(200)).layout != around.laid_out(D(201)).layout
    assert config().laid_out(D(5)) == config()


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"around": 5}, "Value error, the range is either lower and upper, or around"),
        ({"lower": None}, "Value error, the range is either lower and upper, or around"),
        ({"lower": None, "upper": None}, "Value error, the range is either lower and upper, or around"),
        (
            {"lower": None, "upper": None, "around": 5, "stop_loss_price": 50},
            "Value error, a range around the price has no fixed price to stop at",
        ),
        ({"lower": None, "upper": None, "around": 1, "levels": None, "step": 5}, "Value error, a step of 5 % is wider"),
    ],
)
def test_a_range_is_given_in_one_way(fields: dict[str, Any], message: str) -> None:
    assert refusal(**fields).startswith(message)
