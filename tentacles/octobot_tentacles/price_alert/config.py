"""What a user fills in."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Annotated, Literal, Self

from pydantic import (
    ConfigDict,
    Field,
    field_validator,
    model_validator,
)

from octobot_node.fields import ConfigModel, Interval, Symbol, either, form, hint
from octobot_node.market import timeframe_ms
from octobot_tentacles.price_alert.message import check_template

__all__ = ["Move", "PriceAlertConfig"]

#: The window of a move is at most this many candles: they are read at every tick.
_CANDLES_MAX = 1_500
_MOST = Decimal(1_000_000_000_000)


Price = Annotated[Decimal, Field(gt=0, le=_MOST, allow_inf_nan=False, max_digits=30)]


class Move(ConfigModel):
    """A move by ``percent`` from the lowest or highest close of a window that slides along."""

    percent: Decimal = Field(
        gt=0,
        le=1_000,
        allow_inf_nan=False,
        max_digits=12,
        title="Percent",
        description="How far the price must have moved.",
        examples=["5"],
        json_schema_extra=hint(unit="%", widget="percent", draws="level"),
    )
    within: Interval = Field(
        title="Within", description="How long the move may have taken, as a whole number of candles."
    )
    direction: Literal["up", "down", "any"] = Field(
        default="any",
        title="Direction",
        description="Up from the lowest close, down from the highest, or either.",
        json_schema_extra=hint(labels={"up": "Up", "down": "Down", "any": "Either"}),
    )
    timeframe: str = Field(
        default="1m",
        title="Timeframe",
        description="Candles whose closes the window is made of.",
        examples=["1m", "5m"],
        json_schema_extra=hint(advanced=True),
    )

    @field_validator("timeframe")
    @classmethod
    def _readable(cls, value: str) -> str:
        timeframe_ms(value)
        return value

    @property
    def candles(self) -> int:
        """How many candles the window has."""
        return self.within // timedelta(milliseconds=timeframe_ms(self.timeframe))

    @model_validator(mode="after")
    def _fits_together(self) -> Self:
        if self.within % timedelta(milliseconds=timeframe_ms(self.timeframe)):
            raise ValueError(f"within is not a whole number of {self.timeframe} candles: change it or the timeframe")
        if self.candles > _CANDLES_MAX:
            raise ValueError(
                f"within is {self.candles} candles of {self.timeframe}, but {_CANDLES_MAX} is the most:"
                " use a longer timeframe"
            )
        if self.direction != "up" and self.percent >= 100:
            raise ValueError(f"no price falls by {self.percent:f} %: lower percent below 100, or set direction to up")
        return self


class PriceAlertConfig(ConfigModel):
    """Tell when the price of ``symbol`` is at or past a level, or has moved far enough."""

    model_config = ConfigDict(
        json_schema_extra=form(
            either("When", {"At a level": ["above", "below"], "After a move": ["move"]}),
            groups=["When", "Again", "Message"],
        )
    )

    symbol: Symbol = Field(title="Symbol", description="Whose price to watch, as BASE/QUOTE.", examples=["BTC/USD"])
    above: Price | None = Field(
        default=None,
        title="Above",
        description="Tell when the price is at this level or higher.",
        examples=["50000"],
        json_schema_extra=hint(group="When", unit="quote", widget="price"),
    )
    below: Price | None = Field(
        default=None,
        title="Below",
        description="Tell when the price is at this level or lower.",
        examples=["40000"],
        json_schema_extra=hint(group="When", unit="quote", widget="price"),
    )
    move: Move | None = Field(
        default=None,
        title="Move",
        description="Tell when the price has moved by a percentage, instead of levels.",
        json_schema_extra=hint(group="When"),
    )
    repeat: bool = Field(
        default=False,
        title="Repeat",
        description="Tell every time; otherwise once, and the automation completes.",
        json_schema_extra=hint(group="Again"),
    )
    hysteresis: Decimal = Field(
        default=Decimal("0.5"),
        ge=Decimal("0.01"),
        lt=100,
        allow_inf_nan=False,
        max_digits=12,
        title="Hysteresis",
        description="With `repeat`: a level is told again only after the price was this many percent back from it.",
        json_schema_extra=hint(group="Again", advanced=True, unit="%", widget="percent"),
    )
    cooldown: Interval | None = Field(
        default=None,
        title="Cool-down",
        description="With `repeat`: tell nothing for this long after an alert.",
        json_schema_extra=hint(group="Again"),
    )
    importance: Literal["info", "warning", "error"] = Field(
        default="info",
        title="Importance",
        description="How notifiers show it.",
        json_schema_extra=hint(
            group="Message", labels={"info": "For information", "warning": "Warning", "error": "Urgent"}
        ),
    )
    message: str = Field(
        default="",
        max_length=500,
        title="Message",
        description="What to tell; {symbol}, {price}, {level}, {direction}, {change}, {at} and {count} are replaced.",
        examples=["{symbol} is {direction} {level}: sell?"],
        json_schema_extra=hint(group="Message", widget="lines"),
    )

    @field_validator("message")
    @classmethod
    def _usable(cls, value: str) -> str:
        check_template(value)
        return value

    @model_validator(mode="after")
    def _fits_together(self) -> Self:
        levels = self.above is not None or self.below is not None
        if levels == (self.move is not None):
            raise ValueError("give either levels (above, below or both) or a move; for all of them use two automations")
        if self.above is not None and self.below is not None and self.above <= self.below:
            raise ValueError(
                f"above ({self.above:f}) is not higher than below ({self.below:f}): every price would be past one"
            )
        return self
