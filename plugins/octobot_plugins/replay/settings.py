"""What a replay asks for: the candle files, and the rules of the markets they are of."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import Annotated, Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, model_validator

from octobot_node.fields import Symbol, Zone

__all__ = ["ReplaySettings"]

Step = Annotated[Decimal, Field(gt=0, allow_inf_nan=False)]
Least = Annotated[Decimal, Field(ge=0, allow_inf_nan=False)]
Ratio = Annotated[Decimal, Field(ge=0, lt=1, allow_inf_nan=False)]


class ReplaySettings(BaseModel):
    """Settings of the ``replay`` market data."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    data: dict[Symbol, Path] = Field(
        min_length=1,
        description="A candle file by symbol (BASE/QUOTE): CSV, JSON or feather, also in gzip or zip, as exchanges and"
        " sites give them: docs/candle-files.md says which, `octobot-node candles preview FILE` how one is understood.",
    )
    time_unit: Literal["auto", "s", "ms", "us", "ns"] = Field(
        default="auto",
        description="The unit of numbers that are times; by default the one in which they are of 2000 to 2100.",
    )
    zone: Zone = Field(default="UTC", description="The zone of dates that name none, such as Europe/Paris.")
    off_grid: Literal["error", "drop"] = Field(
        default="error",
        description="What candles do that do not open on a multiple of their length: they stop the replay, or are left"
        " out and counted as missing.",
    )
    gaps: Literal["count", "error"] = Field(
        default="count", description="What missing candles do: they are counted and reported, or they stop the replay."
    )
    start: AwareDatetime | None = Field(
        default=None, description="Replay only candles that open at or after this time, given with its zone."
    )
    end: AwareDatetime | None = Field(
        default=None, description="Replay only candles that close by this time, given with its zone."
    )
    price_step: Step | None = Field(
        default=None,
        description="Smallest step of a price, at most 1 % of the lowest; by default a cent, or as fine as the file's"
        " prices need it.",
    )
    amount_step: Step = Field(default=Decimal("0.00000001"), description="Smallest step of an amount, in base.")
    min_amount: Least = Field(default=Decimal(0), description="Smallest amount of an order, in base.")
    min_notional: Least = Field(
        default=Decimal(0), description="Smallest order, amount times price, in quote: what an exchange would refuse."
    )
    taker_fee: Ratio = Field(default=Decimal("0.001"), description="Fee of an order that takes; 0.001 is 0.1 %.")
    maker_fee: Ratio = Field(default=Decimal("0.001"), description="Fee of an order that rested; 0.001 is 0.1 %.")
    fee_in: Literal["received", "quote"] = Field(
        default="received", description="The asset that pays the fee: the one received, or always the quote asset."
    )

    @model_validator(mode="after")
    def _ordered(self) -> ReplaySettings:
        if self.start is not None and self.end is not None and self.start >= self.end:
            raise ValueError("start must be before end")
        return self
