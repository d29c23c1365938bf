"""What a DCA remembers between two ticks."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

from pydantic import BaseModel, ConfigDict

from octobot_tentacles.dca.config import SafetyOrders

__all__ = ["DcaState", "Deal"]


class _Model(BaseModel):
    model_config = ConfigDict(frozen=True)


class Deal(_Model):
    """From a first buy to the take-profit; only automations with safety orders need to know of it."""

    #: Price of the deal's first fill, in quote per base: the ladder hangs below it.
    entry: Decimal
    #: As configured when the deal began: editing them takes effect with the next deal.
    safety_orders: SafetyOrders
    #: How many levels were ordered, from the top. Each is ordered once in a deal, whatever becomes of it.
    placed: int = 0


class DcaState(_Model):
    """``spent`` is what all buys cost so far, in quote, before fees."""

    #: The first tick's time, which intervals are counted from.
    anchor: datetime
    #: What ``deal`` and ``spent`` are about, to notice when it is edited.
    symbol: str
    spent: Decimal = Decimal(0)
    deal: Deal | None = None
    #: Open orders we have asked to cancel.
    cancelling: tuple[str, ...] = ()
