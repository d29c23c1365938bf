"""What a replay asks for: the candle files, and the rules of the markets they are of."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import Annotated, Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, model_validator

__all__ = ["ReplaySettings"]

Symbol = Annotated[str, Field(pattern=r"^[^/\s]+/[^/\s]+$")]
Step = Annotated[Decimal, Field(gt=0, allow_inf_nan=False)]
Ratio = Annotated[Decimal, Field(ge=0, lt=1, allow_inf_nan=False)]


class ReplaySettings(BaseModel):
    """Settings of the ``replay`` market data."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    data: dict[Symbol, Path] = Field(
        min_length=1,
        description="A candle file by symbol (BASE/QUOTE): CSV or CSV.gz with the columns timestamp (opening, ms UTC),"
        " open, high, low, close, volume.",
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
        description="Smallest step of a price; by default a cent, or as fine as the file's prices down to 1e-8.",
    )
    amount_step: Step = Field(default=Decimal("0.00000001"), description="Smallest step of an amount, in base.")
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
