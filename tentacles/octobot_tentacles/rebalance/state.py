"""What a rebalancing remembers between two ticks."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

from pydantic import BaseModel, ConfigDict

__all__ = ["RebalanceState"]


class RebalanceState(BaseModel):
    """``turnover`` is what all trades in ``quote`` cost or brought, before fees; ``rebalances`` counts those that
    traded.
    """

    model_config = ConfigDict(frozen=True)

    #: The first tick's time, which intervals are counted from.
    anchor: datetime
    #: What turnover is counted in, to notice when it is edited.
    quote: str
    #: A scheduled time came while orders were open.
    due: bool = False
    #: What the sales under way shall pay for.
    to_buy: tuple[str, ...] = ()
    #: Whether the rebalance under way, or the last one, was counted yet.
    counted: bool = True
    #: Prices by symbol when the drift could not be mended: there is no second try before one of them has moved.
    stuck_at: dict[str, Decimal] = {}
    rebalances: int = 0
    turnover: Decimal = Decimal(0)
