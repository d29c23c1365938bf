"""What a user fills in."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Annotated, Self

from pydantic import (
    ConfigDict,
    Field,
    model_validator,
)

from octobot_node import Daily, Wake
from octobot_node.fields import Asset, ConfigModel, CronTime, DailyTime, Interval, either, form, hint

__all__ = ["RebalanceConfig"]

_HUNDRED = Decimal(100)
#: Keeps products of amounts and prices far inside the precision that they are computed with.
_MOST = Decimal(1_000_000_000_000)
_DEFAULT_THRESHOLD = Decimal(5)


Weight = Annotated[Decimal, Field(ge=0, le=100, allow_inf_nan=False, max_digits=12)]


class RebalanceConfig(ConfigModel):
    """Keep ``weights``: when one is ``threshold`` percentage points off, or at set times."""

    model_config = ConfigDict(
        json_schema_extra=form(
            either(
                "Schedule",
                {"At an interval": ["every"], "Every day at a time": ["daily"], "By a cron line": ["cron"]},
                required=False,
            ),
            groups=["Basket", "When"],
        )
    )

    weights: dict[Asset, Weight] = Field(
        min_length=2,
        max_length=20,
        title="Weights",
        description="Percent of the basket's worth that each asset shall be; together 100. An asset with 0 is sold.",
        examples=[{"BTC": 50, "ETH": 30, "USD": 20}],
        json_schema_extra=hint(group="Basket", unit="%"),
    )
    quote: Asset = Field(
        title="Quote asset",
        description="What the others are traded against, as ASSET/quote. It may be in the basket itself; if it is not,"
        " all of it is invested.",
        examples=["USD"],
        json_schema_extra=hint(group="Basket"),
    )
    threshold: Decimal | None = Field(
        default=None,
        ge=Decimal("0.1"),
        lt=100,
        allow_inf_nan=False,
        title="Threshold",
        description="Rebalance when a weight is this many percentage points off: with 5, an asset of 50 % at 55 % or"
        " 45 %. If neither this nor a schedule is given, 5.",
        examples=["5"],
        json_schema_extra=hint(group="When", unit="percentage points"),
    )
    every: Interval | None = Field(
        default=None,
        title="Every",
        description="Rebalance at once, then at this interval, from 1m to 366d or as ISO 8601.",
        json_schema_extra=hint(group="When"),
    )
    daily: DailyTime | None = Field(
        default=None,
        title="Daily",
        description="Rebalance every day at this time.",
        json_schema_extra=hint(group="When"),
    )
    cron: CronTime | None = Field(
        default=None,
        title="Cron",
        description="Rebalance at the times of a cron line.",
        json_schema_extra=hint(group="When", advanced=True),
    )
    min_trade: Decimal = Field(
        default=Decimal(0),
        ge=0,
        le=_MOST,
        allow_inf_nan=False,
        title="Smallest trade",
        description="Leave out trades worth less than this, in quote; the exchange's own minimum always holds.",
        examples=["10"],
        json_schema_extra=hint(group="When", advanced=True, unit="quote"),
    )

    @model_validator(mode="after")
    def _fits_together(self) -> Self:
        total = sum(self.weights.values(), Decimal(0))
        if total != _HUNDRED:
            raise ValueError(f"the weights add up to {total:f}: change them so that they add up to 100")
        given = [name for name in ("every", "daily", "cron") if getattr(self, name) is not None]
        if len(given) > 1:
            raise ValueError(f"{' and '.join(given)} are {len(given)} schedules: give one of them")
        reach = max(max(weight, _HUNDRED - weight) for weight in self.weights.values())
        if self.limit is not None and self.limit > reach:
            raise ValueError(f"no weight can ever be {self.limit:f} points off: lower threshold to {reach:f} or less")
        return self

    @property
    def limit(self) -> Decimal | None:
        """The drift, in percentage points, at which to rebalance, or None if only the schedule counts."""
        scheduled = self.every or self.daily or self.cron
        return _DEFAULT_THRESHOLD if self.threshold is None and scheduled is None else self.threshold

    @property
    def symbols(self) -> dict[str, str]:
        """Every asset but the quote, sorted, with the symbol that it is traded as."""
        return {asset: f"{asset}/{self.quote}" for asset in sorted(self.weights) if asset != self.quote}

    def wake(self, anchor: datetime) -> Wake:
        """Return the schedule, its intervals counted from ``anchor``; an empty one if there is none."""
        if self.every is not None:
            return Wake(every=self.every, anchor=anchor)
        if self.daily is not None:
            return Wake(daily=Daily(self.daily.at, self.daily.tz))
        if self.cron is not None:
            return Wake(cron=self.cron.line, tz=self.cron.tz)
        return Wake()
