"""How honestly paper trading fills: slippage, fees, and the money it begins with."""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

__all__ = ["PaperSettings"]

Ratio = Annotated[Decimal, Field(ge=0, lt=1, allow_inf_nan=False)]
Share = Annotated[Decimal, Field(gt=0, le=1, allow_inf_nan=False)]
Amount = Annotated[Decimal, Field(ge=0, allow_inf_nan=False)]


class PaperSettings(BaseModel):
    """Settings of the ``paper`` trading connector."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    slippage: Ratio = Field(
        default=Decimal(0), description="How much worse market and stop orders fill, as a ratio: 0.001 is 0.1 %."
    )
    volume_share: Share | None = Field(
        default=None,
        description="On past candles, an order fills only in a candle of whose volume it is at most this part: 0.1 is"
        " 10 %, and nothing fills where nothing was traded. By default orders fill whatever the volume was.",
    )
    fee: Ratio | None = Field(default=None, description="Fee of every fill as a ratio; by default the market's own.")
    fee_in: Literal["received", "quote"] | None = Field(
        default=None, description="The asset that pays the fee, received or quote; by default as the market does."
    )
    balances: dict[str, Amount] = Field(
        default_factory=dict, description="What the account holds before its first trade, by asset."
    )
    #: The market data to fill at, by the node's key; empty: the account's own.
    market: str = Field(default="", json_schema_extra={"hidden": True})
