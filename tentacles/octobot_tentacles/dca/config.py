"""What a user fills in."""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal
from typing import Self

from pydantic import (
    ConfigDict,
    Field,
    model_validator,
)

from octobot_node import Daily, Wake
from octobot_node.fields import ConfigModel, DailyTime, Interval, Symbol, either, form, hint

__all__ = ["DcaConfig", "SafetyOrders"]

#: Keeps products of amounts, prices and scales far inside Decimal's 28 digits.
_MOST = Decimal(1_000_000_000_000)


class SafetyOrders(ConfigModel):
    """A ladder of buys below the price at which a deal began."""

    count: int = Field(default=3, ge=1, le=20, description="How many safety orders a deal has.", title="How many")
    step: Decimal = Field(
        default=Decimal(2),
        gt=0,
        lt=100,
        description="Percent below the deal's first fill price of the first one.",
        title="First step",
        json_schema_extra=hint(unit="%", widget="percent"),
    )
    step_scale: Decimal = Field(
        default=Decimal(1),
        gt=0,
        le=10,
        description="Each gap is this many times the gap before it.",
        title="Step scale",
        json_schema_extra=hint(unit="times", advanced=True),
    )
    amount: Decimal = Field(
        gt=0,
        le=_MOST,
        description="Quote spent by the first one.",
        examples=["100"],
        title="Amount of the first",
        json_schema_extra=hint(unit="quote"),
    )
    volume_scale: Decimal = Field(
        default=Decimal(1),
        gt=0,
        le=10,
        description="Each one spends this many times what the one before it spends.",
        title="Volume scale",
        json_schema_extra=hint(unit="times", advanced=True),
    )

    @property
    def drops(self) -> list[Decimal]:
        """Percent below the first fill price, of each level."""
        gap, drop, drops = self.step, Decimal(0), []
        for _ in range(self.count):
            drop += gap
            gap *= self.step_scale
            drops.append(drop)
        return drops

    @property
    def spends(self) -> list[Decimal]:
        """Quote to spend, of each level."""
        return [self.amount * self.volume_scale**level for level in range(self.count)]

    @model_validator(mode="after")
    def _above_zero(self) -> Self:
        for level, drop in enumerate(self.drops, start=1):
            if drop >= 100:
                raise ValueError(
                    f"safety order {level} would be {drop:f} % below the first price:"
                    " lower count, step or step_scale so that the last one stays above zero"
                )
        return self


class DcaConfig(ConfigModel):
    """Buy ``amount`` of quote at every interval, or every day at one time."""

    model_config = ConfigDict(
        json_schema_extra=form(
            either("Schedule", {"At an interval": ["every"], "Every day at a time": ["daily"]}, required=False),
            groups=["Schedule", "Exit", "Bounds"],
        )
    )

    symbol: Symbol = Field(description="What to buy, as BASE/QUOTE.", examples=["BTC/USD"], title="Market")
    amount: Decimal = Field(
        gt=0,
        le=_MOST,
        description="Quote spent by each scheduled buy.",
        examples=["100"],
        title="Amount per buy",
        json_schema_extra=hint(unit="quote"),
    )
    every: Interval | None = Field(
        default=None,
        description="Buy at once, then at this interval, from 1m to 366d or as ISO 8601; 1d if there is no `daily`.",
        title="Every",
        json_schema_extra=hint(group="Schedule"),
    )
    daily: DailyTime | None = Field(
        default=None,
        description="Buy every day at this time instead of at an interval.",
        title="Every day",
        json_schema_extra=hint(group="Schedule"),
    )
    take_profit: Decimal | None = Field(
        default=None,
        gt=0,
        le=10_000,
        description="Sell the whole position at this many percent above its average cost; never, if left out.",
        title="Take-profit",
        json_schema_extra=hint(group="Exit", unit="%", widget="percent", draws="target"),
    )
    safety_orders: SafetyOrders | None = Field(
        default=None,
        description="Buy more at set steps below a deal's first price; needs `take_profit`.",
        title="Safety orders",
        json_schema_extra=hint(group="Exit"),
    )
    max_spend: Decimal | None = Field(
        default=None,
        gt=0,
        le=_MOST,
        description="Quote that all buys in the automation's life may cost, before fees; no limit if left out.",
        title="Spend at most",
        json_schema_extra=hint(group="Bounds", advanced=True, unit="quote"),
    )

    @model_validator(mode="after")
    def _fits_together(self) -> Self:
        if self.every is not None and self.daily is not None:
            raise ValueError("every and daily are two schedules: give one of them")
        if self.safety_orders is not None and self.take_profit is None:
            raise ValueError("safety_orders need take_profit: without it a deal never closes, and none is placed again")
        if self.max_spend is not None and self.max_spend < self.amount:
            raise ValueError(
                f"max_spend {self.max_spend:f} is less than one buy of {self.amount:f}: raise it, or lower amount"
            )
        return self

    @property
    def quote(self) -> str:
        """The asset that is spent."""
        return self.symbol.partition("/")[2]

    def wake(self, anchor: datetime) -> Wake:
        """Return the schedule, its intervals counted from ``anchor``."""
        if self.daily is not None:
            return Wake(daily=Daily(self.daily.at, self.daily.tz))
        return Wake(every=self.every or timedelta(days=1), anchor=anchor)
