from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from pydantic import ValidationError

from octobot_tentacles.smart_trade.config import Entry, SmartTradeConfig

LEAST = {"symbol": "BTC/USD", "spend": 1000, "stop_loss": {"percent": 2}}
D = Decimal


def config(**fields: Any) -> SmartTradeConfig:
    given = {**LEAST, **fields}
    return SmartTradeConfig.model_validate({name: value for name, value in given.items() if value != "none"})


def test_a_size_and_a_way_out_are_enough_and_enter_at_once() -> None:
    least = config()
    assert least.entry == Entry()
    assert least.entry.reached(D(1))
    assert least.model_dump(exclude_defaults=True) == {
        "symbol": "BTC/USD",
        "spend": D(1000),
        "stop_loss": {"percent": D(2)},
    }


def test_a_config_reads_back_what_it_writes_as_json() -> None:
    written = config(
        entry={"above": "43000", "limit": "43100", "expires": "2d"},
        take_profits=[{"percent": "1.5", "share": 40}, {"price": 47000, "share": 30}],
        runner=30,
        trailing={"percent": 1, "activate_at": {"price": "46000"}},
        break_even={"after_take_profit": 1},
        time_limit="7d",
    )
    assert SmartTradeConfig.model_validate_json(written.model_dump_json()) == written
    assert (written.entry.expires, written.time_limit) == (timedelta(days=2), timedelta(days=7))


def test_a_level_is_reached_at_or_past_it() -> None:
    above, below = Entry(above=D(100)), Entry(below=D(100))
    assert [above.reached(D(price)) for price in (99, 100, 101)] == [False, True, True]
    assert [below.reached(D(price)) for price in (99, 100, 101)] == [True, True, False]


@pytest.mark.parametrize(
    ("fields", "where", "message"),
    [
        ({"symbol": "BTCUSD"}, ("symbol",), "is not a valid symbol: write BASE/QUOTE, such as BTC/USD"),
        ({"spend": 0}, ("spend",), "greater than 0"),
        ({"spend": "NaN"}, ("spend",), "finite"),
        ({"amount": 1}, (), "give exactly one of spend, amount and existing"),
        ({"spend": "none"}, (), "give exactly one of spend, amount and existing"),
        ({"existing": {}}, (), "give exactly one of spend, amount and existing"),
        ({"spend": "none", "existing": {}, "entry": {"limit": 1}}, (), "existing buys nothing: leave entry out"),
        ({"entry": {"above": 1, "below": 2}}, ("entry",), "above and below are two levels to wait for"),
        ({"entry": {"expires": "4h"}}, ("entry",), "an entry at once does not expire"),
        ({"entry": {"limit": 1, "expires": "59s"}}, ("entry", "expires"), "out of bounds: write one from 1m to 366d"),
        ({"time_limit": "367d"}, ("time_limit",), "out of bounds"),
        ({"time_limit": "99999999999999d"}, ("time_limit",), "too long an interval"),
        ({"time_limit": "1 day"}, ("time_limit",), "is not a valid timeframe"),
        ({"stop_loss": "none"}, (), "the trade would never end: give take_profits, stop_loss, trailing or time_limit"),
        ({"stop_loss": {}}, ("stop_loss",), "a stop-loss is a percent or a price: give one of them"),
        ({"stop_loss": {"percent": 1, "price": 1}}, ("stop_loss",), "a stop-loss is a percent or a price"),
        ({"stop_loss": {"percent": 100}}, ("stop_loss", "percent"), "less than 100"),
        ({"take_profits": [{"share": 100}]}, ("take_profits", 0), "a level is a percent or a price"),
        ({"take_profits": [{"percent": 1, "share": 60}]}, (), "the shares of take_profits add up to 60 %: make it 100"),
        (
            {"take_profits": [{"percent": 1, "share": 60}, {"percent": 2, "share": 50}]},
            (),
            "the shares of take_profits add up to 110 %",
        ),
        (
            {"take_profits": [{"percent": 1, "share": 60}], "runner": 30},
            (),
            "the shares of take_profits and the runner add up to 90 %",
        ),
        (
            {"take_profits": [{"percent": 1, "share": 60}], "runner": 40, "stop_loss": "none"},
            (),
            "nothing would end the runner",
        ),
        ({"runner": 40}, (), "without take_profits everything is a runner"),
        (
            {"take_profits": [{"percent": 2, "share": 50}, {"percent": 1, "share": 50}]},
            (),
            "take_profits are written lowest first: the percents 2, 1 do not rise",
        ),
        (
            {"take_profits": [{"price": 2000, "share": 50}, {"price": 2000, "share": 50}]},
            (),
            "take_profits are written lowest first: the prices 2000, 2000 do not rise",
        ),
        ({"take_profits": [{"percent": 1, "share": 4}] * 21}, ("take_profits",), "at most 20"),
        ({"break_even": {}}, ("break_even",), "break_even is after_take_profit or percent"),
        ({"break_even": {"after_take_profit": 1}}, (), "break_even waits for take-profit 1, and there are 0"),
        ({"trailing": {}}, ("trailing", "percent"), "Field required"),
        (
            {"trailing": {"percent": 1, "activate_at": {}}},
            ("trailing", "activate_at"),
            "a level is a percent or a price",
        ),
        (
            {"entry": {"limit": 100}, "stop_loss": {"price": 100}},
            (),
            "the stop-loss 100 is not below the entry at 100",
        ),
        (
            {"entry": {"above": 100}, "take_profits": [{"price": 99}]},
            (),
            "the take-profit 99 is not above the entry at 100",
        ),
        ({"leverage": 5}, ("leverage",), "Extra inputs are not permitted"),
    ],
)
def test_what_cannot_work_is_refused_with_its_place_and_reason(
    fields: dict[str, Any], where: tuple[str, ...], message: str
) -> None:
    with pytest.raises(ValidationError) as refused:
        config(**fields)
    (error,) = refused.value.errors()
    assert error["loc"] == where
    assert message in error["msg"]


def test_what_is_held_already_may_have_its_stop_above_what_it_cost() -> None:
    locked_in = config(spend="none", existing={"price": 100}, stop_loss={"price": 150})
    assert locked_in.stop_loss is not None
    assert locked_in.stop_loss.at(D(100)) == D(150)


def test_every_field_of_the_form_has_a_title_and_is_described() -> None:
    schema = SmartTradeConfig.model_json_schema()
    models = {"": schema, **schema["$defs"]}
    fields = {f"{name}.{field}": what for name, model in models.items() for field, what in model["properties"].items()}
    assert [name for name, field in fields.items() if not field.get("description") or not field.get("title")] == []
    assert schema["required"] == ["symbol"]
