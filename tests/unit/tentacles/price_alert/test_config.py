from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from pydantic import ValidationError

from octobot_tentacles.price_alert.config import PriceAlertConfig

MOVE = {"percent": 5, "within": "1h"}


def config(**fields: Any) -> PriceAlertConfig:
    return PriceAlertConfig.model_validate({"symbol": "BTC/USD", **fields})


def test_a_symbol_and_a_level_are_enough_and_tell_once() -> None:
    assert config(above=50000).model_dump() == {
        "symbol": "BTC/USD",
        "above": Decimal(50000),
        "below": None,
        "move": None,
        "repeat": False,
        "hysteresis": Decimal("0.5"),
        "cooldown": None,
        "importance": "info",
        "message": "",
    }


def test_a_move_is_looked_at_in_minutes_up_and_down_unless_told_otherwise() -> None:
    move = config(move=MOVE).move
    assert move is not None
    assert move.model_dump() == {
        "percent": Decimal(5),
        "within": timedelta(hours=1),
        "direction": "any",
        "timeframe": "1m",
    }
    assert move.candles == 60


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({}, "give either levels (above, below or both) or a move; for all of them use two automations"),
        ({"above": 1, "move": MOVE}, "give either levels"),
        ({"above": 40, "below": 50}, "above (40) is not higher than below (50): every price would be past one"),
        ({"above": 0}, "greater than 0"),
        ({"above": "NaN"}, "finite number"),
        ({"above": 1, "hysteresis": 0}, "greater than or equal to 0.01"),
        ({"above": 1, "cooldown": "5s"}, "an interval of 0:00:05 is out of bounds: write one from 1m to 366d"),
        ({"above": 1, "importance": "loud"}, "'info', 'warning' or 'error'"),
        ({"move": {"percent": 5, "within": "90s"}}, "within is not a whole number of 1m candles"),
        ({"move": {"percent": 5, "within": "PT90S"}}, "within is not a whole number of 1m candles"),
        ({"move": {"percent": 5, "within": "2d"}}, "within is 2880 candles of 1m, but 1500 is the most"),
        ({"move": {"percent": 5, "within": "1h", "timeframe": "hourly"}}, "'hourly' is not a valid timeframe"),
        ({"move": {"percent": 100, "within": "1h"}}, "no price falls by 100 %: lower percent below 100"),
        ({"above": 1, "message": "at {price"}, "a brace in the message is not closed"),
        ({"above": 1, "message": "{prize}"}, "the message cannot replace {prize}: there are {symbol}, {price}"),
        ({"above": 1, "message": "{price.real}"}, "the message cannot replace {price.real}"),
        ({"above": 1, "message": "{price:>9}"}, "the message cannot replace {price:>9}"),
        ({"above": 1, "message": "{price!r}"}, "the message cannot replace {price!r}"),
        ({"above": 1, "message": "{}"}, "the message cannot replace {}"),
        ({"above": 1, "hysterisis": 1}, "Extra inputs are not permitted"),
    ],
)
def test_what_cannot_be_meant_is_refused(fields: dict[str, Any], words: str) -> None:
    with pytest.raises(ValidationError) as error:
        config(**fields)
    assert words in str(error.value)


def test_a_move_of_more_than_everything_is_possible_upwards() -> None:
    assert config(move={**MOVE, "percent": 300, "direction": "up"}).move is not None


def test_a_config_reads_back_what_it_writes_as_json() -> None:
    written = config(move=MOVE, repeat=True, cooldown="2h", message="{symbol} {{now}}")
    assert PriceAlertConfig.model_validate_json(written.model_dump_json()) == written


def test_every_field_of_the_form_has_a_title_and_a_description() -> None:
    schema = PriceAlertConfig.model_json_schema()
    fields = [field for model in (schema, *schema["$defs"].values()) for field in model["properties"].values()]
    assert len(fields) == 13
    assert all({"title", "description"} <= field.keys() for field in fields)
