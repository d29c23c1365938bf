"""What a price alert remembers between two ticks."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

from pydantic import BaseModel, ConfigDict

__all__ = ["Last", "PriceAlertState"]


class _Model(BaseModel):
    model_config = ConfigDict(frozen=True)


class Last(_Model):
    """The last alert; a move is measured from it if it is within the window."""

    at: datetime
    price: Decimal


class PriceAlertState(_Model):
    """``told_above`` and ``told_below``: the level was told, and the price has not been back since."""

    told_above: bool = False
    told_below: bool = False
    last: Last | None = None
    count: int = 0
