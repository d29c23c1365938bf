from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from pydantic import ValidationError

from octobot_node import Daily, Wake
from octobot_tentacles.dca.config import DcaConfig, SafetyOrders

ANCHOR = datetime(2022, 1, 1, tzinfo=UTC)
LEAST = {"symbol": "BTC/USD", "amount": 100}


def config(**fields: Any) -> DcaConfig:
    return DcaConfig.model_validate({**LEAST, **fields})


def test_symbol_and_amount_are_enough_and_buy_once_a_day() -> None:
    assert config().model_dump() == {
        "symbol": "BTC/USD",
        "amount": Decimal(100),
        "every": None,
        "daily": None,
        "take_profit": None,
        "safety_orders": None,
        "max_spend": None,
    }
    assert config().wake(ANCHOR) == Wake(every=timedelta(days=1), anchor=ANCHOR)


@pytest.mark.parametrize(
    ("text", "interval"),
    [
        ("1m", timedelta(minutes=1)),
        ("30m", timedelta(minutes=30)),
        ("4h", timedelta(hours=4)),
        ("1d", timedelta(days=1)),
        ("2w", timedelta(weeks=2)),
        ("P1DT12H", timedelta(hours=36)),
        (3600, timedelta(hours=1)),
        (timedelta(days=366), timedelta(days=366)),
    ],
)
def test_an_interval_is_a_timeframe_or_iso_8601(text: Any, interval: timedelta) -> None:
    assert config(every=text).wake(ANCHOR) == Wake(every=interval, anchor=ANCHOR)


def test_a_config_reads_back_what_it_writes_as_json() -> None:
    written = config(every="90m", take_profit="1.5", safety_orders={"amount": "50"}, max_spend=1000)
    assert DcaConfig.model_validate_json(written.model_dump_json()) == written


def test_a_daily_time_is_on_the_clock_of_its_zone() -> None:
    assert config(daily={"at": "10:30", "tz": "Europe/Paris"}).wake(ANCHOR) == Wake(
        daily=Daily("10:30", "Europe/Paris")
    )


@pytest.mark.parametrize(
    ("fields", "where", "message"),
    [
        ({"symbol": "BTCUSD"}, ("symbol",), "is not a valid symbol: write BASE/QUOTE, such as BTC/USD"),
        ({"amount": 0}, ("amount",), "greater than 0"),
        ({"amount": "NaN"}, ("amount",), "finite"),
        ({"amount": "1e13"}, ("amount",), "less than or equal to 1000000000000"),
        ({"every": "59s"}, ("every",), "0:00:59 is out of bounds: write one from 1m to 366d"),
        ({"every": "-PT1H"}, ("every",), "out of bounds"),
        ({"every": "367d"}, ("every",), "367 days, 0:00:00 is out of bounds"),
        ({"every": "99999999999999d"}, ("every",), "too long an interval"),
        ({"every": "1 day"}, ("every",), "'1 day' is not a valid timeframe: write a number and one of s, m, h, d, w"),
        ({"every": ""}, ("every",), "should be a valid timedelta"),
        ({"every": "1d", "daily": {"at": "09:00"}}, (), "every and daily are two schedules: give one of them"),
        ({"daily": {"at": "9:00"}}, ("daily", "at"), "'9:00' is not a valid time of day"),
        ({"daily": {"at": "24:00"}}, ("daily", "at"), "'24:00' is not a valid time of day"),
        ({"daily": {"at": 630}}, ("daily", "at"), 'put the time in quotes, such as "09:00"'),
        ({"daily": {"at": None}}, ("daily", "at"), "should be a valid string"),
        ({"daily": {"at": "09:00", "tz": "Paris"}}, ("daily", "tz"), "'Paris' is not a valid IANA time zone"),
        ({"daily": {"at": "09:00", "tz": "../etc"}}, ("daily", "tz"), "'../etc' is not a valid IANA time zone"),
        ({"daily": {"at": "09:00", "tz": "Europe"}}, ("daily", "tz"), "'Europe' is not a valid IANA time zone"),
        ({"take_profit": 0}, ("take_profit",), "greater than 0"),
        ({"take_profit": 10001}, ("take_profit",), "less than or equal to 10000"),
        ({"max_spend": 0}, ("max_spend",), "greater than 0"),
        ({"max_spend": 99}, (), "max_spend 99 is less than one buy of 100"),
        ({"safety_orders": {"amount": 50}}, (), "safety_orders need take_profit"),
        ({"take_profit": 1, "safety_orders": {}}, ("safety_orders", "amount"), "Field required"),
        (
            {"take_profit": 1, "safety_orders": {"amount": 50, "count": 21}},
            ("safety_orders", "count"),
            "less than or equal to 20",
        ),
        (
            {"take_profit": 1, "safety_orders": {"amount": 50, "count": 0}},
            ("safety_orders", "count"),
            "greater than or equal to 1",
        ),
        (
            {"take_profit": 1, "safety_orders": {"amount": 50, "count": 4, "step": 25}},
            ("safety_orders",),
            "safety order 4 would be 100 % below the first price",
        ),
        ({"stop_loss": 5}, ("stop_loss",), "Extra inputs are not permitted"),
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


def test_a_config_cannot_be_changed() -> None:
    with pytest.raises(ValidationError, match="frozen"):
        config().amount = Decimal(1)  # type: ignore[misc]


def test_steps_and_volumes_grow_geometrically() -> None:
    ladder = SafetyOrders(
        count=4, step=Decimal(1), step_scale=Decimal(2), amount=Decimal(10), volume_scale=Decimal("1.5")
    )
    assert ladder.drops == [Decimal(1), Decimal(3), Decimal(7), Decimal(15)]
    assert ladder.spends == [Decimal(10), Decimal(15), Decimal("22.5"), Decimal("33.75")]


def test_every_field_of_the_form_is_described() -> None:
    schema = DcaConfig.model_json_schema()
    models = [schema, *schema["$defs"].values()]
    fields = {name: field for model in models for name, field in model["properties"].items()}
    assert [name for name, field in fields.items() if not field.get("description")] == []
    assert schema["required"] == ["symbol", "amount"]
