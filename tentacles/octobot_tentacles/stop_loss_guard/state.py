"""What a guard remembers between two ticks."""

from __future__ import annotations

from decimal import Decimal

from pydantic import BaseModel, ConfigDict

__all__ = ["StopLossGuardState"]


class StopLossGuardState(BaseModel):
    """What is watched, and since when; empty where nothing is held."""

    model_config = ConfigDict(frozen=True)

    #: What the rest is about, to notice when it is edited.
    automation: str
    symbol: str
    #: The highest price seen since the position was opened, in quote.
    highest: Decimal | None = None
    #: The average cost at which it acted: it is not armed until that changes, or the price is above the stop again.
    acted_on: Decimal | None = None
    #: It has said that there is no automation of this name.
    told_missing: bool = False
