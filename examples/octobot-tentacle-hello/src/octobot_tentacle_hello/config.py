"""What a user fills in; the descriptions are shown in the form."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Literal

from octobot_node.fields import ConfigModel
from pydantic import Field

__all__ = ["HelloConfig"]

_PAUSES = {
    "1s": timedelta(seconds=1),
    "10s": timedelta(seconds=10),
    "1m": timedelta(minutes=1),
    "1h": timedelta(hours=1),
    "1d": timedelta(days=1),
}


class HelloConfig(ConfigModel):
    """Rounds of one buy and one sale a little higher."""

    symbol: str = Field(
        pattern=r"^[^\s/]+/[^\s/]+$",
        title="Symbol",
        description="What to trade, as BASE/QUOTE.",
        examples=["BTC/USD"],
    )
    spend: Decimal = Field(
        gt=0, le=1_000_000_000, title="Spend", description="Quote to buy for, in each round.", examples=["100"]
    )
    profit: Decimal = Field(
        default=Decimal(1),
        gt=0,
        le=1_000,
        title="Profit",
        description="Percent above the average cost, fees included, at which it sells.",
        examples=["0.5"],
    )
    pause: Literal["1s", "10s", "1m", "1h", "1d"] = Field(
        default="1m", title="Pause", description="How often it looks whether to begin a round."
    )
    rounds: int | None = Field(
        default=None,
        ge=1,
        title="Rounds",
        description="After so many it is done; without it, it goes on.",
        examples=[3],
    )

    @property
    def interval(self) -> timedelta:
        """The pause as a time."""
        return _PAUSES[self.pause]
