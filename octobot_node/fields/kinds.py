"""Kinds of fields that configs of automations share: symbols, intervals and times of day as people write them."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, WithJsonSchema, field_validator

from octobot_node.fields.hints import hint
from octobot_node.fields.schema import DURATION
from octobot_node.market import timeframe_ms
from octobot_node.text.durations import parse_duration
from octobot_node.text.patterns import told_as
from octobot_node.text.symbols import SYMBOL_PATTERN, check_symbol

__all__ = ["Asset", "AutomationName", "ConfigModel", "CronTime", "DailyTime", "Duration", "Interval", "Symbol", "Zone"]


#: Names of months and days in a cron line.
_WORDS = re.compile("[A-Z]{3}")
_SOME_DAY = datetime(2025, 1, 1, tzinfo=UTC)


class ConfigModel(BaseModel):
    """A config, or a part of one: it cannot be changed, and a field that it does not have is an error."""

    model_config = ConfigDict(frozen=True, extra="forbid")


def _interval(value: Any) -> Any:
    if not isinstance(value, str) or value[:1].upper() in {"P", "-", "+", ""}:
        return value  # ISO 8601, which pydantic reads
    try:
        return timedelta(milliseconds=timeframe_ms(value))
    except OverflowError:
        raise ValueError(f"{value!r} is too long an interval: 366d is the longest") from None


def _within_bounds(value: timedelta) -> timedelta:
    if not timedelta(minutes=1) <= value <= timedelta(days=366):
        raise ValueError(f"an interval of {value} is out of bounds: write one from 1m to 366d")
    return value


def check_zone(value: str) -> str:
    """Return ``value`` if it is an IANA time zone; raise ValueError with the cure."""
    try:
        ZoneInfo(value)
    except (KeyError, ValueError, OSError):
        raise ValueError(
            f"{value!r} is not a valid IANA time zone: write one such as 'Europe/Paris' or 'UTC'"
        ) from None
    return value


def _duration(value: Any) -> Any:
    # ISO 8601, which a config is stored as, is read by pydantic.
    return parse_duration(value) if isinstance(value, str) and value[:1].upper() != "P" else value


#: A time that something takes: ``30s``, ``5m``, ``1h30m``, a year at most, or ISO 8601.
Duration = Annotated[
    timedelta,
    BeforeValidator(_duration),
    Field(gt=timedelta(0), le=timedelta(days=366)),
    WithJsonSchema({**DURATION, "x-maximum": "366d", "examples": ["30s", "5m"]}),
]
#: From a minute to a year: ``30m``, ``4h``, ``1d``, ``1w``, or ISO 8601.
Interval = Annotated[
    timedelta,
    BeforeValidator(_interval),
    AfterValidator(_within_bounds),
    WithJsonSchema({**DURATION, "x-minimum": "1m", "x-maximum": "366d", "examples": ["1d", "4h", "30m", "P1DT12H"]}),
]
#: A spot market, BASE/QUOTE in capitals; whatever else people write is refused with what they mean.
Symbol = Annotated[
    str,
    AfterValidator(check_symbol),
    Field(max_length=64, json_schema_extra={"pattern": SYMBOL_PATTERN, **hint(widget="symbol")}),
]
_ASSET = told_as("a valid asset: use up to 16 characters with no space, / or :, such as USD", r"^[^\s/:]{1,16}$")
#: An asset, such as BTC.
Asset = Annotated[str, Field(pattern=_ASSET, json_schema_extra=hint(widget="asset"))]
#: The name of another automation of the same owner.
AutomationName = Annotated[str, Field(min_length=1, max_length=128, json_schema_extra=hint(widget="automation"))]
#: An IANA time zone.
Zone = Annotated[str, AfterValidator(check_zone), Field(json_schema_extra=hint(widget="zone"))]


class DailyTime(ConfigModel):
    """Once a day, on the clock of a time zone."""

    model_config = ConfigDict(json_schema_extra=hint(widget="daily"))

    at: str = Field(
        title="At",
        description='Time of day as "HH:MM", in quotes.',
        examples=["09:00"],
        json_schema_extra={"pattern": "^([01][0-9]|2[0-3]):[0-5][0-9]$", **hint(widget="time")},
    )
    tz: Zone = Field(
        default="UTC", title="Time zone", description="IANA time zone of that time.", examples=["Europe/Paris"]
    )

    @field_validator("at", mode="before")
    @classmethod
    def _time_of_day(cls, value: Any) -> Any:
        if isinstance(value, int):
            # YAML 1.1 reads 10:30 as the number 630, in base 60.
            raise ValueError(f'{value} is a number: put the time in quotes, such as "09:00"')  # noqa: TRY004 - pydantic
        if isinstance(value, str):
            try:
                parsed = datetime.strptime(value, "%H:%M").strftime("%H:%M")  # noqa: DTZ007 - a time of day has no zone
            except ValueError:
                parsed = ""
            if parsed != value:
                raise ValueError(
                    f'{value!r} is not a valid time of day: write hours and minutes as "HH:MM", such as "09:00"'
                )
        return value


class CronTime(ConfigModel):
    """At the times of a cron line, on the clock of a time zone."""

    model_config = ConfigDict(json_schema_extra=hint(widget="cron"))

    line: str = Field(
        title="Cron line",
        description="Minute, hour, day of month, month, day of week, in quotes.",
        examples=["0 9 * * 1"],
    )
    tz: Zone = Field(
        default="UTC", title="Time zone", description="IANA time zone of these times.", examples=["Europe/Paris"]
    )

    @field_validator("line")
    @classmethod
    def _five_fields(cls, value: str) -> str:
        from croniter import CroniterBadDateError, croniter

        if len(value.split()) != 5 or not croniter.is_valid(value):
            raise ValueError(
                f"{value!r} is not a valid cron line: write five fields, such as '0 9 * * 1' for Mondays at 9:00"
            )
        if "R" in _WORDS.sub("", value.upper()):
            raise ValueError(f"{value!r} has random times (R): write when, such as '0 9 * * 1' for Mondays at 9:00")
        try:
            croniter(value, _SOME_DAY).get_next()
        except CroniterBadDateError:
            raise ValueError(f"{value!r} never comes, such as a 30th of February: write dates that there are") from None
        return value
