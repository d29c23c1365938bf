from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from pydantic import ValidationError

from octobot_node import Daily, Wake
from octobot_tentacles.rebalance.config import RebalanceConfig

ANCHOR = datetime(2018, 1, 10, tzinfo=UTC)
LEAST = {"weights": {"BTC": 50, "ETH": 30, "USD": 20}, "quote": "USD"}


def config(**fields: Any) -> RebalanceConfig:
    return RebalanceConfig.model_validate({**LEAST, **fields})


def test_weights_and_quote_are_enough_and_rebalance_at_five_points() -> None:
    least = config()
    assert least.model_dump() == {
        "weights": {"BTC": Decimal(50), "ETH": Decimal(30), "USD": Decimal(20)},
        "quote": "USD",
        "threshold": None,
        "every": None,
        "daily": None,
        "cron": None,
        "min_trade": Decimal(0),
    }
    assert least.limit == Decimal(5)
    assert least.wake(ANCHOR) == Wake()
    assert least.symbols == {"BTC": "BTC/USD", "ETH": "ETH/USD"}


def test_a_quote_outside_the_basket_is_what_all_is_traded_against() -> None:
    outside = config(weights={"ETH": 40, "BTC": 60})
    assert outside.symbols == {"BTC": "BTC/USD", "ETH": "ETH/USD"}


def test_a_schedule_alone_has_no_threshold() -> None:
    assert config(every="1d").limit is None
    assert config(every="1d", threshold=2).limit == Decimal(2)


@pytest.mark.parametrize(
    ("fields", "wake"),
    [
        ({"every": "4h"}, Wake(every=timedelta(hours=4), anchor=ANCHOR)),
        ({"every": "P1DT12H"}, Wake(every=timedelta(hours=36), anchor=ANCHOR)),
        ({"daily": {"at": "09:00", "tz": "Europe/Paris"}}, Wake(daily=Daily("09:00", "Europe/Paris"))),
        ({"cron": {"line": "0 9 * * 1"}}, Wake(cron="0 9 * * 1", tz="UTC")),
        ({"cron": {"line": "0 9 1 * *", "tz": "Asia/Tokyo"}}, Wake(cron="0 9 1 * *", tz="Asia/Tokyo")),
    ],
)
def test_schedules(fields: dict[str, Any], wake: Wake) -> None:
    assert config(**fields).wake(ANCHOR) == wake


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"weights": {"BTC": 50, "ETH": 30}}, "the weights add up to 80: change them so that they add up to 100"),
        ({"weights": {"BTC": "33.33", "ETH": "66.66"}}, "the weights add up to 99.99: change them"),
        ({"weights": {"BTC": 100}}, "at least 2 items"),
        ({"weights": {"BTC": 120, "ETH": -20}}, "less than or equal to 100"),
        ({"weights": {"BTC/USD": 50, "ETH": 50}}, "should match pattern"),
        ({"threshold": 81}, "no weight can ever be 81 points off: lower threshold to 80 or less"),
        ({"threshold": "0.01"}, "greater than or equal to 0.1"),
        ({"every": "1d", "daily": {"at": "09:00"}}, "every and daily are 2 schedules: give one of them"),
        ({"every": "30s"}, "an interval of 0:00:30 is out of bounds: write one from 1m to 366d"),
        ({"every": "999999999999d"}, "is too long an interval"),
        ({"daily": {"at": 630}}, '630 is a number: put the time in quotes, such as "09:00"'),
        ({"daily": {"at": "9am"}}, "'9am' is not a valid time of day"),
        ({"daily": {"at": "09:00", "tz": "Mars"}}, "'Mars' is not a valid IANA time zone"),
        ({"cron": {"line": "0 9 * *"}}, "'0 9 * *' is not a valid cron line: write five fields"),
        ({"cron": {"line": "61 9 * * 1"}}, "'61 9 * * 1' is not a valid cron line: write five fields"),
        ({"min_trade": -1}, "greater than or equal to 0"),
        ({"treshold": 5}, "Extra inputs are not permitted"),
    ],
)
def test_what_cannot_be_meant_is_refused(fields: dict[str, Any], words: str) -> None:
    with pytest.raises(ValidationError) as error:
        config(**fields)
    assert words in str(error.value)


def test_a_config_reads_back_what_it_writes_as_json() -> None:
    written = config(threshold="2.5", cron={"line": "0 9 * * 1"}, min_trade=10)
    assert RebalanceConfig.model_validate_json(written.model_dump_json()) == written


def test_every_field_of_the_form_has_a_title_and_a_description() -> None:
    schema = RebalanceConfig.model_json_schema()
    models = [schema, *schema["$defs"].values()]
    fields = [field for model in models for field in model["properties"].values()]
    assert len(fields) == 11
    assert all({"title", "description"} <= field.keys() for field in fields)
